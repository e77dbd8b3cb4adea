//! `config.json`: the rules an operator chose.

use jiff::civil::{Date, Time};

use crate::file::JsonFile;
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
        /// How often a winner's outputs are made again.
        pub audit_repeats: i64 = [or 3],
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
        if let Some(minutes) = self.generation_stage_minutes {
            check(
                (1..=43_200).contains(&minutes),
                "generation_stage_minutes",
                format!("{minutes} minutes"),
                "use 1 to 43200 (30 days)",
            );
        }
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
        check((1..=100).contains(&repeats), "audit_repeats", repeats.to_string(), "use 1 to 100");
        found
    }
}
