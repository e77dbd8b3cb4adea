//! `rounds/{n}/judging.json`: what the judge of a round must remember and no file of the original has room for. Others ignore it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ledger::json::{self, Json, Object, Style};
use ledger::{Field as _, Round, shorten};

/// What the judge of a round remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// When the round's judging began: the leader's outputs are waited for from here.
    pub began_at: Option<Timestamp>,
    /// Of those whose audits were asked for, by hotkey.
    pub deadlines: BTreeMap<String, Deadline>,
    /// Who is out because of something it owed, with the reason.
    pub rejected: BTreeMap<String, String>,
    /// Rows of the matrices, by left and right side, that were judged while outputs of the leader were missing. They stand until
    /// those come.
    pub partial: BTreeSet<(String, String)>,
    /// The timeline, for people; nothing rests on it.
    pub timeline: Vec<String>,
    /// Members we do not know.
    others: Object,
}

/// How long an audit is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// When it was asked for: its time counts from here.
    pub asked_at: Timestamp,
    /// When its time was found to be over, with something owed.
    pub closed_at: Option<Timestamp>,
}

impl Notes {
    /// What their path ends with.
    pub const NAME: &str = "/judging.json";

    /// Where they are.
    #[must_use]
    pub fn path(round: Round) -> String {
        format!("rounds/{round}{}", Self::NAME)
    }

    /// Reads the text of the file at `path`, which is for messages.
    ///
    /// # Errors
    ///
    /// What is wrong, with file, field and repair.
    pub fn from_text(path: &str, text: &str) -> Result<Self, String> {
        let wrong = |field: &str, problem: &str| {
            format!(
                "{path}: {field}{problem}; mend it, or delete the file: judging then begins to count anew"
            )
        };
        let json = json::read(text).map_err(|error| {
            wrong("", &format!("no valid JSON in line {}: {}", error.line, error.message))
        })?;
        let Json::Object(mut members) = json else { return Err(wrong("", "no object")) };
        let time = |members: &mut Object, key: &str, field: &str| match members.shift_remove(key) {
            None | Some(Json::Null) => Ok(None),
            Some(found) => Timestamp::read(&found)
                .map(Some)
                .map_err(|_| wrong(field, ": not a time like 2031-03-01T08:00:00Z")),
        };
        let began_at = time(&mut members, "began_at", "began_at")?;
        let mut deadlines = BTreeMap::new();
        if let Some(found) = members.shift_remove("deadlines") {
            let rows = found.as_object().ok_or_else(|| wrong("deadlines", ": not an object"))?;
            for (hotkey, row) in rows {
                let field = format!("deadlines.{}", shorten(hotkey));
                let row = row.as_object().ok_or_else(|| wrong(&field, ": not an object"))?;
                let mut row = row.clone();
                let mut time = |key: &str| time(&mut row, key, &format!("{field}.{key}"));
                let asked_at = time("asked_at")?;
                let asked_at = asked_at.ok_or_else(|| wrong(&field, ": asked_at is missing"))?;
                let closed_at = time("closed_at")?;
                deadlines.insert(hotkey.clone(), Deadline { asked_at, closed_at });
            }
        }
        let mut rejected = BTreeMap::new();
        if let Some(found) = members.shift_remove("rejected") {
            let rows = found.as_object().ok_or_else(|| wrong("rejected", ": not an object"))?;
            for (hotkey, reason) in rows {
                let field = format!("rejected.{}", shorten(hotkey));
                let reason = reason.as_str().ok_or_else(|| wrong(&field, ": not a string"))?;
                rejected.insert(hotkey.clone(), reason.to_owned());
            }
        }
        let mut partial = BTreeSet::new();
        if let Some(found) = members.shift_remove("partial") {
            let rows = found.as_array().ok_or_else(|| wrong("partial", ": not an array"))?;
            for row in rows {
                match row.as_array() {
                    Some([Json::String(left), Json::String(right)]) => {
                        partial.insert((left.clone(), right.clone()));
                    }
                    _ => return Err(wrong("partial", ": a row is not two names")),
                }
            }
        }
        let mut timeline = Vec::new();
        if let Some(found) = members.shift_remove("timeline") {
            // It is written anew whatever stands there.
            let lines = found.as_array().unwrap_or_default().iter();
            timeline.extend(lines.filter_map(|line| line.as_str().map(str::to_owned)));
        }
        Ok(Self { began_at, deadlines, rejected, partial, timeline, others: members })
    }

    /// The text of the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let time = |time: &Option<Timestamp>| time.as_ref().map_or(Json::Null, Timestamp::plain);
        let deadlines = self.deadlines.iter().map(|(hotkey, deadline)| {
            let row = [
                ("asked_at".to_owned(), deadline.asked_at.plain()),
                ("closed_at".to_owned(), time(&deadline.closed_at)),
            ];
            (hotkey.clone(), Json::Object(Object::from_iter(row)))
        });
        let rejected = self.rejected.iter();
        let rejected = rejected.map(|(hotkey, reason)| (hotkey.clone(), reason.as_str().into()));
        let timeline = self.timeline.iter().map(|line| line.as_str().into()).collect();
        let mut members = Object::from_iter([
            ("began_at".to_owned(), time(&self.began_at)),
            ("deadlines".to_owned(), Json::Object(deadlines.collect())),
            ("rejected".to_owned(), Json::Object(rejected.collect())),
            ("timeline".to_owned(), Json::Array(timeline)),
        ]);
        if !self.partial.is_empty() {
            let row = |(left, right): &(String, String)| {
                Json::Array(vec![left.as_str().into(), right.as_str().into()])
            };
            members
                .insert("partial".to_owned(), Json::Array(self.partial.iter().map(row).collect()));
        }
        members.extend(self.others.clone());
        json::write(&Json::Object(members), Style::Indented)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ours_stays() {
        let text = r#"{"began_at": "2031-03-01T08:00:00Z", "deadlines": {"5A": {"asked_at": "2031-03-01T09:00:00Z", "closed_at": null}}, "rejected": {"5A": "late"}, "mine": [1.50], "partial": [["leader", "5A"]]}"#;
        let notes = Notes::from_text("judging.json", text).expect("notes");
        assert_eq!(notes.rejected["5A"], "late");
        insta::assert_snapshot!(notes.to_text(), @r#"
        {
          "began_at": "2031-03-01T08:00:00Z",
          "deadlines": {
            "5A": {
              "asked_at": "2031-03-01T09:00:00Z",
              "closed_at": null
            }
          },
          "rejected": {
            "5A": "late"
          },
          "timeline": [],
          "partial": [
            [
              "leader",
              "5A"
            ]
          ],
          "mine": [
            1.50
          ]
        }
        "#);
        assert_eq!(Notes::from_text("judging.json", &notes.to_text()), Ok(notes));
    }

    #[test]
    fn errors_name_file_and_field() {
        let error =
            |text: &str| Notes::from_text("rounds/3/judging.json", text).expect_err("an error");
        for text in [
            r#"{"began_at": "soon"}"#,
            r#"{"deadlines": {"5A": {}}}"#,
            r#"{"deadlines": {"5A": 7}}"#,
            r#"{"rejected": {"5A": 1}}"#,
            r#"{"rejected": []}"#,
            r#"{"partial": [["leader"]]}"#,
            "[]",
            "{",
        ] {
            assert!(error(text).starts_with("rounds/3/judging.json: "), "{text}");
        }
        insta::assert_snapshot!(error(r#"{"deadlines": {"5A": {"asked_at": 7}}}"#), @"rounds/3/judging.json: deadlines.5A.asked_at: not a time like 2031-03-01T08:00:00Z; mend it, or delete the file: judging then begins to count anew");
    }
}
