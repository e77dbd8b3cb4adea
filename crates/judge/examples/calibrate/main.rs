//! How often the perceptual judge picks the better of two assets, where that is known: objects of ours with faults of known kinds.
//!
//! `cargo run --release -p judge --example calibrate -- [--seeds FROM..TO] [--kinds FIRST/STEP] [--fit] [--list]`
//!
//! `--kinds 1/3` takes the second of the 18 kinds and every third from there; `--fit` finds weights on these duels, `--list` names
//! the duels that went wrong; `--shapes` is about what the generator makes of the prompts instead of faults; `--save FILE` keeps what was measured, `--load FILE` takes it instead of measuring. Weights are to be
//! found on other kinds and seeds than those they are measured on.

#![allow(clippy::print_stdout, reason = "a table for people")]

mod duels;
mod faults;
mod fit;
mod table;

use generate::truth::Kind;

use duels::{Duels, Measured, measured};

fn main() -> Result<(), String> {
    let mut seeds = 0..2_u64;
    let (mut fits, mut lists) = (false, false);
    let mut which = Duels::Faults;
    let (mut first, mut step) = (0, 1);
    let (mut load, mut save) = (None, None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--fit" => fits = true,
            "--list" => lists = true,
            "--shapes" => which = Duels::Shapes,
            "--load" => load = args.next(),
            "--save" => save = args.next(),
            "--kinds" => {
                let text = args.next().unwrap_or_default();
                let pair = text.split_once('/').and_then(|(first, step)| {
                    Some((first.parse::<usize>().ok()?, step.parse::<usize>().ok()?))
                });
                (first, step) =
                    pair.filter(|(_, step)| *step > 0).ok_or("--kinds wants FIRST/STEP")?;
            }
            "--seeds" => {
                let text = args.next().unwrap_or_default();
                let range = text
                    .split_once("..")
                    .and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
                seeds = range.ok_or("--seeds wants FROM..TO")?;
            }
            other => return Err(format!("{other} is no option")),
        }
    }
    let kinds: Vec<Kind> = Kind::ALL.into_iter().skip(first).step_by(step).collect();
    let wrong = |file: &str, error: &dyn std::fmt::Display| format!("{file}: {error}");
    let duels: Vec<Measured> = match load {
        Some(file) => {
            let text = fs_err::read(&file).map_err(|error| wrong(&file, &error))?;
            serde_json::from_slice(&text).map_err(|error| wrong(&file, &error))?
        }
        None => measured(which, &kinds, seeds),
    };
    if let Some(file) = save {
        let text = serde_json::to_vec(&duels).map_err(|error| wrong(&file, &error))?;
        fs_err::write(&file, text).map_err(|error| wrong(&file, &error))?;
    }
    if fits {
        fit::print(&duels);
    }
    table::print(&duels, lists);
    Ok(())
}
