//! Our pending file and what others made of it meanwhile: what becomes of the two. Pure.
//!
//! A person's word stays: what is final there, is final. What only we have is added.

use ledger::files::builds::Builds;
use ledger::files::outputs::Outputs;
use ledger::files::pod_stats::AllPodStats;
use ledger::files::reports::{GenerationOutcome, GenerationReports};
use ledger::{ByName, FileError, JsonFile, MinerFile, Place, RoundFile};

/// The text to be committed in the place of `theirs`.
pub(super) fn merge(place: &Place, theirs: Option<&str>, ours: &str) -> Result<String, FileError> {
    match place {
        Place::Round(_, RoundFile::Builds) => {
            both(place, theirs, ours, |their: &Builds, hotkey, our| {
                let is_final = their.get(hotkey).is_some_and(|build| build.status.is_final());
                if is_final { None } else { Some(our) }
            })
        }
        Place::Round(_, RoundFile::GenerationReports) => {
            both(place, theirs, ours, |their: &GenerationReports, hotkey, our| {
                let their = their.get(hotkey);
                let is_final = |outcome| outcome != GenerationOutcome::Pending;
                if their.is_some_and(|report| is_final(report.outcome)) { None } else { Some(our) }
            })
        }
        Place::Miner(_, _, MinerFile::PodStats) => {
            both(place, theirs, ours, |_: &AllPodStats, _, our| Some(our))
        }
        _ => both(
            place,
            theirs,
            ours,
            |their: &Outputs, stem, our| {
                if their.contains_key(stem) { None } else { Some(our) }
            },
        ),
    }
}

/// `theirs` with those of our entries that `keep` gives back.
fn both<T>(
    place: &Place,
    theirs: Option<&str>,
    ours: &str,
    keep: impl Fn(&ByName<T>, &str, T) -> Option<T>,
) -> Result<String, FileError>
where
    ByName<T>: JsonFile,
{
    let path = place.to_string();
    let mut merged = ByName::<T>::from_optional(&path, theirs)?.unwrap_or_default();
    for (name, our) in ByName::<T>::from_optional(&path, Some(ours))?.unwrap_or_default() {
        if let Some(kept) = keep(&merged, &name, our) {
            merged.insert(name, kept);
        }
    }
    Ok(merged.to_text())
}
