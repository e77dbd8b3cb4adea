//! Reports of matches belong to the round, and their scores follow from their duels.

use std::collections::{BTreeMap, BTreeSet};

use judge::audit;
use judge::matches::{margin, score};
use judge::tournament::Intervals;
use ledger::files::config::Config;
use ledger::files::duels::{Duel, DuelWinner, MatchReport, Side};
use ledger::files::outputs::{AssetKind, Output};
use ledger::files::prompts;
use ledger::files::submissions::Submissions;
use ledger::json::Json;
use ledger::{LEADER, MinerFile, Place, Round, hotkey10};

use super::Verifier;
use super::books::{File, Prompts};
use super::outputs::{OutputsFile, row};
use super::report::{Check, steps};
use super::rules::Rules;

/// What is known of a round while it is checked.
pub(super) struct Context {
    pub(super) round: Round,
    pub(super) rules: Rules,
    /// The rules that it began with.
    pub(super) config: Config,
    /// Those that held while it ran, the last ones first.
    pub(super) configs: Vec<Config>,
    /// Whether it is known when it began.
    pub(super) is_dated: bool,
    pub(super) seed: Option<u32>,
    pub(super) prompts: Option<File<Prompts>>,
    /// Of the prompts, sorted, none twice.
    pub(super) stems: Vec<String>,
    pub(super) submissions: Option<File<Submissions>>,
    /// Who challenges, in order.
    pub(super) order: Vec<String>,
    /// The same, to be looked up.
    pub(super) who: BTreeSet<String>,
}

impl Context {
    /// The prompts by their names. Of the earlier eras two may have one name.
    fn urls(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut urls = BTreeMap::<_, Vec<_>>::new();
        for (url, _) in self.prompts.iter().flat_map(|file| &file.value) {
            // Operators of the original left spaces behind prompts.
            let url = if self.rules == Rules::Crucible { url } else { url.trim() };
            urls.entry(prompts::stem(url)).or_default().push(url);
        }
        urls
    }

    /// How many prompts margins are shares of.
    pub(super) fn prompt_count(&self) -> usize {
        self.prompts.as_ref().map_or(0, |file| file.value.len())
    }
}

/// The report of a match.
pub(super) struct Match {
    pub(super) file: File<MatchReport>,
    /// The rules by which it was played.
    pub(super) config: Config,
    /// Which repeat, of an audit.
    pub(super) repeat: Option<u32>,
    pub(super) left: Option<OutputsFile>,
    pub(super) right: Option<OutputsFile>,
    /// Of the original, both as they were when the report was written, if that is known and another.
    pub(super) then: [Option<Option<OutputsFile>>; 2],
}

impl Match {
    /// Whether a side's outputs are made by its image, which may have to try again.
    fn is_made_again(&self, side: &str) -> bool {
        let is_left = matches!(side, "left" | "leader");
        if is_left { self.file.value.left == LEADER } else { self.repeat.is_some() }
    }
}

/// What reports say, by the sides in the matrix: path and margin.
#[derive(Default)]
pub(super) struct Played {
    pub(super) margins: BTreeMap<(String, String), (String, f64)>,
    pub(super) intervals: Intervals,
    /// Who won, in words, where the report says.
    pub(super) outcomes: BTreeMap<(String, String), String>,
}

/// How reports of the splat era say who won.
pub(super) const WINS: &str = "challenger_wins";
pub(super) const DEFENDS: &str = "leader_defends";

impl Verifier<'_> {
    /// Checks every report of a round.
    pub(super) fn check_matches(&mut self, context: &Context) -> Played {
        let mut played = Played::default();
        let folder = format!("rounds/{}/", context.round);
        let places: Vec<Place> =
            self.books.below(&folder).filter_map(|path| Place::parse(path)).collect();
        for place in places {
            let Place::Miner(round, hotkey, file) = &place else { continue };
            let (named, repeat) = match file {
                MinerFile::DuelsWithLeader => (None, None),
                MinerFile::Duels(left) => (Some(left), None),
                MinerFile::Audit(left, repeat) => (Some(left), Some(*repeat)),
                _ => continue,
            };
            let Some(file) = self.books.json::<MatchReport>(&mut self.log, &place) else {
                continue;
            };
            let (left, right) = (file.value.left.clone(), file.value.right.clone());
            let (left_key, right_key) = match context.rules {
                Rules::Splats => ("leader", "hotkey"),
                _ => ("left", "right"),
            };
            let same = named.is_none_or(|named| *named == left || named == hotkey10(&left));
            if !self.log.hold(
                Check::Duels,
                right == *hotkey,
                &file.member(steps![right_key]),
                || format!("\"{}\", but this is a report of {hotkey}", ledger::shorten(&right)),
            ) || !self.log.hold(Check::Duels, same, &file.member(steps![left_key]), || {
                format!("\"{}\", but the name of the file says otherwise", ledger::shorten(&left))
            }) {
                continue;
            }
            let sides = [left.as_str(), hotkey.as_str()];
            let mut outputs = self.sides(*round, context.rules, sides, repeat, None);
            let mut then = [None, None];
            if self.written.contains_key(&file.path) {
                let were = self.sides(*round, context.rules, sides, repeat, Some(&file.path));
                if context.rules == Rules::Crucible {
                    outputs = were;
                } else {
                    then = were.map(Some);
                }
            }
            let [left_outputs, right_outputs] = outputs;
            let config = context.config.clone();
            let mut one =
                Match { file, config, repeat, left: left_outputs, right: right_outputs, then };
            if self.sides_broken(*round, context.rules, sides, repeat) {
                let what = "duels: the outputs of a side could not be read";
                self.log.unchecked(Check::Duels, what);
            } else {
                self.check_duels(context, &one);
            }
            if context.rules == Rules::Crucible {
                self.choose_rules(context, &mut one);
                self.check_evidence(context, &one);
            }
            self.check_score(context, &one);
            let key = match repeat {
                Some(repeat) => audit::left(&left, repeat),
                None => left,
            };
            let key = (key, right);
            if let Some(interval) = interval_of(&one.file.value) {
                played.intervals.insert(key.clone(), interval);
            }
            if let Some(outcome) = &one.file.value.outcome {
                played.outcomes.insert(key.clone(), outcome.clone());
            }
            if let Some((other, _)) = played.margins.get(&key) {
                let problem = format!("{other} is a report of the same match");
                self.log.noticed(Check::Duels, &one.file.line(1, ""), problem);
            }
            played.margins.insert(key, (one.file.path.clone(), one.file.value.margin));
        }
        if context.rules != Rules::Crucible && !played.margins.is_empty() {
            let what = "winners of duels between two assets with pictures: the answers of the judge are not recorded";
            self.log.unchecked_times(Check::Evidence, what, played.margins.len() as u64);
        }
        played
    }

    /// Duels are those of the round: each prompt once, with what both sides brought.
    fn check_duels(&mut self, context: &Context, one: &Match) {
        let file = &one.file;
        let names: Vec<&str> = file.value.duels.iter().map(|duel| duel.name.as_str()).collect();
        let urls = context.urls();
        // Only ours must be sorted; the earlier eras may also have picked a prompt twice.
        let is_ours = context.rules == Rules::Crucible;
        let mut sorted = names.clone();
        if !is_ours {
            sorted.sort_unstable();
        }
        let allowed = |pair: &[&str]| {
            let times = urls.get(pair[0]).map_or(1, Vec::len);
            pair[0] < pair[1] || (!is_ours && pair[0] == pair[1] && times > 1)
        };
        let out_of_order = sorted.windows(2).position(|pair| !allowed(pair));
        if let Some(at) = out_of_order {
            let twice = sorted[at + 1];
            let at = if is_ours {
                at
            } else {
                names.iter().rposition(|name| *name == twice).unwrap_or(1).saturating_sub(1)
            };
            let problem = format!(
                "\"{}\" stands behind \"{}\"",
                ledger::shorten(names[at + 1]),
                ledger::shorten(names[at])
            );
            self.log.found(Check::Duels, &file.member(steps!["duels", at + 1, "name"]), problem);
        }
        let fits = [context.stems.len(), context.prompt_count()].contains(&names.len());
        if context.prompts.is_some() && !fits {
            let problem = format!("{} duels for {} prompts", names.len(), context.stems.len());
            // The splat era kept matches that were broken off.
            if context.rules == Rules::Splats && names.len() < context.stems.len() {
                self.log.noticed(Check::Duels, &file.member(steps!["duels"]), problem);
            } else {
                self.log.found(Check::Duels, &file.member(steps!["duels"]), problem);
            }
        }
        let mut late = 0;
        let mut unjudged = 0;
        for (at, duel) in file.value.duels.iter().enumerate() {
            let before = self.log.findings();
            if context.prompts.is_some() {
                let prompt = duel.prompt.as_str();
                let prompt = if is_ours { prompt.trim_end_matches('\r') } else { prompt.trim() };
                match urls.get(duel.name.as_str()) {
                    None => {
                        let problem = "is not the name of a prompt of this round";
                        self.log.found(
                            Check::Duels,
                            &file.member(steps!["duels", at, "name"]),
                            problem,
                        );
                        continue;
                    }
                    Some(known) if !known.contains(&prompt) => {
                        let problem = format!("the prompt is \"{}\"", ledger::shorten(known[0]));
                        self.log.found(
                            Check::Duels,
                            &file.member(steps!["duels", at, "prompt"]),
                            problem,
                        );
                    }
                    Some(_) => {}
                }
            }
            let words = match context.rules {
                Rules::Splats => ["leader", "miner"],
                _ => ["left", "right"],
            };
            let sides = [
                (&duel.left, &one.left, &one.then[0], words[0]),
                (&duel.right, &one.right, &one.then[1], words[1]),
            ];
            for (side, outputs, then, word) in sides {
                let expected = side_of(row(outputs.as_ref(), &duel.name));
                let extension = duel.kind.extension();
                let was = then.as_ref().map(|then| side_of(row(then.as_ref(), &duel.name)));
                let pairs = [
                    (&side.asset, &expected.asset, was.as_ref().map(|was| &was.asset), extension),
                    (&side.picture, &expected.picture, was.as_ref().map(|was| &was.picture), "png"),
                ];
                for (is, should, was, member) in pairs {
                    let member = format!("{word}_{member}");
                    if is == should {
                        continue;
                    }
                    // What the original's miners and leader made may have come after the match, or gone to be made again.
                    let was_there = || was == Some(is) || one.is_made_again(word);
                    if !is_ours && (is.is_none() || (should.is_none() && was_there())) {
                        late += 1;
                        continue;
                    }
                    let spot = file.member(steps!["duels", at, &member]);
                    let problem = format!("{}, but outputs say {}", url_text(is), url_text(should));
                    self.log.found(Check::Duels, &spot, problem);
                }
            }
            unjudged +=
                u64::from(duel.winner == DuelWinner::Skipped && context.rules != Rules::Crucible);
            if let Some(winner) = by_default(duel)
                && duel.winner != winner
                && duel.winner != DuelWinner::Skipped
            {
                let problem =
                    format!("{}, but by the pictures that are there it is {winner}", duel.winner);
                self.log.found(Check::Duels, &file.member(steps!["duels", at, "winner"]), problem);
            }
            if self.log.findings() == before {
                self.log.agree(Check::Duels, 1);
            }
        }
        let what = "sides of duels whose outputs came or were made again after the match";
        self.log.unchecked_times(Check::Duels, what, late);
        self.log.unchecked_times(
            Check::Duels,
            "duels that were not judged (the judge failed)",
            unjudged,
        );
    }

    /// Score and margin follow from the winners.
    fn check_score(&mut self, context: &Context, one: &Match) {
        let file = &one.file;
        let report = &file.value;
        let expected = score(report.duels.iter().map(|duel| duel.winner));
        let spot = file.member(steps!["score"]);
        self.log.hold(Check::Margins, report.score == expected, &spot, || {
            format!("{}, but its duels make {expected}", report.score)
        });
        let prompts = match context.prompt_count() {
            0 => report.duels.len(),
            prompts => prompts,
        };
        let score = expected;
        let expected = margin(score, prompts);
        let spot = file.member(steps!["margin"]);
        // A share of all prompts; of those that were judged where the splat era broke off.
        let of_judged = margin(score, report.duels.len());
        let fits = report.margin == expected
            || (context.rules != Rules::Crucible
                && (is_near(report.margin, expected)
                    || (context.rules == Rules::Splats && is_near(report.margin, of_judged))));
        self.log.hold(Check::Margins, fits, &spot, || {
            format!("{}, but its duels make {expected}", report.margin)
        });
        if context.rules == Rules::Splats {
            let word = |least: f64| if report.margin >= least { WINS } else { DEFENDS };
            let margins =
                self.margins(&context.configs, context.is_dated, std::iter::once(report.margin));
            let fits = report
                .outcome
                .as_deref()
                .is_none_or(|outcome| margins.iter().any(|&least| word(least) == outcome));
            let word = word(context.config.win_margin);
            self.log.hold(Check::Margins, fits, &file.member(steps!["outcome"]), || {
                format!("a margin of {} makes \"{word}\"", report.margin)
            });
        }
    }
}

/// The same but for what arithmetic or a rounding may do.
pub(super) fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9
}

/// What a row of outputs brings to a duel.
pub(super) fn side_of(row: Option<&Output>) -> Side {
    let Some(row) = row else { return Side::default() };
    let picture = row.picture.as_ref().filter(|picture| !picture.is_empty());
    let picture = picture.map(|picture| match row.kind {
        AssetKind::Module => format!("{picture}/grid.png"),
        AssetKind::Splats | AssetKind::Mesh => picture.clone(),
    });
    Side { asset: row.asset.clone(), picture }
}

/// Who wins because the other has no picture.
fn by_default(duel: &Duel) -> Option<DuelWinner> {
    match (&duel.left.picture, &duel.right.picture) {
        (Some(_), Some(_)) => None,
        (None, None) => Some(DuelWinner::Draw),
        (None, Some(_)) => Some(DuelWinner::Right),
        (Some(_), None) => Some(DuelWinner::Left),
    }
}

/// The end of a URL tells more than its beginning.
fn url_text(url: &Option<String>) -> String {
    const CHARS_MAX: usize = 60;
    let Some(url) = url else { return "nothing".to_owned() };
    let plain: Vec<char> = url.chars().filter(|c| !c.is_control()).collect();
    let from = plain.len().saturating_sub(CHARS_MAX);
    let end: String = plain[from..].iter().collect();
    if from == 0 { format!("\"{end}\"") } else { format!("\"…{end}\"") }
}

/// The interval of a report, if it has one.
fn interval_of(report: &MatchReport) -> Option<[f64; 2]> {
    let bound = |json: &Json| match json {
        Json::Number(text) => text.parse().ok(),
        _ => None,
    };
    match report.layout.get("interval")?.as_array()? {
        [low, high] => Some([bound(low)?, bound(high)?]),
        _ => None,
    }
}

/// Whom hotkeys of files may be.
pub(super) fn is_contestant(context: &Context, hotkey: &str) -> bool {
    hotkey == LEADER || context.who.contains(hotkey)
}
