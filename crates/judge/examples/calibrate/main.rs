//! How often the perceptual judge picks the better of two assets, where that is known: objects of ours with faults of known kinds.
//!
//! `cargo run --release -p judge --example calibrate -- [--seeds FROM..TO] [--fit] [--list]`
//!
//! `--fit` finds weights on these duels, `--list` names the duels that went wrong. Weights are to be found on other seeds than those
//! they are measured on.

#![allow(clippy::print_stdout, reason = "a table for people")]

mod duels;
mod faults;
mod fit;

use std::collections::BTreeMap;

use generate::truth::Kind;
use judge::Duel;
use judge::perceptual::{Perceptual, Settings};
use ledger::files::duels::DuelWinner;

use duels::{About, Measured, measured};

fn main() -> Result<(), String> {
    let mut seeds = 0..2_u64;
    let (mut fits, mut lists) = (false, false);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--fit" => fits = true,
            "--list" => lists = true,
            "--seeds" => {
                let text = args.next().unwrap_or_default();
                let range = text
                    .split_once("..")
                    .and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
                seeds = range.ok_or("--seeds wants FROM..TO")?;
            }
            other => return Err(format!("{other} is no option: --seeds, --fit, --list")),
        }
    }
    let duels = measured(&Kind::ALL, seeds);
    if fits {
        fit::print(&duels);
    }
    table(&duels, lists);
    Ok(())
}

/// Who wins, by today's weights.
fn winner(duel: &Measured) -> (DuelWinner, f64) {
    let about =
        Duel { stem: duel.name.clone(), prompt: String::new(), left: None, right: None, seed: 0 };
    let judge = Perceptual::new(Settings::default());
    let verdict = judge.verdict(&about, BTreeMap::new(), &duel.figures).expect("sound figures");
    let number = |key: &str| {
        let detail = verdict.detail.as_object()?;
        match detail.get(key)? {
            ledger::json::Json::Number(text) => text.parse::<f64>().ok(),
            _ => None,
        }
    };
    let gap = number("distance_left").zip(number("distance_right")).map_or(0.0, |(l, r)| l - r);
    (verdict.winner, gap)
}

fn table(duels: &[Measured], lists: bool) {
    let mut rows: BTreeMap<About, [usize; 3]> = BTreeMap::new();
    let mut gaps = Vec::new();
    for duel in duels {
        let (winner, gap) = winner(duel);
        let row = rows.entry(duel.about).or_default();
        match winner {
            DuelWinner::Left => row[0] += 1,
            DuelWinner::Right => row[2] += 1,
            _ => row[1] += 1,
        }
        if duel.about == About::Equal {
            gaps.push(gap.abs());
        } else if winner != DuelWinner::Left && lists {
            println!("{:?} {}: {winner:?}, {gap:+.3}", duel.about, duel.name);
        }
    }
    println!("| Duels about | duels | better wins | draw | worse wins | right |");
    println!("|---|---|---|---|---|---|");
    let (mut right, mut all) = (0, 0);
    for (about, [better, draw, worse]) in &rows {
        let n = better + draw + worse;
        let good = if *about == About::Equal { *draw } else { *better };
        if *about != About::Equal {
            (right, all) = (right + good, all + n);
        }
        let percent = 100.0 * good as f64 / n as f64;
        println!("| {about:?} | {n} | {better} | {draw} | {worse} | {percent:.1} % |");
    }
    println!(
        "\nright where one is better: {right} of {all}, {:.1} %",
        100.0 * right as f64 / all.max(1) as f64
    );
    gaps.sort_by(f64::total_cmp);
    let at = |part: f64| gaps.get(((gaps.len() - 1) as f64 * part) as usize).copied();
    println!(
        "difference of two sound ones: median {:?}, 90 % {:?}, 95 % {:?}, most {:?}",
        at(0.5),
        at(0.9),
        at(0.95),
        at(1.0)
    );
}
