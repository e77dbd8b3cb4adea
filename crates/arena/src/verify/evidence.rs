//! Duels follow from their evidence, and the report of a match from its duels: member by member.

use std::collections::BTreeMap;

use bytes::Bytes;
use judge::matches::{
    Judged, Plan, Prompt, evidence_key, order_key, report, report_name, same_views,
};
use judge::recheck::{RecheckError, recheck};
use judge::{Description, Duel, Evidence, Shown};
use ledger::files::config::Crown;
use ledger::files::duels::{self, DuelWinner};
use ledger::files::outputs::Outputs;
use ledger::files::prompts;
use ledger::json::{Json, Object, Step};
use ledger::{Field as _, MinerFile, path_text};
use sha2::{Digest as _, Sha256};

use super::matches::{Context, Match, side_of};
use super::outputs::row;
use super::report::{Check, steps};
use super::{BlobError, Verifier, Wanted, diff};

/// Bytes of one duel's evidence, at most.
const EVIDENCE_BYTES_MAX: u64 = 8 << 20;

/// Evidence that is read at once.
const TOGETHER: usize = 64;

/// Inputs whose hashes are remembered, at most.
const INPUTS_MAX: usize = 1 << 20;

/// The member of a duel's detail that says where its evidence is.
const MEMBER: &str = "evidence";

/// Where evidence is, and what it is.
struct Pointer {
    at: usize,
    key: String,
    sha256: String,
}

impl Verifier<'_> {
    /// Checks a report of ours.
    pub(super) fn check_evidence(&mut self, context: &Context, one: &Match) {
        let mut pointers = Vec::new();
        for (at, duel) in one.file.value.duels.iter().enumerate() {
            match self.pointer(context, one, at, duel) {
                Some(pointer) => pointers.push(pointer),
                None => self.check_default(context, one, at, duel),
            }
        }
        let mut judge = None;
        for part in pointers.chunks(TOGETHER) {
            let Some(blobs) = self.blobs else {
                let what = "duels: their evidence was not read, no blobs were given";
                self.log.unchecked_times(Check::Evidence, what, part.len() as u64);
                continue;
            };
            let wanted: Vec<Wanted> = part
                .iter()
                .map(|one| Wanted { key: one.key.clone(), bytes_max: EVIDENCE_BYTES_MAX })
                .collect();
            for (pointer, found) in part.iter().zip(blobs.read(&wanted)) {
                match found {
                    Ok(bytes) => {
                        if let Some(described) = self.check_one(context, one, pointer, &bytes) {
                            judge.get_or_insert(described);
                        }
                    }
                    Err(BlobError::Missing) => {
                        let spot =
                            one.file.member(steps!["duels", pointer.at, "detail", MEMBER, "key"]);
                        self.log.found(
                            Check::Evidence,
                            &spot,
                            format_args!("there is no blob {}", pointer.key),
                        );
                    }
                    Err(BlobError::TooLarge) => {
                        let spot =
                            one.file.member(steps!["duels", pointer.at, "detail", MEMBER, "key"]);
                        let problem = format!(
                            "the blob {} has more than {EVIDENCE_BYTES_MAX} bytes",
                            pointer.key
                        );
                        self.log.found(Check::Evidence, &spot, problem);
                    }
                    Err(BlobError::Failed(why)) => {
                        self.log.unchecked(
                            Check::Evidence,
                            format!("evidence could not be read: {why}"),
                        );
                    }
                }
            }
        }
        self.check_plan(context, one);
        if let Some(judge) = judge {
            self.check_judge(one, &judge);
        }
    }

    /// The pointer of a duel to its evidence; nothing if it has none. What is wrong with it is found here.
    fn pointer(
        &mut self,
        context: &Context,
        one: &Match,
        at: usize,
        duel: &duels::Duel,
    ) -> Option<Pointer> {
        let members = duel.detail.as_ref()?.as_object()?.get(MEMBER)?;
        let text = |member: &str| members.as_object()?.get(member)?.as_str();
        let (key, sha256) = (text("key").unwrap_or_default(), text("sha256").unwrap_or_default());
        let left = one.file.value.left.clone();
        let name = match one.repeat {
            Some(repeat) => MinerFile::Audit(left, repeat),
            None => MinerFile::Duels(left),
        };
        let expected =
            evidence_key(context.round, &one.file.value.right, &report_name(&name), &duel.name);
        let spot = one.file.member(steps!["duels", at, "detail", MEMBER, "key"]);
        self.log.hold(Check::Evidence, key == expected, &spot, || {
            format!("\"{}\", but its evidence is kept as {expected}", ledger::shorten(key))
        });
        Some(Pointer { at, key: expected, sha256: sha256.to_owned() })
    }

    /// A duel without evidence was decided without a judge.
    fn check_default(&mut self, context: &Context, one: &Match, at: usize, duel: &duels::Duel) {
        let file = &one.file;
        if duel.winner == DuelWinner::Skipped {
            // Whether the match could end before it is looked at with the whole of it.
            return;
        }
        let asked = duel_of(context, one, &duel.name, &duel.prompt);
        let rows = row(one.left.as_ref(), &duel.name).zip(row(one.right.as_ref(), &duel.name));
        let same = || rows.and_then(|(left, right)| same_views(left, right));
        let Some(verdict) = asked.by_default().or_else(same) else {
            let spot = file.member(steps!["duels", at, "detail"]);
            return self.log.found(
                Check::Evidence,
                &spot,
                "both sides have pictures, and there is no evidence",
            );
        };
        let spot = file.member(steps!["duels", at, "winner"]);
        self.log.hold(Check::Evidence, duel.winner == verdict.winner, &spot, || {
            format!("{}, but by the pictures that are there it is {}", duel.winner, verdict.winner)
        });
        let detail = duel.detail.clone().unwrap_or(Json::Null);
        if let Some((path, problem)) = diff::first(&detail, &verdict.detail) {
            self.found_below(one, at, "detail", path, &problem);
        }
    }

    /// One duel from its evidence.
    fn check_one(
        &mut self,
        context: &Context,
        one: &Match,
        pointer: &Pointer,
        bytes: &Bytes,
    ) -> Option<Description> {
        let file = &one.file;
        let at = pointer.at;
        let duel = &file.value.duels[at];
        let hash = faster_hex::hex_string(&Sha256::digest(bytes));
        let spot = file.member(steps!["duels", at, "detail", MEMBER, "sha256"]);
        if !self.log.hold(Check::Evidence, hash == pointer.sha256, &spot, || {
            format!(
                "\"{}\", but the blob {} has {hash}",
                ledger::shorten(&pointer.sha256),
                pointer.key
            )
        }) {
            return None;
        }
        let spot = file.member(steps!["duels", at, "detail", MEMBER]);
        let evidence: Evidence = match serde_json::from_slice(bytes) {
            Ok(evidence) => evidence,
            Err(error) => {
                self.log.found(
                    Check::Evidence,
                    &spot,
                    format_args!("the blob is no evidence: {error}"),
                );
                return None;
            }
        };
        let expected = duel_of(context, one, &duel.name, &duel.prompt);
        if context.seed.is_some() && evidence.duel != expected {
            self.log.found(
                Check::Evidence,
                &spot,
                "the evidence is of another duel: prompt, pictures or seed differ",
            );
            return None;
        }
        for (url, sha256) in &evidence.inputs {
            let known = self.inputs.get(url);
            if let Some(known) = known.filter(|known| *known != sha256) {
                let problem = format!(
                    "\"{}\" had another content in another duel: {known}",
                    ledger::shorten(url)
                );
                self.log.found(Check::Evidence, &spot, problem);
            } else if known.is_none() && self.inputs.len() < INPUTS_MAX {
                self.inputs.insert(url.clone(), sha256.clone());
            }
        }
        let first = self.judge.get_or_insert_with(|| evidence.judge.clone());
        if *first != evidence.judge {
            let problem = "the evidence is by a judge with other settings than that of the round's first duel";
            self.log.found(Check::Evidence, &spot, problem);
        }
        match recheck(&evidence) {
            Ok((winner, detail)) => {
                let spot = file.member(steps!["duels", at, "winner"]);
                self.log.hold(Check::Evidence, duel.winner == winner, &spot, || {
                    format!("{}, but by its evidence it is {winner}", duel.winner)
                });
                let mut is = duel.detail.clone().unwrap_or(Json::Null);
                if let Json::Object(members) = &mut is {
                    members.shift_remove(MEMBER);
                }
                if let Some((path, problem)) = diff::first(&is, &detail) {
                    self.found_below(one, at, "detail", path, &problem);
                }
            }
            Err(error @ RecheckError::UnknownJudge { .. }) => {
                self.log.unchecked(Check::Evidence, format!("duels: {error}"));
            }
            Err(error) => self.log.found(Check::Evidence, &spot, error),
        }
        Some(evidence.judge)
    }

    fn found_below(
        &mut self,
        one: &Match,
        at: usize,
        member: &str,
        path: Vec<Step>,
        problem: &str,
    ) {
        let mut way = steps!["duels", at, member];
        way.extend(path);
        self.log.found(Check::Evidence, &one.file.member(way), problem);
    }

    /// The judge of a report is the one of its evidence.
    fn check_judge(&mut self, one: &Match, judge: &Description) {
        let spot = one.file.member(steps!["judge"]);
        let ours = one.config.options().judge;
        self.log.hold(Check::Evidence, judge.name == ours, &spot, || {
            format!(
                "the evidence is by the judge {}, config.json asks for {ours}",
                ledger::shorten(&judge.name)
            )
        });
        let stated = one.file.value.layout.get("judge").cloned().unwrap_or(Json::Null);
        // As reports have it: settings are in the evidence only.
        let model = judge.model.as_deref().map_or(Json::Null, Json::from);
        let should = Json::Object(Object::from_iter([
            ("name".to_owned(), Json::from(judge.name.as_str())),
            ("version".to_owned(), Json::int(judge.version.into())),
            ("model".to_owned(), model),
        ]));
        match diff::first(&stated, &should) {
            None => self.log.agree(Check::Evidence, 1),
            Some((path, problem)) => {
                let mut way = steps!["judge"];
                way.extend(path);
                self.log.found(Check::Evidence, &one.file.member(way), problem);
            }
        }
    }

    /// Of rules that changed while the round ran, takes those that the report says itself to be played by.
    pub(super) fn choose_rules(&mut self, context: &Context, one: &mut Match) {
        if context.configs.len() < 2 {
            return;
        }
        let judge = one.file.value.layout.get("judge").and_then(|judge| judge.as_object());
        let judge = judge.and_then(|judge| judge.get("name")?.as_str()).map(str::to_owned);
        let mut fitting = None;
        for config in &context.configs {
            one.config = config.clone();
            let is_judge = judge.as_deref() == Some(config.options().judge.as_str());
            let fits = !matches!(self.played(context, one), Some(Err(_)));
            if fits && (is_judge || fitting.is_none()) {
                fitting = Some(config);
                if is_judge {
                    break;
                }
            }
        }
        one.config = fitting.unwrap_or(&context.config).clone();
    }

    /// What a report says of the whole match follows from its duels.
    fn check_plan(&mut self, context: &Context, one: &Match) {
        match self.played(context, one) {
            Some(Ok(())) => self.log.agree(Check::Margins, 1),
            Some(Err((path, problem))) => {
                self.log.found(Check::Margins, &one.file.member(path), problem);
            }
            None => {}
        }
    }

    /// Whether order, end and interval are those that the rules make, or where they are not; nothing if it is not known, or said
    /// elsewhere.
    fn played(
        &mut self,
        context: &Context,
        one: &Match,
    ) -> Option<Result<(), (Vec<Step>, String)>> {
        let (Some(seed), Some(urls)) = (context.seed, &context.prompts) else { return None };
        let file = &one.file;
        let stated = &file.value;
        let plan = self.plan(one, seed, &urls.value)?;
        let mut by_name = BTreeMap::new();
        for duel in &stated.duels {
            by_name.entry(duel.name.as_str()).or_insert(duel);
        }
        let order = plan.order();
        let duels: Vec<Option<&duels::Duel>> =
            order.iter().map(|&at| by_name.get(plan.prompts[at].stem.as_str()).copied()).collect();
        let judged: Vec<&duels::Duel> = duels
            .iter()
            .map_while(|duel| duel.filter(|duel| duel.winner != DuelWinner::Skipped))
            .collect();
        let winners: Vec<Option<DuelWinner>> =
            judged.iter().map(|duel| Some(duel.winner)).collect();
        let Some(stopped) = plan.stopped(&winners) else {
            let problem = format!(
                "{} of {} duels are judged, and the match could not end there",
                judged.len(),
                order.len()
            );
            return Some(Err((steps!["duels"], problem)));
        };
        let outcomes: Vec<Judged> = judged
            .iter()
            .map(|duel| Judged {
                winner: duel.winner,
                detail: duel.detail.clone().unwrap_or(Json::Null),
            })
            .collect();
        // The judge is checked by itself.
        let nobody = Description {
            name: String::new(),
            version: 0,
            model: None,
            settings: serde_json::Value::Null,
        };
        let (is, mut should) = (stated.plain(), report(&plan, stopped, &outcomes, &nobody).plain());
        if let (Json::Object(is), Json::Object(should)) = (&is, &mut should) {
            match is.get("judge") {
                Some(judge) => should.insert("judge".to_owned(), judge.clone()),
                None => should.shift_remove("judge"),
            };
        }
        match diff::first(&is, &should) {
            None => Some(Ok(())),
            // Others speak of these, in more words.
            Some((path, _)) if ["score", "margin"].contains(&path_text(&path).as_str()) => None,
            Some(found) => Some(Err(found)),
        }
    }

    /// The match as it had to be played; nothing if what its order follows from is not there any more.
    fn plan(&mut self, one: &Match, seed: u32, urls: &[(String, usize)]) -> Option<Plan> {
        let config = &one.config;
        let options = config.options();
        let none = Outputs::default();
        let left = one.left.as_ref().map_or(&none, |file| &file.value);
        let right = one.right.as_ref().map_or(&none, |file| &file.value);
        let order_key = order_key(seed, left, right);
        let is_self_audit = one.repeat.is_some() && one.file.value.left == judge::audit::SUBMITTED;
        let threshold = if is_self_audit {
            -options.self_audit_margin.unwrap_or(config.win_margin)
        } else {
            config.win_margin
        };
        let kind = match options.kind {
            ledger::files::config::KindWord::Splats => ledger::files::outputs::AssetKind::Splats,
            ledger::files::config::KindWord::Meshes => ledger::files::outputs::AssetKind::Mesh,
            ledger::files::config::KindWord::Modules => ledger::files::outputs::AssetKind::Module,
        };
        let prompts = urls.iter().map(|(url, _)| {
            let stem = prompts::stem(url).to_owned();
            let left = side_of(row(one.left.as_ref(), &stem));
            let right = side_of(row(one.right.as_ref(), &stem));
            Prompt { stem, url: url.clone(), left, right }
        });
        Some(Plan {
            left: one.file.value.left.clone(),
            right: one.file.value.right.clone(),
            kind,
            prompts: prompts.collect(),
            order_key,
            threshold,
            crown: if one.repeat.is_some() { Crown::Margin } else { options.crown },
            may_stop: judge::audit::may_stop(&options, one.repeat.is_some()),
            confidence: options.confidence,
        })
    }
}

/// The duel as a judge had to be asked.
fn duel_of(context: &Context, one: &Match, stem: &str, prompt: &str) -> Duel {
    let shown = |outputs: &Option<super::outputs::OutputsFile>| {
        let picture = side_of(row(outputs.as_ref(), stem)).picture?;
        let prefix = picture.strip_suffix("/grid.png").unwrap_or(&picture).to_owned();
        Some(Shown { prefix })
    };
    Duel {
        stem: stem.to_owned(),
        prompt: prompt.to_owned(),
        left: shown(&one.left),
        right: shown(&one.right),
        seed: context.seed.unwrap_or_default(),
    }
}
