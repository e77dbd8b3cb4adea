//! Rules of a competition against numbers from outside.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod builds;
mod closing_ports;
mod collector;
mod control;
mod fakes;
mod judging;
mod leader;
mod notify;
mod orchestrator;
mod owner;
mod random;
mod rounds;
mod schedule;
mod selection;
mod setter;
mod verify;
mod weights;
mod works;

use ledger::files::config::Config;
use ledger::{JsonFile, Layout};

/// A competition as the examples of its rules have it.
fn config() -> Config {
    let text = r#"{"name": "demo", "description": "", "first_evaluation_date": "2031-03-01",
        "last_competition_date": "2031-12-01", "generation_stage_minutes": 240, "win_margin": 0.05, "weight_decay": 0.15,
        "weight_floor": 0.4, "prompts_per_round": 128, "carryover_prompts": 32, "round_duration_days": 3}"#;
    Config::from_text("config.json", text).unwrap()
}

fn layout() -> Layout {
    Layout::default()
}
