//! Leaders and weights follow from winners, round by round.

use ledger::files::config::Config;
use ledger::files::leader::{LeaderEntry, Leaders};
use ledger::files::schedule::Schedule;
use ledger::files::winner::{JudgeProgress, Winner};
use ledger::{LEADER, Place, Round, RoundFile, Stage};

use super::Verifier;
use super::books::File;
use super::matches::is_near;
use super::report::{Check, steps};
use crate::leader::{Ending, Transition, transition};

/// How a round ended.
enum Ended {
    Won(Winner),
    Empty,
}

impl Verifier<'_> {
    /// Checks `leader.json`.
    pub(super) fn check_leader(&mut self, rounds: &[Round]) {
        let Some(file) = self.books.json::<Leaders>(&mut self.log, &Place::Leader) else {
            if !self.books.has(&Place::Leader) {
                self.log.missing(Check::Leader, "leader.json", "is not there");
            }
            return;
        };
        let as_object = file.text.trim_start().starts_with('{');
        let entries = &file.value.entries;
        for (at, entry) in entries.iter().enumerate() {
            let spot = file.member(way(as_object, at, "weight"));
            self.log.hold(Check::Leader, (0.0..=1.0).contains(&entry.weight), &spot, || {
                format!("{} is not from 0 to 1", entry.weight)
            });
            let spot = file.member(way(as_object, at, "hotkey"));
            self.log.hold_or_notice(Check::Leader, entry.hotkey != LEADER, &spot, || {
                "stands for a hotkey, and is none".to_owned()
            });
            let before = at.checked_sub(1).map(|at| entries[at].effective_block);
            let spot = file.member(way(as_object, at, "effective_block"));
            self.log.hold_or_notice(
                Check::Leader,
                before.is_none_or(|before| before < entry.effective_block),
                &spot,
                || format!("{} is not after the entry before", entry.effective_block),
            );
        }
        if self.is_original
            && entries.windows(2).any(|pair| pair[0].effective_block >= pair[1].effective_block)
        {
            let what = "leaders after rounds: the entries are not in the order of their blocks";
            return self.log.unchecked(Check::Leader, what);
        }
        // Entries up to the first round's start were written by hand.
        let mut accounted = None;
        for &round in rounds {
            if !self.has_left(round, Stage::Finalizing) {
                continue;
            }
            self.enter(Some(round));
            let wanted = self.only.is_none_or(|only| only == round);
            self.check_transition(round, &file, as_object, wanted, &mut accounted);
        }
        self.enter(None);
        if let (Some(accounted), None) = (accounted, self.only) {
            for (at, entry) in entries.iter().enumerate().skip(accounted) {
                let spot = file.member(way(as_object, at, "effective_block"));
                let problem = format!(
                    "no round that is over made this entry of block {}",
                    entry.effective_block
                );
                self.log.noticed(Check::Leader, &spot, problem);
            }
        }
        if !entries.is_empty() {
            self.check_weights(&file, as_object);
        }
    }

    /// What one round made of `leader.json`. `accounted`: how many entries are explained by it and the rounds before.
    fn check_transition(
        &mut self,
        round: Round,
        file: &File<Leaders>,
        as_object: bool,
        wanted: bool,
        accounted: &mut Option<usize>,
    ) {
        let entries = &file.value.entries;
        let schedule = Self::schedule_then;
        let Some(from) = schedule(self, round).map(|schedule| schedule.latest_reveal_block) else {
            return self.log.unchecked(
                Check::Leader,
                "no schedule.json, so the leader after the round is not checked",
            );
        };
        let known = entries.iter().take_while(|entry| entry.effective_block <= from).count();
        if let Some(before) = *accounted
            && known > before
            && wanted
        {
            let spot = file.member(way(as_object, before, "effective_block"));
            let problem =
                format!("no round made this entry of block {}", entries[before].effective_block);
            self.log.noticed(Check::Leader, &spot, problem);
        }
        *accounted = Some(known);
        let ended = self.ended(round);
        let next = schedule(self, round.next()).map(|schedule| schedule.latest_reveal_block);
        let new = entries.get(known);
        // After the last round nothing tells at which block the next would have begun.
        let effective = next.or_else(|| new.map(|entry| entry.effective_block));
        let produced = new.filter(|entry| next.is_none_or(|next| entry.effective_block <= next));
        *accounted = Some(known + usize::from(produced.is_some()));
        if !wanted {
            return;
        }
        if next.is_none() && produced.is_some() {
            let what =
                "the block from which the last entry counts: the round after it was never planned";
            self.log.unchecked(Check::Leader, what);
        }
        let times = self.past.closed.get(&round).map_or(0, Vec::len);
        let is_dated = self.is_closing_dated(round);
        let more = entries[known..]
            .iter()
            .take_while(|entry| next.is_some_and(|next| entry.effective_block <= next));
        if self.log.is_lenient() && (times > 1 || (!is_dated && more.count() > 1)) {
            *accounted = Some(
                entries
                    .iter()
                    .take_while(|entry| next.is_none_or(|next| entry.effective_block <= next))
                    .count(),
            );
            let what = "the leader after the round: it was closed more than once, so an operator mended it";
            return self.log.unchecked(Check::Leader, what);
        }
        let (Some(ended), Some(config)) = (ended, self.config_of_transition(round)) else {
            return self.log.unchecked(
                Check::Leader,
                "the winner is not known, so the leader after the round is not checked",
            );
        };
        let Some(latest) = known.checked_sub(1).map(|at| &entries[at]) else {
            return self
                .log
                .unchecked(Check::Leader, "there was no leader before, so decay is not checked");
        };
        let ending = match &ended {
            Ended::Won(winner) => Ending::Won(winner),
            Ended::Empty => Ending::NoSubmissions,
        };
        let expected = transition(latest, ending, &config, effective.unwrap_or_default());
        let expected = self.by_other_rules(expected, latest, produced, is_dated);
        let who = match &ended {
            Ended::Won(winner) if winner.winner_hotkey != LEADER => winner.winner_hotkey.clone(),
            _ => "the leader, who defended".to_owned(),
        };
        let differs = match (expected.entry(), produced) {
            (Some(expected), Some(produced)) => {
                expected.effective_block != produced.effective_block
            }
            (expected, produced) => expected.is_some() != produced.is_some(),
        };
        if differs && self.log.is_lenient() && self.is_planned_by_hand(round.next()) {
            let what = "the leader after the round: an operator planned the next one by hand";
            return self.log.unchecked(Check::Leader, what);
        }
        let is_elsewhere = differs && expected.entry().is_some() && produced.is_some();
        if is_elsewhere && self.log.is_lenient() && !is_dated {
            let what =
                "the block from which a leader counts: the schedule may have been another one then";
            return self.log.unchecked(Check::Leader, what);
        }
        match (expected.entry(), produced) {
            (None, None) => self.log.agree(Check::Leader, 1),
            (None, Some(_)) => {
                let spot = file.member(way(as_object, known, "effective_block"));
                self.log.found(
                    Check::Leader,
                    &spot,
                    "the leader defended at the floor of its weight: there should be no such entry",
                );
            }
            (Some(expected), None) => {
                let problem = format!(
                    "no entry for round {round}, which went to {who}: weight {} from block {}",
                    expected.weight,
                    next.map_or("after it".to_owned(), |next| next.to_string()),
                );
                let spot = match new {
                    Some(_) => file.member(way(as_object, known, "effective_block")),
                    None => file.line(1, ""),
                };
                self.log.found(Check::Leader, &spot, problem);
            }
            (Some(expected), Some(produced)) => {
                self.compare_entry(file, as_object, known, expected, produced, &who);
            }
        }
    }

    fn compare_entry(
        &mut self,
        file: &File<Leaders>,
        as_object: bool,
        at: usize,
        expected: &LeaderEntry,
        found: &LeaderEntry,
        who: &str,
    ) {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let pairs = [
            ("hotkey", found.hotkey.clone(), expected.hotkey.clone()),
            ("repo", text(&found.repo), text(&expected.repo)),
            ("commit", text(&found.commit), text(&expected.commit)),
            ("docker", text(&found.docker), text(&expected.docker)),
            ("weight", found.weight.to_string(), expected.weight.to_string()),
            (
                "effective_block",
                found.effective_block.to_string(),
                expected.effective_block.to_string(),
            ),
        ];
        let near = self.log.is_lenient() && is_near(found.weight, expected.weight);
        for (member, is, should) in pairs {
            // Documents from before leave members out, and the splat era did not round.
            let left_out = is.is_empty() || (member == "weight" && near);
            self.log.hold(
                Check::Leader,
                left_out || is == should,
                &file.member(way(as_object, at, member)),
                || {
                    format!(
                        "{}, but the round went to {who}: {}",
                        ledger::shorten(&is),
                        ledger::shorten(&should)
                    )
                },
            );
        }
    }

    /// How a round ended, as its files say; whether that is right is another matter.
    fn ended(&mut self, round: Round) -> Option<Ended> {
        if let Some(winner) = self.winner_of(round) {
            return Some(Ended::Won(winner));
        }
        if self.was_empty(round) {
            return Some(Ended::Empty);
        }
        let place = Place::Round(round, RoundFile::JudgeProgress);
        let progress: File<JudgeProgress> = self.books.json(&mut self.log, &place)?;
        let hotkey = progress.value.leader;
        if hotkey == LEADER {
            return Some(Ended::Empty);
        }
        let builds = self.basis(round).builds?;
        let build = builds.value.get(&hotkey)?;
        Some(Ended::Won(Winner {
            winner_hotkey: hotkey,
            repo: build.repo.clone(),
            commit: build.commit.clone(),
            docker_image: build.docker_image.clone().unwrap_or_default(),
            layout: ledger::Layout::default(),
        }))
    }

    /// The rules as they were when a round was closed.
    fn config_of_transition(&self, round: Round) -> Option<Config> {
        let schedule = Place::Round(round.next(), RoundFile::Schedule).to_string();
        let closed = self.past.closed.get(&round).and_then(|all| all.last().copied());
        let at = self.introduced(&schedule).or(closed);
        at.and_then(|at| self.config_at(at)).or_else(|| self.config_now())
    }

    /// Whether it is known when a round was closed.
    fn is_closing_dated(&self, round: Round) -> bool {
        let schedule = Place::Round(round.next(), RoundFile::Schedule).to_string();
        self.introduced(&schedule).is_some() || self.past.closed.contains_key(&round)
    }

    /// What follows of a leader who defended, by what is there: of the original, if nobody knows which rules held then, a weight
    /// may have gone down by something else, or have been at another floor.
    fn by_other_rules(
        &mut self,
        expected: Transition,
        latest: &LeaderEntry,
        produced: Option<&LeaderEntry>,
        is_dated: bool,
    ) -> Transition {
        if is_dated || !self.log.is_lenient() || matches!(expected, Transition::Changed(_)) {
            return expected;
        }
        let other = match produced {
            None => Transition::Unchanged,
            Some(entry) if (0.0..latest.weight).contains(&entry.weight) => {
                let usual = expected.entry().unwrap_or(latest);
                let effective_block = expected
                    .entry()
                    .map_or(entry.effective_block, |expected| expected.effective_block);
                let weight = entry.weight;
                Transition::Decayed(LeaderEntry { weight, effective_block, ..usual.clone() })
            }
            Some(_) => return expected,
        };
        if other != expected {
            let what =
                "the weight of a leader who defended: config.json may have been another one then";
            self.log.unchecked(Check::Leader, what);
        }
        other
    }

    /// The schedule of a round, of the original as it was planned: operators moved some later.
    fn schedule_then(this: &mut Self, round: Round) -> Option<Schedule> {
        let place = Place::Round(round, RoundFile::Schedule);
        let now = this.books.json(&mut this.log, &place).map(|file| file.value);
        let first = this.introduced(&place.to_string()).filter(|_| this.log.is_lenient());
        first.and_then(|id| this.books.find_at(id, &place)).or(now)
    }
}

/// The way to a member of an entry, in either form of the file.
pub(super) fn way(as_object: bool, at: usize, member: &str) -> Vec<ledger::json::Step> {
    if as_object { steps!["transitions", at, member] } else { steps![at, member] }
}
