//! Who was admitted, in which order, and the seed, follow from what was seen on the chain.

use std::collections::BTreeMap;

use ledger::files::config::Config;
use ledger::files::schedule::{Schedule, SeedFile};
use ledger::files::submissions::Submissions;
use ledger::{Place, Round, RoundFile};

use super::books::File;
use super::report::{Check, steps};
use super::{Verifier, diff};
use crate::collector::{Admission, Observed, Refusal, admit, observed, seed};
use ledger::Field as _;

impl Verifier<'_> {
    /// Checks a round of ours against `commitments.json`.
    pub(super) fn check_admission(
        &mut self,
        round: Round,
        config: &Config,
        schedule: Option<&Schedule>,
        seed_file: Option<&File<SeedFile>>,
        submissions: Option<&File<Submissions>>,
    ) {
        let path = observed::path(round);
        let Some(file) = self.books.json_at::<Observed>(&mut self.log, &path) else {
            if submissions.is_some() && !self.books.paths.contains(&path) {
                let problem = "is not there, so nobody can tell who had to be admitted";
                self.log.found_whole(Check::Submissions, &path, problem);
            }
            return;
        };
        let Some(schedule) = schedule else { return };
        let seen = &file.value;
        let (block, due) = (seen.start.number, schedule.latest_reveal_block);
        self.log.hold(
            Check::Submissions,
            block == due,
            &file.member(steps!["start_block"]),
            || format!("{block}, but the window of reveals ends with block {due}"),
        );
        let (read, start) = (seen.read.number, seen.start.number);
        self.log.hold(
            Check::Submissions,
            read >= start,
            &file.member(steps!["read_block"]),
            || format!("{read} is before start_block, {start}"),
        );
        if let Some(deadline) = schedule.generation_deadline_block
            && let Some(Ok(planned)) = schedule.layout.get("planned_deadline_block").map(u64::read)
        {
            let late = seen.published_block.saturating_sub(due);
            let expected = planned.saturating_add(late);
            let spot = file.member(steps!["published_block"]);
            self.log.hold(Check::Schedule, deadline == expected, &spot, || {
                format!("the round began {late} blocks late, which makes generation_deadline_block {expected}, not {deadline}")
            });
        }
        let published = seen.published_block;
        let spot = file.member(steps!["published_block"]);
        self.log.hold(Check::Submissions, published >= read, &spot, || {
            format!("{published} is before read_block, {read}")
        });
        self.check_observed(round, schedule, &file);
        if let Some(stated) = seed_file {
            let expected = seed(seen.netuid, round, &seen.start.hash);
            let found = stated.value.seed;
            self.log.hold(Check::Seed, found == expected, &stated.member(steps!["seed"]), || {
                format!("{found}, but the hash of block {block} makes it {expected}")
            });
        }
        self.read_earlier(round);
        let admission = admit(seen, config, schedule, round, &self.earlier);
        match submissions {
            Some(stated) => self.compare_submissions(stated, &admission),
            None if !admission.submissions.is_empty() => {
                let problem = format!(
                    "{} hotkeys had to be admitted, but nobody was",
                    admission.submissions.len()
                );
                self.log.found(Check::Submissions, &file.member(steps!["hotkeys"]), problem);
            }
            None => self.log.agree(Check::Submissions, 1),
        }
    }

    /// Reads who took part in the rounds before one. Rounds are checked in order, so none is read twice.
    fn read_earlier(&mut self, round: Round) {
        let known = self.earlier_known;
        let all = self.books.rounds_before(round).to_vec();
        for before in all.into_iter().filter(|&before| before >= known) {
            let place = Place::Round(before, RoundFile::Submissions);
            if let Some(file) = self.books.json::<Submissions>(&mut self.log, &place) {
                self.earlier.add(before, &file.value);
            }
        }
        self.earlier_known = round;
    }

    fn compare_submissions(&mut self, stated: &File<Submissions>, admission: &Admission) {
        let expected = &admission.submissions;
        let refused: BTreeMap<String, &Refusal> =
            admission.refused.iter().map(|(who, why)| (who.to_string(), why)).collect();
        for (at, (hotkey, submission)) in stated.value.iter().enumerate() {
            let spot = stated.member(steps![hotkey]);
            let Some((place, _, should)) = expected.get_full(hotkey) else {
                let why = refused
                    .get(hotkey)
                    .map_or("it revealed nothing".to_owned(), |why| why.to_string());
                self.log.found(Check::Submissions, &spot, format_args!("had to be refused: {why}"));
                continue;
            };
            // What an operator adds is no lie, so only our own members are compared.
            let mut is = submission.plain();
            let should = should.plain();
            if let (Some(should), ledger::json::Json::Object(is)) = (should.as_object(), &mut is) {
                is.retain(|member, _| should.contains_key(member));
            }
            if let Some((path, problem)) = diff::first(&is, &should) {
                let mut way = steps![hotkey];
                way.extend(path);
                self.log.found(Check::Submissions, &stated.member(way), problem);
            } else if place != at {
                let problem = format!(
                    "is number {}, but by its block and the seed it is number {}",
                    at + 1,
                    place + 1
                );
                self.log.found(Check::Submissions, &spot, problem);
            } else {
                self.log.agree(Check::Submissions, 1);
            }
        }
        for hotkey in expected.keys().filter(|hotkey| !stated.value.contains_key(*hotkey)) {
            let problem = format!("{hotkey} had to be admitted, and is not there");
            self.log.found(Check::Submissions, &stated.line(1, ""), problem);
        }
    }
}
