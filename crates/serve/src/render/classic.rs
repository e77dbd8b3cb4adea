//! The routes of the Python services of competitions 0 and 1: one uploaded file in, the grid of four views out.
//! Facts: rendering specification §E.2.

use std::sync::Arc;

use asset::rules::service::{self, ServiceError};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use image::RgbaImage;
use render::classic::{self, LoadError};
use render::scene::{Stop, Stopped};
use render::{View, png, splats};
use tokio::time::Instant;

use super::reply::{self, Detail};
use super::upload::Upload;
use super::work::App;

/// What a route draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ply,
    Glb,
}

pub(super) async fn answer(
    app: Arc<App>,
    request: Request,
    route: &'static str,
    kind: Kind,
) -> Response {
    let start = Instant::now();
    let response = match drawn(&app, request, kind).await {
        Ok(png) => reply::png(png),
        Err(detail) => detail.into_response(),
    };
    app.metrics.count_request(route, response.status().as_u16());
    app.metrics.time("request", start.elapsed());
    response
}

async fn drawn(app: &Arc<App>, request: Request, kind: Kind) -> Result<Vec<u8>, Detail> {
    let _slot = app.slot()?;
    let (extension, has_device) = match kind {
        Kind::Ply => (".ply", true),
        Kind::Glb => (".glb", false),
    };
    let upload = Upload::read(request, &app.uploads, extension, has_device).await?;
    let job = move |stop: Stop<'_>| picture(upload, kind, stop).map(|grid| png::encode(&grid));
    app.paint(View::GRID.len(), job).await?.map_err(Detail::from)
}

/// Why there is no picture.
enum Failure {
    /// A fault of the file that the original knew as such: its text is the answer.
    Known(String),
    Other(String),
}

impl From<Failure> for Detail {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Known(text) => Self::text(400, text),
            Failure::Other(text) => {
                Self::text(500, format!("Failed to render uploaded file: {text}"))
            }
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Refused(text) => Self::Known(text),
            LoadError::Failed(text) => Self::Other(text),
        }
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Refused(text) => Self::Known(text),
            ServiceError::Failed(text) => Self::Other(text),
        }
    }
}

impl From<Stopped> for Failure {
    /// Nobody waits any more.
    fn from(stopped: Stopped) -> Self {
        Self::Other(stopped.to_string())
    }
}

/// What the file holds takes the place of its bytes before anything is drawn; its share of the budget stays.
fn picture(upload: Upload, kind: Kind, stop: Stop<'_>) -> Result<RgbaImage, Failure> {
    let Upload { bytes, share } = upload;
    let grid = match kind {
        Kind::Ply => {
            let asset = service::read_splats(&bytes)?;
            drop(bytes);
            splats::service_grid(&asset, stop)?
        }
        Kind::Glb => {
            let model = classic::load(&bytes)?;
            drop(bytes);
            classic::grid(&model, stop)?
        }
    };
    drop(share);
    Ok(grid)
}
