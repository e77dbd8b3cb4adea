//! What is said of an order that ended.

use ledger::files::pod_stats::AllPodStats;
use ledger::files::reports::{GenerationOutcome, GenerationReport, GenerationReports};
use ledger::{JsonFile as _, LEADER, MinerFile, Place, Round, RoundFile};

use super::desk::DeskError;
use super::sink::{Shop, Taker};
use super::{Job, Seen, decide, reports};
use crate::ports::{Made, OrderEnd, Sink as _, Stop};

/// Says it in `generation_reports.json`, commits, and tells people what is final.
pub(super) fn report(
    shop: &Shop<'_>,
    round: Round,
    said: Vec<GenerationReport>,
) -> Result<(), DeskError> {
    let place = Place::Round(round, RoundFile::GenerationReports);
    let is_final = |report: &&GenerationReport| report.outcome != GenerationOutcome::Pending;
    let news = said.iter().filter(is_final).map(|report| reports::notice(round, report)).collect();
    // Once it is in the journal of what is to be committed it is not lost any more.
    shop.outbox.surely(shop.ports, news, || {
        shop.desk.edit(&place, |all: &mut GenerationReports| {
            all.extend(said.iter().map(|report| (report.hotkey.clone(), report.clone())));
            true
        })
    })?;
    shop.desk.flush()
}

/// Notes how an order ended; its rows and whole repeats were noted as they came.
pub(super) async fn note_end(
    shop: &Shop<'_>,
    job: &Job,
    end: &OrderEnd,
    stats: Option<&str>,
) -> Result<(), DeskError> {
    let order = &job.order;
    let desk = &shop.desk;
    if let Some(text) = stats {
        let place = Place::Miner(order.round, order.hotkey.clone(), MinerFile::PodStats);
        let new = AllPodStats::from_text(&place.to_string(), text);
        // Written by our works: if it is wrong, that is no trouble of the miner's.
        let new = new.map_err(|error| DeskError::Later(error.to_string()))?;
        desk.edit(&place, |all: &mut AllPodStats| {
            all.extend(new);
            true
        })?;
    }
    if order.hotkey == LEADER {
        return note_baseline(shop, job, end).await;
    }
    let place = Place::Round(order.round, RoundFile::GenerationReports);
    let all: GenerationReports = desk.find(&place)?.unwrap_or_default();
    let before = all.get(&order.hotkey).cloned();
    let before = before.unwrap_or_else(|| reports::new(&order.hotkey));
    if before.outcome != GenerationOutcome::Pending {
        // Said when its last repeat was whole.
        return desk.flush();
    }
    if let Some(lost) = lost(shop, job, &before)? {
        return report(shop, order.round, vec![lost]);
    }
    match end {
        OrderEnd::Rejected(why) => {
            report(shop, order.round, vec![reports::rejected(before, why.clone())])
        }
        OrderEnd::Completed => {
            Err(DeskError::Later("the order ended before every repeat was reported".to_owned()))
        }
        OrderEnd::Stopped => {
            let seen = Seen::read(desk, order.round)?;
            let due = seen.map(|seen| decide(&seen, &shop.rules)).unwrap_or_default();
            if let Some(reason) = due.out.get(&order.hotkey) {
                return report(shop, order.round, vec![reports::stopped(before, reason)]);
            }
            Ok(desk.flush()?)
        }
    }
}

/// A repeat that is not whole may have more failures than are forgiven.
fn lost(
    shop: &Shop<'_>,
    job: &Job,
    before: &GenerationReport,
) -> Result<Option<GenerationReport>, DeskError> {
    let order = &job.order;
    for index in 1..=order.repeats {
        let rows = shop.desk.rows(order.round, &order.hotkey, index)?;
        let (_, failed) = reports::count(&rows, &job.targets);
        let is_told = before.repeats.iter().any(|repeat| repeat.repeat_index == index);
        if failed > shop.rules.limits.failures && !is_told {
            let broken = reports::repeat(index, &rows, &job.targets, 0.0);
            let repeats = before.repeats.iter().cloned().chain([broken]).collect();
            let limits = shop.rules.limits;
            return Ok(Some(reports::verdict(before.clone(), repeats, order.repeats, limits)));
        }
    }
    Ok(None)
}

/// The leader's prompts that were not made have rows that say so; else they would be made again and again.
async fn note_baseline(shop: &Shop<'_>, job: &Job, end: &OrderEnd) -> Result<(), DeskError> {
    let why = match end {
        OrderEnd::Rejected(why) => why.as_str(),
        OrderEnd::Completed => "not made",
        OrderEnd::Stopped => return shop.desk.flush(),
    };
    let taker = Taker::new(shop, job.clone(), Stop::new());
    for (stem, _) in &job.order.prompts {
        let made = Made { repeat: 1, stem: stem.clone(), asset: Err(why.to_owned()) };
        taker.put(made).await.map_err(DeskError::Later)?;
    }
    shop.desk.flush()
}
