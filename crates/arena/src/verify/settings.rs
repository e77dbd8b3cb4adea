//! The rules of a competition, also where an earlier era wrote them in other words.

use ledger::JsonFile as _;
use ledger::Place;
use ledger::files::config::Config;
use ledger::json::{self, Json, Style};

use super::books::{Books, File};
use super::report::{Check, Log};

/// Members that no decision of a finished round rests on, or that have a usual value, with what stands for them.
const USUAL: [(&str, &str); 9] = [
    ("name", "\"\""),
    ("description", "\"\""),
    ("first_evaluation_date", "\"0001-01-01\""),
    ("last_competition_date", "\"9999-12-31\""),
    ("round_start_time", "\"08:00:00\""),
    ("generation_stage_minutes", "null"),
    ("finalization_buffer_hours", "1.0"),
    ("round_duration_days", "1"),
    ("audit_repeats", "3"),
];

/// Reads `config.json`. Of the original, members that cannot be read are replaced by what is usual, and said to be unchecked.
pub(super) fn config(books: &Books<'_>, log: &mut Log) -> Option<File<Config>> {
    let path = Place::Config.to_string();
    let text = books.peek(&path).filter(|_| log.is_lenient());
    let lenient = text.filter(|text| Config::from_text(&path, text).is_err());
    let Some((value, replaced)) = lenient.and_then(|text| mended(&path, &text)) else {
        return books.json(log, &Place::Config);
    };
    let text = books.text(log, &path)?;
    let what = format!("members of config.json that could not be read: {}", replaced.join(", "));
    log.unchecked(Check::Config, what);
    Some(File { path, text, value })
}

/// Rules of which members that could not be read are the usual ones, with their names; nothing if that does not help.
fn mended(path: &str, text: &str) -> Option<(Config, Vec<&'static str>)> {
    let Json::Object(mut members) = json::read(text).ok()? else { return None };
    let mut replaced = Vec::new();
    for (name, usual) in USUAL {
        let usual = json::read(usual).expect("valid JSON");
        let was = members.insert(name.to_owned(), usual.clone());
        let Some(was) = was else {
            replaced.push(name);
            continue;
        };
        // What can be read alone stays.
        members.insert(name.to_owned(), was);
        let fails = |members: &json::Object| {
            let text = json::write(&Json::Object(members.clone()), Style::Line);
            Config::from_text(path, &text).err().is_some_and(|error| error.field == name)
        };
        if fails(&members) {
            members.insert(name.to_owned(), usual);
            replaced.push(name);
        }
    }
    let text = json::write(&Json::Object(members), Style::Line);
    Some((Config::from_text(path, &text).ok()?, replaced))
}
