//! Generators by name, from a configuration in TOML. See `docs/generators.md`.

mod entry;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use generate::Quality;

use crate::check::{Checks, ModuleCheck, Modules};
use crate::pictures::Pictures;
use crate::{Bounds, Builtin, Generator, Guarded, TextToImage};

/// Gives the value of an environment variable.
pub type EnvLookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Most characters of a generator's name.
const NAME_CHARS_MAX: usize = 64;

/// Generators by name. "builtin" is always there.
#[derive(Debug)]
pub struct Catalogue {
    generators: BTreeMap<String, Arc<dyn Generator>>,
    text_to_image: Option<Arc<dyn TextToImage>>,
    modules: Modules,
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Where: `generators.NAME`, or nothing for the whole file.
    pub place: String,
    /// What.
    pub message: String,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, message } = self;
        if place.is_empty() { f.write_str(message) } else { write!(f, "{place}: {message}") }
    }
}

impl ConfigError {
    fn new(place: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { place: place.into(), message: message.to_string().trim_end().to_owned() }
    }
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    generators: BTreeMap<String, toml::Table>,
    text_to_image: Option<toml::Table>,
    pictures: Option<PicturesKeys>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PicturesKeys {
    bind: SocketAddr,
    public_url: Option<String>,
}

impl Catalogue {
    /// The generators of a configuration. Secrets are looked up by the names of variables that stand in it.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] says where, and what would be right.
    pub fn read(text: &str, env: EnvLookup<'_>) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| ConfigError::new("", error))?;
        let modules = Modules::default();
        let mut generators = BTreeMap::new();
        let secrets = entry::secrets(file.generators.values().chain(&file.text_to_image));
        let offer = |keys: PicturesKeys| Arc::new(Pictures::new(keys.bind, keys.public_url));
        let pictures = file.pictures.map(offer);
        let text_to_image =
            file.text_to_image.map(|table| entry::remote::text_to_image(table, env));
        let text_to_image =
            text_to_image.transpose().map_err(|error| ConfigError::new("text_to_image", error))?;
        for (name, table) in file.generators {
            let place = format!("generators.{name}");
            if !is_name(&name) {
                let rule = format!(
                    "a name has lower-case letters, digits, - and _, and at most {NAME_CHARS_MAX} of them"
                );
                return Err(ConfigError::new(place, rule));
            }
            let context = entry::Context {
                name: &name,
                env,
                modules: &modules,
                secrets: &secrets,
                pictures: pictures.as_ref(),
            };
            let made = entry::make(table, &context);
            let made = made.map_err(|message| ConfigError::new(place, message))?;
            generators.insert(name, made);
        }
        generators
            .entry(Builtin::NAME.to_owned())
            .or_insert_with(|| builtin(Quality::Standard, &modules));
        Ok(Self { generators, text_to_image, modules })
    }

    /// Uses this check for modules, instead of a cage that is started with the first one. Only the first call counts, and only
    /// before a module was made.
    #[must_use]
    pub fn checking_modules(self, check: ModuleCheck) -> Self {
        self.modules.set(check);
        self
    }

    /// The names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.generators.keys().map(String::as_str)
    }

    /// A generator, in its guard.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<dyn Generator>> {
        self.generators.get(name).cloned()
    }

    /// What makes pictures of texts, if the configuration names it.
    #[must_use]
    pub fn text_to_image(&self) -> Option<Arc<dyn TextToImage>> {
        self.text_to_image.clone()
    }
}

impl Default for Catalogue {
    /// Only the built-in generator.
    fn default() -> Self {
        let modules = Modules::default();
        let builtin = builtin(Quality::Standard, &modules);
        let generators = [(Builtin::NAME.to_owned(), builtin)].into();
        Self { generators, text_to_image: None, modules }
    }
}

fn builtin(quality: Quality, modules: &Modules) -> Arc<dyn Generator> {
    let checks = Checks { modules: modules.clone(), ..Checks::strict() };
    Arc::new(Guarded::new(Arc::new(Builtin::new(quality)), checks, Bounds::default()))
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= NAME_CHARS_MAX
        && name.bytes().next().is_some_and(fits)
        && name.bytes().all(|byte| fits(byte) || byte == b'-' || byte == b'_')
}
