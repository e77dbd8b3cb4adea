//! The OpenAPI document. Its types exist for it only: requests are read, and answers written, elsewhere.

use utoipa::{OpenApi, ToSchema};

/// The document, as JSON.
pub(super) fn json() -> String {
    // It is made of constants; were it broken, the test below would tell.
    Document::openapi().to_json().unwrap_or_default()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Crucible batch service",
        description = "Three.js modules of batches of pictures. Compatible with the pods of competition 2."
    ),
    paths(health, status, generate, results, metrics)
)]
struct Document;

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body")]
struct Batch {
    prompts: Vec<Prompt>,
    /// An integer of 64 bits, with or without sign.
    seed: i64,
    /// Which batch this is, at most 128 printable characters of ASCII. Another identity is another batch.
    batch_id: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body")]
struct Prompt {
    /// `^[a-z0-9]+$`
    stem: String,
    /// PNG, JPEG or WebP, by http or https, on the public Internet.
    image_url: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer")]
struct Status {
    /// `warming_up`, `ready`, `generating`, `complete` or `replace`.
    status: String,
    /// While generating: prompts that are done or given up.
    progress: Option<u64>,
    /// While generating: prompts of the batch.
    total: Option<u64>,
    /// Diagnostics; with `replace`, why.
    payload: Option<serde_json::Value>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer")]
struct Accepted {
    accepted: u64,
    /// The identity asked for.
    batch_id: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer")]
struct Refused {
    /// `Cannot accept batch`
    detail: String,
    current_status: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer")]
struct Detail {
    detail: String,
}

#[utoipa::path(get, path = "/health", responses((status = 200, description = "It listens.")))]
#[expect(dead_code, reason = "only its description is used")]
fn health() {}

#[utoipa::path(get, path = "/metrics", responses((status = 200, content_type = "text/plain", body = String, description = "Figures for Prometheus.")))]
#[expect(dead_code, reason = "only its description is used")]
fn metrics() {}

#[utoipa::path(get, path = "/status", params(("replacements_remaining" = Option<i64>, Query, description = "Replacements the asker has left; `replace` is answered only above 0.")), responses(
    (status = 200, body = Status, description = "Where the pod is."),
    (status = 422, body = Detail, description = "The parameter is not an integer."),
))]
#[expect(dead_code, reason = "only its description is used")]
fn status() {}

#[utoipa::path(post, path = "/generate", request_body = Batch, responses(
    (status = 200, body = Accepted, description = "It has begun, or is the batch we have."),
    (status = 408, body = Detail, description = "The body did not come in time."),
    (status = 409, body = Refused, description = "Not now."),
    (status = 413, body = Detail, description = "The body is longer than we read."),
    (status = 422, body = Detail, description = "The body is not what it must be. Nothing has changed."),
    (status = 500, body = Detail, description = "The batch cannot be stored. Nothing has changed."),
    (status = 503, body = Detail, headers(("Retry-After" = u32)), description = "The service ends."),
))]
#[expect(dead_code, reason = "only its description is used")]
fn generate() {}

#[utoipa::path(get, path = "/results", responses(
    (status = 200, content_type = "application/zip", body = Vec<u8>, description = "The modules, and `_failed.json`."),
    (status = 409, body = Detail, description = "The batch is not complete."),
    (status = 500, body = Detail, description = "The file is gone."),
))]
#[expect(dead_code, reason = "only its description is used")]
fn results() {}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    #[test]
    fn it_names_every_path() {
        let document: serde_json::Value = serde_json::from_str(&super::json()).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        assert_snapshot!(paths.keys().cloned().collect::<Vec<_>>().join(" "), @"/generate /health /metrics /results /status");
        let answers =
            document["paths"]["/generate"]["post"]["responses"].as_object().expect("answers");
        assert_snapshot!(answers.keys().cloned().collect::<Vec<_>>().join(" "), @"200 408 409 413 422 500 503");
    }
}
