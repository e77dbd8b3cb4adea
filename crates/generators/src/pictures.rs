//! A small file server that offers pictures to services which take them by address only.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

use crate::Failure;
use crate::picture::PictureFormat;

/// Offers pictures, each under an address nobody can guess, for as long as it is wanted.
#[derive(Debug)]
pub struct Pictures {
    bind: SocketAddr,
    public_url: Option<String>,
    offered: Offered,
    server: OnceCell<Server>,
}

type Offered = Arc<Mutex<BTreeMap<String, Bytes>>>;

#[derive(Debug)]
struct Server {
    base: String,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A picture that can be fetched until this is dropped.
#[derive(Debug)]
pub struct Offer {
    url: String,
    name: String,
    offered: Offered,
}

impl Offer {
    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        lock(&self.offered).remove(&self.name);
    }
}

impl Pictures {
    /// Listens on `bind` from the first picture on. Others reach it under `public_url`, or under the address it is bound to.
    #[must_use]
    pub fn new(bind: SocketAddr, public_url: Option<String>) -> Self {
        let public_url = public_url.map(|url| url.trim_end_matches('/').to_owned());
        Self { bind, public_url, offered: Offered::default(), server: OnceCell::new() }
    }

    /// Offers a picture.
    ///
    /// # Errors
    ///
    /// [`Failure::Failed`] if it cannot listen, [`Failure::BadPicture`] if it is none by its first bytes.
    pub async fn offer(&self, picture: Bytes) -> Result<Offer, Failure> {
        let format = PictureFormat::detect(&picture)
            .ok_or_else(|| Failure::BadPicture("neither PNG, JPEG nor WebP".to_owned()))?;
        let server = self.server.get_or_try_init(|| self.start()).await;
        let server = server.map_err(|error| {
            Failure::Failed(format!("pictures cannot be offered on {}: {error}", self.bind))
        })?;
        let name = format!("{}.{}", unguessable(), format.ending());
        let url = format!("{}/{name}", server.base);
        lock(&self.offered).insert(name.clone(), picture);
        Ok(Offer { url, name, offered: Arc::clone(&self.offered) })
    }

    async fn start(&self) -> std::io::Result<Server> {
        let listener = tokio::net::TcpListener::bind(self.bind).await?;
        let base = match &self.public_url {
            Some(url) => url.clone(),
            None => format!("http://{}", listener.local_addr()?),
        };
        let routes = Router::new()
            .route("/{name}", axum::routing::get(picture))
            .with_state(Arc::clone(&self.offered));
        let task = tokio::spawn(async move {
            axum::serve(listener, routes).await.ok();
        });
        Ok(Server { base, task })
    }
}

async fn picture(State(offered): State<Offered>, Path(name): Path<String>) -> impl IntoResponse {
    let picture = lock(&offered).get(&name).cloned().ok_or(StatusCode::NOT_FOUND)?;
    let kind = PictureFormat::detect(&picture).map_or("image/png", PictureFormat::media_type);
    Ok::<_, StatusCode>(([(header::CONTENT_TYPE, kind)], picture))
}

/// A thread that panicked held it for a moment only.
fn lock(offered: &Offered) -> std::sync::MutexGuard<'_, BTreeMap<String, Bytes>> {
    offered.lock().unwrap_or_else(PoisonError::into_inner)
}

/// 128 bits of the system's randomness in lower-case hexadecimal.
pub(crate) fn unguessable() -> String {
    // Every new state has keys of its own, from the system; SipHash of them is what hash tables trust, too.
    let word = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", word(), word())
}
