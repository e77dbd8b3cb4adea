//! Files of a store over HTTP.

use std::net::SocketAddr;

use bytes::Bytes;
use store::Store;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

#[tokio::test]
async fn hands_out_what_is_there_and_nothing_else() {
    let store = Store::memory("http://cdn.example");
    let module = Bytes::from_static(b"export const a = 1;");
    store.put("rounds/0/a b.js", module, "application/javascript").await.expect("written");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let service = tokio::spawn(serve::blobs::serve(listener, store, async {
        stopped.await.ok();
    }));
    let found = ask(address, "GET", "/rounds/0/a%20b.js").await;
    assert!(found.starts_with("HTTP/1.1 200"), "{found}");
    assert!(found.contains("content-type: application/javascript"), "{found}");
    assert!(found.ends_with("\r\n\r\nexport const a = 1;"), "{found}");
    for path in ["/rounds/0/b.js", "/rounds/0", "/", "/rounds/0/%2e%2e/a", "/rounds//x", "/a%00b"] {
        let missing = ask(address, "GET", path).await;
        assert!(missing.starts_with("HTTP/1.1 404"), "{path}: {missing}");
    }
    let written = ask(address, "PUT", "/rounds/0/b.js").await;
    assert!(written.starts_with("HTTP/1.1 405"), "{written}");
    stop.send(()).expect("it runs");
    service.await.expect("it ends").expect("without an error");
}

async fn ask(address: SocketAddr, method: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    answer
}
