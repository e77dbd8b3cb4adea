//! Who takes part, what they do, and the competition they are in: all of it from a seed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use arena::collector::asset_kind_of;
use bytes::Bytes;
use chain::{Account, BLOCK_SECONDS, Keypair, Neuron};
use jiff::Timestamp;
use ledger::files::config::KindWord;
use ledger::files::prompts;

use crate::fault::{PlanError, words};
use crate::world::mix;

/// The pictures of prompts are below this.
pub(crate) const PROMPTS_URL: &str = "https://prompts.test/";

/// Who gets what is burnt.
pub(crate) const OWNER: u16 = 0;
/// Who sets weights.
pub(crate) const VALIDATOR: u16 = 1;

/// Blocks of a day.
pub(crate) const DAY_BLOCKS: u64 = 86_400 / BLOCK_SECONDS;
/// Rounds start at 08:00.
const START_BLOCK: u64 = 8 * 3600 / BLOCK_SECONDS;
/// What the first leader's image is made of.
const BASE_COMMIT: &str = "ba5eba5eba5eba5eba5eba5eba5eba5eba5eba5e";

/// How big a competition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Who submit, or try to.
    pub miners: u32,
    /// Of a round.
    pub prompts: u32,
    /// Until the calendar ends.
    pub rounds: u32,
    /// Of audits.
    pub repeats: u32,
}

impl Size {
    /// What the figures are measured with.
    pub const FULL: Self = Self { miners: 10, prompts: 32, rounds: 2, repeats: 1 };
    /// For many runs.
    pub const SMALL: Self = Self { miners: 5, prompts: 6, rounds: 2, repeats: 1 };
}

words! {
    /// Who judges.
    pub enum Referee {
        /// One question for each duel.
        SingleQuestion = "single-question",
        /// Questions in stages.
        MultiStage = "multi-stage",
    }
}

/// What is competed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Game {
    /// What miners make.
    pub kind: KindWord,
    /// Who judges it.
    pub referee: Referee,
}

impl Game {
    /// That of a seed: of seven, five are of modules.
    #[must_use]
    pub const fn of(seed: u64) -> Self {
        let kind = match seed % 7 {
            5 => KindWord::Splats,
            6 => KindWord::Meshes,
            _ => KindWord::Modules,
        };
        Self { kind, referee: Referee::SingleQuestion }
    }

    /// What files of assets end with.
    pub(crate) const fn extension(self) -> &'static str {
        asset_kind_of(self.kind).extension()
    }
}

/// What a miner is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cast {
    /// As good as it says.
    Honest,
    /// Its image makes worse things than it submitted.
    Cheat,
    /// Its files break rules.
    Invalid,
    /// It submits the repository and files of the first miner.
    Copycat,
    /// Its server does not answer.
    Silent,
    /// Its server never stops sending.
    Endless,
    /// Its commitments are hostile.
    Garbage,
    /// It has locked too little.
    Unlocked,
    /// Its image cannot be built.
    Unbuildable,
    /// Who reads its source finds something.
    Thief,
}

const OTHERS: [Cast; 9] = [
    Cast::Cheat,
    Cast::Invalid,
    Cast::Copycat,
    Cast::Silent,
    Cast::Endless,
    Cast::Garbage,
    Cast::Unlocked,
    Cast::Unbuildable,
    Cast::Thief,
];

/// A miner.
#[derive(Debug, Clone)]
pub(crate) struct Miner {
    number: u32,
    pub(crate) cast: Cast,
    pub(crate) hotkey: String,
    account: Account,
    /// By day: from then on its model is that good.
    models: Vec<(u64, f64)>,
}

/// A commitment that the chain reveals.
#[derive(Debug, Clone)]
pub(crate) struct Reveal {
    pub(crate) hotkey: Account,
    pub(crate) bytes: Vec<u8>,
    pub(crate) block: u64,
}

/// The key of who sets weights.
pub(crate) fn validator() -> Keypair {
    Keypair::from_seed(&[7; 32])
}

/// A competition and its people.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) size: Size,
    pub(crate) game: Game,
    pub(crate) start: Timestamp,
    miners: Vec<Miner>,
    pub(crate) reveals: Vec<Reveal>,
    pub(crate) neurons: Vec<Neuron>,
    pub(crate) locks: BTreeMap<[u8; 32], u64>,
}

/// A file of a miner's server.
#[derive(Debug, Clone)]
pub(crate) struct Served<'a> {
    pub(crate) miner: &'a Miner,
    model: usize,
    stem: String,
    seed: u64,
}

/// A miner's image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Image {
    quality: f64,
    /// Of the miner and its model.
    number: u64,
    seed: u64,
}

/// Adds what chance does to one asset.
fn asset(quality: f64, parts: &[u64], stem: &str) -> Bytes {
    let stem_number = stem.bytes().fold(0, |sum, byte| mix(&[sum, byte.into()]));
    let number = mix(&[&[stem_number], parts].concat()) % 2001;
    #[expect(clippy::cast_precision_loss, reason = "below 2001")]
    let off = (number as f64 / 1000.0 - 1.0) * 0.05;
    Bytes::from(format!("// quality {:.4}; {stem}\n", quality + off))
}

/// What an asset, or a picture of it, says of itself.
pub(crate) fn quality_of(asset: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(asset).ok()?.strip_prefix("// quality ")?;
    text.split_once(';')?.0.parse().ok()
}

impl Served<'_> {
    /// The file.
    pub(crate) fn asset(&self) -> Bytes {
        if self.miner.cast == Cast::Invalid {
            return Bytes::from_static(b"export default");
        }
        let quality = self.miner.models[self.model].1;
        asset(quality, &[self.seed, self.miner.number.into(), self.model as u64], &self.stem)
    }
}

impl Image {
    /// What it makes of a prompt.
    pub(crate) fn made_again(&self, stem: &str, repeat: u32) -> Bytes {
        asset(self.quality, &[self.seed, self.number, 0xa9a1, repeat.into()], stem)
    }
}

impl Miner {
    fn new(seed: u64, number: u32) -> Self {
        let mut key = [0; 32];
        for (n, part) in key.chunks_mut(8).enumerate() {
            part.copy_from_slice(&mix(&[seed, number.into(), n as u64]).to_le_bytes());
        }
        let account = Account(key);
        let chance = |n: u64| mix(&[seed, number.into(), 0x6d69_6e65, n]) % 1000;
        // The first two are honest, so that there is a competition; the others are as it happens.
        let other = OTHERS[usize::try_from(chance(0) % 9).unwrap_or(0)];
        let honest = number < 2 || chance(1) < 300;
        let cast = if honest { Cast::Honest } else { other };
        let least = match cast {
            Cast::Honest => 0.45,
            _ => 0.75,
        };
        #[expect(clippy::cast_precision_loss, reason = "below 1000")]
        let quality = least + 0.3 * (chance(2) as f64 / 1000.0);
        let mut models = vec![(0, quality)];
        if chance(3) < 500 {
            models.push((1 + chance(4) % 2, quality + 0.15));
        }
        Self { number, cast, hotkey: account.to_string(), account, models }
    }

    fn repo(&self) -> String {
        format!("miner-{}/generator", self.number)
    }

    fn commit(&self, model: usize) -> String {
        let word = mix(&[self.number.into(), model as u64, 0x0063_6f6d]);
        format!("{word:016x}{word:016x}{:08x}", self.number)
    }

    fn url(&self, model: usize) -> String {
        format!("https://m{}.test/v{model}", self.number)
    }

    fn model_on(&self, day: u64) -> usize {
        self.models.iter().rposition(|(from, _)| *from <= day).unwrap_or(0)
    }

    fn coldkey(&self) -> Account {
        let mut key = self.account.0;
        key[0] ^= 0xff;
        Account(key)
    }
}

/// Bytes as the chain stores them: a SCALE compact length, then the text.
fn stored(text: &[u8]) -> Vec<u8> {
    let len = text.len();
    let prefix = match len {
        0..64 => vec![u8::try_from(len << 2).unwrap_or(0)],
        64..16_384 => u16::try_from((len << 2) | 1).unwrap_or(1).to_le_bytes().to_vec(),
        _ => u32::try_from((len << 2) | 2).unwrap_or(2).to_le_bytes().to_vec(),
    };
    [prefix, text.to_vec()].concat()
}

/// What a hostile miner has the chain reveal.
fn garbage(day: u64) -> Vec<u8> {
    match day % 6 {
        0 => stored(b"5"),
        1 => stored(b"[\"repo\", null]"),
        2 => stored("[".repeat(10_000).as_bytes()),
        3 => stored(b"xabcdefghijk"),
        4 => vec![0xff, 0xfe],
        _ => stored(b"{\"repo\":{\"a\":1},\"commit\":7,\"cdn_url\":[\"http://\"]}"),
    }
}

impl Scenario {
    pub(crate) fn new(seed: u64, size: Size, game: Game) -> Self {
        let miners: Vec<Miner> = (0..size.miners).map(|n| Miner::new(seed, n)).collect();
        let mut reveals = Vec::new();
        for day in 0..u64::from(size.rounds) + 12 {
            for miner in &miners {
                // Two at a time, so that ties have to be broken.
                let block = day * DAY_BLOCKS + 600 + 25 * u64::from(miner.number / 2);
                let mut reveal = |bytes, block| {
                    reveals.push(Reveal { hotkey: miner.account, bytes, block });
                };
                if miner.cast == Cast::Garbage {
                    reveal(garbage(day), block);
                    continue;
                }
                let shown = if miner.cast == Cast::Copycat { &miners[0] } else { miner };
                let model = shown.model_on(day);
                let (repo, commit, url) = (shown.repo(), shown.commit(model), shown.url(model));
                if miner.number % 2 == 0 {
                    let text = format!(
                        "{{\"repo\":\"{repo}\",\"commit\":\"{commit}\",\"cdn_url\":\"{url}\"}}"
                    );
                    reveal(stored(text.as_bytes()), block);
                } else {
                    let text = format!("{{'repo': '{repo}', 'commit': '{commit}'}}");
                    reveal(stored(text.as_bytes()), block);
                    reveal(stored(format!("{{'cdn_url': '{url}/'}}").as_bytes()), block + 1);
                }
            }
        }
        reveals.sort_by_key(|reveal| reveal.block);
        let neuron = |uid, hotkey, coldkey| Neuron {
            uid,
            hotkey,
            coldkey,
            stake: 1_000_000_000,
            validator_permit: uid <= VALIDATOR,
            last_update: 0,
        };
        let mut neurons = vec![
            neuron(OWNER, Account([1; 32]), Account([2; 32])),
            neuron(VALIDATOR, validator().account(), Account([3; 32])),
        ];
        let mut locks = BTreeMap::new();
        for (uid, miner) in (2..).zip(&miners) {
            neurons.push(neuron(uid, miner.account, miner.coldkey()));
            let locked: u64 = if miner.cast == Cast::Unlocked { 99 } else { 100 };
            locks.insert(miner.coldkey().0, locked * 1_000_000_000);
        }
        let start = "2031-03-01T00:00:00Z".parse().unwrap_or(Timestamp::UNIX_EPOCH);
        Self { seed, size, game, start, miners, reveals, neurons, locks }
    }

    /// The files a competition starts with.
    pub(crate) fn start_files(&self) -> BTreeMap<String, Option<String>> {
        let size = self.size;
        let stopping = self.seed.is_multiple_of(3);
        let config = format!(
            "{{\n  \"name\": \"sim\",\n  \"description\": \"A simulation\",\n  \
             \"first_evaluation_date\": \"2031-03-01\",\n  \
             \"last_competition_date\": \"2031-03-{:02}\",\n  \"round_start_time\": \"08:00:00\",\n  \
             \"generation_stage_minutes\": 60,\n  \"finalization_buffer_hours\": 1.0,\n  \
             \"win_margin\": 0.05,\n  \"weight_decay\": 0.2,\n  \"weight_floor\": 0.2,\n  \
             \"prompts_per_round\": {},\n  \"carryover_prompts\": {},\n  \
             \"round_duration_days\": 1,\n  \"audit_repeats\": {},\n  \
             \"crucible\": {{\"kind\": \"{}\", \"judge\": \"{}\", \"sequential_stopping\": {stopping}, \"audit_deadline_hours\": 72.0}}\n}}\n",
            size.rounds,
            size.prompts,
            size.prompts / 4,
            size.repeats,
            self.game.kind,
            self.game.referee,
        );
        let schedule = format!(
            "{{\n  \"earliest_reveal_block\": 0,\n  \"latest_reveal_block\": {START_BLOCK},\n  \
             \"generation_deadline_block\": {},\n  \"planned_start\": \"2031-03-01T08:00:00Z\"\n}}",
            START_BLOCK + 300,
        );
        let leader = format!(
            "[\n  {{\n    \"hotkey\": \"{}\",\n    \"repo\": \"base/generator\",\n    \
             \"commit\": \"{BASE_COMMIT}\",\n    \"docker\": \"images.test/base/generator/{BASE_COMMIT}\",\n    \
             \"weight\": 0.0,\n    \"effective_block\": 0,\n    \"hardware\": [\"4xH200\"]\n  }}\n]",
            Account([1; 32]),
        );
        let state =
            "{\n  \"current_round\": 0,\n  \"stage\": \"open\",\n  \"next_stage_eta\": null\n}";
        let pool: Vec<String> =
            (0..size.prompts * 6).map(|n| format!("{PROMPTS_URL}p{n:04}.png")).collect();
        [
            ("config.json", config),
            ("leader.json", leader),
            ("prompts.txt", prompts::to_text(&pool)),
            ("rounds/0/schedule.json", schedule),
            ("state.json", state.to_owned()),
        ]
        .into_iter()
        .map(|(path, text)| (path.to_owned(), Some(text)))
        .collect()
    }

    pub(crate) fn miner(&self, hotkey: &str) -> Option<&Miner> {
        self.miners.iter().find(|miner| miner.hotkey == hotkey)
    }

    /// What is meant by a URL of a miner's server.
    pub(crate) fn served(&self, url: &str) -> Option<Served<'_>> {
        let (number, rest) = url.strip_prefix("https://m")?.split_once(".test/v")?;
        let miner = self.miners.get(number.parse::<usize>().ok()?)?;
        let (model, file) = rest.split_once('/')?;
        let model: usize = model.parse().ok()?;
        let stem = file.strip_suffix(self.game.extension())?.strip_suffix('.')?;
        (model < miner.models.len()).then(|| Served {
            miner,
            model,
            stem: stem.to_owned(),
            seed: self.seed,
        })
    }

    /// What an image does.
    pub(crate) fn image(&self, image: &str) -> Option<Image> {
        let image = image.to_ascii_lowercase();
        if image.ends_with(BASE_COMMIT) {
            return Some(Image { quality: 0.5, number: u64::MAX, seed: self.seed });
        }
        let mut all = self
            .miners
            .iter()
            .flat_map(|miner| (0..miner.models.len()).map(move |model| (miner, model)));
        let (miner, model) = all.find(|(miner, model)| image.ends_with(&miner.commit(*model)))?;
        let worse = if miner.cast == Cast::Cheat { 0.4 } else { 0.0 };
        let quality = miner.models[model].1 - worse;
        let number = mix(&[miner.number.into(), model as u64]);
        Some(Image { quality, number, seed: self.seed })
    }

    /// When all should be over, faults aside: days from the start.
    pub(crate) fn days(&self) -> u32 {
        self.size.rounds + 1
    }
}

#[cfg(test)]
mod tests {
    use ledger::Place;

    use super::{Game, Scenario, Size, quality_of};

    #[test]
    fn what_a_competition_starts_with_is_in_order() {
        for seed in 0..50 {
            let scenario = Scenario::new(seed, Size::FULL, Game::of(seed));
            for (path, text) in scenario.start_files() {
                let place = Place::parse(&path).expect("a file of a competition");
                place.check(&text.expect("a text")).expect("a good file");
            }
            let config = scenario.start_files()["config.json"].clone().expect("a text");
            let config: ledger::files::config::Config =
                ledger::JsonFile::from_text("config.json", &config).expect("a configuration");
            assert_eq!(config.problems(), []);
        }
    }

    #[test]
    fn servers_and_images_are_of_the_same_miners() {
        let scenario = Scenario::new(1, Size::SMALL, Game::of(1));
        let miner = &scenario.miners[0];
        let served = scenario.served(&format!("{}/p0001.js", miner.url(0))).expect("a file");
        assert!(quality_of(&served.asset()).is_some());
        let image = format!("images.test/{}/{}", miner.repo(), miner.commit(0));
        let made = scenario.image(&image).expect("an image").made_again("p0001", 1);
        let off = quality_of(&made).expect("a quality") - miner.models[0].1;
        assert!(off.abs() <= 0.05, "{off}");
        assert!(scenario.served("https://m99.test/v0/a.js").is_none());
    }
}
