//! Objects with named members: read into structs, and written back with every other member where it was.

use std::fmt;

use crate::error::FieldError;
use crate::field::{Field, unexpected};
use crate::json::{Json, Object, Step};

/// How a record stood in its file: order of members, members we do not know, numbers as they were written.
///
/// It says nothing about what a record means, so any two are equal.
#[derive(Clone, Default)]
pub struct Layout {
    members: Object,
    /// Read from a file, not made here.
    was_read: bool,
}

impl Layout {
    /// A member as it was read, also one we do not know.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.members.get(key)
    }

    /// Sets a member that the record has no field for, at the end if it is new. Fields of the record win over it.
    pub fn set(&mut self, key: &str, value: Json) {
        self.members.insert(key.to_owned(), value);
    }
}

impl PartialEq for Layout {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Layout {}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Layout(…)")
    }
}

/// Takes the members of an object.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    members: &'a Object,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(json: &'a Json) -> Result<Self, FieldError> {
        let members = json.as_object().ok_or_else(|| unexpected(json, "an object", "{…}"))?;
        Ok(Self { members })
    }

    pub(crate) fn required<T: Field>(&self, key: &str) -> Result<T, FieldError> {
        self.optional(key, T::read)?.ok_or_else(|| {
            FieldError::new(format!("\"{key}\" is missing"), format!("add \"{key}\": …"))
        })
    }

    pub(crate) fn or<T: Field>(&self, key: &str, default: T) -> Result<T, FieldError> {
        Ok(self.optional(key, T::read)?.unwrap_or(default))
    }

    /// Nothing for a member that is missing or `null`.
    pub(crate) fn if_there<T: Field>(&self, key: &str) -> Result<Option<T>, FieldError> {
        Ok(self.optional(key, Option::<T>::read)?.flatten())
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.members.contains_key(key)
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout { members: self.members.clone(), was_read: true }
    }

    fn optional<T>(
        &self,
        key: &str,
        read: impl Fn(&Json) -> Result<T, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        let value = self.members.get(key).map(read).transpose();
        value.map_err(|error| error.under(Step::Key(key.to_owned())))
    }
}

/// Puts members back where they were; new ones behind the field declared before them.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    layout: &'a Layout,
    out: Object,
    next: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(layout: &'a Layout) -> Self {
        Self { layout, out: layout.members.clone(), next: 0 }
    }

    pub(crate) fn required<T: Field>(&mut self, key: &str, value: &T) {
        let json = value.write(self.layout.get(key));
        if let Some((at, _, was)) = self.out.get_full(key) {
            // What did not change stays shared with what was read.
            if *was != json {
                self.out[at] = json;
            }
            self.next = at + 1;
        } else {
            let at = self.next.min(self.out.len());
            self.out.shift_insert(at, key.to_owned(), json);
            self.next = at + 1;
        }
    }

    /// Not added to a record that was read without it, as long as it says what its absence said.
    pub(crate) fn or<T: Field>(&mut self, key: &str, value: &T, default: &T) {
        if self.out.contains_key(key) || !self.layout.was_read || value != default {
            self.required(key, value);
        }
    }

    pub(crate) fn if_there<T: Field>(&mut self, key: &str, value: Option<&T>) {
        match value {
            Some(value) => self.required(key, value),
            None if self.out.get(key) == Some(&Json::Null) => self.required(key, &None::<T>),
            None if self.out.contains_key(key) => {
                self.out.shift_remove(key);
            }
            None => {}
        }
    }

    pub(crate) fn end(self) -> Json {
        Json::Object(self.out)
    }
}

/// A struct that is an object in files. After each field: `[required]`, `[or DEFAULT]` (written all the same), or `[if there]`
/// (an `Option` whose `None` is not written).
macro_rules! record {
    (@read $reader:ident $key:ident required) => { $reader.required(stringify!($key))? };
    (@read $reader:ident $key:ident if there) => { $reader.if_there(stringify!($key))? };
    (@read $reader:ident $key:ident or $default:expr) => { $reader.or(stringify!($key), $default)? };
    (@write $writer:ident $value:expr, $key:ident required) => { $writer.required(stringify!($key), &$value) };
    (@write $writer:ident $value:expr, $key:ident if there) => { $writer.if_there(stringify!($key), $value.as_ref()) };
    (@write $writer:ident $value:expr, $key:ident or $default:expr) => { $writer.or(stringify!($key), &$value, &$default) };
    ($(#[$doc:meta])* pub struct $name:ident {
        $($(#[$field_doc:meta])* pub $field:ident: $type:ty = [$($rule:tt)+],)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
            /// How it stood in its file; the default for a new one.
            pub layout: $crate::record::Layout,
        }

        impl $crate::field::Field for $name {
            fn read(json: &$crate::json::Json) -> Result<Self, $crate::error::FieldError> {
                let reader = $crate::record::Reader::new(json)?;
                Ok(Self {
                    $($field: $crate::record::record!(@read reader $field $($rule)+),)*
                    layout: reader.layout(),
                })
            }

            fn plain(&self) -> $crate::json::Json {
                let mut writer = $crate::record::Writer::new(&self.layout);
                $($crate::record::record!(@write writer self.$field, $field $($rule)+);)*
                writer.end()
            }

            fn write(&self, _: Option<&$crate::json::Json>) -> $crate::json::Json {
                self.plain()
            }
        }
    };
}
pub(crate) use record;
