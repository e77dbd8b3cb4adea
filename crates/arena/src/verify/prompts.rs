//! The prompts of a round follow from its seed, the pool and the round before.

use ledger::files::config::Config;
use ledger::files::prompts;
use ledger::repository::Snapshot;
use ledger::{Place, Round, RoundFile};

use super::books::File;
use super::report::Check;
use super::rules::Rules;
use super::{Verifier, books};
use crate::selection::{Choice, Rule, select};

impl Verifier<'_> {
    /// Checks `prompts.txt` of a round.
    pub(super) fn check_prompts(
        &mut self,
        round: Round,
        rules: Rules,
        config: &Config,
        seed: Option<u32>,
        file: &File<books::Prompts>,
    ) {
        let urls: Vec<&str> = file.value.iter().map(|(url, _)| url.as_str()).collect();
        for (stem, times) in prompts::unusable_stems(&urls) {
            let line = file.value.iter().find(|(url, _)| prompts::stem(url) == stem);
            let line = line.map_or(1, |(_, line)| *line);
            let stem = ledger::shorten(stem);
            let problem = format!(
                "{times} prompts are called \"{stem}\": their outputs cannot be told apart"
            );
            // The earlier eras could pick a prompt twice.
            self.log.noticed(Check::Prompts, &file.line(line, ""), problem);
        }
        let Some(seed) = seed else {
            self.log
                .unchecked(Check::Prompts, "no seed.json, so the choice of prompts is not checked");
            return;
        };
        let pool_path = Place::Pool.to_string();
        let then = self.introduced(&file.path);
        let snapshot =
            then.map_or(self.books.snapshot, |id| Snapshot::new(self.books.repository, id));
        let pool = match snapshot.text(&Place::Pool) {
            Ok(Some(pool)) => pool,
            Ok(None) => {
                let what = "no prompts.txt, so the choice of prompts is not checked";
                return self.log.unchecked(Check::Prompts, what);
            }
            Err(error) => {
                let problem = books::read_problem(&error);
                return self.log.missing(Check::Files, &pool_path, problem);
            }
        };
        let Ok(previous) = self.previous_prompts(snapshot, round, rules, config) else {
            let what =
                "the prompts of the round before are not there, so the choice is not checked";
            return self.log.unchecked(Check::Prompts, what);
        };
        let previous = previous.as_deref().map(prompts::pool).unwrap_or_default();
        let pool = prompts::pool(&pool);
        let expected = |rule| {
            let (prompts_per_round, carryover_prompts) =
                (config.prompts_per_round, config.carryover_prompts);
            let (pool, previous) = (pool.as_slice(), previous.as_slice());
            select(&Choice { pool, previous, seed, prompts_per_round, carryover_prompts, rule })
        };
        // What was picked twice in the earlier eras was not there to pick later; forks of the original may do either.
        let order: &[Rule] = match rules {
            Rules::Crucible => &[Rule::Distinct],
            Rules::Modules => &[Rule::Distinct, Rule::Repeats],
            Rules::Meshes | Rules::Splats => &[Rule::Repeats, Rule::Distinct],
        };
        let mut first = None;
        for &rule in order {
            match expected(rule) {
                Ok(expected) if expected == urls => {
                    return self.log.agree(Check::Prompts, urls.len() as u64);
                }
                Ok(expected) => first = first.or(Some(expected)),
                Err(error) => {
                    return self.log.missing(
                        Check::Config,
                        "config.json",
                        format_args!("picks no prompts: {error}"),
                    );
                }
            }
        }
        let expected = first.unwrap_or_default();
        let at = urls.iter().zip(&expected).take_while(|(is, should)| is == should).count();
        if then.is_none() {
            let known: std::collections::BTreeSet<&str> =
                pool.iter().chain(&previous).copied().collect();
            // What is carried over does not depend on the pool; the rest of the original's may be from an earlier one.
            let carried = usize::try_from(config.carryover_prompts).unwrap_or_default();
            let from_pool = self.log.is_lenient() && at >= carried.min(previous.len());
            if from_pool || urls.iter().any(|url| !known.contains(url)) {
                let what = "the pool was another one when prompts were picked, and without a history it is not known which";
                return self.log.unchecked(Check::Prompts, what);
            }
        }
        let line = file
            .value
            .get(at)
            .map_or(file.value.last().map_or(1, |(_, line)| line + 1), |(_, line)| *line);
        let shown = |urls: &[&str]| {
            urls.get(at).map_or("nothing".to_owned(), |url| format!("\"{}\"", ledger::shorten(url)))
        };
        let problem = format!(
            "prompt {} of {} is {}, seed {seed} picks {} ({} in all)",
            at + 1,
            urls.len(),
            shown(&urls),
            shown(&expected),
            expected.len(),
        );
        self.log.found(Check::Prompts, &file.line(line, ""), problem);
    }

    /// The text that prompts are carried over from; `Err` if it should be there and is not.
    fn previous_prompts(
        &self,
        snapshot: Snapshot<'_>,
        round: Round,
        rules: Rules,
        config: &Config,
    ) -> Result<Option<String>, ()> {
        let mut before = round.previous();
        if config.carryover_prompts <= 0 {
            return Ok(None);
        }
        let Some(nearest) = before else { return Ok(None) };
        while let Some(earlier) = before {
            let text = snapshot.text(&Place::Round(earlier, RoundFile::Prompts));
            match text {
                Ok(Some(text)) => return Ok(Some(text)),
                // Nobody submitted to that round: we go further back, the original stops.
                Ok(None) if rules == Rules::Crucible && self.was_empty(earlier) => {
                    before = earlier.previous();
                }
                _ => return Err(()),
            }
        }
        // No round before had prompts.
        if self.was_empty(nearest) { Ok(None) } else { Err(()) }
    }
}
