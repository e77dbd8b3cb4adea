//! Files of a store over HTTP.

use bytes::Bytes;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

#[tokio::test]
async fn hands_out_what_is_there_and_nothing_else() {
    let store = Store::memory("http://cdn.example");
    let module = Bytes::from_static(b"export const a = 1;");
    store.put("rounds/0/a b.js", module.clone(), "application/javascript").await.expect("written");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let (stop, stopped) = oneshot::channel::<()>();
    let service = tokio::spawn(serve::blobs::serve(listener, store, async {
        stopped.await.ok();
    }));
    let client = reqwest::Client::new();
    let found = client.get(format!("{base}/rounds/0/a%20b.js")).send().await.expect("an answer");
    assert_eq!(found.status(), 200);
    assert_eq!(found.headers()["content-type"], "application/javascript");
    assert_eq!(found.bytes().await.expect("a body"), module);
    for path in ["rounds/0/b.js", "rounds/0", "", "rounds/0/%2e%2e/a", "rounds//x", "a%00b"] {
        let missing = client.get(format!("{base}/{path}")).send().await.expect("an answer");
        assert_eq!(missing.status(), 404, "{path}");
    }
    let written = client.put(format!("{base}/rounds/0/b.js")).body("x").send().await;
    assert_eq!(written.expect("an answer").status(), 405);
    stop.send(()).expect("it runs");
    service.await.expect("it ends").expect("without an error");
}
