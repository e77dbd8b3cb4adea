//! `crucible arena init`: a competition in a folder of this machine.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arena::control::{Beginning, Desk};
use bytes::Bytes;
use chain::dev::{DevChain, DevClock, Genesis, Member};
use chain::{Clock as _, Keypair};
use image::RgbaImage;
use jiff::Timestamp;
use ledger::Layout;
use ledger::files::config::{Config, Crown, KindWord, Options};
use ledger::files::leader::LeaderEntry;
use ledger::files::schedule::Schedule;
use ledger::repository::GitRepository;
use pod::wire::Kind;
use store::Store;

use super::place::{self, Place};
use super::pods;
use crate::failure::{Failure, exit};
use crate::output;

/// Makes a competition in a new folder: rules, prompts, a development chain, a leader to beat
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The competition's folder
    folder: PathBuf,

    /// Prompts: pictures, folders with pictures, or text files with one address a line [default: 18 objects that the program draws]
    #[arg(long, value_name = "PATH")]
    prompts: Vec<PathBuf>,

    #[command(flatten)]
    rules: Rules,

    /// Port on which `arena run` hands out blobs on this machine
    #[arg(long, value_name = "N", default_value_t = 4404)]
    port: u16,
}

/// The rules, as `config.json` has them.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Rules {
    /// Its name, which begins the tags of images
    #[arg(long, default_value = "local")]
    pub(super) name: String,

    /// What miners are to make
    #[arg(long, value_enum, default_value_t = KindArg::Modules)]
    pub(super) kind: KindArg,

    /// Who judges: perceptual needs no model, the others are configured in arena.toml
    #[arg(long, value_enum, default_value_t = JudgeArg::Perceptual)]
    pub(super) judge: JudgeArg,

    /// Prompts of a round
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(super) prompts_per_round: i64,

    /// How many of them come from the round before
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(super) carryover: i64,

    /// A challenger wins from this margin on, 0 to 1
    #[arg(long, value_name = "M", default_value_t = 0.05)]
    pub(super) win_margin: f64,

    /// How often a winner's outputs are made again
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(super) audit_repeats: i64,

    /// From the end of submissions to the deadline for outputs
    #[arg(long, value_name = "MINUTES", default_value_t = 240)]
    pub(super) generation_minutes: i64,

    /// Submissions of the first round end so much later
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    pub(super) open_minutes: u64,

    /// A crown needs an interval above zero, not the margin alone
    #[arg(long)]
    pub(super) crown_on_interval: bool,

    /// Matches end when their outcome is settled
    #[arg(long)]
    pub(super) sequential_stopping: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum KindArg {
    /// Gaussian splats, PLY
    Splats,
    /// Meshes, GLB
    Meshes,
    /// Three.js modules
    Modules,
}

impl KindArg {
    const fn word(self) -> KindWord {
        match self {
            Self::Splats => KindWord::Splats,
            Self::Meshes => KindWord::Meshes,
            Self::Modules => KindWord::Modules,
        }
    }

    /// What miners are asked for, one at a time.
    pub(super) const fn wire(self) -> Kind {
        match self {
            Self::Splats => Kind::Splats,
            Self::Meshes => Kind::Mesh,
            Self::Modules => Kind::Module,
        }
    }

    /// What people call them.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Splats => "Gaussian splats",
            Self::Meshes => "meshes",
            Self::Modules => "Three.js modules",
        }
    }
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum JudgeArg {
    /// Compares pictures by itself
    Perceptual,
    /// Asks a vision-language model in stages
    MultiStage,
    /// Asks a vision-language model one question
    SingleQuestion,
}

impl JudgeArg {
    const fn name(self) -> &'static str {
        match self {
            Self::Perceptual => "perceptual",
            Self::MultiStage => "multi-stage",
            Self::SingleQuestion => "single-question",
        }
    }
}

/// Someone on the development chain, from the beginning.
#[derive(Debug, Clone)]
pub(super) struct Somebody {
    pub(super) hotkey: Keypair,
    pub(super) coldkey: Keypair,
    /// Locked, in whole tokens.
    pub(super) locked: u64,
}

/// Tokens as the chain counts them.
const RAO: u64 = 1_000_000_000;

/// What a competition is made of.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) rules: Rules,
    pub(super) prompts: Vec<Prompt>,
    pub(super) port: u16,
    /// Besides owner and validator.
    pub(super) people: Vec<Somebody>,
    /// Further lines of `arena.toml`.
    pub(super) settings: String,
    /// When the chain begins.
    pub(super) start: Timestamp,
}

/// A prompt of the pool.
#[derive(Debug)]
pub(super) enum Prompt {
    /// Elsewhere.
    Url(String),
    /// To be handed out by us: a file's name, and its bytes.
    Picture(String, Vec<u8>),
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let prompts = if args.prompts.is_empty() { drawn()? } else { read(&args.prompts)? };
    let clock = chain::SystemClock::start();
    let plan = Plan {
        rules: args.rules.clone(),
        prompts,
        port: args.port,
        people: Vec::new(),
        settings: DEVELOPMENT.to_owned(),
        start: clock.now(),
    };
    let place = make(&args.folder, plan)?;
    let folder = args.folder.display();
    output::line(format!("{folder}: a competition, round 0 is open"));
    output::line(format!("its state: git --git-dir {} log", place.state_folder().display()));
    output::line(format!(
        "submit: crucible arena submit {folder} --key //Alice --repo … --commit … --cdn-url …"
    ));
    output::line(format!("run it: crucible arena run {folder}"));
    Ok(ExitCode::from(exit::OK))
}

/// A competition of one person on one machine: nobody looks at sources, nobody must have locked anything, waits are short, and
/// miners' servers may be this machine.
pub(super) const DEVELOPMENT: &str = r#"
[pace]
least_s = 1.0
most_s = 30.0
failure_s = 2.0

[web]
allowed = ["127.0.0.0/8"]

[collector]
required_lock_alpha = 0.0
silence_s = 5
alone_s = 20

[weights]
owner_uid = 0

[auditor]
policy = "pass_all"
"#;

/// Nobody waits longer for a report or a source audit that never comes.
const AUDIT_DEADLINE_HOURS: f64 = 72.0;

/// Makes the folder with all that belongs to it.
pub(super) fn make(folder: &Path, plan: Plan) -> Result<Place, Failure> {
    let path = folder.join(place::FILE);
    if path.exists() {
        return Err(Failure::input(folder, "has a competition already; take another folder"));
    }
    fs_err::create_dir_all(folder).map_err(|error| Failure::io(&error))?;
    let text = format!(
        "# A competition on this machine; docs/arena.md tells of every setting.\n\n\
         [store]\nurl = \"http://127.0.0.1:{port}\"\nserve = \"127.0.0.1:{port}\"\n{}",
        plan.settings,
        port = plan.port,
    );
    // The file goes last: a folder without it is none.
    let settings: place::Settings =
        toml::from_str(&text).map_err(|error| Failure::input(&path, error))?;
    let place = Place::with(folder, settings)?;
    let blocks = minutes_to_blocks(plan.rules.open_minutes);
    let generation = u64::try_from(plan.rules.generation_minutes).unwrap_or(0);
    let schedule = Schedule {
        earliest_reveal_block: 0,
        latest_reveal_block: blocks,
        generation_deadline_block: Some(blocks + minutes_to_blocks(generation)),
        planned_start: plan
            .start
            .checked_add(std::time::Duration::from_secs(blocks * chain::BLOCK_SECONDS))
            .ok(),
        layout: Layout::default(),
    };
    let owner = somebody("//Owner")?;
    let validator = Somebody { hotkey: place.validator()?, ..somebody("//Validator")? };
    make_chain(&place, plan.start, &owner, &validator, &plan.people)?;
    let pool = make_pool(&place.store()?, plan.prompts)?;
    let baseline = pods::baseline(&place, plan.rules.kind.wire())?;
    let leader = LeaderEntry {
        hotkey: owner.hotkey.account().to_string(),
        repo: Some(baseline.repository.name),
        commit: Some(baseline.repository.commit),
        docker: Some(baseline.image),
        weight: 0.0,
        effective_block: 0,
        layout: Layout::default(),
    };
    let config = config(&plan.rules, plan.start);
    let books = GitRepository::create(&place.state_folder(), place.branch())
        .map_err(|error| Failure::input(folder, error))?;
    let author = place.author();
    let desk = Desk { books: &books, author: &author, time: plan.start };
    let beginning = Beginning { config, leader, pool, schedule, others: Default::default() };
    desk.begin(&beginning).map_err(|error| Failure::input(folder, error))?;
    fs_err::write(&path, text).map_err(|error| Failure::io(&error))?;
    Ok(place)
}

fn minutes_to_blocks(minutes: u64) -> u64 {
    minutes.saturating_mul(60) / chain::BLOCK_SECONDS
}

/// A development key and the coldkey that owns it.
pub(super) fn somebody(uri: &str) -> Result<Somebody, Failure> {
    let key = |uri: &str| {
        Keypair::from_uri(uri).map_err(|error| Failure::usage(format!("key {uri}: {error}")))
    };
    Ok(Somebody { hotkey: key(uri)?, coldkey: key(&format!("{uri}//cold"))?, locked: 0 })
}

fn make_chain(
    place: &Place,
    start: Timestamp,
    owner: &Somebody,
    validator: &Somebody,
    people: &[Somebody],
) -> Result<(), Failure> {
    let member = |somebody: &Somebody, stake| Member {
        hotkey: somebody.hotkey.account(),
        coldkey: somebody.coldkey.account(),
        stake,
    };
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Failure::usage(error.to_string()))?;
    let mut genesis = Genesis::new(place.settings.chain.netuid, start, member(owner, 0), seed);
    genesis.weights_rate_limit = 0;
    genesis.members.push(member(validator, 1000 * RAO));
    for somebody in people {
        genesis.members.push(member(somebody, 0));
        genesis.locks.push(chain::dev::Lock {
            coldkey: somebody.coldkey.account(),
            amount: somebody.locked * RAO,
        });
    }
    let folder = place.chain_folder();
    DevChain::create(&folder, &genesis).map_err(|error| Failure::input(&folder, error))?;
    DevClock::open(&folder).map_err(|error| Failure::io(&error))?;
    Ok(())
}

fn config(rules: &Rules, start: Timestamp) -> Config {
    let today = start.to_zoned(jiff::tz::TimeZone::UTC).date();
    Config {
        name: rules.name.clone(),
        description: "A competition on one machine".to_owned(),
        first_evaluation_date: today,
        last_competition_date: today.saturating_add(jiff::Span::new().years(1)),
        round_start_time: jiff::civil::Time::constant(8, 0, 0, 0),
        generation_stage_minutes: Some(rules.generation_minutes),
        finalization_buffer_hours: 1.0,
        win_margin: rules.win_margin,
        weight_decay: 0.2,
        weight_floor: 0.2,
        prompts_per_round: rules.prompts_per_round,
        carryover_prompts: rules.carryover,
        round_duration_days: 1,
        audit_repeats: rules.audit_repeats,
        crucible: Some(Options {
            kind: rules.kind.word(),
            judge: rules.judge.name().to_owned(),
            crown: if rules.crown_on_interval { Crown::Interval } else { Crown::Margin },
            sequential_stopping: rules.sequential_stopping,
            audit_deadline_hours: Some(AUDIT_DEADLINE_HOURS),
            ..Options::default()
        }),
        layout: Layout::default(),
    }
}

fn make_pool(store: &Store, prompts: Vec<Prompt>) -> Result<Vec<String>, Failure> {
    super::assemble::runtime()?.block_on(async {
        let mut pool = Vec::new();
        for prompt in prompts {
            match prompt {
                Prompt::Url(url) => pool.push(url),
                Prompt::Picture(name, bytes) => {
                    let key = format!("prompts/{name}");
                    let put = store.put(&key, Bytes::from(bytes), "image/png").await;
                    put.map_err(|error| Failure::usage(error.to_string()))?;
                    pool.push(store.url(&key));
                }
            }
        }
        Ok(pool)
    })
}

/// The objects that the program makes for its own evaluation, seen from the front.
pub(super) fn drawn() -> Result<Vec<Prompt>, Failure> {
    let mut prompts = Vec::new();
    for truth in generate::eval::built_in_truths(0) {
        let backdrop = generate::eval::Backdrop::Transparent;
        let picture = generate::eval::prompt_picture(&truth.splats, 512, backdrop)
            .ok_or_else(|| Failure::usage(format!("{} cannot be seen", truth.name)))?;
        prompts.push(Prompt::Picture(format!("{}.png", truth.name), png(&picture)?));
    }
    Ok(prompts)
}

pub(super) fn png(picture: &RgbaImage) -> Result<Vec<u8>, Failure> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .map_err(|error| Failure::usage(error.to_string()))?;
    Ok(bytes.into_inner())
}

/// Pictures, folders of pictures, lists of addresses.
fn read(paths: &[PathBuf]) -> Result<Vec<Prompt>, Failure> {
    let mut prompts = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = fs_err::read_dir(path).map_err(|error| Failure::io(&error))?;
            let paths = entries.map(|entry| entry.map(|entry| entry.path()));
            let mut paths =
                paths.collect::<Result<Vec<_>, _>>().map_err(|error| Failure::io(&error))?;
            paths.sort();
            for path in paths.iter().filter(|path| is_picture(path)) {
                prompts.push(picture(path)?);
            }
        } else if is_picture(path) {
            prompts.push(picture(path)?);
        } else {
            let text = fs_err::read_to_string(path).map_err(|error| Failure::io(&error))?;
            let urls = ledger::files::prompts::pool(&text).into_iter();
            prompts.extend(urls.map(|url| Prompt::Url(url.to_owned())));
        }
    }
    Ok(prompts)
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["png", "jpg", "jpeg", "webp"].contains(&extension.to_ascii_lowercase().as_str())
}

fn picture(path: &Path) -> Result<Prompt, Failure> {
    let bytes = fs_err::read(path).map_err(|error| Failure::io(&error))?;
    vision::decode(&bytes).map_err(|error| Failure::input(path, error))?;
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Failure::input(path, "its name is not UTF-8"))?;
    Ok(Prompt::Picture(name.to_owned(), bytes))
}
