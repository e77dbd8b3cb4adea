//! Competitions of splats and of meshes, from the command line: one prompt, one miner, one round.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use crate::workplace::Workplace;

/// Hands out the files of a folder as long as the test lasts.
fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = BufReader::new(client.unwrap());
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                if client.read_line(&mut line).unwrap() <= 2 {
                    break;
                }
                lines.push(line);
            }
            // A client may go without a word.
            let Some(name) = lines.first().and_then(|line| line.split(' ').nth(1)) else {
                continue;
            };
            let name = name.trim_start_matches('/');
            let (status, body) = match std::fs::read(folder.join(name)) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            client.get_mut().write_all(&[head.as_bytes(), &body].concat()).ok();
        }
    });
    url
}

/// A red brick seen from the front.
fn brick(place: &Workplace) {
    let picture = image::RgbaImage::from_fn(96, 96, |x, y| {
        let inside = (12..84).contains(&x) && (30..66).contains(&y);
        image::Rgba([180, 60, 40, if inside { 255 } else { 0 }])
    });
    picture.save(place.path("brick.png")).unwrap();
}

/// What is in a blob of the competition.
fn blob(place: &Workplace, key: &str) -> Vec<u8> {
    place.read(&format!("mine/blobs/{key}"))
}

/// A miner whose code makes what it submitted wins against the crate of the first leader; every decision can be made again.
fn a_round(kind: &str, wire: &str, ending: &str) {
    let place = Workplace::new();
    brick(&place);
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    place.ok(&format!(
        "arena init mine --kind {kind} --prompts brick.png --prompts-per-round 1 --carryover 0 --audit-repeats 1 --port {port}"
    ));
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let code = format!("mine/repositories/alice/gen3d/{commit}");
    std::fs::create_dir_all(place.path(&code)).unwrap();
    let pod = format!(
        r#"[pod]
command = ["{{crucible}}", "serve", "generator", "--kind", "{wire}", "--port", "{{port}}", "--generators", "{{repo}}/generators.toml", "--generator", "mine"]
"#
    );
    place.write(&format!("{code}/crucible.toml"), pod);
    let mine = format!(
        "[generators.mine]\ntype = \"builtin\"\nmakes = [\"{wire}\"]\nquality = \"draft\"\n"
    );
    place.write(&format!("{code}/generators.toml"), &mine);
    place.write("mine.toml", mine);
    std::fs::create_dir_all(place.path("cdn")).unwrap();
    place.ok(&format!(
        "generate brick.png -o cdn/brick.{ending} --generator mine --generators mine.toml"
    ));
    let cdn = serve(place.path("cdn"));
    place.ok(&format!(
        "arena submit mine --key //Alice --repo alice/gen3d --commit {commit} --cdn-url {cdn}"
    ));
    let story = place.ok("arena run mine --skip-waits --rounds 1");
    let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    assert!(story.contains("Round 0 winner: 5GrwvaEF5z"), "{story}");
    let delivered = blob(&place, &format!("rounds/0/{alice}/submitted/brick.{ending}"));
    assert_eq!(delivered, place.read(&format!("cdn/brick.{ending}")));
    for made in ["submitted", "generated_1"] {
        let sheet = blob(&place, &format!("rounds/0/{alice}/{made}/brick/grid.png"));
        assert_eq!(vision::decode(&sheet).unwrap().width(), 1041, "{made}");
    }
    let verified = place.run("arena verify mine/state.git --blobs mine/blobs");
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
}

#[test]
fn a_round_of_splats() {
    a_round("splats", "splats", "ply");
}

#[test]
fn a_round_of_meshes() {
    a_round("meshes", "mesh", "glb");
}
