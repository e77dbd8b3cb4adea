//! `crucible serve pod`: the real service, a program as its generator, the real cage, and our own client.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::Duration;

use pod::client::{Batch, BatchLimits};
use pod::wire::batch::{self, Prompt, State, Status};
use tokio::runtime::Runtime;

use crate::modules::SQUARE;
use crate::workplace::Workplace;

const GENERATORS: &str = r#"
[generators.script]
type = "command"
makes = ["module"]
command = ["sh", "FOLDER/generate.sh", "{stem}", "{output}"]
parallel = 3
"#;

/// What it makes is told by the stem. It notes every call.
const SCRIPT: &str = r#"
echo "$1" >> FOLDER/calls
case "$1" in
  bad) echo "export default (THREE) => { eval('1'); return new THREE.Group(); };" > "$2" ;;
  slow) while [ ! -e FOLDER/go ]; do sleep 0.02; done; cp FOLDER/square.js "$2" ;;
  breaks) echo "no memory" >&2; exit 3 ;;
  *) cp FOLDER/square.js "$2" ;;
esac
"#;

struct Pod {
    child: Child,
    client: Batch,
    runtime: Runtime,
}

impl Pod {
    fn start(place: &Workplace) -> Self {
        let args = "serve pod --port 0 --state state --generators generators.toml --generator script --allow-private-urls";
        let mut child = place.command(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap();
        let client = Batch::new(address, None, BatchLimits::default()).unwrap();
        let runtime = Runtime::new().unwrap();
        Self { child, client, runtime }
    }

    fn until(&self, is_there: impl Fn(&Status) -> bool) -> Status {
        loop {
            let status = self.runtime.block_on(self.client.status(3)).unwrap();
            if is_there(&status) {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn submit(&self, stems: &str, image_url: &str, batch_id: &str) -> Option<u64> {
        let prompt = |stem: &str| Prompt { stem: stem.to_owned(), image_url: image_url.to_owned() };
        let batch = batch::Batch {
            prompts: stems.split(' ').map(prompt).collect(),
            seed: 4_294_967_295_u32.into(),
            batch_id: Some(batch_id.to_owned()),
        };
        self.runtime.block_on(self.client.submit(&batch)).unwrap().accepted
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Answers everybody with one picture.
fn pictures(picture: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/picture.png", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(&stream).lines();
            while head.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                picture.len()
            );
            stream.write_all(&[head.as_bytes(), &picture].concat()).ok();
        }
    });
    url
}

#[cfg(unix)]
#[test]
fn a_pod_that_is_killed_goes_on() {
    let place = Workplace::new();
    let folder = place.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    place.write("generators.toml", GENERATORS.replace("FOLDER", &folder));
    place.write("generate.sh", SCRIPT.replace("FOLDER", &folder));
    place.write("square.js", SQUARE);
    place.egg("egg.png");
    let url = pictures(place.read("egg.png"));

    let pod = Pod::start(&place);
    pod.until(|status| status.status == State::Ready);
    assert_eq!(pod.submit("good bad slow breaks", &url, "r1"), Some(4));
    let status = pod.until(|status| status.progress == Some(3));
    assert_eq!(status.status, State::Generating);
    drop(pod);

    let pod = Pod::start(&place);
    let status = pod.until(|_| true);
    assert_eq!(
        (status.status, status.progress, status.total),
        (State::Generating, Some(3), Some(4))
    );
    assert_eq!(pod.submit("good bad slow breaks", &url, "r1"), Some(4), "the same batch");
    place.write("go", "");
    pod.until(|status| status.status == State::Complete);
    let first = pod.runtime.block_on(pod.client.results()).unwrap();
    let again = pod.runtime.block_on(pod.client.results()).unwrap();
    assert_eq!(first.archive_sha256, again.archive_sha256);
    assert_eq!(first.modules.keys().collect::<Vec<_>>(), ["good", "slow"]);
    assert_eq!(first.modules["good"], SQUARE.as_bytes());
    assert_eq!(first.failed.keys().collect::<Vec<_>>(), ["bad", "breaks"]);
    let says = |stem: &str, what: &str| first.failed[stem].contains(what);
    assert!(says("bad", "the model made breaks the rules"), "{:?}", first.failed);
    assert!(says("breaks", "no memory"), "{:?}", first.failed);
    let calls = String::from_utf8(place.read("calls")).unwrap();
    let count = |stem: &str| calls.lines().filter(|call| *call == stem).count();
    assert_eq!(["good", "bad", "breaks", "slow"].map(count), [1, 1, 1, 2], "{calls}");

    assert_eq!(pod.submit("good", &url, "r2"), Some(1), "from complete");
    pod.until(|status| status.status == State::Complete);
    let id = pod.child.id().to_string();
    std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
    let mut pod = pod;
    assert_eq!(pod.child.wait().unwrap().code(), Some(0));
}
