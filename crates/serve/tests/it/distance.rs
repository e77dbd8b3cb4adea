//! The image-distance service over real connections, and a server of pictures that answers in every way.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use insta::assert_snapshot;
use serde_json::json;
use serve::distance::{Config, Level, Log, limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use vision::descriptor::{BuiltIn, DescribeError, Descriptor};

use crate::client::{Client, Reply};

/// The built-in descriptor, which takes its time.
#[derive(Debug)]
struct Slow;

impl Descriptor for Slow {
    fn id(&self) -> &str {
        "slow"
    }

    fn dimension(&self) -> usize {
        BuiltIn.dimension()
    }

    fn describe(&self, pictures: &[RgbImage]) -> Result<Vec<Vec<f32>>, DescribeError> {
        std::thread::sleep(Duration::from_millis(300));
        BuiltIn.describe(pictures)
    }
}

struct Service {
    client: Client,
    log: Arc<Mutex<Vec<String>>>,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Service {
    async fn start(config: Config, descriptor: impl Descriptor + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let client = Client { address: listener.local_addr().expect("an address") };
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            stopped.await.ok();
        };
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = log.clone();
        let log_line: Log = Box::new(move |level, line| {
            let line = if level == Level::Info { "an answer" } else { line };
            lines.lock().expect("no panic").push(format!("{level} {line}"));
        });
        let descriptor = Box::new(descriptor);
        let served =
            tokio::spawn(serve::distance::serve(listener, config, descriptor, log_line, stopped));
        Self { client, log, stop, served }
    }

    async fn ask(&self, a: &str, b: &str) -> Reply {
        self.client.post("/distance", &json!({"url_a": a, "url_b": b}).to_string()).await
    }
}

/// May fetch from this machine.
fn open() -> Config {
    Config { allow_private_urls: true, ..Config::default() }
}

/// A square on white, the square's colour as given.
fn square(colour: [u8; 3]) -> RgbImage {
    RgbImage::from_fn(64, 64, |x, y| {
        let is_inside = (16..48).contains(&x) && (20..44).contains(&y);
        Rgb(if is_inside { colour } else { [255; 3] })
    })
}

fn encoded(picture: impl Into<image::DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).expect("memory");
    bytes.into_inner()
}

/// One pixel column and row more than the limit: 4097².
fn huge() -> Vec<u8> {
    encoded(image::GrayImage::new(4097, 4097), ImageFormat::Png)
}

/// A server whose paths say what it answers. Gives its address.
async fn pictures() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 1024];
                let read = stream.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                let ok = |body: Vec<u8>| {
                    let mut answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
                    answer.extend(body);
                    answer
                };
                let head = |text: &str| {
                    format!("HTTP/1.1 {text}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
                        .into_bytes()
                };
                let see_through = RgbaImage::from_fn(64, 64, |x, y| {
                    let Rgb([r, g, b]) = *square([200, 30, 20]).get_pixel(x, y);
                    Rgba([r, g, b, (x * 4) as u8])
                });
                let answer = match path.as_str() {
                    "/red.png" => ok(encoded(square([200, 30, 20]), ImageFormat::Png)),
                    "/red.jpg" => ok(encoded(square([200, 30, 20]), ImageFormat::Jpeg)),
                    "/red.webp" => ok(encoded(square([200, 30, 20]), ImageFormat::WebP)),
                    "/alpha.png" => ok(encoded(see_through, ImageFormat::Png)),
                    "/blue.png" => ok(encoded(square([20, 30, 200]), ImageFormat::Png)),
                    "/text" => ok(b"<html>".to_vec()),
                    "/huge.png" => ok(huge()),
                    "/long.png" => ok(vec![0; limits::PICTURE_BYTES_MAX + 9]),
                    "/once" => head("302 Found\r\nlocation: /red.png"),
                    "/forever" => head("302 Found\r\nlocation: /forever"),
                    "/file" => head("302 Found\r\nlocation: file:///etc/passwd"),
                    "/empty" => head("204 No Content"),
                    "/nowhere" => head("302 Found"),
                    "/broken" => head("500 Internal Server Error"),
                    "/silent" => {
                        std::future::pending::<()>().await;
                        Vec::new()
                    }
                    "/late404" => {
                        tokio::time::sleep(Duration::from_millis(300)).await;
                        head("404 Not Found")
                    }
                    _ => head("404 Not Found"),
                };
                stream.write_all(&answer).await.ok();
            });
        }
    });
    format!("http://{address}")
}

const NOT_FOUND: &str = r#"200 {"distance":null,"error":"file_not_found"}"#;
const REQUEST: &str = r#"200 {"distance":null,"error":"request_error"}"#;
const INTERNAL: &str = r#"500 {"detail":"Internal server error"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn distances_are_those_of_the_descriptor() {
    let service = Service::start(open(), BuiltIn).await;
    let at = pictures().await;
    let url = |path: &str| format!("{at}{path}");
    let distance = async |a: &str, b: &str| {
        let reply = service.ask(&url(a), &url(b)).await;
        assert_eq!(reply.status, 200, "{a} {b}: {}", reply.text());
        assert!(reply.text().ends_with(r#","error":null}"#), "{}", reply.text());
        reply.json()["distance"].as_f64().expect("a number")
    };
    let vectors =
        BuiltIn.describe(&[square([200, 30, 20]), square([20, 30, 200])]).expect("pixels");
    let expected = vision::descriptor::distance(&vectors[0], &vectors[1]);
    assert_eq!(distance("/red.png", "/blue.png").await, expected);
    assert!(expected > 0.3, "{expected}");
    assert!(distance("/red.png", "/red.png").await.abs() < 1e-6);
    assert!(distance("/once", "/red.webp").await.abs() < 1e-6, "a redirect, another format");
    assert!(distance("/red.jpg", "/red.png").await < 0.05);
    assert!(distance("/alpha.png", "/red.png").await.abs() < 1e-6, "alpha is dropped");
    assert_snapshot!(service.client.get("/health").await.line(), @r#"200 {"status":"ok"}"#);
    let metrics = service.client.get("/metrics").await.text();
    assert!(
        metrics.contains("crucible_requests_total{route=\"/distance\",status=\"200\"} 5\n"),
        "{metrics}"
    );
    assert!(metrics.contains("\ncrucible_requests 0\n"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_to_be_had() {
    let service = Service::start(open(), BuiltIn).await;
    let at = pictures().await;
    let url = |path: &str| format!("{at}{path}");
    let good = url("/red.png");
    for (a, expected) in [
        ("/missing", NOT_FOUND),
        ("/broken", NOT_FOUND),
        ("/nowhere", NOT_FOUND),
        ("/forever", REQUEST),
        ("/file", REQUEST),
        ("/text", INTERNAL),
        ("/empty", INTERNAL),
        ("/huge.png", INTERNAL),
        ("/long.png", INTERNAL),
    ] {
        assert_eq!(service.ask(&url(a), &good).await.line(), expected, "{a}");
        assert_eq!(service.ask(&good, &url(a)).await.line(), expected, "{a} as the second");
    }
    for (a, expected) in [
        ("ftp://127.0.0.1/x.png", REQUEST),
        ("red.png", REQUEST),
        ("", REQUEST),
        ("http://127.0.0.1:1/x.png", REQUEST),
        ("http://no-such-name.invalid/x.png", REQUEST),
        ("http://127.0.0.1:99999/x.png", INTERNAL),
        ("http://[::1/x.png", INTERNAL),
    ] {
        assert_eq!(service.ask(a, &good).await.line(), expected, "{a}");
    }
    let log = service.log.lock().expect("no panic").join("\n");
    for line in [
        "WARNING url_a at 127.0.0.1: 404",
        "WARNING url_b at 127.0.0.1: more than 20 redirects",
        "ERROR url_a at 127.0.0.1: picture: neither PNG, JPEG nor WebP",
        "ERROR url_b at 127.0.0.1: 4097 × 4097 pixels, our limit is 16777216 in all",
        "ERROR url_a at 127.0.0.1: more than 33554432 bytes, which is our limit",
    ] {
        assert!(log.contains(line), "{line} is not in\n{log}");
    }
    assert!(!log.contains(".png"), "only hosts are told:\n{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends() {
    let config = Config { download_timeout: Duration::from_millis(300), ..open() };
    let service = Service::start(config, BuiltIn).await;
    let silent = format!("{}/silent", pictures().await);
    assert_eq!(service.ask(&silent, &silent).await.line(), REQUEST);
    let log = service.log.lock().expect("no panic").join("\n");
    assert!(log.contains("url_a at 127.0.0.1: no whole answer within 300 ms"), "{log}");
}

/// As if the first had been fetched and decoded before the second was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_pictures_reason_counts() {
    let service = Service::start(open(), BuiltIn).await;
    let at = pictures().await;
    let url = |path: &str| format!("{at}{path}");
    assert_eq!(service.ask(&url("/late404"), &url("/text")).await.line(), NOT_FOUND);
    assert_eq!(service.ask(&url("/late404"), "ftp://x").await.line(), NOT_FOUND);
    assert_eq!(service.ask("ftp://x", &url("/late404")).await.line(), REQUEST);
    assert_eq!(service.ask(&url("/text"), &url("/missing")).await.line(), INTERNAL);
}

#[tokio::test]
async fn what_is_wrong_with_a_request() {
    let service = Service::start(open(), BuiltIn).await;
    let said = |reply: Reply| reply.line();
    assert_snapshot!(said(service.client.post("/distance", r#"{"url_a":"x"}"#).await), @r#"422 {"detail":[{"input":{"url_a":"x"},"loc":["body","url_b"],"msg":"Field required","type":"missing"}]}"#);
    assert_snapshot!(said(service.client.post("/distance", &" ".repeat(limits::BODY_BYTES_MAX + 1)).await), @r#"413 {"detail":"the body has more than 262144 bytes, which is our limit"}"#);
    assert_snapshot!(said(service.client.get("/distance").await), @r#"405 {"detail":"Method Not Allowed"}"#);
    assert_snapshot!(said(service.client.get("/").await), @r#"404 {"detail":"Not Found"}"#);
    assert_eq!(service.client.get("/openapi.json").await.json()["openapi"], "3.1.0");
}

#[tokio::test]
async fn not_from_this_machine_or_network() {
    let service = Service::start(Config::default(), BuiltIn).await;
    let at = pictures().await;
    let localhost = at.replace("127.0.0.1", "localhost");
    for url in [&at, &localhost, "http://10.0.0.1", "http://169.254.169.254", "http://[::1]:1"] {
        let url = format!("{url}/red.png");
        assert_eq!(service.ask(&url, &url).await.line(), REQUEST, "{url}");
    }
    let log = service.log.lock().expect("no panic").join("\n");
    assert!(log.contains("localhost is not on the public Internet"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so() {
    let config = Config { pairs: NonZeroUsize::MIN, waiting_max: 1, ..open() };
    let service = Service::start(config, Slow).await;
    let url = format!("{}/red.png", pictures().await);
    let (one, two, three, four) = tokio::join!(
        service.ask(&url, &url),
        service.ask(&url, &url),
        service.ask(&url, &url),
        service.ask(&url, &url),
    );
    let mut replies = [one, two, three, four];
    replies.sort_by_key(|reply| reply.status);
    assert_eq!(replies.each_ref().map(|reply| reply.status), [200, 200, 503, 503]);
    assert_snapshot!(replies[3].text(), @r#"{"detail":"1 requests are waiting already"}"#);
    assert!(replies[3].head.contains("retry-after: 2"), "{}", replies[3].head);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_finished() {
    let service = Service::start(open(), Slow).await;
    let url = format!("{}/red.png", pictures().await);
    let client = service.client;
    let body = json!({"url_a": url, "url_b": url}).to_string();
    let asked = tokio::spawn(async move { client.post("/distance", &body).await });
    while service.client.get("/metrics").await.text().contains("\ncrucible_requests 0\n") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    service.stop.send(()).expect("it runs");
    assert_eq!(asked.await.expect("an answer").status, 200);
    service.served.await.expect("no panic").expect("an orderly end");
}
