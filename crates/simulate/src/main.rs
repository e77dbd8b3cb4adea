//! `simulate --seeds N`: runs competitions with faults until one goes wrong.

use std::io::{Write as _, stdout};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use simulate::check::{check, shrink};
use simulate::fault::{Plan, Weather};
use simulate::run::{Setup, Verified};
use simulate::sabotage::Sabotage;
use simulate::{Referee, Size, owners};

/// A quarter of the time went into the C library's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs whole competitions on simulated time, with faults at every effect. Ends with 1 if something was wrong.
#[derive(Debug, Parser)]
struct Options {
    /// How many seeds, one competition without and one with faults each.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// These faults instead of drawn ones, such as "judge/advance#3=crash-after,collector/put#17=late:30"; "" for none.
    #[arg(long)]
    faults: Option<Plan>,
    /// Print everything that happens.
    #[arg(long)]
    trace: bool,
    /// Miners' servers may be away for hours, too; then only what must always hold is checked, not what each round comes to.
    #[arg(long)]
    storm: bool,
    /// All owners in one process, instead of one process each. Without this, every third seed has that.
    #[arg(long)]
    together: bool,
    /// Miners.
    #[arg(long, default_value_t = Size::FULL.miners)]
    miners: u32,
    /// Prompts of a round.
    #[arg(long, default_value_t = Size::FULL.prompts)]
    prompts: u32,
    /// Rounds of a competition.
    #[arg(long, default_value_t = Size::FULL.rounds)]
    rounds: u32,
    /// How often audits have outputs made again.
    #[arg(long, default_value_t = Size::FULL.repeats)]
    repeats: u32,
    /// Of every so many seeds, all decisions are made again from the public files: at the end, and with faults also on the way.
    #[arg(long, default_value_t = 1)]
    verify_every: u64,
    /// Who judges: "single-question" or "multi-stage".
    #[arg(long, default_value_t = Referee::SingleQuestion)]
    judge: Referee,
    /// Have ports break their word, to see that it is noticed: "forces-push", "loses-commits" …; an unknown one names them all.
    #[arg(long)]
    sabotage: Option<Sabotage>,
    /// Go on after a seed that failed.
    #[arg(long)]
    keep_going: bool,
}

impl Options {
    fn setup(&self, seed: u64) -> Setup {
        let (miners, prompts) = (self.miners, self.prompts);
        let size = Size { miners, prompts, rounds: self.rounds, repeats: self.repeats };
        let weather = if self.storm { Weather::Storm } else { Weather::Fair };
        let mut setup = Setup::real(seed, size, weather);
        if self.together {
            setup.roles = owners::roles(setup.habits, true);
        }
        if !seed.is_multiple_of(self.verify_every.max(1)) {
            setup.verified = Verified::Never;
        }
        setup.game.referee = self.judge;
        setup.sabotage = self.sabotage;
        setup.with_lines = self.trace;
        setup
    }
}

#[expect(clippy::disallowed_methods, reason = "only the edge measures")]
fn main() -> ExitCode {
    let options = Options::parse();
    let began = Instant::now();
    let (mut rounds, mut effects, mut hits, mut failed) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut out = stdout();
    for seed in options.from..options.from.saturating_add(options.seeds) {
        let setup = options.setup(seed);
        match check(&setup, options.faults.as_ref()) {
            Ok(passed) => {
                rounds += u64::from(passed.rounds);
                effects += passed.effects;
                hits += u64::from(passed.outcome.hits);
                for line in &passed.outcome.lines {
                    writeln!(out, "{line}").ok();
                }
                if options.seeds == 1 {
                    writeln!(out, "seed {seed}: trace {}", passed.outcome.hash).ok();
                }
            }
            Err(broken) => {
                failed += 1;
                let smallest = shrink(&Setup { with_lines: false, ..setup.clone() }, &broken);
                writeln!(out, "FAILED {smallest}").ok();
                if options.trace {
                    let run = simulate::check::guarded(&setup, &smallest.plan);
                    for line in run.map(|outcome| outcome.lines).unwrap_or_default() {
                        writeln!(out, "{line}").ok();
                    }
                }
                if !options.keep_going {
                    break;
                }
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let rate = rounds as f64 / seconds;
    writeln!(
        out,
        "{rounds} rounds, {effects} effects, {hits} faults in {seconds:.1} s: {rate:.1} rounds/s; {failed} seeds failed"
    )
    .ok();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
