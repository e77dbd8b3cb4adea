//! What we read and the render service of competition 0 does not: its PLY reader is narrower than the format.
//! Source: rendering specification §B.1.

use super::header::{Encoding, Header, Kind};

/// Something in a header that the service's reader refuses or misreads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    /// What is there.
    pub(crate) found: String,
    /// What its reader takes.
    pub(crate) expected: String,
}

pub(super) fn remarks(header: &Header) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut say = |found: String, expected: &str| {
        remarks.push(Remark { found, expected: expected.to_owned() });
    };
    for element in &header.elements {
        if element.name == "face" {
            continue;
        }
        if element.name != "vertex" {
            say(format!("element {}", element.name), "elements vertex and face only");
            continue;
        }
        for property in &element.properties {
            if let Kind::List(..) = property.kind {
                say(format!("list {} of element vertex", property.name), "single numbers only");
            }
            let (is_binary, type_name) = (header.encoding != Encoding::Ascii, property.type_name);
            if is_binary && matches!(type_name, "char" | "short" | "ushort" | "float64") {
                say(
                    format!("type {type_name} of property {}", property.name),
                    "no char, short, ushort or float64 in a binary file",
                );
            }
        }
        let starts = |names: &[&str]| {
            let found = element.properties.iter().map(|property| property.name.as_str());
            found.take(names.len()).eq(names.iter().copied())
        };
        if header.encoding == Encoding::Ascii && !starts(&["x", "y", "z"]) {
            say(
                "properties x, y, z that are not the first".to_owned(),
                "x, y, z as the first three properties of an ASCII file",
            );
        }
    }
    remarks
}
