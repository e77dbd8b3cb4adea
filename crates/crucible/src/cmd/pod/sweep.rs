//! `crucible pod sweep`: pods of ours that nobody works with.

use std::process::ExitCode;
use std::time::Duration;

use fleet::sweep::{Insistence, Outcome, Reaper, Scope, Swept};

use super::providers::{FleetArgs, drive, row};
use crate::failure::{Failure, exit};
use crate::output;

/// Deletes every pod of our instance on every provider, and no other; exit code 1 if one is perhaps left
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    fleet: FleetArgs,

    /// Only say what would be deleted
    #[arg(long)]
    dry_run: bool,

    /// Only pods of this round
    #[arg(long, value_name = "N")]
    round: Option<u32>,

    /// Only pods older than this; those whose age is not known are left alone
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    older_than: Option<f64>,

    /// Go on, with a sweep this often, until Ctrl-C
    #[arg(long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "dry_run")]
    every: Option<f64>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    let in_range = |seconds: &f64| (1.0..=1e7).contains(seconds);
    text.parse().ok().filter(in_range).ok_or_else(|| "seconds, from 1 to 10000000".to_owned())
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let fleet = args.fleet.open(true)?;
    let mut scope = Scope { round: args.round, ..Scope::all(fleet.instance.clone()) };
    if let Some(every) = args.every {
        let mut reaper = Reaper::new(fleet, scope, args.older_than);
        return drive(async {
            loop {
                let turn = reaper.turn().await;
                tell(&turn.swept, args.json)?;
                for alarm in turn.alarms {
                    let (provider, id) = &alarm.key;
                    let (failures, reason) = (alarm.failures, &alarm.reason);
                    output::warning(format_args!(
                        "{provider} pod {id} will not go after {failures} attempts and costs money: {reason}"
                    ));
                }
                tokio::time::sleep(Duration::from_secs_f64(every)).await;
            }
        });
    }
    scope.made_before = args.older_than.map(|age| now_s() - age);
    let swept =
        drive(async { Ok(fleet.sweep(&scope, args.dry_run, &Insistence::default()).await) })?;
    tell(&swept, args.json)?;
    let is_good = swept.is_clean() || (args.dry_run && swept.unseen.is_empty());
    Ok(ExitCode::from(if is_good { exit::OK } else { exit::NO }))
}

fn tell(swept: &Swept, json: bool) -> Result<(), Failure> {
    for (_, error) in &swept.unseen {
        output::warning(error);
    }
    if json {
        return output::json(swept);
    }
    for orphan in &swept.orphans {
        let outcome = match &orphan.outcome {
            Outcome::Found => "found".to_owned(),
            Outcome::Gone => "gone".to_owned(),
            Outcome::Left { reason } => format!("left: {reason}"),
        };
        output::line(format_args!("{}  {outcome}", row(&orphan.provider, &orphan.pod)));
    }
    Ok(())
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the edge is where the clock is read")]
fn now_s() -> f64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0.0, |now| now.as_secs_f64())
}
