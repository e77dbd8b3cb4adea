//! How single values are read from JSON and written back.
//!
//! Readers take what the original's readers take: integers as `7.0` or `"7"`, floats as `1` or `"0.5"`. A value that did not
//! change is written as it stood, `0.60` as `0.60`.

use indexmap::IndexMap;

use crate::error::{FieldError, shorten};
use crate::json::{Json, Step};

/// A value of a state file.
pub trait Field: Sized + PartialEq {
    /// From JSON.
    ///
    /// # Errors
    ///
    /// [`FieldError`], with the way down to what is wrong.
    fn read(json: &Json) -> Result<Self, FieldError>;

    /// To JSON in its usual form.
    fn plain(&self) -> Json;

    /// To JSON where `was` stood before: as it stood, if it says the same.
    fn write(&self, was: Option<&Json>) -> Json {
        let plain = self.plain();
        match was {
            Some(was) if was.kind() == plain.kind() && Self::read(was).as_ref() == Ok(self) => {
                was.clone()
            }
            _ => plain,
        }
    }
}

/// The error of a value of another kind.
pub(crate) fn unexpected(json: &Json, expected: &str, like: &str) -> FieldError {
    let found = match json {
        Json::String(text) => format!("the string \"{}\"", shorten(text)),
        Json::Number(text) => format!("the number {}", shorten(text)),
        Json::Bool(value) => value.to_string(),
        other => other.kind().to_owned(),
    };
    FieldError::new(format!("{found} where {expected} belongs"), format!("write it like {like}"))
}

/// The number in a number or in a string.
fn digits(json: &Json) -> Option<&str> {
    match json {
        Json::Number(text) => Some(text),
        Json::String(text) => Some(text.trim()),
        _ => None,
    }
}

/// An integer, also as `7.0`.
fn integer(text: &str) -> Option<i128> {
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    let value: f64 = text.parse().ok()?;
    // Up to 2^53 every integer is a float.
    #[expect(clippy::cast_possible_truncation, reason = "integral and below 2^53")]
    (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(value as i128)
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        impl Field for $int {
            fn read(json: &Json) -> Result<Self, FieldError> {
                let value = digits(json).and_then(integer).and_then(|value| Self::try_from(value).ok());
                value.ok_or_else(|| {
                    unexpected(json, &format!("an integer from {} to {}", Self::MIN, Self::MAX), "120")
                })
            }

            fn plain(&self) -> Json {
                Json::int((*self).into())
            }
        }
    )*};
}

integers!(u32, u64, i32, i64);

impl Field for f64 {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let value = digits(json).and_then(|text| text.parse().ok());
        let value = value.filter(|value: &Self| value.is_finite());
        value.ok_or_else(|| unexpected(json, "a finite number", "0.85"))
    }

    fn plain(&self) -> Json {
        Json::float(*self)
    }
}

impl Field for bool {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let Json::Bool(value) = json else { return Err(unexpected(json, "a boolean", "true")) };
        Ok(*value)
    }

    fn plain(&self) -> Json {
        Json::Bool(*self)
    }
}

impl Field for String {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let Json::String(text) = json else { return Err(unexpected(json, "a string", "\"…\"")) };
        Ok(text.clone())
    }

    fn plain(&self) -> Json {
        Json::String(self.clone())
    }

    fn write(&self, _: Option<&Json>) -> Json {
        // There is one way to write it.
        self.plain()
    }
}

/// Anything.
impl Field for Json {
    fn read(json: &Json) -> Result<Self, FieldError> {
        Ok(json.clone())
    }

    fn plain(&self) -> Json {
        self.clone()
    }
}

/// `null` is nothing.
impl<T: Field> Field for Option<T> {
    fn read(json: &Json) -> Result<Self, FieldError> {
        if *json == Json::Null { Ok(None) } else { T::read(json).map(Some) }
    }

    fn plain(&self) -> Json {
        self.as_ref().map_or(Json::Null, T::plain)
    }

    fn write(&self, was: Option<&Json>) -> Json {
        self.as_ref().map_or(Json::Null, |value| value.write(was))
    }
}

impl<T: Field> Field for Vec<T> {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let items = json.as_array().ok_or_else(|| unexpected(json, "an array", "[…]"))?;
        let item = |(n, item)| T::read(item).map_err(|error| error.under(Step::Item(n)));
        items.iter().enumerate().map(item).collect()
    }

    fn plain(&self) -> Json {
        self.write(None)
    }

    fn write(&self, was: Option<&Json>) -> Json {
        let was = was.and_then(Json::as_array).unwrap_or_default();
        let item = |(n, item): (usize, &T)| item.write(was.get(n));
        Json::Array(self.iter().enumerate().map(item).collect())
    }
}

impl<T: Field> Field for IndexMap<String, T> {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let members = json.as_object().ok_or_else(|| unexpected(json, "an object", "{…}"))?;
        let member = |(key, value): (&String, &Json)| match T::read(value) {
            Ok(value) => Ok((key.clone(), value)),
            Err(error) => Err(error.under(Step::Key(key.clone()))),
        };
        members.iter().map(member).collect()
    }

    fn plain(&self) -> Json {
        self.write(None)
    }

    fn write(&self, was: Option<&Json>) -> Json {
        let was = was.and_then(Json::as_object);
        let member = |(key, value): (&String, &T)| {
            (key.clone(), value.write(was.and_then(|was| was.get(key))))
        };
        Json::Object(self.iter().map(member).collect())
    }
}

/// An enumeration of words.
macro_rules! words {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$word_doc])* $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word in files.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl crate::field::Field for $name {
            fn read(json: &crate::json::Json) -> Result<Self, crate::error::FieldError> {
                let known = json.as_str().and_then(|text| match text { $($word => Some(Self::$variant),)* _ => None });
                known.ok_or_else(|| crate::field::unknown_word(json, &[$($word,)*]))
            }

            fn plain(&self) -> crate::json::Json {
                crate::json::Json::from(self.as_str())
            }
        }
    };
}
pub(crate) use words;

/// The error of a word that is not in the list.
pub(crate) fn unknown_word(json: &Json, known: &[&str]) -> FieldError {
    let first = known.first().unwrap_or(&"");
    unexpected(json, &format!("one of {}", known.join(", ")), &format!("\"{first}\""))
}
