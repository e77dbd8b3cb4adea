//! What must hold after every commit, whatever goes wrong.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::files::duels::MatchReport;
use ledger::files::leader::Leaders;
use ledger::files::matrix::Matrix;
use ledger::files::outputs::Outputs;
use ledger::files::prompts;
use ledger::files::reports::{GenerationOutcome, GenerationReports};
use ledger::files::schedule::{Schedule, SeedFile};
use ledger::files::state::{Round, Stage, State};
use ledger::files::submissions::Submissions;
use ledger::files::winner::Winner;
use ledger::repository::{Draft, Id, Repository as _};
use ledger::{JsonFile, MinerFile, Place, RoundFile};
use store::Digest;

use crate::executor::lock;
use crate::scenario::{DAY_BLOCKS, OWNER};
use crate::world::World;

/// What was committed, and what must never be.
#[derive(Debug, Default)]
pub(crate) struct History {
    commits: BTreeMap<Id, Written>,
    /// Rounds that were left for the next.
    ended: u32,
    /// Files as they were read last, by path and content.
    read: BTreeMap<String, Vec<Known>>,
    pub(crate) violations: Vec<String>,
}

/// A content, and what was read in it.
type Known = (Id, Arc<dyn Any + Send + Sync>);

/// Before and after a commit.
type Both<T> = Option<(Arc<T>, Arc<T>)>;

/// A file that can be kept as it was read.
trait Kept: JsonFile + Send + Sync + 'static {}

impl<T: JsonFile + Send + Sync + 'static> Kept for T {}

#[derive(Debug, Clone)]
struct Written {
    parent: Option<Id>,
    paths: Vec<String>,
    by_hand: bool,
}

impl History {
    /// A commit that may come on the branch.
    pub(crate) fn wrote(&mut self, id: Id, parent: Option<Id>, draft: &Draft, by_hand: bool) {
        let paths = draft.changes.keys().cloned().collect();
        self.commits.insert(id, Written { parent, paths, by_hand });
    }

    pub(crate) fn rounds(&self) -> u32 {
        self.ended
    }
}

impl World {
    /// What the validator last set is what the leader is to have.
    pub(crate) fn check_weights(&self) {
        let text = self.file("leader.json").unwrap_or_default();
        let Ok(leaders) = Leaders::from_text("leader.json", &text) else { return };
        let Some((block, set)) = self.last_weights() else {
            return self.violation("weights: none were ever set");
        };
        let Some(active) = leaders.active_at(block) else { return };
        let leader = active.hotkey.parse::<chain::Account>().ok();
        let neuron = self.scenario.neurons.iter().find(|one| Some(one.hotkey) == leader);
        let uid = neuron.map_or(OWNER, |one| one.uid);
        let sum: f64 = set.iter().map(|(_, share)| f64::from(*share)).sum();
        let share = set.iter().find(|one| one.0 == uid).map_or(0.0, |one| f64::from(one.1) / sum);
        // Once the competition is over, the last leader is paid for as long as a round lasts.
        let is_over = self.state().is_some_and(|state| state.stage == Stage::Finished)
            && leaders.latest().is_some_and(|last| block >= last.effective_block + DAY_BLOCKS);
        let wanted = match () {
            () if is_over => 0.0,
            () if uid == OWNER => 1.0,
            () => active.weight,
        };
        if is_over && uid == OWNER {
            return;
        }
        if (share - wanted).abs() > 1e-3 {
            self.violation(format!("weights: {uid} got {share}, not {wanted}, at block {block}"));
        }
    }
}

/// Whether a file has rows of outputs.
fn is_outputs(file: &MinerFile) -> bool {
    matches!(file, MinerFile::Submitted | MinerFile::Generated | MinerFile::GeneratedRepeat(_))
}

/// Before and after a commit.
struct Change<'w> {
    world: &'w World,
    before: Id,
    after: Id,
}

impl World {
    /// Looks at a commit that the branch has now.
    pub(crate) fn look_at(&self, id: Id) {
        let written = lock(&self.history).commits.get(&id).cloned();
        let Some(Written { parent: Some(before), paths, by_hand: false }) = written else { return };
        let change = Change { world: self, before, after: id };
        for path in paths {
            if let Err(what) = change.check(&path) {
                self.violation(format!("{path}: {what}"));
            }
        }
    }
}

impl Change<'_> {
    fn text(&self, at: Id, path: &str) -> Option<String> {
        String::from_utf8(self.world.books.read(at, path).ok()??).ok()
    }

    /// Files do not change, so each content is read once.
    fn parse<T: Kept>(&self, at: Id, path: &str) -> Result<Option<Arc<T>>, String> {
        let Ok(Some(id)) = self.world.books.file_id(at, path) else { return Ok(None) };
        let known = |history: &History| {
            let (_, file) = history.read.get(path)?.iter().find(|(known, _)| *known == id)?;
            Arc::clone(file).downcast::<T>().ok()
        };
        if let Some(file) = known(&lock(&self.world.history)) {
            return Ok(Some(file));
        }
        let text = self.text(at, path);
        let file = T::from_optional(path, text.as_deref()).map_err(|error| error.to_string())?;
        let Some(file) = file.map(Arc::new) else { return Ok(None) };
        let mut history = lock(&self.world.history);
        let last = history.read.entry(path.to_owned()).or_default();
        last.push((id, Arc::clone(&file) as _));
        // Before and after a commit.
        if last.len() > 2 {
            last.remove(0);
        }
        Ok(Some(file))
    }

    fn needed<T: Kept>(&self, place: &Place) -> Result<Arc<T>, String> {
        let found = self.parse(self.after, &place.to_string())?;
        found.ok_or_else(|| format!("{place} is missing"))
    }

    /// Both of them, if the file was there before.
    fn both<T: Kept>(&self, path: &str) -> Result<Both<T>, String> {
        let Some(before) = self.parse(self.before, path)? else { return Ok(None) };
        let after = self.parse(self.after, path)?.ok_or("the file is lost")?;
        Ok(Some((before, after)))
    }

    fn check(&self, path: &str) -> Result<(), String> {
        let place = Place::parse(path);
        let written = match &place {
            // These are kept as they were read, for what is looked at below.
            Some(Place::Round(_, RoundFile::GenerationReports)) => {
                self.parse::<GenerationReports>(self.after, path).map(drop)
            }
            Some(Place::Miner(_, _, file)) if is_outputs(file) => {
                self.parse::<Outputs>(self.after, path).map(drop)
            }
            Some(Place::Miner(_, _, MinerFile::Duels(_) | MinerFile::Audit(..))) => {
                self.parse::<MatchReport>(self.after, path).map(drop)
            }
            Some(place) => {
                let text = self.text(self.after, path);
                text.map_or(Ok(()), |text| place.check(&text).map_err(|error| error.to_string()))
            }
            None => Ok(()),
        };
        written.map_err(|error| format!("written with an error: {error}"))?;
        match place {
            Some(Place::State) => self.state(),
            Some(Place::Config | Place::Pool) => Err("only the operator writes it".to_owned()),
            Some(Place::Leader) => self.leader(path),
            Some(Place::Round(round, file)) => match file {
                RoundFile::Seed | RoundFile::Prompts | RoundFile::Submissions => {
                    self.unchanging(path)
                }
                RoundFile::Schedule => self.schedule(path),
                RoundFile::Winner => self.winner(path),
                RoundFile::MatchesMatrix | RoundFile::AuditMatrix => self.matrix(path),
                RoundFile::GenerationReports => {
                    self.reports(path)?;
                    self.made(round, path)
                }
                _ => Ok(()),
            },
            Some(Place::Miner(_, _, file)) => match file {
                file if is_outputs(&file) => self.outputs(path),
                MinerFile::Duels(_) | MinerFile::Audit(..) => self.report(path),
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }

    fn unchanging(&self, path: &str) -> Result<(), String> {
        let before = self.text(self.before, path);
        if before.is_some() && before != self.text(self.after, path) {
            return Err("changed after it was written".to_owned());
        }
        Ok(())
    }

    /// The window of reveals stays; a deadline may move, to give miners time back.
    fn schedule(&self, path: &str) -> Result<(), String> {
        let Some((was, now)) = self.both::<Schedule>(path)? else { return Ok(()) };
        let window =
            |schedule: &Schedule| (schedule.earliest_reveal_block, schedule.latest_reveal_block);
        if window(&was) == window(&now)
            && was.generation_deadline_block <= now.generation_deadline_block
        {
            return Ok(());
        }
        Err("its window changed, or its deadline came nearer".to_owned())
    }

    fn winner(&self, path: &str) -> Result<(), String> {
        self.unchanging(path).map_err(|_| "a second winner".to_owned())
    }

    fn state(&self) -> Result<(), String> {
        let Some((before, after)) = self.both::<State>("state.json")? else { return Ok(()) };
        // An owner that waits for an operator at the end of a stage says where it goes on.
        let goes_on = |state: &State| state.resume_stage.filter(|_| state.stage == Stage::Paused);
        let (from, to) = (before.stage, goes_on(&after).unwrap_or(after.stage));
        let round = before.current_round;
        if from == to && round == after.current_round {
            return Ok(());
        }
        let next = if to == Stage::Open { round.next() } else { round };
        if after.current_round != next {
            return Err(format!("from round {round} {from:?} to {} {to:?}", after.current_round));
        }
        match (from, to) {
            (Stage::Open, Stage::MinerGeneration) => self.after_open(round),
            (Stage::Open, Stage::Finalizing) => Ok(()),
            (Stage::MinerGeneration, Stage::Downloading) => Ok(()),
            (Stage::Downloading, Stage::Duels) => self.after_downloads(round),
            (Stage::Duels, Stage::Finalizing) => self.after_duels(round),
            (Stage::Finalizing, Stage::Open) => {
                lock(&self.world.history).ended += 1;
                let schedule = Place::Round(next, RoundFile::Schedule);
                self.needed::<Schedule>(&schedule).map(drop)
            }
            (Stage::Finalizing, Stage::Finished) => {
                lock(&self.world.history).ended += 1;
                Ok(())
            }
            _ => Err(format!("round {round} went from {from:?} to {to:?}")),
        }
    }

    fn submissions(&self, round: Round) -> Result<Arc<Submissions>, String> {
        self.needed(&Place::Round(round, RoundFile::Submissions))
    }

    fn prompts(&self, round: Round) -> Result<Vec<String>, String> {
        let path = Place::Round(round, RoundFile::Prompts).to_string();
        let text = self.text(self.after, &path).ok_or(format!("{path} is missing"))?;
        Ok(prompts::of_round(&text).into_iter().map(str::to_owned).collect())
    }

    fn after_open(&self, round: Round) -> Result<(), String> {
        let seed = Place::Round(round, RoundFile::Seed);
        self.needed::<SeedFile>(&seed)?;
        if self.prompts(round)?.is_empty() || self.submissions(round)?.is_empty() {
            return Err(format!("round {round} has no prompts or no submissions"));
        }
        Ok(())
    }

    fn after_downloads(&self, round: Round) -> Result<(), String> {
        let prompts = self.prompts(round)?;
        for hotkey in self.submissions(round)?.keys() {
            let place = Place::Miner(round, hotkey.clone(), MinerFile::Submitted);
            let outputs: Arc<Outputs> = self.needed(&place)?;
            for url in &prompts {
                let stem = prompts::stem(url);
                let row = outputs.get(stem).ok_or_else(|| format!("{place}: no row {stem}"))?;
                if let (Some(_), Some(sha256)) = (&row.asset, &row.sha256) {
                    let extension = self.world.scenario.game.extension();
                    let key = format!("rounds/{round}/{hotkey}/submitted/{stem}.{extension}");
                    self.blob(&key, sha256)?;
                }
            }
        }
        Ok(())
    }

    fn after_duels(&self, round: Round) -> Result<(), String> {
        let place = Place::Round(round, RoundFile::Winner);
        let winner: Arc<Winner> = self.needed(&place)?;
        let submissions = self.submissions(round)?;
        if winner.winner_hotkey != ledger::LEADER
            && !submissions.contains_key(&winner.winner_hotkey)
        {
            return Err(format!("{place}: the winner did not submit"));
        }
        Ok(())
    }

    /// A blob is there and is what it was.
    fn blob(&self, key: &str, sha256: &str) -> Result<(), String> {
        let Some(bytes) = self.world.object(key) else {
            return Err(format!("the blob {key} is lost"));
        };
        if Digest::of(&bytes).to_string() != sha256 {
            return Err(format!("the blob {key} changed"));
        }
        Ok(())
    }

    fn leader(&self, path: &str) -> Result<(), String> {
        let Some((before, after)) = self.both::<Leaders>(path)? else { return Ok(()) };
        if !after.entries.starts_with(&before.entries) {
            return Err("entries were changed or lost".to_owned());
        }
        if after.entries.len() > before.entries.len() + 1 {
            return Err("two changes in one round".to_owned());
        }
        let kept = after.entries.iter().all(|entry| {
            entry.repo.as_deref() != Some("base/generator")
                || entry.layout.get("hardware").is_some()
        });
        if kept { Ok(()) } else { Err("a member that we do not know was lost".to_owned()) }
    }

    fn matrix(&self, path: &str) -> Result<(), String> {
        let read = |at| {
            let text = self.text(at, path).unwrap_or_default();
            Matrix::from_text(path, &text).map_err(|error| error.to_string())
        };
        let (before, after) = (read(self.before)?, read(self.after)?);
        for (left, right, margin) in before.iter() {
            match after.get(left, right) {
                Some(now) if now.to_bits() == margin.to_bits() => {}
                now => return Err(format!("{left},{right} was {margin}, is {now:?}")),
            }
        }
        Ok(())
    }

    fn outputs(&self, path: &str) -> Result<(), String> {
        let Some((before, after)) = self.both::<Outputs>(path)? else { return Ok(()) };
        for (stem, was) in &*before {
            let now = after.get(stem).ok_or_else(|| format!("the row {stem} is lost"))?;
            let same = (&was.asset, &was.sha256) == (&now.asset, &now.sha256);
            if was.asset.is_some() && !same {
                return Err(format!("the row {stem} had an asset and has another"));
            }
            if was.picture.is_some() && now.picture.is_none() {
                return Err(format!("the row {stem} lost its pictures"));
            }
        }
        Ok(())
    }

    /// What a repeat says it made has its row by then.
    fn made(&self, round: Round, path: &str) -> Result<(), String> {
        let Some(reports) = self.parse::<GenerationReports>(self.after, path)? else {
            return Ok(());
        };
        for (hotkey, report) in &*reports {
            for repeat in &report.repeats {
                let file = MinerFile::GeneratedRepeat(repeat.repeat_index);
                let rows: Arc<Outputs> = self.needed(&Place::Miner(round, hotkey.clone(), file))?;
                let (made, rows) = (repeat.generated_prompts, rows.len());
                if u32::try_from(rows).is_ok_and(|rows| rows < made) {
                    return Err(format!("{hotkey} made {made}, and {rows} are there"));
                }
            }
        }
        Ok(())
    }

    fn reports(&self, path: &str) -> Result<(), String> {
        let Some((before, after)) = self.both::<GenerationReports>(path)? else { return Ok(()) };
        for (hotkey, was) in &*before {
            let now = after.get(hotkey).ok_or_else(|| format!("{hotkey} is lost"))?;
            if was.outcome != GenerationOutcome::Pending && now.outcome != was.outcome {
                return Err(format!("{hotkey} was {:?}, is {:?}", was.outcome, now.outcome));
            }
            if now.repeats.len() < was.repeats.len() {
                return Err(format!("{hotkey} lost a repeat"));
            }
        }
        Ok(())
    }

    /// Everything a match report rests on is kept.
    fn report(&self, path: &str) -> Result<(), String> {
        let Some(report) = self.parse::<MatchReport>(self.after, path)? else {
            return Err("deleted".to_owned());
        };
        for duel in &report.duels {
            let Some(detail) = duel.detail.as_ref().and_then(|detail| detail.as_object()) else {
                continue;
            };
            let Some(evidence) = detail.get("evidence").and_then(|one| one.as_object()) else {
                continue;
            };
            let member = |name: &str| evidence.get(name).and_then(|value| value.as_str());
            let (Some(key), Some(sha256)) = (member("key"), member("sha256")) else {
                return Err(format!("{}: evidence without key and sha256", duel.name));
            };
            self.blob(key, sha256)?;
        }
        Ok(())
    }
}
