//! What the collector tells people.

use jiff::Timestamp;
use ledger::Round;
use ledger::files::outputs::Outputs;

use super::admission::Admission;
use crate::ports::Notice;

const GREEN: u32 = 0x002E_CC71;
const RED: u32 = 0x00E7_4C3C;

fn field(name: &str, value: impl ToString) -> (String, String, bool) {
    (name.to_owned(), value.to_string(), true)
}

/// A round began.
pub(super) fn begun(
    round: Round,
    admission: &Admission,
    deadline: Timestamp,
    prompts: usize,
    seed: u32,
) -> Notice {
    let copies = admission.committed() - admission.unlocked() - admission.submissions.len();
    let mut fields = vec![
        field("Committed", admission.committed()),
        field("No lock", admission.unlocked()),
        field("Accepted", admission.submissions.len()),
        field("Generation Deadline", format!("<t:{}:f>", deadline.as_second())),
        field("Prompts", format!("{prompts}, rounds/{round}/prompts.txt")),
        field("Seed", format!("{seed}, rounds/{round}/seed.json")),
    ];
    if copies > 0 {
        fields.insert(2, field("Copies", copies));
    }
    let title = format!("Round {round} Submissions Collected");
    Notice { title, colour: GREEN, text: String::new(), fields }
}

/// A round without anybody.
pub(super) fn nobody(round: Round) -> Notice {
    Notice {
        title: format!("Round {round} — No Submissions"),
        colour: RED,
        text: "No valid submission was revealed; the round goes on to its end.".to_owned(),
        fields: Vec::new(),
    }
}

/// Many assets cannot be drawn.
pub(super) fn alert(failures: u64, miners: usize) -> Notice {
    Notice {
        title: "Render Failures Detected".to_owned(),
        colour: RED,
        text: format!("{failures} assets of {miners} miners could not be drawn."),
        fields: Vec::new(),
    }
}

/// What became of all downloads of a round with so many prompts.
pub(super) fn complete<'a>(
    round: Round,
    prompts: usize,
    miners: impl Iterator<Item = &'a Outputs>,
) -> Notice {
    let (mut all, mut perfect, mut silent, mut undrawn) = (0, 0, 0, 0);
    for outputs in miners {
        let stored = outputs.values().filter(|output| output.asset.is_some()).count();
        all += 1;
        perfect += usize::from(stored == prompts);
        silent += usize::from(stored == 0);
        undrawn += outputs
            .values()
            .filter(|output| output.asset.is_some() && output.picture.is_none())
            .count();
    }
    let mut fields = vec![field("Miners", all)];
    if all > 0 {
        let share = |n: usize| format!("{n} ({}%)", n * 100 / all);
        fields.push(field("Perfect (100%)", share(perfect)));
        fields.push(field("No submission", share(silent)));
        fields.push(field("Render failures", undrawn));
    }
    let title = format!("Round {round} Downloads Complete");
    let colour = if undrawn > 0 { RED } else { GREEN };
    Notice { title, colour, text: String::new(), fields }
}
