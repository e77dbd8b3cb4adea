//! The body of a request, and what is said of a wrong one: in the shape and words of FastAPI and Pydantic 2, which
//! clients of the original know. What is wrong with JSON itself is told in our parser's words.

use serde_json::{Value, json};

/// Two addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Urls {
    pub(super) a: String,
    pub(super) b: String,
}

impl Urls {
    /// The error is the value of `detail` in the answer.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Value> {
        let wrong = |kind: &str, place: Value, message: &str, input: &Value| json!({"type": kind, "loc": place, "msg": message, "input": input});
        if bytes.is_empty() {
            return Err(json!([wrong("missing", json!(["body"]), "Field required", &Value::Null)]));
        }
        let body: Value = serde_json::from_slice(bytes).map_err(|error| {
            let mut detail = wrong(
                "json_invalid",
                json!(["body", at(bytes, &error)]),
                "JSON decode error",
                &json!({}),
            );
            detail["ctx"] = json!({ "error": error.to_string() });
            json!([detail])
        })?;
        let Value::Object(fields) = &body else {
            let message = "Input should be a valid dictionary or object to extract fields from";
            return Err(json!([wrong("model_attributes_type", json!(["body"]), message, &body)]));
        };
        let field = |name: &str| match fields.get(name) {
            Some(Value::String(url)) => Ok(url.clone()),
            Some(other) => {
                let message = "Input should be a valid string";
                Err(wrong("string_type", json!(["body", name]), message, other))
            }
            None => Err(wrong("missing", json!(["body", name]), "Field required", &body)),
        };
        match (field("url_a"), field("url_b")) {
            (Ok(a), Ok(b)) => Ok(Self { a, b }),
            (a, b) => Err([a.err(), b.err()].into_iter().flatten().collect()),
        }
    }
}

/// The index of the byte where the text went wrong.
fn at(bytes: &[u8], error: &serde_json::Error) -> usize {
    let before = bytes.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    let start: usize = before.map(<[u8]>::len).sum();
    (start + error.column()).saturating_sub(1).min(bytes.len())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn outcome(body: &str) -> String {
        match Urls::parse(body.as_bytes()) {
            Ok(Urls { a, b }) => format!("{a} {b}"),
            Err(detail) => detail.to_string(),
        }
    }

    #[test]
    fn what_is_wrong_is_told_as_fastapi_does() {
        let bodies = [
            r#"{"url_a":"x","url_b":"y","more":1}"#,
            r#"{"url_a":"x"}"#,
            "{}",
            r#"{"url_a":5,"url_b":null}"#,
            "[]",
            "",
            "{",
            "{\n\"url_a\":x}",
        ];
        assert_snapshot!(bodies.map(outcome).join("\n"), @r#"
        x y
        [{"input":{"url_a":"x"},"loc":["body","url_b"],"msg":"Field required","type":"missing"}]
        [{"input":{},"loc":["body","url_a"],"msg":"Field required","type":"missing"},{"input":{},"loc":["body","url_b"],"msg":"Field required","type":"missing"}]
        [{"input":5,"loc":["body","url_a"],"msg":"Input should be a valid string","type":"string_type"},{"input":null,"loc":["body","url_b"],"msg":"Input should be a valid string","type":"string_type"}]
        [{"input":[],"loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","type":"model_attributes_type"}]
        [{"input":null,"loc":["body"],"msg":"Field required","type":"missing"}]
        [{"ctx":{"error":"EOF while parsing an object at line 1 column 1"},"input":{},"loc":["body",0],"msg":"JSON decode error","type":"json_invalid"}]
        [{"ctx":{"error":"expected value at line 2 column 9"},"input":{},"loc":["body",10],"msg":"JSON decode error","type":"json_invalid"}]
        "#);
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes: Vec<u8>, text in "[\\[\\]{}\", :a-z_\n0-9]{0,60}") {
            Urls::parse(&bytes).ok();
            Urls::parse(text.as_bytes()).ok();
        }
    }
}
