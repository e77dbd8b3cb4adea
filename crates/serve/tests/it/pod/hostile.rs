//! Clients that mean ill, or do not know better.

use insta::assert_snapshot;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Fake, Pod};

#[tokio::test]
async fn bodies_that_are_refused_change_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    let post = |body: String| async move { pod_post(pod.client, &body).await };
    async fn pod_post(client: crate::client::Client, body: &str) -> String {
        client.post("/generate", body).await.line()
    }
    let prompt = r#"{"stem":"a","image_url":"http://x/"}"#;
    assert_snapshot!(post("{".to_owned()).await, @r#"422 {"detail":"body: EOF while parsing an object at line 1 column 1"}"#);
    assert_snapshot!(post(r#"{"prompts":[],"seed":1}"#.to_owned()).await, @r#"422 {"detail":"prompts: the list is empty"}"#);
    assert_snapshot!(post(r#"{"prompts":[{"stem":"A","image_url":""}],"seed":1}"#.to_owned()).await, @r#"422 {"detail":"prompts.0.stem: \"A\" is not of a to z and 0 to 9"}"#);
    assert_snapshot!(post(format!(r#"{{"prompts":[{prompt}],"seed":"1"}}"#)).await, @r#"422 {"detail":"body: invalid number at line 1 column 58"}"#);
    let many: Vec<_> =
        (0..10_000).map(|idx| format!(r#"{{"stem":"s{idx}","image_url":"http://x/"}}"#)).collect();
    assert_snapshot!(post(format!(r#"{{"prompts":[{}],"seed":1}}"#, many.join(","))).await, @r#"422 {"detail":"prompts: 10000 of them, our limit is 100"}"#);
    assert_snapshot!(post(" ".repeat((1 << 20) + 1)).await, @r#"413 {"detail":"the body has more than 1048576 bytes, which is our limit"}"#);
    let length = prompt.len();
    let typed = format!(
        "POST /generate HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n{prompt}"
    );
    assert_snapshot!(pod.client.send(&typed).await.line(), @r#"422 {"detail":"Content-Type: must be application/json"}"#);
    assert_snapshot!(pod.state().await, @r#"{"status":"ready"}"#);
    assert_snapshot!(pod.order("a a b").await, @r#"200 {"accepted":3}"#);
    pod.until_state("complete").await;
    assert_eq!(pod.results().await.into_keys().collect::<Vec<_>>(), ["a.js", "b.js"]);
}

#[tokio::test]
async fn clients_that_stop_reading() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    let prompts: Vec<_> = (0..20).map(|idx| format!("s{idx}=largest")).collect();
    let results = pod.make(&prompts.join(" ")).await;
    assert_eq!(results.len(), 20);
    // Some take the head and no more, some leave at once.
    let mut silent = Vec::new();
    for idx in 0..20 {
        let mut stream = TcpStream::connect(pod.client.address).await.expect("it listens");
        stream.write_all(b"GET /results HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
        if idx % 2 == 0 {
            stream.read_exact(&mut [0; 64]).await.expect("a head");
            silent.push(stream);
        }
    }
    assert_eq!(pod.results().await, results, "others are served");
    assert_eq!(pod.make("next").await.len(), 1, "and the next batch is made");
    drop(silent);
    pod.end().await.expect("an orderly end");
}

#[tokio::test]
async fn a_client_that_leaves_does_not_stop_its_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    let body = pod.body("a b", 1, None);
    let length = body.len();
    let mut stream = TcpStream::connect(pod.client.address).await.expect("it listens");
    let request =
        format!("POST /generate HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.expect("sent");
    drop(stream);
    pod.until_state("complete").await;
    assert_eq!(pod.results().await.len(), 2);
}
