//! The payload of `/status`: what a person wants to know of a pod, small enough to be kept by an orchestrator.

use pod::client::python_json_length as size;
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

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

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
        assert_snapshot!(Value::Object(facts.payload(4096)), @r#"{"failed":1,"generator":"builtin","last_failure":"no model","running":[{"share":0.5,"stem":"a1","what":"fitting"}],"stage":"generating","stage_seconds":3,"succeeded":2}"#);
        let many = (0..100).map(|idx| (format!("{idx:0>90}"), None, String::new()));
        let report = json!({ "benchmark": "gpu_health" });
        let facts = Facts { running: many.collect(), report: report.as_object().cloned(), ..facts };
        let payload = Value::Object(facts.payload(4096));
        assert_snapshot!(payload, @r#"{"benchmark":"gpu_health","failed":1,"generator":"builtin","last_failure":"no model","stage":"generating","stage_seconds":3,"succeeded":2}"#);
        assert!(size(&payload) <= 4096);
        assert_eq!(Value::Object(facts.payload(10)).to_string(), "{}");
    }
}
