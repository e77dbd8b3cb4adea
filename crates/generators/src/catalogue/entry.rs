//! One generator of a configuration: what all have in common, then what its type asks for.

pub(super) mod remote;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use generate::Quality;
use pod::wire::{Kind, Usd};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::EnvLookup;
use crate::check::{Checks, Level, Modules};
use crate::pictures::Pictures;
use crate::{Axes, Bounds, Builtin, Card, Command, Generator, Guarded, Program};

/// What an entry is read with.
pub(super) struct Context<'a> {
    pub(super) name: &'a str,
    pub(super) env: EnvLookup<'a>,
    pub(super) modules: &'a Modules,
    /// Names of variables that hold secrets of any entry.
    pub(super) secrets: &'a [String],
    /// Where pictures are offered.
    pub(super) pictures: Option<&'a Arc<Pictures>>,
}

/// Keys of every type.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    r#type: Type,
    makes: Option<Vec<Kind>>,
    licence: Option<String>,
    cost_usd: Option<f64>,
    parallel: Option<usize>,
    deterministic: Option<bool>,
    time_s: Option<f64>,
    tries: Option<u32>,
    waiting_max: Option<usize>,
    bytes_max: Option<usize>,
    axes: Option<String>,
    #[serde(default)]
    check: Level,
}

const COMMON: [&str; 12] = [
    "type",
    "makes",
    "licence",
    "cost_usd",
    "parallel",
    "deterministic",
    "time_s",
    "tries",
    "waiting_max",
    "bytes_max",
    "axes",
    "check",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Type {
    Builtin,
    Command,
    SingleShot,
    Pod,
    Prediction,
}

/// Keys of the built-in generator.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BuiltinKeys {
    quality: Option<String>,
    shape: Option<String>,
}

/// Keys of a local program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandKeys {
    command: Vec<String>,
    folder: Option<PathBuf>,
    scratch: Option<PathBuf>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

/// Names of variables that hold secrets: values of keys that end so.
const SECRET_KEY_END: &str = "_env";

/// Names of the variables with secrets in all entries, which no program is given.
pub(super) fn secrets<'a>(entries: impl Iterator<Item = &'a toml::Table>) -> Vec<String> {
    let named = entries.flatten().filter(|(key, _)| key.ends_with(SECRET_KEY_END));
    named.filter_map(|(_, value)| value.as_str().map(str::to_owned)).collect()
}

/// The generator in its guard; the error is for people.
pub(super) fn make(
    table: toml::Table,
    context: &Context<'_>,
) -> Result<Arc<dyn Generator>, String> {
    let (common, own): (toml::Table, toml::Table) =
        table.into_iter().partition(|(key, _)| COMMON.contains(&key.as_str()));
    let common: Common = keys(common)?;
    let is_builtin = common.r#type == Type::Builtin;
    if context.name == Builtin::NAME && !is_builtin {
        return Err(format!("the name {} is for the type builtin", Builtin::NAME));
    }
    let card = common.card(context.name)?;
    let kinds = card.kinds.clone();
    let bounds = common.bounds()?;
    let bytes_max = common.bytes_max.unwrap_or(usize::MAX);
    let inner: Arc<dyn Generator> = match common.r#type {
        Type::Builtin => Arc::new(builtin(card, keys(own)?)?),
        Type::Command => Arc::new(Command::new(card, program(keys(own)?, bytes_max, context)?)),
        Type::SingleShot => remote::single_shot(card, keys(own)?, bytes_max, context)?,
        Type::Pod => remote::pod(card, keys(own)?, context)?,
        Type::Prediction => remote::prediction(card, keys(own)?, bytes_max, context)?,
    };
    let axes: Axes = match &common.axes {
        Some(text) => text.parse().map_err(|error| format!("axes: {error}"))?,
        None => Axes::UPRIGHT,
    };
    if axes != Axes::UPRIGHT && kinds.contains(&Kind::Module) {
        return Err("axes: a module cannot be turned, it has to be upright already".to_owned());
    }
    let checks = Checks { level: common.check, axes, bytes_max, modules: context.modules.clone() };
    Ok(Arc::new(Guarded::new(inner, checks, bounds)))
}

pub(super) fn keys<T: DeserializeOwned>(table: toml::Table) -> Result<T, String> {
    T::deserialize(toml::Value::Table(table)).map_err(|error| error.message().to_owned())
}

impl Common {
    fn card(&self, name: &str) -> Result<Card, String> {
        let is_builtin = self.r#type == Type::Builtin;
        let mut kinds = match (&self.makes, self.r#type) {
            (Some(kinds), _) => kinds.clone(),
            (None, Type::Builtin) => Kind::ALL.to_vec(),
            (None, Type::Pod) => vec![Kind::Module],
            (None, _) => return Err("makes is missing: a list of splats, mesh, module".to_owned()),
        };
        kinds.sort();
        kinds.dedup();
        if kinds.is_empty() {
            return Err("makes: at least one of splats, mesh, module".to_owned());
        }
        // The single-shot contract has no word for what is wanted, the batch contract makes modules.
        let is_one = kinds.len() == 1;
        match self.r#type {
            Type::SingleShot if !is_one => {
                return Err("makes: a single-shot service makes one kind".to_owned());
            }
            Type::Pod if kinds != [Kind::Module] => {
                return Err("makes: a pod makes modules only".to_owned());
            }
            _ => {}
        }
        let cost = match self.cost_usd {
            Some(cost) if !(0.0..=1e6).contains(&cost) => {
                return Err(format!("cost_usd: {cost} is not a price in dollars"));
            }
            Some(cost) => Some(Usd::from_dollars(cost)),
            None => is_builtin.then_some(Usd::ZERO),
        };
        let parallel = self.parallel.unwrap_or(1);
        if !(1..=10_000).contains(&parallel) {
            return Err(format!("parallel: {parallel} is not from 1 to 10000"));
        }
        if self.r#type == Type::Pod && parallel != 1 {
            return Err("parallel: a pod has one batch at a time".to_owned());
        }
        let licence = if is_builtin { "as the picture" } else { "unknown" };
        Ok(Card {
            name: name.to_owned(),
            kinds,
            licence: self.licence.clone().unwrap_or_else(|| licence.to_owned()),
            cost,
            parallel,
            is_deterministic: self.deterministic.unwrap_or(is_builtin),
        })
    }

    fn bounds(&self) -> Result<Bounds, String> {
        let is_remote = !matches!(self.r#type, Type::Builtin | Type::Command);
        let mut bounds = Bounds { tries: if is_remote { 3 } else { 1 }, ..Bounds::default() };
        if let Some(time_s) = self.time_s {
            bounds.time = seconds("time_s", time_s)?;
        }
        bounds.tries = self.tries.unwrap_or(bounds.tries);
        if !(1..=100).contains(&bounds.tries) {
            return Err(format!("tries: {} is not from 1 to 100", bounds.tries));
        }
        bounds.waiting_max = self.waiting_max.unwrap_or(bounds.waiting_max);
        Ok(bounds)
    }
}

/// A time as it stands in a configuration, up to a week.
pub(super) fn seconds(key: &str, seconds: f64) -> Result<Duration, String> {
    if seconds > 0.0 && seconds <= 7.0 * 86_400.0 {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(format!("{key}: {seconds} is not from 0 to 604800 seconds"))
    }
}

fn builtin(card: Card, keys: BuiltinKeys) -> Result<Builtin, String> {
    let quality = match keys.quality.as_deref() {
        Some("draft") => Quality::Draft,
        None | Some("standard") => Quality::Standard,
        Some("high") => Quality::High,
        Some(other) => {
            return Err(format!("quality: {other:?} is not one of draft, standard, high"));
        }
    };
    let shape = keys.shape.map(|name| name.parse()).transpose();
    let shape = shape.map_err(|error| format!("shape: {error}"))?;
    Ok(Builtin::with_card(card, quality).shaped(shape))
}

fn program(keys: CommandKeys, bytes_max: usize, context: &Context<'_>) -> Result<Program, String> {
    let mut program = Program::new(&keys.command).map_err(|error| format!("command: {error}"))?;
    program.folder = keys.folder;
    program.scratch = keys.scratch;
    program.path = (context.env)("PATH");
    program.env = keys.env;
    program.without_env = context.secrets.to_vec();
    program.bytes_max = bytes_max;
    Ok(program)
}
