//! A competition of few rules, so that the simulator can be tested without the arena's owners. It can be broken on purpose.

use std::collections::BTreeMap;
use std::sync::Arc;

use arena::leader::{Ending, transition};
use arena::owner::{Owner, Turn, TurnError};
use arena::ports::{Ports, WebLimits};
use arena::schedule::{BLOCK_TIME, Seen, plan, time_of};
use chain::Pending;
use ledger::batcher::{Batcher, Now, Settings};
use ledger::files::config::Config;
use ledger::files::leader::Leaders;
use ledger::files::outputs::{AssetKind, Output, Outputs};
use ledger::files::prompts;
use ledger::files::schedule::{Schedule, SeedFile};
use ledger::files::state::State;
use ledger::files::submissions::{Submission, Submissions};
use ledger::files::winner::Winner;
use ledger::repository::{Draft, Expected, Snapshot, expected_at, publish};
use ledger::{JsonFile as _, Layout, MinerFile, Place, Round, RoundFile, Stage};
use simulate::fault::Role;
use simulate::run::Makers;
use store::Digest;

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Nothing.
    None,
    /// Writes the state whatever it is now.
    Overwrites,
    /// Takes the newest block for one that stays.
    TrustsHead,
    /// Goes to the next stage in one commit, and writes what it is about in another.
    TwoCommits,
    /// Goes on without rows for what could not be fetched.
    Forgets,
    /// Who wins depends on when it is decided.
    Undecided,
    /// Panics where something fails.
    Panics,
    /// Takes any failure to fetch for the miner's fault.
    Hasty,
    /// Waits for the next round by its own clock only.
    NeverAgain,
}

/// Does all stages.
#[derive(Debug)]
pub(crate) struct Toy {
    flaw: Flaw,
    batcher: Option<Batcher>,
}

pub(crate) fn makers(flaw: Flaw) -> Makers {
    Arc::new(move |role| match role {
        Role::All => vec![Box::new(Toy { flaw, batcher: None })],
        _ => Vec::new(),
    })
}

fn later(error: impl std::fmt::Display) -> TurnError {
    TurnError::later("playing", error)
}

type Files = Vec<(Place, String)>;

/// What a turn sees.
struct Look<'a> {
    ports: &'a Ports,
    snapshot: Snapshot<'a>,
    state: State,
    round: Round,
}

impl<'a> Look<'a> {
    fn read<T: ledger::JsonFile>(&self, place: &Place) -> Result<T, TurnError> {
        self.snapshot.require(place).map_err(later)
    }

    fn of_round(&self, file: RoundFile) -> Place {
        Place::Round(self.round, file)
    }

    fn prompts(&self) -> Result<Vec<String>, TurnError> {
        let text = self.snapshot.text(&self.of_round(RoundFile::Prompts)).map_err(later)?;
        Ok(prompts::of_round(&text.unwrap_or_default()).into_iter().map(str::to_owned).collect())
    }

    /// Commits a new state with files, if nobody changed the state.
    fn go(&self, state: State, files: Files, flaw: Flaw) -> Result<Turn, TurnError> {
        let mut changes: BTreeMap<String, Option<String>> =
            files.into_iter().map(|(place, text)| (place.to_string(), Some(text))).collect();
        let draft = |changes| Draft {
            message: format!("Update state ({})", state.stage),
            changes,
            author: self.ports.author.clone(),
            time: self.ports.clock.now(),
        };
        let books = &*self.ports.books;
        let expected = match flaw {
            Flaw::Overwrites => Expected::new(),
            _ => expected_at(books, Some(self.snapshot.id()), ["state.json"]).map_err(later)?,
        };
        let rest = (flaw == Flaw::TwoCommits).then(|| std::mem::take(&mut changes));
        changes.insert("state.json".to_owned(), Some(state.to_text()));
        publish(books, &draft(changes), &expected).map_err(later)?;
        if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
            publish(books, &draft(rest), &Expected::new()).map_err(later)?;
        }
        Ok(Turn::Again)
    }

    fn next(&self, stage: Stage) -> State {
        State { stage, ..self.state.clone() }
    }
}

impl Toy {
    async fn play(&mut self, ports: &Ports) -> Result<Turn, TurnError> {
        let snapshot = Snapshot::of_head(&*ports.books);
        let snapshot = if self.flaw == Flaw::Panics {
            snapshot.expect("the repository answers")
        } else {
            snapshot.map_err(later)?
        };
        let Some(snapshot) = snapshot else { return Ok(Turn::Idle) };
        let state: State = snapshot.require(&Place::State).map_err(later)?;
        let look = Look { ports, snapshot, round: state.current_round, state };
        match look.state.stage {
            Stage::Open => self.open(&look).await,
            Stage::MinerGeneration => self.wait(&look).await,
            Stage::Downloading => self.download(&look).await,
            Stage::Duels => self.crown(&look).await,
            Stage::Finalizing => self.next_round(&look).await,
            _ => Ok(Turn::Idle),
        }
    }

    async fn open(&mut self, look: &Look<'_>) -> Result<Turn, TurnError> {
        let ports = look.ports;
        let schedule: Schedule = look.read(&look.of_round(RoundFile::Schedule))?;
        let target = schedule.latest_reveal_block;
        let seen = match self.flaw {
            Flaw::TrustsHead => ports.chain.head().await,
            _ => ports.chain.finalized().await,
        };
        let seen = seen.map_err(later)?;
        if seen.number < target {
            let time =
                time_of(seen.number, ports.clock.now(), target, BLOCK_TIME).map_err(later)?;
            return Ok(Turn::Until(time));
        }
        let block = ports.chain.block(target).await.map_err(later)?.ok_or_else(|| later("none"))?;
        let seed = u32::from_le_bytes([block.hash[0], block.hash[1], block.hash[2], block.hash[3]]);
        let revealed = ports.chain.revealed(seen, 17).await.map_err(later)?;
        let mut submissions = Submissions::new();
        for one in revealed {
            let window = schedule.earliest_reveal_block..=target;
            let mut entries = one.entries.iter().filter(|(_, block)| window.contains(block));
            // Only whole objects, with two bytes of length before them.
            let Some(json) = entries.find_map(|(bytes, _)| {
                serde_json::from_slice::<serde_json::Value>(bytes.get(2..)?).ok()
            }) else {
                continue;
            };
            let text = |name: &str| json.get(name)?.as_str().map(str::to_owned);
            let (Some(repo), Some(commit)) = (text("repo"), text("commit")) else { continue };
            submissions.insert(
                one.hotkey.to_string(),
                Submission {
                    repo,
                    commit,
                    cdn_url: text("cdn_url"),
                    revealed_at_block: one.entries[0].1,
                    round: format!("sim-{}", look.round),
                    layout: Layout::default(),
                },
            );
        }
        if submissions.is_empty() {
            return look.go(look.next(Stage::Finalizing), Vec::new(), self.flaw);
        }
        let pool = look.snapshot.text(&Place::Pool).map_err(later)?.unwrap_or_default();
        let config: Config = look.read(&Place::Config)?;
        let all = prompts::pool(&pool);
        let from = seed as usize % all.len();
        let count = usize::try_from(config.prompts_per_round).map_err(later)?;
        let chosen: Vec<&str> = all.iter().cycle().skip(from).take(count).copied().collect();
        let files = vec![
            (look.of_round(RoundFile::Seed), SeedFile::new(seed).to_text()),
            (look.of_round(RoundFile::Prompts), prompts::to_text(&chosen)),
            (look.of_round(RoundFile::Submissions), submissions.to_text()),
        ];
        look.go(look.next(Stage::MinerGeneration), files, self.flaw)
    }

    async fn wait(&mut self, look: &Look<'_>) -> Result<Turn, TurnError> {
        let schedule: Schedule = look.read(&look.of_round(RoundFile::Schedule))?;
        let head = look.ports.chain.finalized().await.map_err(later)?.number;
        let deadline = schedule.generation_deadline_block.unwrap_or(0);
        if head < deadline {
            let time =
                time_of(head, look.ports.clock.now(), deadline, BLOCK_TIME).map_err(later)?;
            return Ok(Turn::Until(time));
        }
        look.go(look.next(Stage::Downloading), Vec::new(), self.flaw)
    }

    /// What has to be written down, with all files of a batch.
    fn batcher(&mut self, ports: &Ports) -> Result<&mut Batcher, TurnError> {
        if self.batcher.is_none() {
            let journal = ports.journals.open("collector").map_err(later)?;
            let settings = Settings::new(ports.author.clone());
            let batcher = Batcher::open(Arc::clone(&ports.books), journal, settings);
            self.batcher = Some(batcher.map_err(later)?);
        }
        self.batcher.as_mut().ok_or_else(|| later("no batcher"))
    }

    async fn download(&mut self, look: &Look<'_>) -> Result<Turn, TurnError> {
        let (ports, flaw) = (look.ports, self.flaw);
        let submissions: Submissions = look.read(&look.of_round(RoundFile::Submissions))?;
        let prompts = look.prompts()?;
        let batcher = self.batcher(ports)?;
        if batcher.pending().any(|path| path == "state.json") {
            // Of an earlier life; it is decided again.
            batcher.drop_pending("state.json").map_err(later)?;
        }
        batcher.refresh().map_err(later)?;
        batcher.guard("state.json").map_err(later)?;
        let base = batcher.base().ok_or_else(|| later("no commits"))?;
        let now: State =
            Snapshot::new(&*ports.books, base).require(&Place::State).map_err(later)?;
        if now != look.state {
            // What follows would rest on another commit than the guard does.
            return Ok(Turn::Again);
        }
        for (hotkey, submission) in &submissions {
            let place = Place::Miner(look.round, hotkey.clone(), MinerFile::Submitted);
            let text = batcher.read(&place.to_string()).map_err(later)?;
            let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let mut rows = Outputs::from_optional(&place.to_string(), text.as_deref())
                .map_err(later)?
                .unwrap_or_default();
            for url in &prompts {
                let stem = prompts::stem(url);
                if rows.contains_key(stem) {
                    continue;
                }
                let Some(row) = fetch(ports, look.round, hotkey, submission, stem, flaw).await?
                else {
                    continue;
                };
                rows.insert(stem.to_owned(), row);
                let elapsed = ports.clock.elapsed();
                let now = Now { elapsed, time: ports.clock.now() };
                batcher
                    .put(&place.to_string(), &rows.to_text(), "Update submitted")
                    .map_err(later)?;
                batcher.tick(now).ok();
            }
        }
        let now = Now { elapsed: ports.clock.elapsed(), time: ports.clock.now() };
        let state = look.next(Stage::Duels).to_text();
        batcher.put("state.json", &state, "duels").map_err(later)?;
        if let Err(error) = batcher.flush(now) {
            // Somebody changed the state meanwhile: what was fetched is still pending, the new state must not be.
            batcher.drop_pending("state.json").map_err(later)?;
            batcher.unguard("state.json").map_err(later)?;
            return Err(later(error));
        }
        Ok(Turn::Again)
    }

    async fn crown(&mut self, look: &Look<'_>) -> Result<Turn, TurnError> {
        let submissions: Submissions = look.read(&look.of_round(RoundFile::Submissions))?;
        let mut best = (0.5 * look.prompts()?.len() as f64, None);
        for (hotkey, submission) in &submissions {
            let place = Place::Miner(look.round, hotkey.clone(), MinerFile::Submitted);
            let rows: Outputs = look.read(&place)?;
            let mut sum = 0.0;
            for row in rows.values() {
                let Some(key) = row.asset.as_deref().and_then(|url| look.ports.store.key_of(url))
                else {
                    continue;
                };
                let asset = look.ports.store.get(&key, 1 << 20).await.map_err(later)?;
                let text = String::from_utf8(asset.unwrap_or_default().to_vec()).map_err(later)?;
                let quality =
                    text.split([' ', ';']).nth(2).and_then(|word| word.parse::<f64>().ok());
                sum += quality.unwrap_or(0.0);
            }
            if self.flaw == Flaw::Undecided {
                sum += (look.ports.clock.now().as_second() / 600 % 7) as f64
                    * hotkey.len() as f64
                    * f64::from(hotkey.as_bytes()[5] % 5);
            }
            if sum > best.0 {
                best = (sum, Some((hotkey.clone(), submission.clone())));
            }
        }
        let leaders: Leaders = look.read(&Place::Leader)?;
        let last = leaders.latest().cloned().ok_or_else(|| later("no leader"))?;
        let winner = match best.1 {
            Some((winner_hotkey, Submission { repo, commit, .. })) => {
                let docker_image = format!("images.test/{repo}/{commit}");
                Winner { winner_hotkey, repo, commit, docker_image, layout: Layout::default() }
            }
            None => Winner {
                winner_hotkey: ledger::LEADER.to_owned(),
                repo: last.repo.unwrap_or_default(),
                commit: last.commit.unwrap_or_default(),
                docker_image: last.docker.unwrap_or_default(),
                layout: Layout::default(),
            },
        };
        let files = vec![(look.of_round(RoundFile::Winner), winner.to_text())];
        look.go(look.next(Stage::Finalizing), files, self.flaw)
    }

    async fn next_round(&mut self, look: &Look<'_>) -> Result<Turn, TurnError> {
        if self.flaw == Flaw::NeverAgain && look.round.0 > 0 {
            return Ok(Turn::Idle);
        }
        let config: Config = look.read(&Place::Config)?;
        let mut leaders: Leaders = look.read(&Place::Leader)?;
        let previous: Schedule = look.read(&look.of_round(RoundFile::Schedule))?;
        let winner: Option<Winner> =
            look.snapshot.find(&look.of_round(RoundFile::Winner)).map_err(later)?;
        let block = look.ports.chain.finalized().await.map_err(later)?.number;
        let now = look.ports.clock.now();
        let block_time = BLOCK_TIME;
        let seen = Seen { config: &config, now, block, block_time, previous: Some(&previous) };
        let next = plan(&seen).map_err(later)?;
        let ending = winner.as_ref().map_or(Ending::NoSubmissions, Ending::Won);
        let last = leaders.latest().cloned().ok_or_else(|| later("no leader"))?;
        let mut files = Files::new();
        if let Some(entry) = transition(&last, ending, &config, next.start_block).entry() {
            leaders.append(entry.clone()).map_err(later)?;
            files.push((Place::Leader, leaders.to_text()));
        }
        let Some(schedule) = next.schedule else {
            return look.go(look.next(Stage::Finished), files, self.flaw);
        };
        let round = look.round.next();
        files.push((Place::Round(round, RoundFile::Schedule), schedule.to_text()));
        let state = State { current_round: round, ..look.next(Stage::Open) };
        look.go(state, files, self.flaw)
    }
}

async fn fetch(
    ports: &Ports,
    round: Round,
    hotkey: &str,
    submission: &Submission,
    stem: &str,
    flaw: Flaw,
) -> Result<Option<Output>, TurnError> {
    let limits = WebLimits {
        bytes_max: 1 << 20,
        time_max: std::time::Duration::from_secs(60),
        rate_min: None,
    };
    let url = format!("{}/{stem}.js", submission.cdn_url.as_deref().unwrap_or_default());
    let mut row = Output::new(AssetKind::Module);
    let mut body = ports.web.get(&url, &limits).await;
    if flaw != Flaw::Hasty && body.as_ref().is_err_and(|error| error.is_transient()) {
        body = ports.web.get(&url, &limits).await;
    }
    match body {
        Err(_) if flaw == Flaw::Forgets => return Ok(None),
        Err(error) => row.failure_reason = Some(format!("js_fetch_failed: {error}")),
        Ok(body) => {
            let key = format!("rounds/{round}/{hotkey}/submitted/{stem}.js");
            let blob = ports.store.put(&key, body.clone(), "application/javascript").await;
            let blob = blob.map_err(later)?;
            row.asset = Some(ports.store.url(&key));
            row.size = blob.size_bytes;
            row.sha256 = Some(Digest::of(&body).to_string());
        }
    }
    Ok(Some(row))
}

impl Owner for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn turn<'a>(&'a mut self, ports: &'a Ports) -> Pending<'a, Result<Turn, TurnError>> {
        Box::pin(self.play(ports))
    }
}
