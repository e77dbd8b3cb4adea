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
        title = "Crucible image-distance service",
        description = "How different two pictures look. Compatible with the image-distance service of competition 1."
    ),
    paths(health, metrics, distance)
)]
struct Document;

/// Two pictures: PNG, JPEG or WebP, by http or https, on the public Internet.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body that is read by hand")]
struct Urls {
    url_a: String,
    url_b: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written by hand")]
struct Distance {
    /// 0 the same, 1 nothing in common, 2 opposite; null where a picture was not to be had.
    distance: Option<f64>,
    /// `file_not_found` or `request_error`, or null.
    error: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written by hand")]
struct Detail {
    detail: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written by hand")]
struct Invalid {
    detail: Vec<Wrong>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written by hand")]
struct Wrong {
    r#type: String,
    loc: Vec<String>,
    msg: String,
}

#[utoipa::path(get, path = "/health", responses((status = 200, description = "It listens.")))]
#[expect(dead_code, reason = "only its description is used")]
fn health() {}

#[utoipa::path(get, path = "/metrics", responses((status = 200, content_type = "text/plain", body = String, description = "Figures for Prometheus.")))]
#[expect(dead_code, reason = "only its description is used")]
fn metrics() {}

#[utoipa::path(post, path = "/distance", request_body = Urls, responses(
    (status = 200, body = Distance, description = "A distance, or why a picture was not to be had."),
    (status = 408, body = Detail, description = "The body did not come in time."),
    (status = 413, body = Detail, description = "The body is longer than we read."),
    (status = 422, body = Invalid, description = "The body is not what it must be."),
    (status = 500, body = Detail, description = "A file that is no picture we take, an address that cannot be parsed, a fault of ours."),
    (status = 503, body = Detail, headers(("Retry-After" = u32)), description = "Too many requests wait, or the service ends."),
))]
#[expect(dead_code, reason = "only its description is used")]
fn distance() {}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    #[test]
    fn it_names_every_path() {
        let document: serde_json::Value = serde_json::from_str(&super::json()).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        assert_snapshot!(paths.keys().cloned().collect::<Vec<_>>().join(" "), @"/distance /health /metrics");
        let answers =
            document["paths"]["/distance"]["post"]["responses"].as_object().expect("answers");
        assert_snapshot!(answers.keys().cloned().collect::<Vec<_>>().join(" "), @"200 408 413 422 500 503");
    }
}
