//! A value of the JSON together with its path, so that every error can say where it is.

use serde_json::Value;

use super::error::{ReadError, short};

/// A value and where it is.
#[derive(Debug, Clone)]
pub(crate) struct At<'a> {
    pub(crate) value: &'a Value,
    pub(crate) place: String,
}

impl<'a> At<'a> {
    pub(crate) const fn root(value: &'a Value) -> Self {
        Self { value, place: String::new() }
    }

    pub(crate) fn error(&self, problem: impl Into<String>) -> ReadError {
        ReadError::field(if self.place.is_empty() { "root" } else { &self.place }, problem)
    }

    pub(crate) fn too_many(&self, what: &'static str, found: usize, max: usize) -> ReadError {
        let (found, max) = (found as u64, max as u64);
        ReadError::TooMany { place: self.place.clone(), what, found, max }
    }

    fn path(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }

    /// A property; `None` if it is not there.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(Self { value, place: self.path(key) })
    }

    /// An object that is a property; `None` if it is not there.
    pub(crate) fn object(&self, key: &str) -> Result<Option<Self>, ReadError> {
        let Some(found) = self.get(key) else { return Ok(None) };
        if found.value.is_object() { Ok(Some(found)) } else { Err(found.wrong("an object")) }
    }

    pub(crate) fn need_object(&self, key: &str) -> Result<Self, ReadError> {
        self.object(key)?.ok_or_else(|| self.missing(key))
    }

    /// An extension of this object.
    pub(crate) fn extension(&self, name: &str) -> Result<Option<Self>, ReadError> {
        self.object("extensions")?.map_or(Ok(None), |extensions| extensions.object(name))
    }

    /// Number of items of a list; 0 if it is not there.
    pub(crate) fn count(&self, key: &str) -> usize {
        self.value.get(key).and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// The items of a list; none if it is not there.
    pub(crate) fn items(&self, key: &str) -> Result<Vec<Self>, ReadError> {
        let Some(found) = self.get(key) else { return Ok(Vec::new()) };
        let list = found.value.as_array().ok_or_else(|| found.wrong("a list"))?;
        let item = |(idx, value)| At { value, place: format!("{}[{idx}]", found.place) };
        Ok(list.iter().enumerate().map(item).collect())
    }

    /// One item of a list of the root; `self` is what names it.
    pub(crate) fn item(&self, key: &str, idx: usize) -> Option<Self> {
        let value = self.value.get(key)?.get(idx)?;
        Some(Self { value, place: format!("{}[{idx}]", self.path(key)) })
    }

    pub(crate) fn missing(&self, key: &str) -> ReadError {
        ReadError::field(self.path(key), "is missing")
    }

    fn wrong(&self, wanted: &str) -> ReadError {
        self.error(format!("{} is not {wanted}", short(&self.value.to_string())))
    }

    pub(crate) fn as_usize(&self) -> Result<usize, ReadError> {
        let whole = |value: f64| value.fract() == 0.0 && (0.0..9e15).contains(&value);
        let found = self.value.as_u64();
        let found =
            found.or_else(|| self.value.as_f64().filter(|value| whole(*value)).map(|v| v as u64));
        found
            .and_then(|found| usize::try_from(found).ok())
            .ok_or_else(|| self.wrong("a whole number from 0"))
    }

    pub(crate) fn usize(&self, key: &str) -> Result<Option<usize>, ReadError> {
        self.get(key).map(|found| found.as_usize()).transpose()
    }

    pub(crate) fn need_usize(&self, key: &str) -> Result<usize, ReadError> {
        self.usize(key)?.ok_or_else(|| self.missing(key))
    }

    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>, ReadError> {
        let Some(found) = self.get(key) else { return Ok(None) };
        found.value.as_str().map(Some).ok_or_else(|| found.wrong("a text"))
    }

    pub(crate) fn flag(&self, key: &str) -> Result<bool, ReadError> {
        let Some(found) = self.get(key) else { return Ok(false) };
        found.value.as_bool().ok_or_else(|| found.wrong("true or false"))
    }
}
