//! A service on a free port, and a client that speaks HTTP by hand, so that tests see every byte.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use asset::scene::{
    Attribute, Drawable, Geometry, GeometryId, Material, MaterialId, MaterialKind, Materials, Node,
    Primitive, Scene,
};
use serde_json::Value;
use serve::render::{Check, CheckError, Config, Verdict};
use threejs::engine::Metrics;
use threejs::{Failure, Rule, Stage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Whom to ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
}

/// A service that listens, and how to end it.
pub(crate) struct Service {
    pub(crate) client: Client,
    /// Modules that were run.
    pub(crate) checked: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<io::Result<()>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Status and body in one line.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.status, self.text())
    }
}

impl Service {
    pub(crate) async fn start(config: Config) -> Self {
        let checked = Arc::new(AtomicUsize::new(0));
        let counter = checked.clone();
        let start = move || {
            let check: Check = Box::new(move |source| {
                counter.fetch_add(1, Ordering::SeqCst);
                check(source)
            });
            Ok(check)
        };
        Self::start_with(config, start, checked).await
    }

    pub(crate) async fn start_with(
        config: Config,
        start: impl FnOnce() -> io::Result<Check> + Send + 'static,
        checked: Arc<AtomicUsize>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            stopped.await.ok();
        };
        let served = tokio::spawn(serve::render::serve(listener, config, start, stopped));
        Self { client: Client { address }, checked, stop: Some(stop), served }
    }

    /// Tells the service to end.
    pub(crate) fn stop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }

    /// Waits for its end, which somebody else brings about.
    pub(crate) async fn ended(self) -> io::Result<()> {
        self.served.await.expect("it does not panic")
    }
}

impl std::ops::Deref for Service {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Client {
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await
    }

    /// Posts a body as it is.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        let length = body.len();
        self.send(&format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")).await
    }

    /// Posts a source.
    pub(crate) async fn draw(&self, path: &str, source: &str) -> Reply {
        self.post(path, &serde_json::json!({ "source": source }).to_string()).await
    }

    /// Posts a form with one file, as the clients of the Python services do.
    pub(crate) async fn upload(&self, path: &str, name: &str, file: &[u8]) -> Reply {
        let head = format!("form-data; name=\"file\"; filename=\"{name}\"");
        self.form(path, &[(&head, file)]).await
    }

    /// Posts a form: what its parts say of themselves, and what they hold.
    pub(crate) async fn form(&self, path: &str, parts: &[(&str, &[u8])]) -> Reply {
        let mut body = Vec::new();
        for (head, bytes) in parts {
            body.extend(format!("--xYzZY\r\ncontent-disposition: {head}\r\n\r\n").bytes());
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--xYzZY--\r\n");
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: multipart/form-data; boundary=xYzZY\r\ncontent-length: {length}\r\n\r\n"
        );
        self.send_bytes(&[head.as_bytes(), &body].concat()).await
    }

    pub(crate) async fn send(&self, request: &str) -> Reply {
        self.send_bytes(request.as_bytes()).await
    }

    pub(crate) async fn send_bytes(&self, request: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        // A service may answer, and close, before it read everything.
        stream.write_all(request).await.ok();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.ok();
        let split = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let split =
            split.unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(&bytes)));
        let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
        let status = head[9..12].parse().expect("a status");
        Reply { status, head, body: bytes[split + 4..].to_vec() }
    }
}

/// What stands in for the cage. The first word of a source says what happens.
fn check(source: &[u8]) -> Result<Verdict, CheckError> {
    let source = String::from_utf8_lossy(source);
    let failure = |stage, rule, detail: &str| Failure { stage, rule, detail: detail.to_owned() };
    let failed =
        |failure: Failure, metrics| Ok(Verdict { failures: vec![failure], metrics, scene: None });
    let metrics = Metrics {
        vertices: 250_001.0,
        draw_calls: 2,
        depth: 1,
        instances: f64::NAN,
        texture_bytes: 16.0,
        bbox: Some([[-0.050_000_000_745_058_06, 0.0, 0.5], [1e-7, 2.0, f64::INFINITY]]),
    };
    match source.split(' ').next().unwrap_or_default() {
        "invalid" => {
            let detail = "`eval` at line 1:\n\"x\"";
            failed(failure(Stage::StaticAnalysis, Rule::ForbiddenIdentifier, detail), None)
        }
        "throws" => failed(failure(Stage::ModuleLoad, Rule::ExecutionThrew, "boom"), None),
        "large" => {
            let failure =
                failure(Stage::PostValidation, Rule::VertexLimitExceeded, "250001 > 250000");
            failed(failure, Some(metrics))
        }
        "empty" => {
            let failure = failure(Stage::PostValidation, Rule::EmptyScene, "bounding box is empty");
            failed(failure, Some(Metrics { bbox: None, instances: 0.0, ..metrics }))
        }
        "lost" => Err(CheckError("the caged process was lost twice".to_owned())),
        "panics" => panic!("a secret"),
        "slow" => {
            std::thread::sleep(Duration::from_millis(400));
            Ok(Verdict { scene: Some(square()), ..Verdict::default() })
        }
        _ => Ok(Verdict { scene: Some(square()), ..Verdict::default() }),
    }
}

/// A square of 0.8 × 0.8 that faces +Z, not lit and not tone-mapped: red is 255 in every light.
pub(crate) fn square() -> Scene {
    let corners = vec![-0.4, -0.4, 0.0, 0.4, -0.4, 0.0, 0.4, 0.4, 0.0, -0.4, 0.4, 0.0];
    let geometry = Geometry {
        position: Some(Attribute::new(3, corners)),
        index: Some(vec![0, 1, 2, 0, 2, 3]),
        ..Geometry::default()
    };
    let kind = MaterialKind::Basic(Box::default());
    let material = Material { color: [1.0, 0.0, 0.0], tone_mapped: false, ..Material::new(kind) };
    let drawable = Drawable {
        primitive: Primitive::Mesh,
        geometry: GeometryId(0),
        materials: Materials::Single(MaterialId(0)),
    };
    let node = Node { drawable: Some(drawable), ..Node::default() };
    Scene {
        nodes: vec![node],
        geometries: vec![geometry],
        materials: vec![material],
        textures: vec![],
    }
}
