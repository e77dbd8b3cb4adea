//! The prompts of a round follow from its seed, the pool and the round before.

use std::collections::{BTreeMap, BTreeSet};

use ledger::files::config::Config;
use ledger::files::prompts;
use ledger::repository::Id;
use ledger::{Place, Round, RoundFile};

use super::books::File;
use super::report::Check;
use super::rules::Rules;
use super::{Verifier, books};
use crate::selection::{Choice, Rule, select};

/// Prompts of the round before that may have been carried over by other rules, at most.
const CARRIED_MAX: usize = 1024;

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
        let is_lenient = self.log.is_lenient();
        let urls = file.value.iter().map(|(url, _)| if is_lenient { url.trim() } else { url });
        let urls: Vec<&str> = urls.collect();
        let mut lines = BTreeMap::new();
        for (url, line) in &file.value {
            lines.entry(prompts::stem(url)).or_insert(*line);
        }
        for (stem, times) in prompts::unusable_stems(&urls) {
            let line = lines.get(stem).copied().unwrap_or(1);
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
        let then = self.introduced(&file.path);
        let pool = match self.books.pool(then) {
            Ok(Some(pool)) => pool,
            Ok(None) => {
                let what = "no prompts.txt, so the choice of prompts is not checked";
                return self.log.unchecked(Check::Prompts, what);
            }
            Err(problem) => {
                return self.log.missing(Check::Files, &Place::Pool.to_string(), problem);
            }
        };
        let at = then.unwrap_or(self.books.snapshot.id());
        let Ok(previous) = self.previous_prompts(at, round, rules, config) else {
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
        let again = self.written.get(&file.path).copied().filter(|_| is_lenient && then.is_some());
        if let Some(again) = again.filter(|again| Some(*again) != then)
            && self.is_picked_at(again, (round, rules), seed, order, &urls)
        {
            return self.log.agree(Check::Prompts, urls.len() as u64);
        }
        let expected = first.unwrap_or_default();
        let at = urls.iter().zip(&expected).take_while(|(is, should)| is == should).count();
        if then.is_none() {
            let known: BTreeSet<&str> = pool.iter().chain(&previous).copied().collect();
            // What is carried over does not depend on the pool; the rest of the original's may be from an earlier one.
            let carried = usize::try_from(config.carryover_prompts).unwrap_or_default();
            let from_pool = is_lenient && at >= carried.min(previous.len());
            let by_others =
                || is_lenient && is_by_other_rules(&urls, &previous, &pool, seed, order);
            if from_pool || urls.iter().any(|url| !known.contains(url)) || by_others() {
                let what = "the pool, or how many are picked, was another one when prompts were picked, and without a history it is not known which";
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

    /// Whether a round of the original that was begun again by hand has the prompts that its seed picked then.
    fn is_picked_at(
        &self,
        at: Id,
        (round, rules): (Round, Rules),
        seed: u32,
        order: &[Rule],
        urls: &[&str],
    ) -> bool {
        let config = self.config_at(at).or_else(|| self.config_now());
        let (Some(config), Ok(Some(pool))) = (config, self.books.pool(Some(at))) else {
            return false;
        };
        let Ok(previous) = self.previous_prompts(at, round, rules, &config) else { return false };
        let previous = previous.as_deref().map(prompts::pool).unwrap_or_default();
        let pool = prompts::pool(&pool);
        order.iter().any(|&rule| {
            let choice = Choice {
                pool: &pool,
                previous: &previous,
                seed,
                prompts_per_round: config.prompts_per_round,
                carryover_prompts: config.carryover_prompts,
                rule,
            };
            select(&choice).is_ok_and(|picked| picked == urls)
        })
    }

    /// The text that prompts are carried over from; `Err` if it should be there and is not.
    fn previous_prompts(
        &self,
        at: Id,
        round: Round,
        rules: Rules,
        config: &Config,
    ) -> Result<Option<String>, ()> {
        if config.carryover_prompts <= 0 {
            return Ok(None);
        }
        let Some(nearest) = round.previous() else { return Ok(None) };
        let prompts = |round| Place::Round(round, RoundFile::Prompts);
        if rules != Rules::Crucible {
            return self.books.text_at(at, &prompts(nearest).to_string()).map(Some).ok_or(());
        }
        // Nobody submitted to a round: we go further back, the original stops.
        for &earlier in self.books.rounds_before(round).iter().rev() {
            if self.books.has(&prompts(earlier)) {
                return self.books.text_at(at, &prompts(earlier).to_string()).map(Some).ok_or(());
            }
            if !self.was_empty(earlier) {
                return Err(());
            }
        }
        // No round before had prompts.
        if self.was_empty(nearest) { Ok(None) } else { Err(()) }
    }
}

/// Whether prompts may have been picked by other numbers, and from another pool: as many of the round before as the seed picks of
/// them stand first, and behind those are not more of them than chance brings.
fn is_by_other_rules(
    urls: &[&str],
    previous: &[&str],
    pool: &[&str],
    seed: u32,
    rules: &[Rule],
) -> bool {
    let before: BTreeSet<&str> = previous.iter().copied().collect();
    let most = urls.len().min(previous.len()).min(CARRIED_MAX);
    rules.iter().any(|&rule| {
        (0..=most).any(|count| {
            let number = i64::try_from(count).unwrap_or_default();
            let choice = Choice {
                pool: &[],
                previous,
                seed,
                prompts_per_round: number,
                carryover_prompts: number,
                rule,
            };
            let Ok(carried) = select(&choice) else { return false };
            if !urls.starts_with(&carried) {
                return false;
            }
            let rest = &urls[carried.len()..];
            let again = rest.iter().filter(|url| before.contains(*url)).count();
            let chance = rest.len() * previous.len() / pool.len().max(1);
            again <= 3 + 3 * chance
        })
    })
}
