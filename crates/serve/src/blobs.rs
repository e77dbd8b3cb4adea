//! Files of a store by their keys, over HTTP: a content delivery network for one machine.
//!
//! `GET /{key}` and `HEAD /{key}`; nothing can be written and nothing listed.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{Response, StatusCode};
use axum::routing::get;
use store::{Store, StoreError};
use tokio::net::TcpListener;

use crate::listen::{self, Bounds};

/// Largest file that is served: as large as the largest asset of a competition, 200 MiB.
pub const BYTES_MAX: u64 = 200 << 20;

const BOUNDS: Bounds = Bounds {
    connections_max: 256,
    head_time_max: Duration::from_secs(10),
    drain_time_max: Duration::from_secs(5),
};

/// Serves the files of a store until `stop` is done.
///
/// # Errors
///
/// Of the socket.
pub async fn serve(
    listener: TcpListener,
    store: Store,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let started = std::future::ready(Ok(()));
    listen::serve(listener, router(store), BOUNDS, started, stop).await
}

fn router(store: Store) -> Router {
    Router::new().route("/{*key}", get(file)).with_state(store)
}

async fn file(State(store): State<Store>, Path(key): Path<String>) -> Response<Body> {
    match store.get(&key, BYTES_MAX).await {
        Ok(Some(content)) => {
            let found = Response::builder()
                .header(CONTENT_TYPE, content_type(&key))
                .header(CACHE_CONTROL, "no-cache")
                .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
                .body(Body::from(content));
            found.unwrap_or_else(|_| empty(StatusCode::INTERNAL_SERVER_ERROR))
        }
        Ok(None) | Err(StoreError::Key { .. }) => empty(StatusCode::NOT_FOUND),
        Err(StoreError::TooLarge { .. }) => empty(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => empty(StatusCode::SERVICE_UNAVAILABLE),
    }
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// By the extension; never one that a browser would open as a page.
fn content_type(key: &str) -> &'static str {
    match key.rsplit('.').next() {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("json") => "application/json",
        Some("js") => "application/javascript",
        Some("glb") => "model/gltf-binary",
        _ => "application/octet-stream",
    }
}
