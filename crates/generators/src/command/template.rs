//! An argument of a command, with places that are filled in at every call.

/// Names of places.
const PLACES: [&str; 7] = ["image", "seed", "seed_u32", "output", "stem", "kind", "scratch"];

/// Not the arguments of a generator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The first argument is missing, empty, or has places.
    #[error("the first argument is not a program")]
    NoProgram,
    /// Another name in braces.
    #[error("{{{name}}} is none of {}", PLACES.map(|place| format!("{{{place}}}")).join(", "))]
    Unknown {
        /// The name.
        name: String,
    },
    /// A single brace.
    #[error("{0:?} has a brace without its other half; {{{{ and }}}} are braces")]
    Brace(String),
}

/// Values of all places.
#[derive(Debug)]
pub(crate) struct Filled {
    pub(crate) values: [String; PLACES.len()],
}

/// One argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Place(usize),
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            if from.starts_with("{{") || from.starts_with("}}") {
                plain.push_str(&from[..1]);
                rest = &from[2..];
                continue;
            }
            let lone = || TemplateError::Brace(text.chars().take(60).collect());
            let name = from.strip_prefix('{').ok_or_else(lone)?;
            let (name, after) = name.split_once('}').ok_or_else(lone)?;
            let place = PLACES.iter().position(|place| *place == name);
            let unknown = || TemplateError::Unknown { name: name.chars().take(40).collect() };
            let place = place.ok_or_else(unknown)?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Place(place));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is the same at every call.
    pub(crate) fn is_fixed(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Text(_)))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Place(place) if PLACES[*place] == name))
    }

    /// Without its places.
    pub(crate) fn fixed(&self) -> String {
        self.0
            .iter()
            .filter_map(|part| if let Part::Text(text) = part { Some(&**text) } else { None })
            .collect()
    }

    pub(crate) fn fill(&self, filled: &Filled) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Place(place) => filled.values[*place].clone(),
        };
        self.0.iter().map(text).collect()
    }
}

impl Filled {
    /// Values in the order of the names.
    pub(crate) fn new(value: impl FnMut(&'static str) -> String) -> Self {
        Self { values: PLACES.map(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_and_braces_kept() {
        let filled = Filled::new(|name| format!("<{name}>"));
        let fill = |text: &str| Template::parse(text).map(|template| template.fill(&filled));
        for (text, meant) in [
            ("", ""),
            ("plain", "plain"),
            ("{image}", "<image>"),
            ("--seed={seed}/{seed_u32}", "--seed=<seed>/<seed_u32>"),
            ("{{\"a\": {{}}}}", "{\"a\": {}}"),
            ("{{{stem}}}", "{<stem>}"),
            ("$(reboot) ; {kind}", "$(reboot) ; <kind>"),
        ] {
            assert_eq!(fill(text).as_deref(), Ok(meant), "{text:?}");
        }
        for text in ["{", "}", "{image", "a}b", "{Image}", "{}", "{ image }"] {
            assert!(fill(text).is_err(), "{text:?} was taken");
        }
    }
}
