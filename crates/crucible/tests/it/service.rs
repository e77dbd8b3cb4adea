//! `crucible serve render`: the real service, the real cage, and the requests of the original's client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::thread;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::modules::SQUARE;
use crate::workplace::Workplace;

struct Service {
    child: Child,
    address: String,
}

impl Service {
    fn start(place: &Workplace, args: &str) -> Self {
        let mut command = place.command(&format!("serve render --port 0 {args}"));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Self { child, address }
    }

    /// Status and body.
    fn send(&self, request: &str) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let split = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let status = String::from_utf8_lossy(&bytes[9..12]).parse().unwrap();
        (status, bytes.split_off(split + 4))
    }

    fn draw(&self, path: &str, source: &str) -> (u16, Vec<u8>) {
        let body = json!({ "source": source }).to_string();
        let length = body.len();
        self.send(&format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"))
    }

    fn metrics(&self) -> String {
        let (_, body) = self.send("GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        String::from_utf8(body).unwrap()
    }

    /// Asks it to end, as an operator's system does.
    #[cfg(unix)]
    fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn what_the_client_of_the_competition_asks() {
    let place = Workplace::new();
    let service = Service::start(&place, "");
    let follow = "lighting=follow&img_size=256&cam_radius=2.0&cam_fov_deg=49.1";
    let paths = [
        format!(
            "/render?{follow}&thetas=30.0,330.0,0.0,0.0,90.0,180.0,270.0,0.0&phis=0.0,0.0,15.0,-30.0,0.0,0.0,0.0,-90.0&bg_color=ffffff"
        ),
        format!(
            "/render?{follow}&thetas=30.0,330.0,0.0,0.0&phis=0.0,0.0,15.0,-30.0&bg_color=808080"
        ),
        "/render/grid".to_owned(),
    ];
    let [white, gray, grid] = thread::scope(|scope| {
        let asked = paths.each_ref().map(|path| scope.spawn(|| service.draw(path, SQUARE)));
        asked.map(|asked| asked.join().unwrap())
    });
    assert_eq!([white.0, gray.0, grid.0], [200; 3]);
    let list = |body: &[u8]| -> Value { serde_json::from_slice(body).unwrap() };
    let (white, gray) = (list(&white.1), list(&gray.1));
    assert_eq!(
        [&white["count"], &gray["count"], &white["img_size"]],
        [&json!(8), &json!(4), &json!(256)]
    );
    assert_eq!(vision::decode(&grid.1).unwrap().dimensions(), (1041, 1041));
    assert!(service.metrics().contains("crucible_scene_misses_total 1\n"), "the module ran once");

    // The command draws the same pictures.
    place.write("square.js", SQUARE);
    place.ok("render square.js -o grid.png");
    assert_eq!(place.picture("grid.png"), vision::decode(&grid.1).unwrap());

    let (status, body) = service.draw("/render", "export default (THREE) => null;");
    assert_snapshot!(format!("{status} {}", String::from_utf8_lossy(&body)), @"");
    let (status, body) = service.draw("/render", "export default (THREE) => { for (;;) {} };");
    assert_snapshot!(format!("{status} {}", String::from_utf8_lossy(&body)), @"");
    assert_eq!(service.draw("/render?thetas=0&img_size=32", SQUARE).0, 200, "it goes on");
    #[cfg(unix)]
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn settings_come_from_the_environment_too() {
    let place = Workplace::new();
    let run = place.command("serve render").env("PORT", "x").output().unwrap();
    assert_eq!(run.status.code(), Some(2));
    let help = place.ok("serve render --help");
    for variable in [
        "PORT",
        "RENDER_POOL_SIZE",
        "RENDER_TIMEOUT_MS",
        "VALIDATION_POOL_SIZE",
        "VALIDATION_TIMEOUT_MS",
    ] {
        assert!(help.contains(&format!("[env: {variable}=")), "{variable} is not in:\n{help}");
    }
}
