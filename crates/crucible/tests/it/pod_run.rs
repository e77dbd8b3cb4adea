//! `crucible pod run` with a service of ours on a thread: to the end, again, and after it was killed.

use std::io::{BufRead, BufReader, Cursor, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::workplace::Workplace;

/// The state of the service.
#[derive(Default)]
struct Service {
    /// Every batch that was handed over anew.
    batches: Vec<Value>,
    /// Whether batches are done at once.
    is_quick: bool,
}

type Shared = Arc<Mutex<Service>>;

/// Listens until the test's process ends.
fn start(is_quick: bool) -> (String, Shared) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shared = Shared::default();
    shared.lock().unwrap().is_quick = is_quick;
    let state = shared.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let state = state.clone();
            thread::spawn(move || answer(stream, &state));
        }
    });
    (url, shared)
}

fn answer(stream: TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let reply = reply(&line, &body, &mut shared.lock().unwrap());
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", reply.len());
        let stream = reader.get_mut();
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&reply)).is_err() {
            return;
        }
    }
}

fn reply(line: &str, body: &[u8], service: &mut Service) -> Vec<u8> {
    if line.starts_with("POST /generate") {
        let batch: Value = serde_json::from_slice(body).unwrap();
        if service.batches.last().is_none_or(|last| last["batch_id"] != batch["batch_id"]) {
            service.batches.push(batch.clone());
        }
        let accepted = batch["prompts"].as_array().unwrap().len();
        return json!({ "accepted": accepted, "batch_id": batch["batch_id"] }).to_string().into();
    }
    if line.starts_with("GET /status") {
        let state = match (service.batches.is_empty(), service.is_quick) {
            (true, _) => "ready",
            (false, true) => "complete",
            (false, false) => "generating",
        };
        return json!({ "status": state, "progress": 1, "total": 2 }).to_string().into();
    }
    if line.starts_with("GET /results") {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for prompt in service.batches.last().unwrap()["prompts"].as_array().unwrap() {
            let name = format!("{}.js", prompt["stem"].as_str().unwrap());
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(prompt["image_url"].as_str().unwrap().as_bytes()).unwrap();
        }
        return zip.finish().unwrap().into_inner();
    }
    b"ok".to_vec()
}

#[test]
fn to_the_end_and_again() {
    let (url, service) = start(true);
    let place = Workplace::new();
    place.write("Vase-1.png", b"any bytes: the service decodes them");
    let args = format!(
        "pod run --url {url} -o out --repeats 2 --batch-size 1 --seed 4294967295 \
         Vase-1.png https://example.org/lamp.jpg?size=2"
    );
    let said = place.ok(&args);
    assert!(said.contains("repeat 2: 2 of 2 made"), "{said}");
    assert_eq!(place.names("out/generated_2"), ["lamp.js", "vase1.js"]);
    let lamp = place.read("out/generated_1/lamp.js");
    assert_eq!(lamp, b"https://example.org/lamp.jpg?size=2");
    assert!(place.read("out/generated_1/vase1.js").starts_with(b"http://127.0.0.1:"));
    let report: Value = serde_json::from_slice(&place.read("out/report.json")).unwrap();
    assert_eq!((&report["made"], &report["failed"]), (&json!(4), &json!(0)));
    assert_eq!(report["outcome"], "finished");
    let handed = service.lock().unwrap().batches.len();
    assert_eq!(handed, 4);
    assert_eq!(service.lock().unwrap().batches[0]["seed"], 4_294_967_295_u64);
    // All is done: nothing is asked again.
    place.ok(&args);
    assert_eq!(service.lock().unwrap().batches.len(), handed);
    // Another plan in the same folder is refused.
    let other = place.run(&args.replace("--repeats 2", "--repeats 3"));
    assert_eq!(other.code, 2);
    assert!(other.stderr.contains("another session"), "{}", other.stderr);
}

#[test]
fn killed_and_taken_up() {
    let (url, service) = start(false);
    let place = Workplace::new();
    place.write("a.png", b"a");
    place.write("b.png", b"b");
    let args = format!("pod run --url {url} -o out a.png b.png");
    let mut child =
        place.command(&args).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("1 of 2")), "it ended");
    child.kill().unwrap();
    child.wait().unwrap();
    service.lock().unwrap().is_quick = true;
    let again = place.run(&args);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stderr.contains("goes on where it was"), "{}", again.stderr);
    assert_eq!(service.lock().unwrap().batches.len(), 1, "the batch was begun anew");
    assert_eq!(place.names("out/generated_1"), ["a.js", "b.js"]);
}

#[test]
fn what_cannot_be_run() {
    let place = Workplace::new();
    place.write("a.png", b"a");
    for (args, hint) in [
        ("pod run -o out a.png", "--image-cmd"),
        ("pod run --url x --image y -o out a.png", "cannot be used with"),
        ("pod run --url ftp://x -o out a.png", "not an http or https address"),
        ("pod run --image x -o out a.png", "cannot fetch files of this machine"),
        ("pod run --url http://127.0.0.1:1 -o out a.png a.png", "another picture gives a.js too"),
        ("pod run --url http://127.0.0.1:1 -o out ---", ""),
        ("pod run --url http://127.0.0.1:1 -o out missing.png", "missing.png"),
        ("pod run --url http://127.0.0.1:1 -o out --batch-size 100 a.png", "1 to 99"),
    ] {
        let run = place.run(args);
        assert!(run.code == 1 || run.code == 2, "{args}: {} {}", run.code, run.stderr);
        assert!(run.stderr.contains(hint), "{args}: {}", run.stderr);
    }
}
