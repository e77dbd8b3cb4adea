//! Blobs behind an address: good ones, and servers that lie, drip, send on or break off. None holds verify up or changes what it says
//! of others.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use arena::verify::{
    BlobError, Blobs, FolderBlobs, Report, Settings, Subject, Wanted, WebBlobs, verify,
};
use insta::assert_snapshot;
use ledger::repository::Repository as _;

use super::every::small;
use super::ours::ours;
use super::world::{World, findings, hotkey, unchecked};

/// So long a try may take here: a server that drips is cut off then.
const TIME_MAX: Duration = Duration::from_millis(400);

/// What a server does with a key.
type Answer = Box<dyn Fn(&str, &mut TcpStream, &dyn Fn() -> bool) + Send + Sync>;

/// A server on this machine, gone when it is dropped.
struct Server {
    base: String,
    asked: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn new(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (asked, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stopped, answer) = (Arc::clone(&asked), Arc::clone(&stop), Arc::new(answer));
        let thread = std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let (mut stream, count) = (stream.unwrap(), Arc::clone(&count));
                let (stopped, answer) = (Arc::clone(&stopped), Arc::clone(&answer));
                open.push(std::thread::spawn(move || {
                    let mut head = Vec::new();
                    let mut byte = [0];
                    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) > 0 {
                        head.push(byte[0]);
                    }
                    let head = String::from_utf8_lossy(&head).into_owned();
                    let Some(path) = head.split(' ').nth(1) else { return };
                    count.fetch_add(1, Ordering::SeqCst);
                    answer(path.trim_start_matches('/'), &mut stream, &|| {
                        stopped.load(Ordering::SeqCst)
                    });
                }));
            }
            for thread in open {
                thread.join().ok();
            }
        });
        Self { base, asked, stop, thread: Some(thread) }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
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

fn send(stream: &mut TcpStream, status: &str, body: &[u8]) {
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).ok();
    stream.write_all(body).ok();
}

/// A server that has a world's blobs, and answers in its own way for keys with this in them.
fn server(
    world: &World,
    special: &'static str,
    answer: fn(&[u8], &mut TcpStream, &dyn Fn() -> bool),
) -> Server {
    let blobs = world.blobs.clone();
    Server::new(Box::new(move |key, stream, stop| match blobs.get(key) {
        Some(bytes) if key.contains(special) => answer(bytes, stream, stop),
        Some(bytes) => send(stream, "200 OK", bytes),
        None => send(stream, "404 Not Found", b""),
    }))
}

fn read(world: &World, blobs: &dyn Blobs) -> Report {
    let subject = Subject {
        repository: &world.repository,
        at: world.repository.head().unwrap().unwrap(),
        has_history: true,
        blobs: Some(blobs),
        redraw: None,
    };
    verify(&subject, &Settings::default()).unwrap()
}

/// The first disagreement, and what could not be read.
fn said(
    world: &World,
    special: &'static str,
    answer: fn(&[u8], &mut TcpStream, &dyn Fn() -> bool),
) -> String {
    let server = server(world, special, answer);
    let blobs = WebBlobs::new(&server.base, None, TIME_MAX).unwrap();
    let report = read(world, &blobs);
    let first = findings(&report).into_iter().next().unwrap_or_else(|| "sound".to_owned());
    let unread = unchecked(&report);
    let unread = unread.lines().filter(|line| line.contains("could not be read"));
    let unread: Vec<String> = unread.map(|line| line.replace(&server.base, "SERVER")).collect();
    std::iter::once(first).chain(unread).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_server_that_always_fails_is_left_alone() {
    let world = ours();
    assert!(world.blobs.len() > 60);
    let server =
        server(&world, "rounds", |_, stream, _| send(stream, "500 Internal Server Error", b""));
    let blobs = WebBlobs::new(&server.base, None, TIME_MAX).unwrap();
    let report = read(&world, &blobs);
    assert_eq!(findings(&report), [""; 0]);
    assert!(unchecked(&report).contains("32 times in a row, and is not asked any more"));
    // Those that were asked for at once were still asked for, twice each.
    assert!(server.asked() <= 2 * (32 + 16), "{}", server.asked());
}

#[test]
fn blobs_are_fetched_once_and_kept() {
    let world = small();
    let server = server(&world, "nothing", |_, _, _| unreachable!());
    let folder = tempfile::tempdir().unwrap();
    let blobs = || {
        WebBlobs::new(&format!("{}/", server.base), Some(folder.path().to_owned()), TIME_MAX)
            .unwrap()
    };
    assert_eq!(findings(&read(&world, &blobs())), [""; 0]);
    let first = server.asked();
    assert!(first >= world.blobs.len(), "{first} of {}", world.blobs.len());
    assert_eq!(findings(&read(&world, &blobs())), [""; 0]);
    assert_eq!(server.asked(), first);
    assert_eq!(findings(&read(&world, &FolderBlobs(folder.path().to_owned()))), [""; 0]);
    // What is kept is held against the hashes like anything else.
    let key = world.blobs.keys().find(|key| key.ends_with(".js")).unwrap();
    fs_err::write(folder.path().join(key), "// something else").unwrap();
    assert!(findings(&read(&world, &blobs()))[0].contains("but the blob"));
}

#[test]
fn servers_of_every_kind() {
    let world = small();
    const ONE: &str = "submitted/p00";
    let one = |answer| said(&world, ONE, answer);
    assert_snapshot!(one(|bytes, stream, _| send(stream, "200 OK", bytes)), @"sound");
    assert_snapshot!(one(|_, stream, _| send(stream, "404 Not Found", b"")), @"rounds/0/Bert/submitted.json:3: p000.js: there is no blob rounds/0/Bert/submitted/p000.js [outputs]");
    assert_snapshot!(one(|bytes, stream, _| {
        let mut bytes = bytes.to_vec();
        bytes[3] ^= 1;
        send(stream, "200 OK", &bytes);
    }), @"rounds/0/Bert/submitted.json:7: p000.sha256: c07e8ccbf290ed03a43dea1c0d3b967bc84415dac65d6b79e5a9df7de10b…, but the blob rounds/0/Bert/submitted/p000.js has f30778d7e39cf0ef3e2f0c7ee6fa7624680a8670a6f1b9f7c0b178ed03888026 [outputs]");
    assert_snapshot!(one(|bytes, stream, _| send(stream, "200 OK", &[bytes, b"more"].concat())), @"rounds/0/Bert/submitted.json:6: p000.size: 78, but the blob rounds/0/Bert/submitted/p000.js is larger [outputs]");
    assert_snapshot!(one(|bytes, stream, _| send(stream, "200 OK", &bytes[..9])), @"rounds/0/Bert/submitted.json:7: p000.sha256: c07e8ccbf290ed03a43dea1c0d3b967bc84415dac65d6b79e5a9df7de10b…, but the blob rounds/0/Bert/submitted/p000.js has 7a98bc6b7923689b193d9f0eb7d7a31a51af7e4f972c38686d9d59fe575ac1ad [outputs]");
    assert_snapshot!(one(|_, stream, _| send(stream, "503 Service Unavailable", b"")), @r"
    sound
    round 0, outputs: a blob could not be read: 503 (4)
    round 2, outputs: a blob could not be read: 503 (2)
    ");
    assert_snapshot!(one(|bytes, stream, _| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len());
        stream.write_all(head.as_bytes()).ok();
        stream.write_all(&bytes[..9]).ok();
    }), @r"
    sound
    round 0, outputs: a blob could not be read: end of file before message length reached (4)
    round 2, outputs: a blob could not be read: end of file before message length reached (2)
    ");
    assert_snapshot!(one(|_, stream, _| {
        stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok();
    }), @r"
    sound
    round 0, outputs: a blob could not be read: more than 0 redirects (4)
    round 2, outputs: a blob could not be read: more than 0 redirects (2)
    ");
    assert_snapshot!(one(|_, stream, stop| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").ok();
        while !stop() && stream.write_all(b"x").is_ok() {
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }), @r"
    sound
    round 0, outputs: a blob could not be read: no whole answer within 400 ms (4)
    round 2, outputs: a blob could not be read: no whole answer within 400 ms (2)
    ");
}

#[test]
fn evidence_comes_from_servers_too() {
    let world = small();
    let gone = said(&world, "evidence/", |_, stream, _| send(stream, "404 Not Found", b""));
    assert_snapshot!(gone, @"rounds/0/Bert/duels_leader.json:27: duels[0].detail.evidence.key: there is no blob rounds/0/evidence/Bert/duels_leader/p000.json [evidence]");
    let late = said(&world, "evidence/", |_, stream, _| send(stream, "500 Oh", b""));
    assert_snapshot!(late, @r"
    sound
    round 0, evidence: evidence could not be read: 500 (12)
    round 2, evidence: evidence could not be read: 500 (3)
    ");
}

#[test]
fn keys_that_lead_elsewhere_are_not_asked_for() {
    let world = small();
    let server = server(&world, "nothing", |_, _, _| unreachable!());
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside");
    fs_err::write(&outside, "secret").unwrap();
    fs_err::create_dir(folder.path().join("blobs")).unwrap();
    let web = WebBlobs::new(&server.base, None, TIME_MAX).unwrap();
    let kept = FolderBlobs(folder.path().join("blobs"));
    for key in ["../outside", "rounds/../../outside", "/etc/hostname", "rounds//x", ""] {
        let wanted = [Wanted { key: key.to_owned(), bytes_max: 100 }];
        for blobs in [&web as &dyn Blobs, &kept] {
            assert_eq!(blobs.read(&wanted), [Err(BlobError::Missing)], "{key} {}", hotkey("Anna"));
        }
    }
    assert_eq!(server.asked(), 0);
}
