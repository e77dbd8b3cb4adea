//! The payload of `/status`: what a person wants to know of a pod, small enough to be kept by an orchestrator.

use serde_json::{Map, Value, json};

use super::state::Count;

/// What a payload is made of.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Report of the last benchmark.
    pub(super) report: Option<Map<String, Value>>,
    pub(super) generator: String,
    /// In a few words: loading models, checking the machine, generating.
    pub(super) stage: &'static str,
    /// Since the stage began.
    pub(super) seconds: u64,
    pub(super) count: Option<Count>,
    /// Stems in work, with how far each is.
    pub(super) running: Vec<(String, Option<f32>, String)>,
    pub(super) last_failure: Option<String>,
}

impl Facts {
    /// The payload. What is long is left out if it would be longer than `bytes_max`.
    pub(super) fn payload(&self, bytes_max: usize) -> Map<String, Value> {
        let mut payload = self.report.clone().unwrap_or_default();
        if size(&Value::Object(payload.clone())) > bytes_max {
            payload.clear();
        }
        let mut parts = Vec::new();
        parts.push(("stage", json!(self.stage)));
        parts.push(("stage_seconds", json!(self.seconds)));
        parts.push(("generator", json!(self.generator)));
        if let Some(Count { made, failed, .. }) = self.count {
            parts.push(("succeeded", json!(made)));
            parts.push(("failed", json!(failed)));
        }
        parts.extend(self.last_failure.as_ref().map(|reason| ("last_failure", json!(reason))));
        if !self.running.is_empty() {
            let running = self
                .running
                .iter()
                .map(|(stem, share, what)| json!({ "stem": stem, "share": share, "what": what }));
            parts.push(("running", running.collect()));
        }
        for (name, value) in parts {
            payload.insert(name.to_owned(), value);
            if size(&Value::Object(payload.clone())) > bytes_max {
                payload.remove(name);
            }
        }
        payload
    }
}

/// Bytes of a value as orchestrators count them: JSON with a space after `,` and `:`, and only ASCII.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string().len() + slack(value),
        Value::String(text) => text_size(text),
        Value::Array(items) => {
            2 + items.iter().map(size).sum::<usize>() + 2 * items.len().saturating_sub(1)
        }
        Value::Object(entries) => {
            let entry = |(name, value): (&String, &Value)| text_size(name) + 2 + size(value);
            2 + entries.iter().map(entry).sum::<usize>() + 2 * entries.len().saturating_sub(1)
        }
    }
}

/// Python writes some floats with up to two characters more (`1e16` as `1e+16`).
fn slack(value: &Value) -> usize {
    if value.is_f64() { 2 } else { 0 }
}

fn text_size(text: &str) -> usize {
    let char_size = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        ' '..='~' => 1,
        _ => 6 * c.len_utf16(),
    };
    2 + text.chars().map(char_size).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    /// The sizes are those of Python 3's `len(json.dumps(value))`.
    #[test]
    fn sizes_as_orchestrators_count() {
        for (json, python) in [
            (r#"{}"#, 2),
            (r#"{"a":1,"b":[true,null,"x"]}"#, 32),
            (r#"["\u00e4\ud83d\udca5\"\\\n\u0000\u007f"]"#, 40),
            (r#"{"a":[],"b":{}}"#, 18),
            ("[1.5,2]", 8 + 2),
        ] {
            assert_eq!(size(&serde_json::from_str(json).expect("JSON")), python, "{json}");
        }
    }

    #[test]
    fn what_is_long_is_left_out() {
        let facts = Facts {
            generator: "builtin".to_owned(),
            stage: "generating",
            seconds: 3,
            count: Some(Count { total: 9, made: 2, failed: 1 }),
            running: vec![("a1".to_owned(), Some(0.5), "fitting".to_owned())],
            last_failure: Some("no model".to_owned()),
            ..Facts::default()
        };
        assert_snapshot!(Value::Object(facts.payload(4096)), @"");
        let many = (0..100).map(|idx| (format!("{idx:0>90}"), None, String::new()));
        let report = json!({ "benchmark": "gpu_health" });
        let facts = Facts { running: many.collect(), report: report.as_object().cloned(), ..facts };
        let payload = Value::Object(facts.payload(4096));
        assert_snapshot!(payload, @"");
        assert!(size(&payload) <= 4096);
        assert_eq!(Value::Object(facts.payload(10)).to_string(), "{}");
    }
}
