//! `config.json`: the rules an operator chose.

use jiff::civil::{Date, Time};

use crate::field::{Field as _, words};
use crate::file::JsonFile;
use crate::json::{Json, Object};
use crate::record::record;

record! {
    /// The rules of a competition.
    pub struct Config {
        /// Begins the tag of every image: letters, digits, `.`, `_` and `-` only.
        pub name: String = [required],
        /// For people.
        pub description: String = [required],
        /// The earliest day on which a round may start.
        pub first_evaluation_date: Date = [required],
        /// The last day on which a round may start.
        pub last_competition_date: Date = [required],
        /// When rounds start, UTC. The splat era's default was 12:00.
        pub round_start_time: Time = [or Time::constant(8, 0, 0, 0)],
        /// From the start of a round to the deadline for outputs. The splat era has none.
        pub generation_stage_minutes: Option<i64> = [if there],
        /// The next round starts at least so much later, in hours.
        pub finalization_buffer_hours: f64 = [or 1.0],
        /// A challenger wins from this margin on, 0 to 1.
        pub win_margin: f64 = [required],
        /// What a leader's weight loses with each round it defends.
        pub weight_decay: f64 = [required],
        /// Where decay ends.
        pub weight_floor: f64 = [required],
        /// Prompts of a round.
        pub prompts_per_round: i64 = [required],
        /// How many of them come from the round before.
        pub carryover_prompts: i64 = [required],
        /// From start to start.
        pub round_duration_days: i64 = [or 1],
        /// How often a winner's outputs are made again: see [`Config::repeats`].
        pub audit_repeats: i64 = [or 3],
        /// What Crucible adds.
        pub crucible: Option<Options> = [if there],
    }
}

words! {
    /// What a competition asks for.
    pub enum KindWord {
        /// Gaussian splats.
        Splats = "splats",
        /// Meshes.
        Meshes = "meshes",
        /// Three.js modules.
        Modules = "modules",
    }
}

words! {
    /// Which repeats of an audit have to reach the margin.
    pub enum AuditRule {
        /// Each of them: the original rule.
        Each = "each",
        /// All of them together: their mean.
        Pooled = "pooled",
    }
}

words! {
    /// What a crown rests on.
    pub enum Crown {
        /// The margin alone: the original rule.
        Margin = "margin",
        /// The margin, and an interval of it that is above zero.
        Interval = "interval",
    }
}

record! {
    /// Rules that the original does not have. Without them all is as in the original.
    pub struct Options {
        /// What is asked for.
        pub kind: KindWord = [or KindWord::Modules],
        /// `perceptual`, `multi-stage` or `single-question`.
        pub judge: String = [or "perceptual".to_owned()],
        /// What a crown rests on.
        pub crown: Crown = [or Crown::Margin],
        /// Whether a match may end when its outcome cannot change or is settled.
        pub sequential_stopping: bool = [or false],
        /// Level of intervals, and of what is "settled", 0.5 to 0.999.
        pub confidence: f64 = [or 0.95],
        /// A submission audit passes from this margin down on; nothing for `win_margin`.
        pub self_audit_margin: Option<f64> = [if there],
        /// Which repeats of an audit have to reach the margin.
        pub audit_rule: AuditRule = [or AuditRule::Each],
        /// So long after the first match of a round, who has no report or no source audit is rejected; nothing for no end.
        pub audit_deadline_hours: Option<f64> = [if there],
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::read(&Json::Object(Object::new())).expect("every member has a default")
    }
}

impl JsonFile for Config {}

/// A value that reads well and makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("config.json: {field}: {problem}; {repair}")]
pub struct ConfigProblem {
    /// The member.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
    /// What to do.
    pub repair: &'static str,
}

impl Config {
    /// What Crucible adds, or its defaults.
    #[must_use]
    pub fn options(&self) -> Options {
        self.crucible.clone().unwrap_or_default()
    }

    /// How often a winner's outputs are made again: 0, which the original takes, is once.
    #[must_use]
    pub fn repeats(&self) -> u32 {
        u32::try_from(self.audit_repeats.clamp(1, 100)).unwrap_or(1)
    }

    /// Everything that makes no sense, in the order of the members. The original accepts all of it and fails later.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let mut found = Vec::new();
        let mut check = |fine: bool, field, problem: String, repair| {
            if !fine {
                found.push(ConfigProblem { field, problem, repair });
            }
        };
        let tag = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let name_fits = (1..=64).contains(&self.name.len()) && self.name.chars().all(tag);
        check(
            name_fits,
            "name",
            format!("\"{}\" cannot be part of an image's tag", crate::error::shorten(&self.name)),
            "use 1 to 64 of a-z, A-Z, 0-9, \".\", \"_\" and \"-\"",
        );
        let (first, last) = (self.first_evaluation_date, self.last_competition_date);
        check(
            first <= last,
            "last_competition_date",
            format!("{last} is before first_evaluation_date, {first}"),
            "no round could follow: set a later day",
        );
        let minutes = self.generation_stage_minutes;
        check(
            minutes.is_some_and(|minutes| (1..=43_200).contains(&minutes)),
            "generation_stage_minutes",
            minutes.map_or("it is missing".to_owned(), |minutes| format!("{minutes} minutes")),
            "use 1 to 43200 (30 days)",
        );
        let hours = self.finalization_buffer_hours;
        check(
            (0.0..=720.0).contains(&hours),
            "finalization_buffer_hours",
            format!("{hours} hours"),
            "use 0 to 720",
        );
        for (field, value) in [
            ("win_margin", self.win_margin),
            ("weight_decay", self.weight_decay),
            ("weight_floor", self.weight_floor),
        ] {
            check((0.0..=1.0).contains(&value), field, value.to_string(), "use 0 to 1");
        }
        let prompts = self.prompts_per_round;
        check(
            (1..=100_000).contains(&prompts),
            "prompts_per_round",
            prompts.to_string(),
            "use 1 to 100000",
        );
        check(
            (0..=prompts.max(0)).contains(&self.carryover_prompts),
            "carryover_prompts",
            format!("{} of {prompts} prompts", self.carryover_prompts),
            "use 0 to prompts_per_round",
        );
        let days = self.round_duration_days;
        check((1..=366).contains(&days), "round_duration_days", days.to_string(), "use 1 to 366");
        let repeats = self.audit_repeats;
        check(
            (0..=100).contains(&repeats),
            "audit_repeats",
            repeats.to_string(),
            "use 0 to 100 (0 counts as 1)",
        );
        let options = self.options();
        let judges = ["perceptual", "multi-stage", "single-question"];
        check(
            judges.contains(&options.judge.as_str()),
            "crucible.judge",
            format!("no judge \"{}\"", crate::error::shorten(&options.judge)),
            "use perceptual, multi-stage or single-question",
        );
        let level = options.confidence;
        check(
            (0.5..=0.999).contains(&level),
            "crucible.confidence",
            level.to_string(),
            "use 0.5 to 0.999",
        );
        if let Some(margin) = options.self_audit_margin {
            check(
                (0.0..=1.0).contains(&margin),
                "crucible.self_audit_margin",
                margin.to_string(),
                "use 0 to 1",
            );
        }
        if let Some(hours) = options.audit_deadline_hours {
            check(
                (0.0..=8760.0).contains(&hours),
                "crucible.audit_deadline_hours",
                format!("{hours} hours"),
                "use 0 to 8760",
            );
        }
        found
    }
}
