//! The OpenAPI document. Its types exist for it only: requests are read, and answers written, by hand.

use utoipa::{OpenApi, ToSchema};

/// The document, as JSON.
pub(super) fn json() -> String {
    // It is made of constants; were it broken, the test below would tell.
    Document::openapi().to_json().unwrap_or_default()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Crucible generator service",
        description = "A picture in, a model out. Compatible with the generator services of competitions 0 and 1 and with that of the per-task subnet's miners."
    ),
    paths(health, version, stats, metrics, generate, generate_task, generate_from_image)
)]
struct Document;

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body that is read by hand")]
struct Prompt {
    /// PNG, JPEG or WebP, told by content.
    #[schema(value_type = String, format = Binary)]
    prompt_image_file: Vec<u8>,
    /// 64 bits, with or without sign; -1 if left out.
    seed: Option<i64>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body that is read by hand")]
struct Task {
    /// Text, or a picture in base64.
    prompt: String,
    /// 64 bits, with or without sign; -1 if left out.
    seed: Option<i64>,
    /// `ply`, `spz` or `splat`; `ply` if left out.
    format: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body that is read by hand")]
struct Image {
    /// In a form: a file.
    #[schema(value_type = Option<String>, format = Binary)]
    image: Option<Vec<u8>>,
    /// In JSON: a picture in base64.
    image_base64: Option<String>,
    /// As with a prompt.
    seed: Option<i64>,
    /// As with a prompt.
    format: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written by hand")]
struct Detail {
    detail: String,
}

#[utoipa::path(get, path = "/health", responses(
    (status = 200, description = "Ready to generate."),
    (status = 503, description = "Not ready yet, or stopping."),
))]
#[expect(dead_code, reason = "only its description is used")]
fn health() {}

#[utoipa::path(get, path = "/version", responses((status = 200, body = String)))]
#[expect(dead_code, reason = "only its description is used")]
fn version() {}

#[utoipa::path(get, path = "/stats", responses((status = 200, description = "Counts and times since the start.")))]
#[expect(dead_code, reason = "only its description is used")]
fn stats() {}

#[utoipa::path(get, path = "/metrics", responses((status = 200, content_type = "text/plain", body = String, description = "Figures for Prometheus.")))]
#[expect(dead_code, reason = "only its description is used")]
fn metrics() {}

#[utoipa::path(post, path = "/generate", request_body(content = Prompt, content_type = "multipart/form-data"), responses(
    (status = 200, content_type = "application/octet-stream", description = "The model: PLY, GLB or a module.", headers(("X-Generation-Time" = f64))),
    (status = 400, body = Detail, description = "Not a form."),
    (status = 408, body = Detail, description = "The body did not come in time."),
    (status = 413, body = Detail, description = "The body, or a field, is longer than we read."),
    (status = 415, body = Detail, description = "Another kind of body."),
    (status = 422, body = Detail, description = "A field is missing or wrong, or the picture cannot be read."),
    (status = 500, body = Detail, description = "The generation failed."),
    (status = 503, body = Detail, headers(("Retry-After" = u32)), description = "Not ready, or too many requests wait, or the service ends."),
    (status = 504, body = Detail, description = "No model in time."),
))]
#[expect(dead_code, reason = "only its description is used")]
fn generate() {}

#[utoipa::path(post, path = "/generate/", request_body(content = Task, content_type = "multipart/form-data"), responses(
    (status = 200, content_type = "application/octet-stream", description = "Splats; nothing when they were not good enough.", headers(("X-Generation-Time" = f64), ("X-CLIP-Score" = String), ("X-Validation-Failed" = String), ("X-Validation-Mode" = String))),
    (status = 400, body = Detail, headers(("X-Error" = String)), description = "Not a form, or not a picture."),
    (status = 408, body = Detail, headers(("X-Error" = String)), description = "The body did not come in time."),
    (status = 413, body = Detail, headers(("X-Error" = String)), description = "The body, or a field, is longer than we read."),
    (status = 415, body = Detail, headers(("X-Error" = String)), description = "Another kind of body."),
    (status = 422, body = Detail, headers(("X-Error" = String)), description = "A field is missing or wrong."),
    (status = 429, body = Detail, headers(("Retry-After" = u32)), description = "Too many requests wait."),
    (status = 500, headers(("X-Generation-Error" = String)), description = "The generation failed."),
    (status = 501, body = Detail, headers(("X-Error" = String)), description = "The service makes no splats, or no pictures of text."),
    (status = 503, body = Detail, headers(("Retry-After" = u32)), description = "Not ready, or the service ends."),
))]
#[expect(dead_code, reason = "only its description is used")]
fn generate_task() {}

#[utoipa::path(post, path = "/generate_from_image/", request_body(content = Image, content_type = "multipart/form-data"), responses(
    (status = 200, content_type = "application/octet-stream", description = "As of `/generate/`, and so are the errors."),
))]
#[expect(dead_code, reason = "only its description is used")]
fn generate_from_image() {}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    #[test]
    fn it_names_every_path() {
        let document: serde_json::Value = serde_json::from_str(&super::json()).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        assert_snapshot!(paths.keys().cloned().collect::<Vec<_>>().join(" "), @"/generate /generate/ /generate_from_image/ /health /metrics /stats /version");
    }
}
