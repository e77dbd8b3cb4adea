//! The OpenAPI document. What it says of requests and answers is in types that exist for it only: requests are read, and
//! answers written, byte by byte.

use utoipa::{IntoParams, OpenApi, ToSchema};

/// The document, as JSON.
pub(super) fn json() -> String {
    // It is made of constants; were it broken, the test below would tell.
    Document::openapi().to_json().unwrap_or_default()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Crucible render service",
        description = "Draws Three.js modules, meshes and splats. Compatible with the render services of competitions 0 to 2."
    ),
    paths(health, ping, metrics, render, render_grid, render_ply, render_glb)
)]
struct Document;

/// One of the two is needed; `source` wins.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body that is read by hand")]
struct Module {
    /// The module.
    source: Option<String>,
    /// Where it can be fetched: http or https, on the public Internet.
    url: Option<String>,
}

/// A form with one file, as browsers and the clients of competitions 0 and 1 send it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body that is read by hand")]
struct Upload {
    /// Its name has to end with `.ply` or `.glb`, as the route asks; at most 200 MiB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a parameter that is read by hand")]
struct Device {
    /// `cuda` or `cpu`; drawn on the CPU either way.
    device: Option<String>,
}

/// As `FastAPI` says it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written by hand")]
struct Detail {
    /// A text; with status 422 a list of what is wrong.
    #[schema(value_type = Object)]
    detail: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that are read by hand")]
struct Views {
    /// Azimuths in degrees, with commas between. Default 24,120,216,312.
    thetas: Option<String>,
    /// Elevations in degrees, positive is below: one for all views, or a list. Default -15.
    phis: Option<String>,
    /// Side of a picture in pixels, 1 to 4096. Default 518.
    img_size: Option<u32>,
    /// Distance of the camera. Default 2.
    cam_radius: Option<f64>,
    /// Vertical field of view in degrees. Default 49.1.
    cam_fov_deg: Option<f64>,
    /// Three or six hexadecimal digits. Default 808080.
    bg_color: Option<String>,
    /// `follow`, or anything else for `studio`, the default.
    lighting: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a parameter that is read by hand")]
struct Gap {
    /// Pixels between the cells. Default 5.
    gap: Option<u32>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written by hand")]
struct Images {
    /// PNG files in base64, in the order of the request.
    images: Vec<String>,
    count: usize,
    img_size: u32,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written by hand")]
struct Error {
    error: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written by hand")]
struct Invalid {
    /// `validation_failed` or `post_validation_failed`.
    error: String,
    failures: Vec<Failure>,
    /// With `post_validation_failed` only.
    metrics: Option<Metrics>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written by hand")]
struct Failure {
    /// `parse`, `static_analysis`, `execution` or `post_validation`.
    stage: String,
    rule: String,
    detail: String,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes an answer that is written by hand")]
struct Metrics {
    vertices: f64,
    draw_calls: u64,
    depth: u32,
    instances: f64,
    texture_bytes: f64,
    bbox: Option<Box3>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written by hand")]
struct Box3 {
    min: Corner,
    max: Corner,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written by hand")]
struct Corner {
    x: Option<f64>,
    y: Option<f64>,
    z: Option<f64>,
}

#[utoipa::path(get, path = "/health", responses((status = 200, description = "It listens.")))]
#[expect(dead_code, reason = "only its description is used")]
fn health() {}

#[utoipa::path(get, path = "/ping", responses(
    (status = 200, description = "Ready."),
    (status = 204, description = "Starting."),
))]
#[expect(dead_code, reason = "only its description is used")]
fn ping() {}

#[utoipa::path(get, path = "/metrics", responses((status = 200, content_type = "text/plain", body = String, description = "Figures for Prometheus.")))]
#[expect(dead_code, reason = "only its description is used")]
fn metrics() {}

#[utoipa::path(post, path = "/render_ply", params(Device), request_body(content = Upload, content_type = "multipart/form-data"), responses(
    (status = 200, content_type = "image/png", body = Vec<u8>, description = "Four views in one PNG, 1041 px wide and high."),
    (status = 400, body = Detail, description = "Another name, or a file that is empty or cut."),
    (status = 413, body = Detail, description = "More than 200 MiB."),
    (status = 422, body = Detail, description = "No file, or a device that is neither."),
    (status = 500, body = Detail, description = "A file that cannot be read, no time left."),
    (status = 503, body = Detail, headers(("Retry-After" = u32)), description = "Too many requests or bytes wait, or the service ends."),
))]
#[expect(dead_code, reason = "only its description is used")]
fn render_ply() {}

#[utoipa::path(post, path = "/render_glb", request_body(content = Upload, content_type = "multipart/form-data"), responses(
    (status = 200, content_type = "image/png", body = Vec<u8>, description = "Four views in one PNG, 1041 px wide and high."),
    (status = 400, body = Detail, description = "Another name, or a file that breaks a rule of competition 1."),
    (status = 413, body = Detail, description = "More than 200 MiB."),
    (status = 422, body = Detail, description = "No file."),
    (status = 500, body = Detail, description = "A file that cannot be read, no time left."),
    (status = 503, body = Detail, headers(("Retry-After" = u32)), description = "Too many requests or bytes wait, or the service ends."),
))]
#[expect(dead_code, reason = "only its description is used")]
fn render_glb() {}

/// With a form as body, as `/render_ply`: the route of competition 0.
#[utoipa::path(post, path = "/render", params(Views), request_body(content((Module = "application/json"), (Upload = "multipart/form-data"))), responses(
    (status = 200, content((Vec<u8> = "image/png"), (Images = "application/json")), description = "A PNG for one view, JSON for several."),
    (status = 400, body = Detail, description = "Of a form only, as `/render_ply`."),
    (status = 413, body = Error, description = "Larger than we take or draw."),
    (status = 422, body = Invalid, description = "The module broke rules."),
    (status = 500, body = Error, description = "A bad body, a URL that gives nothing, no time left."),
    (status = 503, body = Error, headers(("Retry-After" = u32)), description = "Too many requests wait, or the service ends."),
))]
#[expect(dead_code, reason = "only its description is used")]
fn render() {}

#[utoipa::path(post, path = "/render/grid", params(Views, Gap), request_body = Module, responses(
    (status = 200, content_type = "image/png", body = Vec<u8>, description = "All views in one PNG."),
    (status = 413, body = Error, description = "Larger than we take or draw."),
    (status = 422, body = Invalid, description = "The module broke rules."),
    (status = 500, body = Error, description = "A bad body, a URL that gives nothing, no time left."),
    (status = 503, body = Error, headers(("Retry-After" = u32)), description = "Too many requests wait, or the service ends."),
))]
#[expect(dead_code, reason = "only its description is used")]
fn render_grid() {}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    #[test]
    fn it_names_every_path() {
        let document: serde_json::Value = serde_json::from_str(&super::json()).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        assert_snapshot!(paths.keys().cloned().collect::<Vec<_>>().join(" "), @"/health /metrics /ping /render /render/grid /render_glb /render_ply");
        let answers =
            document["paths"]["/render"]["post"]["responses"].as_object().expect("answers");
        assert_snapshot!(answers.keys().cloned().collect::<Vec<_>>().join(" "), @"200 400 413 422 500 503");
    }
}
