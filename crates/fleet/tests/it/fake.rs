//! Fake providers that misbehave on purpose: each speaks one company's API well enough to be deployed to, and does what it is
//! told to do wrong, once per fault, at the requests it is told to do it at.

use std::collections::VecDeque;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use http_body::Frame;
use serde_json::{Value, json};

pub(crate) const KEY: &str = "sk-do-not-tell";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Company {
    Docker,
    RunPod,
    Targon,
    Verda,
}

/// A body of JSON.
struct Json(Value);

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        self.0.to_string().into_response()
    }
}

/// What to do wrong.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// No answer, ever.
    Hang,
    /// A status, and a body that tells what was sent.
    Status(u16),
    /// As a company that is overrun.
    ComeBackIn(u64),
    /// 200 and a page of HTML.
    NotJson,
    /// 200 and this.
    Say(Value),
    /// 200 and bytes without an end.
    Endless,
    /// 200 and a byte now and then.
    Drip,
    /// A body that breaks off.
    BreakOff,
    /// To a page that wants the key.
    Redirect,
    /// Does as asked, and then this.
    After(Box<Self>),
    /// Says that it did as asked.
    Lie,
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// With the query.
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Value,
}

#[derive(Debug, Clone)]
pub(crate) struct Pod {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) asked_for: Value,
    /// Lists that do not tell its address yet.
    pub(crate) slow: usize,
    pub(crate) status: String,
    pub(crate) events: Vec<Value>,
}

#[derive(Debug)]
pub(crate) struct Inside {
    company: Company,
    pub(crate) pods: Vec<Pod>,
    pub(crate) requests: Vec<Request>,
    /// Method, beginning of the path, and what to do wrong at the next such request.
    faults: VecDeque<(Method, &'static str, Fault)>,
    /// Pods on a page, where the company has pages.
    pub(crate) page: usize,
    /// Lists that do not tell the address of new pods.
    pub(crate) slow: usize,
    /// Tokens given out; the last one is good.
    pub(crate) tokens: usize,
    pub(crate) expires_in: Option<f64>,
    made: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Fake {
    pub(crate) base: String,
    inside: Arc<Mutex<Inside>>,
}

impl Fake {
    pub(crate) async fn start(company: Company) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (fake, router) = Self::new(company, base);
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    /// On a socket of this machine, as engines are.
    pub(crate) fn start_at(socket: &Path) -> Self {
        let listener = tokio::net::UnixListener::bind(socket).unwrap();
        let (fake, router) = Self::new(Company::Docker, String::new());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    fn new(company: Company, base: String) -> (Self, Router) {
        let inside = Inside {
            company,
            pods: Vec::new(),
            requests: Vec::new(),
            faults: VecDeque::new(),
            page: 100,
            slow: 0,
            tokens: 0,
            expires_in: Some(3600.0),
            made: 0,
        };
        let fake = Self { base, inside: Arc::new(Mutex::new(inside)) };
        let router = Router::new().fallback(handle).with_state(fake.clone());
        (fake, router)
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Inside) -> T) -> T {
        look(&mut self.inside.lock().unwrap())
    }

    /// Does something wrong at the next request of this kind.
    pub(crate) fn next(&self, method: Method, path: &'static str, fault: Fault) {
        self.with(|inside| inside.faults.push_back((method, path, fault)));
    }

    /// A pod that was there before.
    pub(crate) fn put(&self, id: &str, name: &str) {
        self.with(|inside| {
            let pod = Pod {
                id: id.into(),
                name: name.into(),
                asked_for: Value::Null,
                slow: 0,
                status: "running".into(),
                events: Vec::new(),
            };
            inside.pods.push(pod);
        });
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.with(|inside| inside.pods.iter().map(|pod| pod.id.clone()).collect())
    }

    pub(crate) fn count(&self, method: &Method, path: &str) -> usize {
        self.with(|inside| {
            let requests = inside.requests.iter();
            requests.filter(|r| r.method == *method && r.path.starts_with(path)).count()
        })
    }
}

async fn handle(
    State(fake): State<Fake>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let key = headers.get(header::AUTHORIZATION).map(|key| key.to_str().unwrap().to_owned());
    let path = uri.path_and_query().unwrap().as_str().to_owned();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let request = Request { method, path, key, body };
    let fault = fake.with(|inside| {
        inside.requests.push(request.clone());
        let fits = |(method, path, _): &(Method, &str, Fault)| {
            *method == request.method && request.path.starts_with(path)
        };
        let at = inside.faults.iter().position(fits)?;
        inside.faults.remove(at).map(|(_, _, fault)| fault)
    });
    let told = format!("you sent {:?} and {}", request.key, request.body);
    match fault {
        None => fake.with(|inside| inside.answer(&request)),
        Some(Fault::After(fault)) => {
            fake.with(|inside| inside.answer(&request));
            misbehave(*fault, told).await
        }
        Some(Fault::Lie) => fake.with(|inside| inside.lie()),
        Some(fault) => misbehave(fault, told).await,
    }
}

async fn misbehave(fault: Fault, told: String) -> Response {
    match fault {
        Fault::Hang => std::future::pending().await,
        Fault::Status(status) => (StatusCode::from_u16(status).unwrap(), told).into_response(),
        Fault::ComeBackIn(seconds) => {
            let after = [(header::RETRY_AFTER, seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, after, told).into_response()
        }
        Fault::NotJson => "<html>We are back soon</html>".into_response(),
        Fault::Say(value) => Json(value).into_response(),
        Fault::Endless => Body::new(Stream { chunk: 1 << 16, kind: Kind::Endless }).into_response(),
        Fault::Drip => Body::new(Stream { chunk: 1, kind: Kind::Drip(None) }).into_response(),
        Fault::BreakOff => Body::new(Stream { chunk: 9, kind: Kind::BreakOff }).into_response(),
        Fault::Redirect => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        Fault::After(_) | Fault::Lie => unreachable!("handled before"),
    }
}

impl Inside {
    fn lie(&self) -> Response {
        match self.company {
            Company::Docker | Company::RunPod => StatusCode::NO_CONTENT.into_response(),
            Company::Targon | Company::Verda => Json(json!({ "ok": true })).into_response(),
        }
    }

    fn answer(&mut self, request: &Request) -> Response {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        if self.company != Company::Docker && path != "/oauth2/token" {
            let good = match self.company {
                Company::Verda => format!("Bearer token-{}", self.tokens),
                _ => format!("Bearer {KEY}"),
            };
            if request.key.as_deref() != Some(&good) {
                return StatusCode::UNAUTHORIZED.into_response();
            }
        }
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match self.company {
            Company::Targon => self.targon(request, &parts, query),
            Company::Verda => self.verda(request, &parts),
            Company::RunPod => self.runpod(request, &parts),
            Company::Docker => self.docker(request, &parts),
        }
    }

    fn make(&mut self, name: &str, asked_for: &Value) -> String {
        self.made += 1;
        let id = match self.company {
            Company::Verda => name.to_owned(),
            _ => format!("id{}", self.made),
        };
        let (name, asked_for, slow) = (name.to_owned(), asked_for.clone(), self.slow);
        let (status, events) = ("registered".into(), Vec::new());
        self.pods.push(Pod { id: id.clone(), name, asked_for, slow, status, events });
        id
    }

    /// Whether there was one.
    fn remove(&mut self, id: &str) -> bool {
        let before = self.pods.len();
        self.pods.retain(|pod| pod.id != id);
        self.pods.len() < before
    }

    fn targon(&mut self, request: &Request, parts: &[&str], query: &str) -> Response {
        match (request.method.as_str(), parts) {
            ("POST", ["workloads"]) => {
                let name = request.body["name"].as_str().unwrap().to_owned();
                let uid = self.make(&name, &request.body);
                Json(json!({ "uid": uid })).into_response()
            }
            ("POST", ["workloads", id, "deploy"]) => match self.pod(id) {
                Some(pod) => {
                    pod.status = "provisioning".into();
                    let state = json!({ "status": "provisioning", "message": "", "urls": [] });
                    let (uid, name) = (&pod.id, &pod.name);
                    Json(json!({ "uid": uid, "name": name, "state": state, "cost_per_hour": 2.5 }))
                        .into_response()
                }
                None => StatusCode::NOT_FOUND.into_response(),
            },
            ("GET", ["workloads"]) => {
                let from = query.split('&').find_map(|pair| pair.strip_prefix("cursor="));
                let from: usize = from.map_or(0, |cursor| cursor.parse().unwrap());
                let items: Vec<Value> =
                    self.pods.iter_mut().skip(from).take(self.page).map(targon_item).collect();
                let next = from + items.len();
                let next = (next < self.pods.len()).then(|| next.to_string());
                Json(json!({ "items": items, "next_cursor": next })).into_response()
            }
            ("GET", ["workloads", id, "events"]) => match self.pod(id) {
                Some(pod) => Json(json!({ "items": pod.events })).into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            },
            ("GET", ["workloads", _, "logs"]) => "one\ntwo\nthree\n".into_response(),
            ("DELETE", ["workloads", id]) => deleted(self.remove(id), StatusCode::OK),
            _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        }
    }

    fn verda(&mut self, request: &Request, parts: &[&str]) -> Response {
        match (request.method.as_str(), parts) {
            ("POST", ["oauth2", "token"]) => {
                if request.body["client_secret"] != KEY {
                    return (StatusCode::UNAUTHORIZED, request.body.to_string()).into_response();
                }
                self.tokens += 1;
                let token = format!("token-{}", self.tokens);
                Json(json!({ "access_token": token, "expires_in": self.expires_in }))
                    .into_response()
            }
            ("POST", ["container-deployments"]) => {
                let name = request.body["name"].as_str().unwrap().to_owned();
                if self.pods.iter().any(|pod| pod.name == name) {
                    return StatusCode::CONFLICT.into_response();
                }
                self.make(&name, &request.body);
                Json(json!({ "name": name, "created_at": "2100-01-01T00:00:00Z" })).into_response()
            }
            ("GET", ["container-deployments"]) => {
                let item = |pod: &mut Pod| {
                    let mut item = json!({ "name": pod.name, "is_spot": true });
                    if has_address(pod) {
                        item["endpoint_base_url"] =
                            format!("https://{}.containers.example/", pod.name).into();
                    }
                    item
                };
                Json(self.pods.iter_mut().map(item).collect::<Value>()).into_response()
            }
            ("DELETE", ["container-deployments", name]) => {
                deleted(self.remove(name), StatusCode::OK)
            }
            _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        }
    }

    fn runpod(&mut self, request: &Request, parts: &[&str]) -> Response {
        let item = |pod: &Pod| {
            json!({
                "id": pod.id, "name": pod.name, "desiredStatus": "RUNNING", "costPerHr": "3.25",
                "ports": pod.asked_for["ports"],
            })
        };
        match (request.method.as_str(), parts) {
            ("POST", ["pods"]) => {
                let name = request.body["name"].as_str().unwrap().to_owned();
                let id = self.make(&name, &request.body);
                let pod = self.pod(&id).unwrap();
                (StatusCode::CREATED, Json(item(pod))).into_response()
            }
            ("GET", ["pods"]) => {
                Json(self.pods.iter().map(item).collect::<Value>()).into_response()
            }
            ("DELETE", ["pods", id]) => deleted(self.remove(id), StatusCode::NO_CONTENT),
            _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        }
    }

    fn docker(&mut self, request: &Request, parts: &[&str]) -> Response {
        match (request.method.as_str(), parts) {
            ("GET", [_, "images", .., "json"]) if request.path.contains("here") => {
                Json(json!({ "Id": "sha256:0" })).into_response()
            }
            ("GET", [_, "images", ..]) => StatusCode::NOT_FOUND.into_response(),
            ("POST", [_, "images", "create"]) if request.path.contains("missing") => {
                "{\"status\":\"Pulling\"}\n{\"error\":\"manifest unknown\"}\n".into_response()
            }
            ("POST", [_, "images", "create"]) => "{\"status\":\"done\"}\n".into_response(),
            ("POST", [_, "containers", "create"]) => {
                let name = request.path.split_once("name=").unwrap().1.to_owned();
                if self.pods.iter().any(|pod| pod.name == name) {
                    return StatusCode::CONFLICT.into_response();
                }
                let id = self.make(&name, &request.body);
                (StatusCode::CREATED, Json(json!({ "Id": id, "Warnings": [] }))).into_response()
            }
            ("POST", [_, "containers", id, "start"]) => {
                self.pod(id).unwrap().status = "running".into();
                StatusCode::NO_CONTENT.into_response()
            }
            ("POST", [_, "containers", id, "stop"]) => {
                self.pod(id).unwrap().status = "exited".into();
                StatusCode::NO_CONTENT.into_response()
            }
            ("GET", [_, "containers", "json"]) => {
                Json(self.pods.iter_mut().map(docker_item).collect::<Value>()).into_response()
            }
            ("GET", [_, "containers", _, "json"]) => {
                let state =
                    json!({ "Status": "exited", "ExitCode": 3, "OOMKilled": false, "Error": "" });
                Json(json!({ "State": state })).into_response()
            }
            ("GET", [_, "containers", _, "logs"]) => {
                b"\x01\0\0\0\0\0\0\x04one\n\x02\0\0\0\0\0\0\x04two\n".into_response()
            }
            ("DELETE", [_, "containers", id]) => deleted(self.remove(id), StatusCode::NO_CONTENT),
            _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        }
    }

    fn pod(&mut self, id: &str) -> Option<&mut Pod> {
        self.pods.iter_mut().find(|pod| pod.id == id)
    }
}

fn deleted(was_there: bool, status: StatusCode) -> Response {
    if was_there { status.into_response() } else { StatusCode::NOT_FOUND.into_response() }
}

/// Counts the lists.
fn has_address(pod: &mut Pod) -> bool {
    let has = pod.slow == 0;
    pod.slow = pod.slow.saturating_sub(1);
    has
}

fn targon_item(pod: &mut Pod) -> Value {
    let mut item = json!({
        "uid": pod.id, "name": pod.name, "cost_per_hour": 2.5, "created_at": "2100-01-01T00:00:00Z",
        "state": { "status": pod.status, "message": "as it is" }, "urls": [],
    });
    if matches!(&*pod.status, "provisioning" | "running") && has_address(pod) {
        pod.status = "running".into();
        item["state"]["status"] = "running".into();
        let url = format!("https://{}.serverless.example/", pod.id);
        item["state"]["urls"] = json!([{ "port": 1, "url": "" }, { "port": 10006, "url": url }]);
    }
    item
}

fn docker_item(pod: &mut Pod) -> Value {
    let mut item = json!({
        "Id": pod.id, "Names": [format!("/{}", pod.name)], "State": pod.status,
        "Labels": pod.asked_for["Labels"], "Created": 4_102_444_800_u64, "Status": "Up 2 seconds",
        "Ports": [{ "PrivatePort": 99, "PublicPort": 98, "Type": "tcp" }],
    });
    if pod.status == "running" && has_address(pod) {
        let mapped =
            json!({ "IP": "127.0.0.1", "PrivatePort": 10006, "PublicPort": 32768, "Type": "tcp" });
        item["Ports"].as_array_mut().unwrap().push(mapped);
    }
    item
}

enum Kind {
    Endless,
    Drip(Option<Pin<Box<tokio::time::Sleep>>>),
    BreakOff,
}

/// A body that goes on in a bad way.
struct Stream {
    chunk: usize,
    kind: Kind,
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let Self { chunk: length, kind } = &mut *self;
        let chunk = Bytes::from(vec![b' '; *length]);
        match kind {
            Kind::Endless => Poll::Ready(Some(Ok(Frame::data(chunk)))),
            Kind::BreakOff if *length == 0 => {
                Poll::Ready(Some(Err(std::io::Error::other("on purpose"))))
            }
            Kind::BreakOff => {
                *length = 0;
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
            Kind::Drip(sleep) => {
                let pause = std::time::Duration::from_millis(5);
                let timer = sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
                std::task::ready!(timer.as_mut().poll(context));
                *sleep = None;
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
        }
    }
}
