//! `crucible arena verify`: the command line, blobs over HTTP, a folder to keep them in, and pictures drawn again.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::workplace::{Run, Workplace};

const MINER: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

/// Of the mesh below.
const SHA256: &str = "fead063313deebacb2789884e84123f8af102c554fd03ecfaa23dd37a7bcd91b";

/// A mesh of the tests of pictures.
fn mesh() -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/references/classic");
    fs_err::read(PathBuf::from(folder).join("factors.glb")).unwrap()
}

/// A round of one miner and one prompt that is being judged, as a plain folder with blobs beside it.
fn competition(place: &Workplace, views_sha256: &str) {
    let mesh = mesh();
    let key = format!("rounds/0/{MINER}/submitted/chair.glb");
    let write = |path: &str, value: &Value| {
        put(place, &format!("books/{path}"), value.to_string().as_bytes());
    };
    write(
        "config.json",
        &json!({
            "name": "demo", "description": "", "first_evaluation_date": "2031-03-01", "last_competition_date": "2031-12-01",
            "generation_stage_minutes": 240, "win_margin": 0.05, "weight_decay": 0.1, "weight_floor": 0.2,
            "prompts_per_round": 1, "carryover_prompts": 0
        }),
    );
    write("state.json", &json!({"current_round": 0, "stage": "duels", "next_stage_eta": null}));
    write(
        "leader.json",
        &json!([{"hotkey": MINER, "repo": "a/b", "commit": "0", "docker": "x", "weight": 1.0, "effective_block": 1}]),
    );
    write(
        "rounds/0/schedule.json",
        &json!({"earliest_reveal_block": 1, "latest_reveal_block": 100, "generation_deadline_block": 1300}),
    );
    write("rounds/0/seed.json", &json!({"seed": 7}));
    write(
        "rounds/0/submissions.json",
        &json!({MINER: {
            "repo": "alice/gen", "commit": "89abcdef0123456789abcdef0123456789abcdef", "cdn_url": "https://a.example/",
            "revealed_at_block": 90, "round": "demo-0"
        }}),
    );
    write(
        &format!("rounds/0/{MINER}/submitted.json"),
        &json!({"chair": {
            "glb": format!("https://cdn.example/{key}"), "png": "https://cdn.example/chair.png", "size": mesh.len(),
            "sha256": SHA256, "views_sha256": views_sha256
        }}),
    );
    for path in ["books/prompts.txt", "books/rounds/0/prompts.txt"] {
        put(place, path, b"https://pictures.example/chair.png");
    }
    put(place, &format!("blobs/{key}"), &mesh);
    let picture = image::RgbaImage::from_pixel(64, 64, image::Rgba([200, 40, 30, 255]));
    put(place, "prompts/chair.png", &render::png::encode(&picture));
}

fn put(place: &Workplace, path: &str, bytes: &[u8]) {
    fs_err::create_dir_all(place.path(path).parent().unwrap()).unwrap();
    place.write(path, bytes);
}

/// Serves a folder on this machine until it is dropped.
struct Server {
    base: String,
    asked: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn new(folder: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (asked, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stopped) = (Arc::clone(&asked), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let mut stream = stream.unwrap();
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) > 0 {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let key = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
                let (status, body) = fs_err::read(folder.join(key))
                    .map_or(("404 Not Found", Vec::new()), |bytes| ("200 OK", bytes));
                count.fetch_add(1, Ordering::SeqCst);
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).ok();
                stream.write_all(&body).ok();
            }
        });
        Self { base, asked, stop, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        TcpStream::connect(self.base.trim_start_matches("http://")).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn last(run: &Run) -> &str {
    run.stdout.lines().last().unwrap_or_default()
}

#[test]
fn blobs_over_http_and_pictures_drawn_again() {
    let place = Workplace::new();
    competition(&place, "00");
    let server = Server::new(place.path("blobs"));
    let args = format!("arena verify books --blobs {} --cache kept", server.base);
    let run = place.run(&args);
    assert_eq!((run.code, last(&run)), (0, "nothing disagrees"), "{}{}", run.stdout, run.stderr);
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);
    // The blob is kept now, so nobody is asked any more.
    let run = place.run(&format!("{args} --render --prompts prompts"));
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);
    assert_eq!((run.code, last(&run)), (1, "the files disagree"), "{}{}", run.stdout, run.stderr);
    let (_, drawn) = run.stdout.split_once("but drawn again it is ").expect("a difference");
    let drawn: String = drawn.chars().take_while(char::is_ascii_hexdigit).collect();
    competition(&place, &drawn);
    let run = place.run("arena verify books --blobs blobs --render --prompts prompts");
    assert_eq!((run.code, last(&run)), (0, "nothing disagrees"), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("render 1"), "{}", run.stdout);
}

#[test]
fn what_the_command_line_says() {
    let place = Workplace::new();
    competition(&place, "00");
    put(&place, &format!("blobs/rounds/0/{MINER}/submitted/chair.glb"), b"something else");
    let run = place.run("arena verify books --blobs blobs");
    assert_eq!(run.code, 1);
    assert!(
        run.stdout.contains(&format!("rounds/0/{MINER}/submitted.json:1: chair.sha256: ")),
        "{}",
        run.stdout
    );
    let run = place.run("arena verify books --blobs blobs --json");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.code, &report["findings"][0]["check"]), (1, &json!("outputs")));
    assert_eq!(report["rounds"]["0"], "meshes");
    let run = place.run("arena verify books --round 5 --blobs blobs");
    assert_eq!(run.code, 0, "{}", run.stdout);
    for (args, code) in [
        ("arena verify nothing", 2),
        ("arena verify books --blobs nowhere", 2),
        ("arena verify books --render", 2),
        ("arena verify books --at 12", 2),
        ("arena verify books --chain prompts", 2),
    ] {
        let run = place.run(args);
        assert_eq!(run.code, code, "{args}: {}{}", run.stdout, run.stderr);
    }
}
