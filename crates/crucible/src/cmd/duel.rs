//! `crucible duel`: which of two assets is more faithful to a prompt.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use asset::Format;
use asset::rules::FILE_BYTES_MAX;
use bytes::Bytes;
use judge::perceptual::Perceptual;
use judge::single::SingleQuestion;
use judge::stages::MultiStage;
use judge::vlm::{Endpoint, EndpointSettings, Model, PicturesBy};
use judge::{
    Budget, Duel, DuelJudge, Evidence, Outage, Parts, Pending, Pictures, Shown, Sleep, Verdict,
};
use ledger::files::duels::DuelWinner;
use ledger::json::{Json, Style};
use secrecy::SecretString;
use serde::Serialize;
use views::{Bundle, Kind, Maker, Modules, ViewsError};

use crate::descriptor::DescriptorArgs;
use crate::failure::{Failure, exit};
use crate::module::{CageArgs, is_module};
use crate::{files, interrupt, module, output};

/// Tells which of two assets is more faithful to a prompt, and why: splats (.ply), meshes (.glb), Three.js modules (.js), in any mix
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The defender's asset
    left: PathBuf,

    /// The challenger's asset
    right: PathBuf,

    /// Picture that both were made after: PNG, JPEG or WebP
    #[arg(short, long, value_name = "PICTURE")]
    prompt: PathBuf,

    /// Who judges
    #[arg(long, value_enum, default_value_t = JudgeArg::Perceptual)]
    judge: JudgeArg,

    /// OpenAI-compatible endpoint of the judges that ask a model, with its /v1. The key is taken from `OPENAI_API_KEY`
    #[arg(long, env = "OPENAI_BASE_URL", value_name = "URL")]
    endpoint: Option<String>,

    /// The model's name at the endpoint
    #[arg(long, value_name = "NAME")]
    vlm: Option<String>,

    /// Seconds for a question to a model, all tries together. Where no connection comes about it is given up after five
    #[arg(long, value_name = "S", default_value_t = 240.0)]
    timeout: f64,

    /// Seed of the questions to a model
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u32,

    /// Write the view bundles into this folder, below left/ and right/
    #[arg(long, value_name = "DIR")]
    save_views: Option<PathBuf>,

    /// Write what the verdict rests on
    #[arg(long, value_name = "FILE")]
    save_evidence: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    descriptor: DescriptorArgs,

    #[command(flatten)]
    cage: CageArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum JudgeArg {
    /// Without a model: features of the pictures
    Perceptual,
    /// A vision-language model, in stages
    MultiStage,
    /// A vision-language model, one question about two sheets of views
    SingleQuestion,
}

/// One of both assets.
struct Side {
    /// Nothing if the asset is invalid.
    bundle: Option<Bundle>,
    report: SideReport,
}

#[derive(Serialize)]
struct SideReport {
    file: String,
    kind: &'static str,
    /// Of the view bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    views_sha256: Option<String>,
    /// Which rule it breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid: Option<String>,
}

#[derive(Serialize)]
struct Report<'a> {
    winner: &'static str,
    judge: &'a judge::Description,
    left: &'a SideReport,
    right: &'a SideReport,
    detail: serde_json::Value,
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let judge = args.judge()?;
    let prompt = files::read_picture_bytes(&args.prompt)?;
    vision::decode(&prompt).map_err(|error| Failure::input(&args.prompt, error))?;
    let modules = Modules::caged(cage::Config {
        uncaged: args.cage.unsafe_no_cage,
        ..cage::Config::default()
    });
    let maker = Maker::new(modules).describing_with(Arc::from(args.descriptor.load()?));
    let left = side(&maker, &args.left, &prompt)?;
    interrupt::check()?;
    let right = side(&maker, &args.right, &prompt)?;
    interrupt::check()?;
    if let Some(folder) = &args.save_views {
        for (name, side) in [("left", &left), ("right", &right)] {
            save(&folder.join(name), side)?;
        }
    }
    let verdict = verdict(&*judge, &args, prompt.into(), [&left, &right])?;
    if let Some(path) = &args.save_evidence {
        let evidence = verdict.evidence.as_ref();
        let text =
            serde_json::to_string_pretty(&evidence).map_err(|error| Failure::input(path, error))?;
        write(path, text.as_bytes())?;
    }
    let winner = match verdict.winner {
        DuelWinner::Left => "left",
        DuelWinner::Right => "right",
        DuelWinner::Draw | DuelWinner::Skipped => "draw",
    };
    if args.json {
        let text = ledger::json::write(&verdict.detail, Style::Line);
        let detail = serde_json::from_str(&text)
            .map_err(|error| Failure::usage(format!("cannot write JSON: {error}")))?;
        let description = judge.describe();
        let (left, right) = (&left.report, &right.report);
        output::json(&Report { winner, judge: &description, left, right, detail })?;
    } else {
        output::line(story(winner, &verdict.detail, [&left, &right]));
    }
    Ok(ExitCode::from(exit::OK))
}

impl Args {
    fn judge(&self) -> Result<Box<dyn DuelJudge>, Failure> {
        if self.judge == JudgeArg::Perceptual {
            return Ok(Box::new(Perceptual::default()));
        }
        let Some(base_url) = self.endpoint.clone() else {
            return Err(Failure::usage("--endpoint URL is needed for judges that ask a model"));
        };
        let default = EndpointSettings::default();
        let settings = EndpointSettings {
            base_url,
            call_s: self.timeout,
            try_s: default.try_s.min(self.timeout),
            // Whoever waits before a terminal has perhaps mistyped the address.
            connect_s: 5.0_f64.min(self.timeout),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the edge: a key comes from nowhere else"
        )]
        let key = std::env::var("OPENAI_API_KEY").ok().filter(|key| !key.is_empty());
        let endpoint = Endpoint::new(&settings, key.map(SecretString::from))
            .map_err(|error| Failure::usage(error.to_string()))?;
        let model = |default: Model| Model {
            name: self.vlm.clone().unwrap_or(default.name),
            // No endpoint can fetch pictures from here.
            pictures: PicturesBy::Data,
            ..Model::default()
        };
        let chat = Arc::new(endpoint);
        Ok(match self.judge {
            JudgeArg::SingleQuestion => {
                let mut settings = judge::single::Settings::default();
                settings.model = model(settings.model);
                Box::new(SingleQuestion::new(settings, chat))
            }
            _ => {
                let mut settings = judge::stages::Settings::default();
                settings.model = model(settings.model);
                Box::new(MultiStage::new(settings, chat))
            }
        })
    }
}

/// Reads an asset and makes its bundle. One that breaks a rule has none, and loses; what is not an asset is an error.
fn side(maker: &Maker, path: &Path, prompt: &[u8]) -> Result<Side, Failure> {
    let (kind, bytes) = if is_module(path) {
        (Kind::Module, module::read(path)?)
    } else {
        let bytes = files::read_whole(path, FILE_BYTES_MAX)?;
        let head = &bytes[..bytes.len().min(Format::DETECT_BYTES)];
        let kind = match Format::detect(head) {
            Some(Format::Ply) => Kind::Splats,
            Some(Format::Glb) => Kind::Mesh,
            _ => {
                let text = "no PLY, no GLB, and no .js; crucible convert makes PLY of splats and GLB of meshes";
                return Err(Failure::input(path, text));
            }
        };
        (kind, bytes)
    };
    let word = match kind {
        Kind::Splats => "splats",
        Kind::Mesh => "mesh",
        Kind::Module => "module",
    };
    let report = |views_sha256, invalid| SideReport {
        file: path.display().to_string(),
        kind: word,
        views_sha256,
        invalid,
    };
    match maker.bundle(kind, &bytes, prompt) {
        Ok(bundle) => {
            let digest = faster_hex::hex_string(&bundle.digest());
            Ok(Side { bundle: Some(bundle), report: report(Some(digest), None) })
        }
        Err(ViewsError::Invalid(why)) => Ok(Side { bundle: None, report: report(None, Some(why)) }),
        Err(error) => Err(Failure::input(path, error)),
    }
}

fn save(folder: &Path, side: &Side) -> Result<(), Failure> {
    for (key, _, content) in side.bundle.iter().flat_map(Bundle::files) {
        write(&folder.join(key), content)?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    files::write_atomically(path, |writer| {
        writer.write_all(bytes).map_err(|error| Failure::input(path, error))
    })
}

/// The files of both bundles, and the prompt, by made-up URLs.
struct AtHand(BTreeMap<String, Bytes>);

impl Pictures for AtHand {
    fn get<'a>(&'a self, url: &'a str) -> Pending<'a, Result<Option<Bytes>, Outage>> {
        Box::pin(async { Ok(self.0.get(url).cloned()) })
    }
}

struct ByTokio;

impl Sleep for ByTokio {
    fn sleep(&self, time: Duration) -> Pending<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

fn verdict(
    judge: &dyn DuelJudge,
    args: &Args,
    prompt: Bytes,
    sides: [&Side; 2],
) -> Result<Verdict, Failure> {
    let mut at_hand = BTreeMap::from([("prompt".to_owned(), prompt)]);
    let mut shown = ["left", "right"].into_iter().zip(sides).map(|(name, side)| {
        let bundle = side.bundle.as_ref()?;
        let keyed = bundle.files().map(|(key, _, file)| (format!("{name}/{key}"), file.clone()));
        at_hand.extend(keyed);
        Some(Shown { prefix: name.to_owned() })
    });
    let stem = args.prompt.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (left, right) = (shown.next().flatten(), shown.next().flatten());
    drop(shown);
    let duel = Duel { stem, prompt: "prompt".to_owned(), left, right, seed: args.seed };
    let parts = Parts {
        pictures: &AtHand(at_hand),
        sleep: &ByTokio,
        budget: &Budget::new(32),
        earlier: None::<&Evidence>,
        insist: false,
        notebook: None,
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::io(&error))?;
    runtime.block_on(judge.judge(&duel, parts)).map_err(|error| Failure::usage(error.to_string()))
}

/// The verdict for people.
fn story(winner: &str, detail: &Json, sides: [&Side; 2]) -> String {
    let mut text = if winner == "draw" { "draw".to_owned() } else { format!("{winner} wins") };
    let text_of = |key: &str| detail.as_object()?.get(key)?.as_str();
    if let Some(why) = text_of("decided_by").or_else(|| text_of("reason")) {
        write!(text, " ({why})").ok();
    }
    for (name, side) in ["left", "right"].into_iter().zip(sides) {
        if let Some(why) = &side.report.invalid {
            write!(text, "\n{name} is not valid: {why}").ok();
        }
    }
    let number = |json: &Json| match json {
        Json::Number(number) => number.parse::<f64>().ok(),
        _ => None,
    };
    let member = |key: &str| detail.as_object()?.get(key);
    let pair = |json: &Json| {
        let members = json.as_object()?;
        Some((number(members.get("left")?)?, number(members.get("right")?)?))
    };
    if let (Some(left), Some(right)) =
        (member("distance_left").and_then(number), member("distance_right").and_then(number))
    {
        write!(text, "\n\n{:12} {:>8} {:>8}", "away from it", "left", "right").ok();
        let features = member("features").and_then(Json::as_object).into_iter().flatten();
        for (name, json) in features {
            if let Some((left, right)) = pair(json) {
                write!(text, "\n{name:12} {left:8.4} {right:8.4}").ok();
            }
        }
        write!(text, "\n{:12} {left:8.4} {right:8.4}", "weighed").ok();
    }
    if let Some(issues) = text_of("issues").filter(|issues| !issues.is_empty()) {
        write!(text, "\n{issues}").ok();
    }
    text
}
