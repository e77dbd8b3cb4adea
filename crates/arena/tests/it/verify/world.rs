//! Small competitions of each era, made commit by commit as its services would have made them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arena::collector::observed::Entries;
use arena::collector::{Observed, seed};
use arena::selection::{Choice, Rule, select};
use arena::verify::{BlobError, Blobs, Report, Settings, Subject, Wanted, verify};
use bytes::Bytes;
use chain::{Account, Block};
use jiff::Timestamp;
use judge::matches::{
    Judged, Plan, Prompt, evidence_key, margin, order_key, report, report_name, score,
};
use judge::single::{self, SingleQuestion};
use judge::vlm::{Chat, Reply, Request};
use judge::{Budget, DuelJudge as _, JudgeError, Outcome, Parts, Shown};
use ledger::files::config::Crown;
use ledger::files::duels::{Duel, DuelWinner, MatchReport, Naming, Side};
use ledger::files::matrix::Matrix;
use ledger::files::outputs::{AssetKind, Output, Outputs};
use ledger::files::prompts::{stem, to_text};
use ledger::files::submissions::{Submission, Submissions};
use ledger::json::Json;
use ledger::repository::{Author, Draft, Expected, Id, MemoryRepository, Repository, publish};
use ledger::{JsonFile, Layout, MinerFile, Round};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Whose rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    Ours,
    Modules,
    Meshes,
    Splats,
}

impl Era {
    pub(crate) fn kind(self) -> AssetKind {
        match self {
            Self::Ours | Self::Modules => AssetKind::Module,
            Self::Meshes => AssetKind::Mesh,
            Self::Splats => AssetKind::Splats,
        }
    }

    fn rule(self) -> Rule {
        if self.kind() == AssetKind::Module { Rule::Distinct } else { Rule::Repeats }
    }
}

/// A hotkey.
pub(crate) fn hotkey(name: &str) -> String {
    account(name).to_string()
}

/// The same as the chain has it.
pub(crate) fn account(name: &str) -> Account {
    Account(Sha256::digest(name).into())
}

/// A commit of a miner's repository.
pub(crate) fn commit(name: &str) -> String {
    let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits:0<40}")[..40].to_owned()
}

/// A competition in the making.
pub(crate) struct World {
    pub(crate) era: Era,
    pub(crate) repository: MemoryRepository,
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) blobs: BTreeMap<String, Bytes>,
    pub(crate) config: Value,
    /// Of the current round.
    pub(crate) urls: Vec<String>,
    pub(crate) round: u32,
    pub(crate) miners: Vec<String>,
    pending: BTreeMap<String, Option<String>>,
    seconds: i64,
    matches: Matrix,
    audits: Matrix,
}

/// Blocks of the first round's end and from end to end.
pub(crate) const FIRST: u64 = 1000;
pub(crate) const EACH: u64 = 21_600;

impl World {
    /// A competition of a pool of `pool` prompts and rounds of `prompts`, half of them carried over.
    pub(crate) fn new(era: Era, pool: usize, prompts: usize) -> Self {
        let mut config = json!({
            "name": "demo", "description": "A demonstration", "first_evaluation_date": "2031-03-01",
            "last_competition_date": "2031-12-01", "round_start_time": "08:00:00", "generation_stage_minutes": 240,
            "finalization_buffer_hours": 1.0, "win_margin": 0.05, "weight_decay": 0.15, "weight_floor": 0.4,
            "prompts_per_round": prompts, "carryover_prompts": prompts / 2, "round_duration_days": 3, "audit_repeats": 1
        });
        if era == Era::Ours {
            config["crucible"] = json!({"kind": "modules", "judge": "single-question"});
        }
        if era == Era::Splats {
            for member in ["generation_stage_minutes", "round_duration_days", "audit_repeats"] {
                config.as_object_mut().unwrap().remove(member);
            }
        }
        let mut world = Self {
            era,
            repository: MemoryRepository::new(),
            files: BTreeMap::new(),
            blobs: BTreeMap::new(),
            config,
            urls: Vec::new(),
            round: 0,
            miners: Vec::new(),
            pending: BTreeMap::new(),
            seconds: 1_930_000_000,
            matches: Matrix::default(),
            audits: Matrix::default(),
        };
        let urls: Vec<String> =
            (0..pool).map(|n| format!("https://pictures.example/p{n:03}.png")).collect();
        world.put("prompts.txt", to_text(&urls));
        let config = world.config.clone();
        world.put_json("config.json", &config);
        let leader = json!([{
            "hotkey": hotkey("Zero"), "repo": "zero/first", "commit": commit("Zero"), "docker": "registry.example/zero:1",
            "weight": 1.0, "effective_block": 1
        }]);
        world.put_json("leader.json", &leader);
        world.schedule(0, 0);
        world.state(world.opening());
        world.commit("the beginning");
        world
    }

    pub(crate) fn opening(&self) -> &'static str {
        if self.era == Era::Splats { "collecting" } else { "open" }
    }

    pub(crate) fn put(&mut self, path: &str, text: String) {
        self.files.insert(path.to_owned(), text.clone());
        self.pending.insert(path.to_owned(), Some(text));
    }

    pub(crate) fn put_json(&mut self, path: &str, value: &Value) {
        self.put(path, serde_json::to_string_pretty(value).unwrap());
    }

    pub(crate) fn remove(&mut self, path: &str) {
        self.files.remove(path);
        self.pending.insert(path.to_owned(), None);
    }

    pub(crate) fn state(&mut self, stage: &str) {
        let mut state = json!({"current_round": self.round, "stage": stage});
        if self.era != Era::Splats {
            let is_planned = self.era == Era::Ours && stage == "open";
            state["next_stage_eta"] =
                if is_planned { json!(start_of(self.round)) } else { Value::Null };
        }
        self.put_json("state.json", &state);
    }

    pub(crate) fn schedule(&mut self, round: u32, earliest: u64) {
        let latest = FIRST + u64::from(round) * EACH;
        let mut schedule =
            json!({"earliest_reveal_block": earliest, "latest_reveal_block": latest});
        if self.era != Era::Splats {
            schedule["generation_deadline_block"] = json!(latest + 1200);
        }
        if self.era == Era::Ours {
            schedule["planned_start"] = json!(start_of(round));
        }
        self.put_json(&format!("rounds/{round}/schedule.json"), &schedule);
    }

    pub(crate) fn commit(&mut self, message: &str) -> Id {
        self.seconds += 60;
        let draft = Draft {
            message: message.to_owned(),
            changes: std::mem::take(&mut self.pending),
            author: Author { name: "Test".to_owned(), email: "test@localhost".to_owned() },
            time: Timestamp::from_second(self.seconds).unwrap(),
        };
        publish(&self.repository, &draft, &Expected::new()).unwrap()
    }

    /// A path of the round.
    pub(crate) fn at(&self, rest: &str) -> String {
        format!("rounds/{}/{rest}", self.round)
    }

    pub(crate) fn stems(&self) -> Vec<String> {
        let mut stems: Vec<String> = self.urls.iter().map(|url| stem(url).to_owned()).collect();
        stems.sort_unstable();
        stems
    }

    /// What the chain shows: everybody revealed a submission, and Lazy locked nothing.
    fn reveal(&mut self, miners: &[&str]) -> u32 {
        let last = FIRST + u64::from(self.round) * EACH;
        let start = Block { number: last, hash: [u8::try_from(self.round).unwrap() + 7; 32] };
        let entries = |(n, name): (usize, &&str)| {
            let text = format!(
                r#"{{"repo": "{0}/gen", "commit": "{1}", "cdn_url": "https://{0}.example"}}"#,
                name.to_lowercase(),
                commit(name)
            );
            let mut bytes = u16::try_from(text.len() << 2 | 1).unwrap().to_le_bytes().to_vec();
            bytes.extend(text.as_bytes());
            Entries {
                hotkey: account(name),
                coldkey: account(name),
                entries: vec![(bytes, last - 100 + n as u64)],
            }
        };
        let mut all = miners.to_vec();
        all.push("Lazy");
        let observed = Observed {
            netuid: 17,
            start,
            read: start,
            published_block: last + 3,
            required_lock: 100,
            hotkeys: all.iter().enumerate().map(entries).collect(),
            locks: miners.iter().map(|name| (account(name), 100)).collect(),
        };
        self.put(&self.at("commitments.json"), observed.to_text());
        seed(17, Round(self.round), &start.hash)
    }

    /// Miners submit, prompts are picked. Our own seeds come from the chain.
    pub(crate) fn begin(&mut self, miners: &[&str], seed: u32) {
        let seed = if self.era == Era::Ours { self.reveal(miners) } else { seed };
        let previous = std::mem::take(&mut self.urls);
        let previous: Vec<&str> = previous.iter().map(String::as_str).collect();
        let pool: Vec<String> = self.files["prompts.txt"].lines().map(str::to_owned).collect();
        let pool: Vec<&str> = pool.iter().map(String::as_str).collect();
        let number = |member: &str| self.config[member].as_i64().unwrap();
        let picked = select(&Choice {
            pool: &pool,
            previous: &previous,
            seed,
            prompts_per_round: number("prompts_per_round"),
            carryover_prompts: number("carryover_prompts"),
            rule: self.era.rule(),
        });
        self.urls = picked.unwrap().into_iter().map(str::to_owned).collect();
        self.miners = miners.iter().map(|name| hotkey(name)).collect();
        self.put(&self.at("seed.json"), format!("{{\"seed\": {seed}}}"));
        self.put(&self.at("prompts.txt"), to_text(&self.urls));
        let mut submissions = Submissions::new();
        let mut builds = serde_json::Map::new();
        let last = FIRST + u64::from(self.round) * EACH;
        for (n, name) in miners.iter().enumerate() {
            let block = last - 100 + n as u64;
            let round = format!("demo-{}", self.round);
            let submission = Submission {
                repo: format!("{}/gen", name.to_lowercase()),
                commit: commit(name),
                cdn_url: (self.era != Era::Splats)
                    .then(|| format!("https://{}.example/", name.to_lowercase())),
                revealed_at_block: block,
                round: round.clone(),
                layout: Layout::default(),
            };
            submissions.insert(hotkey(name), submission);
            let tag = format!("{}-{round}", &commit(name)[..7]);
            builds.insert(hotkey(name), json!({
                "repo": format!("{}/gen", name.to_lowercase()), "commit": commit(name), "revealed_at_block": block,
                "tag": tag, "status": "success", "docker_image": format!("registry.example/{}:{tag}", name.to_lowercase())
            }));
        }
        self.put(&self.at("submissions.json"), submissions.to_text());
        self.state(if self.era == Era::Splats { "generating" } else { "miner_generation" });
        self.commit("seed, prompts and submissions");
        self.put_json(&self.at("builds.json"), &Value::Object(builds));
        if self.era != Era::Splats {
            self.state("downloading");
            self.commit("downloading");
        }
        self.matches = Matrix::default();
        self.audits = Matrix::default();
        for miner in self.miners.clone() {
            let (name, below) = match self.era {
                Era::Splats => ("generations.json", ""),
                _ => ("submitted.json", "submitted"),
            };
            self.deliver(&miner, name, below);
        }
        let (name, below) = match self.era {
            Era::Splats => ("generations.json", ""),
            Era::Meshes => ("generated.json", "generated"),
            Era::Ours | Era::Modules => ("generated_1.json", "generated_1"),
        };
        self.deliver("leader", name, below);
        self.state("duels");
        self.commit("duels");
    }

    /// Rows for every prompt.
    pub(crate) fn deliver(&mut self, miner: &str, file: &str, below: &str) {
        let kind = self.era.kind();
        let mut outputs = Outputs::new();
        for stem in self.stems() {
            let below = if below.is_empty() { String::new() } else { format!("{below}/") };
            let prefix =
                format!("https://cdn.example/{}", self.at(&format!("{miner}/{below}{stem}")));
            let mut row = Output::new(kind);
            row.asset = Some(format!("{prefix}.{}", kind.extension()));
            row.picture = Some(match kind {
                AssetKind::Module => prefix,
                _ => format!("{prefix}.png"),
            });
            row.size = 1234;
            if self.era == Era::Ours {
                let key = self.at(&format!("{miner}/{below}{stem}.js"));
                let asset = format!("// {key}");
                row.size = asset.len() as u64;
                row.sha256 = Some(hex(asset.as_bytes()));
                self.blobs.insert(key, Bytes::from(asset));
            }
            outputs.insert(stem, row);
        }
        self.put(&self.at(&format!("{miner}/{file}")), outputs.to_text());
    }

    fn outputs(&self, miner: &str, file: &str) -> Outputs {
        Outputs::from_text("", &self.files[&self.at(&format!("{miner}/{file}"))]).unwrap()
    }

    /// A match that the challenger wins by so many prompts, the first ones; loses if it is negative.
    pub(crate) fn play(&mut self, left: &str, right: &str, net: i64) {
        let file = match self.era {
            Era::Splats => "generations.json",
            _ => "submitted.json",
        };
        let leader = match self.era {
            Era::Splats => "generations.json",
            Era::Meshes => "generated.json",
            Era::Ours | Era::Modules => "generated_1.json",
        };
        let of_left = self.outputs(left, if left == "leader" { leader } else { file });
        let of_right = self.outputs(right, file);
        let report = if self.era == Era::Ours {
            self.judged(left, right, None, net, &of_left, &of_right)
        } else {
            self.report(left, right, net, &of_left, &of_right)
        };
        let name = if self.era == Era::Splats {
            "duels.json".to_owned()
        } else {
            format!("duels_{}.json", ledger::hotkey10(left))
        };
        self.put(&self.at(&format!("{right}/{name}")), report.to_text());
        self.matches.set(left, right, report.margin).unwrap();
        if self.era != Era::Splats {
            self.put(&self.at("matches_matrix.csv"), self.matches.to_text());
        }
        self.commit("a match");
    }

    /// An audit of the first repeat, module era.
    pub(crate) fn audit(&mut self, left: &str, right: &str, net: i64) {
        let generated = self.outputs(right, "generated_1.json");
        let of_left = match left {
            "submitted" => self.outputs(right, "submitted.json"),
            "leader" => self.outputs("leader", "generated_1.json"),
            other => self.outputs(other, "submitted.json"),
        };
        let report = if self.era == Era::Ours {
            self.judged(left, right, Some(1), net, &of_left, &generated)
        } else {
            self.report(left, right, net, &of_left, &generated)
        };
        self.put(
            &self.at(&format!("{right}/audit_{}_1.json", ledger::hotkey10(left))),
            report.to_text(),
        );
        self.audits.set(&format!("{left}_1"), right, report.margin).unwrap();
        self.put(&self.at("audit_matrix.csv"), self.audits.to_text());
        self.commit("an audit");
    }

    /// A report of ours: every duel is judged, and its evidence kept.
    fn judged(
        &mut self,
        left: &str,
        right: &str,
        repeat: Option<u32>,
        net: i64,
        of_left: &Outputs,
        of_right: &Outputs,
    ) -> MatchReport {
        let side = |outputs: &Outputs, stem: &str| {
            let row = &outputs[stem];
            Side {
                asset: row.asset.clone(),
                picture: Some(format!("{}/grid.png", row.picture.as_ref().unwrap())),
            }
        };
        let prompts = self.urls.iter().map(|url| Prompt {
            stem: stem(url).to_owned(),
            url: url.clone(),
            left: side(of_left, stem(url)),
            right: side(of_right, stem(url)),
        });
        let seed: Value = serde_json::from_str(&self.files[&self.at("seed.json")]).unwrap();
        let seed = u32::try_from(seed["seed"].as_u64().unwrap()).unwrap();
        let sequential = self.config["crucible"]["sequential_stopping"] == json!(true);
        let plan = Plan {
            left: left.to_owned(),
            right: right.to_owned(),
            kind: AssetKind::Module,
            prompts: prompts.collect(),
            order_key: order_key(seed, of_left, of_right),
            threshold: if left == "submitted" { -0.05 } else { 0.05 },
            crown: Crown::Margin,
            may_stop: sequential,
            confidence: 0.95,
        };
        let file = match repeat {
            Some(repeat) => MinerFile::Audit(left.to_owned(), repeat),
            None => MinerFile::Duels(left.to_owned()),
        };
        let mut outcomes = Vec::new();
        for (place, at) in plan.order().into_iter().enumerate() {
            let prompt = &plan.prompts[at];
            let shown = |side: &Side| {
                let prefix = side.picture.as_ref().unwrap().strip_suffix("/grid.png").unwrap();
                Some(Shown { prefix: prefix.to_owned() })
            };
            let duel = judge::Duel {
                stem: prompt.stem.clone(),
                prompt: prompt.url.clone(),
                left: shown(&prompt.left),
                right: shown(&prompt.right),
                seed,
            };
            let decided = place < usize::try_from(net.abs()).unwrap();
            let penalties = if !decided {
                (3, 3)
            } else if net > 0 {
                (6, 1)
            } else {
                (1, 6)
            };
            let verdict = answer(&duel, penalties);
            let evidence = verdict.evidence.unwrap();
            let bytes = Bytes::from(serde_json::to_vec(&evidence).unwrap());
            let key = evidence_key(Round(self.round), right, &report_name(&file), &prompt.stem);
            let mut detail = verdict.detail;
            if let Json::Object(members) = &mut detail {
                let pointer = json!({"key": key, "sha256": hex(&bytes)});
                members.insert(
                    "evidence".to_owned(),
                    ledger::json::read(&pointer.to_string()).unwrap(),
                );
            }
            self.blobs.insert(key, bytes);
            outcomes.push(Judged { winner: verdict.winner, detail });
            let known: Vec<_> = outcomes.iter().map(|outcome| Some(outcome.winner)).collect();
            if let Some(stopped) = plan.stopped(&known) {
                return report(&plan, stopped, &outcomes, &evidence.judge);
            }
        }
        unreachable!("a match ends")
    }

    fn report(
        &self,
        left: &str,
        right: &str,
        net: i64,
        of_left: &Outputs,
        of_right: &Outputs,
    ) -> MatchReport {
        let kind = self.era.kind();
        let side = |outputs: &Outputs, stem: &str| {
            let row = &outputs[stem];
            let picture = row.picture.clone().map(|picture| match kind {
                AssetKind::Module => format!("{picture}/grid.png"),
                _ => picture,
            });
            Side { asset: row.asset.clone(), picture }
        };
        let decided = usize::try_from(net.abs()).unwrap();
        let winner = if net < 0 { DuelWinner::Left } else { DuelWinner::Right };
        let naming = if self.era == Era::Splats { Naming::LeaderMiner } else { Naming::Sides };
        let duels: Vec<Duel> = self
            .stems()
            .iter()
            .enumerate()
            .map(|(n, name)| Duel {
                kind,
                naming,
                name: name.clone(),
                prompt: self.urls.iter().find(|url| stem(url) == name).unwrap().clone(),
                left: side(of_left, name),
                right: side(of_right, name),
                winner: if n < decided { winner } else { DuelWinner::Draw },
                detail: (kind == AssetKind::Module)
                    .then(|| ledger::json::read("{\"decided_by\": \"S1\"}").unwrap()),
                issues: (kind != AssetKind::Module).then(|| "one is better".to_owned()),
                layout: Layout::default(),
            })
            .collect();
        let score = score(duels.iter().map(|duel| duel.winner));
        let margin = margin(score, self.urls.len());
        let outcome = (self.era == Era::Splats)
            .then(|| if margin >= 0.05 { "challenger_wins" } else { "leader_defends" }.to_owned());
        MatchReport {
            naming,
            left: left.to_owned(),
            right: right.to_owned(),
            score,
            margin,
            outcome,
            duels,
            layout: Layout::default(),
        }
    }

    /// The round ends; nothing for the leader.
    pub(crate) fn end(&mut self, winner: Option<&str>) {
        if self.era != Era::Splats {
            let winner = self.winner(winner);
            self.put_json(&self.at("winner.json"), &winner);
        }
        self.state("finalizing");
        self.commit("winner");
    }

    fn winner(&self, winner: Option<&str>) -> Value {
        match winner {
            Some(name) => {
                let builds: Value =
                    serde_json::from_str(&self.files[&self.at("builds.json")]).unwrap();
                let build = &builds[hotkey(name)];
                json!({"winner_hotkey": hotkey(name), "repo": build["repo"], "commit": build["commit"], "docker_image": build["docker_image"]})
            }
            None => {
                let leaders: Value = serde_json::from_str(&self.files["leader.json"]).unwrap();
                let last = leaders.as_array().unwrap().last().unwrap();
                json!({"winner_hotkey": "leader", "repo": last["repo"], "commit": last["commit"], "docker_image": last["docker"]})
            }
        }
    }

    /// The next round opens; `weight` is the leader's if an entry is added.
    pub(crate) fn next(&mut self, winner: Option<&str>, weight: Option<f64>) {
        let latest = FIRST + u64::from(self.round) * EACH;
        let mut leaders: Value = serde_json::from_str(&self.files["leader.json"]).unwrap();
        if let Some(weight) = weight {
            let what = self.winner(winner);
            let last = leaders.as_array().unwrap().last().unwrap().clone();
            let who = winner.map_or(last["hotkey"].clone(), |name| json!(hotkey(name)));
            leaders.as_array_mut().unwrap().push(json!({
                "hotkey": who, "repo": what["repo"], "commit": what["commit"], "docker": what["docker_image"],
                "weight": weight, "effective_block": latest + EACH
            }));
            self.put_json("leader.json", &leaders);
        }
        self.round += 1;
        self.schedule(self.round, latest + 1);
        self.state(self.opening());
        self.commit(&format!("Update state (open), schedule, leader for round {}", self.round));
    }

    pub(crate) fn verify(&self) -> Report {
        self.verify_with(&Settings::default())
    }

    pub(crate) fn verify_with(&self, settings: &Settings<'_>) -> Report {
        let blobs = Kept(Mutex::new(self.blobs.clone()));
        let at = self.repository.head().unwrap().unwrap();
        let subject = Subject {
            repository: &self.repository,
            at,
            has_history: true,
            blobs: Some(&blobs),
            redraw: None,
        };
        verify(&subject, settings).unwrap()
    }

    /// What verify says after a text in a file is replaced by another.
    pub(crate) fn after(mut self, path: &str, from: &str, to: &str) -> Vec<String> {
        let text = &self.files[path];
        assert!(text.contains(from), "{path} has no {from}: {text}");
        let text = text.replacen(from, to, 1);
        self.put(path, text);
        self.commit("by hand");
        findings(&self.verify())
    }
}

/// When a round of ours starts.
fn start_of(round: u32) -> String {
    format!("2031-03-{:02}T08:00:00Z", 1 + 3 * round)
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A model that gives these penalties to the left and to the right side.
#[derive(Debug)]
struct Scripted(u8, u8);

impl Chat for Scripted {
    fn ask<'a>(&'a self, request: &'a Request) -> judge::Pending<'a, Result<Reply, JudgeError>> {
        let (first, second) =
            if request.label.ends_with("ba") { (self.1, self.0) } else { (self.0, self.1) };
        let text = format!(r#"{{"penalty_1": {first}, "penalty_2": {second}, "issues": "none"}}"#);
        let reply = Reply { outcome: Outcome::Answer(text), latency: Duration::from_millis(300) };
        Box::pin(std::future::ready(Ok(reply)))
    }
}

struct Nothing;

impl judge::Pictures for Nothing {
    fn get<'a>(&'a self, _: &'a str) -> judge::Pending<'a, Result<Option<Bytes>, judge::Outage>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

impl judge::Sleep for Nothing {
    fn sleep(&self, _: Duration) -> judge::Pending<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn answer(duel: &judge::Duel, (left, right): (u8, u8)) -> judge::Verdict {
    let judge = SingleQuestion::new(single::Settings::default(), Arc::new(Scripted(left, right)));
    let parts = Parts {
        pictures: &Nothing,
        sleep: &Nothing,
        budget: &Budget::new(4),
        earlier: None,
        insist: false,
        notebook: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(judge.judge(duel, parts)).unwrap()
}

/// The disagreements of a report.
pub(crate) fn findings(report: &Report) -> Vec<String> {
    lines(&report.findings)
}

/// The remarks of a report.
pub(crate) fn remarks(report: &Report) -> Vec<String> {
    lines(&report.remarks)
}

fn lines(findings: &[arena::verify::Finding]) -> Vec<String> {
    let plain = |finding: &arena::verify::Finding| {
        let mut text = finding.to_string();
        for name in NAMES {
            let hotkey = hotkey(name);
            text = text.replace(&hotkey, name).replace(ledger::hotkey10(&hotkey), name);
        }
        finding.commit.as_ref().map_or(text.clone(), |commit| text.replace(commit.as_str(), "…"))
    };
    findings.iter().map(plain).collect()
}

/// Hotkeys that messages are easier to read without.
const NAMES: [&str; 6] = ["Anna", "Bert", "Cleo", "Dora", "Lazy", "Zero"];

/// What could not be checked, line by line.
pub(crate) fn unchecked(report: &Report) -> String {
    let line = |one: &arena::verify::Unchecked| {
        let round = one.round.map_or(String::new(), |round| format!("round {round}, "));
        format!("{round}{}: {} ({})", one.check, one.what, one.times)
    };
    report.unchecked.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Blobs in memory.
#[derive(Debug)]
pub(crate) struct Kept(pub(crate) Mutex<BTreeMap<String, Bytes>>);

impl Blobs for Kept {
    fn read(&self, wanted: &[Wanted]) -> Vec<Result<Bytes, BlobError>> {
        let blobs = self.0.lock().unwrap();
        let one = |one: &Wanted| match blobs.get(&one.key) {
            None => Err(BlobError::Missing),
            Some(bytes) if bytes.len() as u64 > one.bytes_max => Err(BlobError::TooLarge),
            Some(bytes) => Ok(bytes.clone()),
        };
        wanted.iter().map(one).collect()
    }
}
