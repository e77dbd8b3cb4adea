//! Which of the files that a prediction names is the model.

use pod::wire::Kind;
use serde_json::Value;

/// Most addresses looked at.
const URLS_MAX: usize = 100;

/// The address of the model: of several with the right ending one with a texture, or else one that is not said to be plain
/// white, or else the first; a single address whatever its ending.
pub(super) fn choose(output: &Value, kind: Kind) -> Option<String> {
    let mut urls = Vec::new();
    collect(output, &mut urls);
    let name = |url: &str| {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
    };
    let ending = format!(".{}", kind.ending());
    let fitting: Vec<&String> = urls.iter().filter(|url| name(url).ends_with(&ending)).collect();
    let best = fitting.iter().min_by_key(|url| {
        let name = name(url);
        (!name.contains("textured_mesh"), name.contains("white_mesh"))
    });
    match (best, &urls[..]) {
        (Some(best), _) => Some((*best).clone()),
        (None, [only]) => Some(only.clone()),
        _ => None,
    }
}

/// An output is a list of addresses, one address, an object with an address, or lists of these.
fn collect(output: &Value, urls: &mut Vec<String>) {
    match output {
        _ if urls.len() >= URLS_MAX => {}
        Value::String(url) if url.starts_with("http") => urls.push(url.clone()),
        Value::Array(list) => list.iter().for_each(|item| collect(item, urls)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, urls)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_model_among_files() {
        let mesh = |output: Value| choose(&output, Kind::Mesh);
        let (white, textured) =
            ("https://a/1_white_mesh.glb", "https://a/2_textured_mesh.glb?x=1.b");
        assert_eq!(mesh(json!([white, textured, "https://a/x.png"])).as_deref(), Some(textured));
        assert_eq!(
            mesh(json!([white, "https://a/other.GLB"])).as_deref(),
            Some("https://a/other.GLB")
        );
        assert_eq!(mesh(json!([white])).as_deref(), Some(white));
        assert_eq!(mesh(json!({ "mesh": { "url": white }, "n": 3 })).as_deref(), Some(white));
        assert_eq!(mesh(json!("https://a/b")).as_deref(), Some("https://a/b"));
        assert_eq!(mesh(json!(["https://a/b.png", "https://a/c.png"])), None);
        assert_eq!(mesh(json!(["file:///etc/passwd", 3, null])), None);
        assert_eq!(mesh(Value::Null), None);
        let splats = json!(["https://a/x.glb", "https://a/x.ply"]);
        assert_eq!(choose(&splats, Kind::Splats).as_deref(), Some("https://a/x.ply"));
    }
}
