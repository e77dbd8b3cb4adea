//! Members of objects, which copies share until one of them is changed.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::{IntoIter, Iter, IterMut};

use super::Json;

/// The members of an object, in the order of the file. A copy costs nothing until it is changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object(Arc<Members>);

type Members = IndexMap<String, Json, foldhash::fast::RandomState>;

impl Object {
    /// Without members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Deref for Object {
    type Target = Members;

    fn deref(&self) -> &Members {
        &self.0
    }
}

impl DerefMut for Object {
    fn deref_mut(&mut self) -> &mut Members {
        Arc::make_mut(&mut self.0)
    }
}

impl FromIterator<(String, Json)> for Object {
    fn from_iter<T: IntoIterator<Item = (String, Json)>>(members: T) -> Self {
        Self(Arc::new(members.into_iter().collect()))
    }
}

impl<const N: usize> From<[(String, Json); N]> for Object {
    fn from(members: [(String, Json); N]) -> Self {
        members.into_iter().collect()
    }
}

impl Extend<(String, Json)> for Object {
    fn extend<T: IntoIterator<Item = (String, Json)>>(&mut self, members: T) {
        (**self).extend(members);
    }
}

impl IntoIterator for Object {
    type Item = (String, Json);
    type IntoIter = IntoIter<String, Json>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter()
    }
}

impl<'a> IntoIterator for &'a Object {
    type Item = (&'a String, &'a Json);
    type IntoIter = Iter<'a, String, Json>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a mut Object {
    type Item = (&'a String, &'a mut Json);
    type IntoIter = IterMut<'a, String, Json>;

    fn into_iter(self) -> Self::IntoIter {
        (**self).iter_mut()
    }
}
