//! `crucible eval`: how good a generator is, measured where the truth is known.

mod descriptor;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asset::Splats;
use generate::Options;
use generate::eval::{
    self, Backdrop, Billboard, BuiltIn, EvalError, EvalObserver, Inflated, Settings, Truth,
};
use image::{RgbaImage, imageops};
use indicatif::ProgressBar;

use super::generate::{QualityArg, progress_bar};
use super::render::write_png;
use crate::failure::{Failure, exit};
use crate::{files, interrupt, output};

/// Measures how good a generator is
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Generator(GeneratorArgs),
    Descriptor(descriptor::Args),
}

/// Draws known assets, generates from the pictures, and compares from 8 sides, beside two baselines
#[derive(Debug, clap::Args)]
struct GeneratorArgs {
    /// Ground-truth asset, or a folder of them; again for more [default: the objects that the project ships]
    #[arg(long, value_name = "FILE|DIR")]
    truth: Vec<PathBuf>,

    /// How much work the generator puts in
    #[arg(long, value_enum, default_value_t = QualityArg::Standard)]
    quality: QualityArg,

    /// Seed of the generator and of the shipped objects
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// What is behind the object in the prompt picture
    #[arg(long, value_enum, default_value_t = BackdropArg::Transparent)]
    backdrop: BackdropArg,

    /// Side of the prompt picture
    #[arg(long, value_name = "PIXELS", default_value_t = Settings::default().prompt_px)]
    prompt_size: u32,

    /// Side of the compared views
    #[arg(long, value_name = "PIXELS", default_value_t = Settings::default().view_px)]
    view_size: u32,

    /// Write prompt pictures and the 8 views of every asset into this folder
    #[arg(long, value_name = "DIR")]
    save_pictures: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum BackdropArg {
    /// Nothing: the alpha channel is the cut-out
    Transparent,
    /// A studio backdrop with a shadow: the cut-out is measured too
    Studio,
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    match args.what {
        What::Generator(args) => run_generator(args),
        What::Descriptor(args) => descriptor::run(args),
    }
}

fn run_generator(args: GeneratorArgs) -> Result<ExitCode, Failure> {
    let settings = Settings {
        prompt_px: args.prompt_size,
        view_px: args.view_size,
        backdrop: match args.backdrop {
            BackdropArg::Transparent => Backdrop::Transparent,
            BackdropArg::Studio => Backdrop::Studio,
        },
    };
    let options = Options { seed: args.seed, quality: args.quality.into(), ..Options::default() };
    let truths = if args.truth.is_empty() {
        eval::built_in_truths(args.seed).collect()
    } else {
        read_truths(&args.truth)?
    };
    if let Some(folder) = &args.save_pictures {
        files::create_folder(folder)?;
    }

    let mut onlooker = Onlooker::new(args.save_pictures.as_deref());
    let (mut generator, mut billboard, mut inflated) = (BuiltIn { options }, Billboard, Inflated);
    let result = eval::evaluate(
        truths.into_iter(),
        &mut [&mut generator, &mut billboard, &mut inflated],
        settings,
        &mut onlooker,
    );
    onlooker.bar.finish_and_clear();
    onlooker.failure.map_or(Ok(()), Err)?;
    let report = result.map_err(|error| match error {
        EvalError::Stopped { .. } => Failure::interrupted(),
        error => Failure::usage(error.to_string()),
    })?;
    if args.json {
        output::json(&report)?;
    } else {
        output::line(report);
    }
    Ok(ExitCode::from(exit::OK))
}

/// Every asset named, folders in the order of their file names.
fn read_truths(paths: &[PathBuf]) -> Result<Vec<Truth>, Failure> {
    let mut assets = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = fs_err::read_dir(path).map_err(|error| Failure::io(&error))?;
            let mut inside = Vec::new();
            for entry in entries {
                inside.push(entry.map_err(|error| Failure::io(&error))?.path());
            }
            inside.retain(|path| {
                path.extension().is_some_and(|extension| extension == "ply" || extension == "spz")
            });
            inside.sort();
            if inside.is_empty() {
                return Err(Failure::input(path, "there is no .ply and no .spz in this folder"));
            }
            assets.extend(inside);
        } else {
            assets.push(path.clone());
        }
    }
    let read = |path: &PathBuf| -> Result<Truth, Failure> {
        interrupt::check()?;
        let (splats, _, _) = files::read_splats(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Truth { name, class: None, splats })
    };
    assets.iter().map(read).collect()
}

/// Shows progress, keeps pictures, passes Ctrl-C on.
struct Onlooker<'a> {
    bar: ProgressBar,
    folder: Option<&'a Path>,
    failure: Option<Failure>,
}

impl<'a> Onlooker<'a> {
    fn new(folder: Option<&'a Path>) -> Self {
        Self { bar: progress_bar(0), folder, failure: None }
    }

    fn save(&mut self, name: &str, picture: &RgbaImage) {
        if let (Some(folder), None) = (self.folder, &self.failure) {
            self.failure = write_png(picture, &folder.join(format!("{name}.png"))).err();
        }
    }
}

impl EvalObserver for Onlooker<'_> {
    fn started(&mut self, truth_idx: usize, n_truths: usize, truth: &str, candidate: &str) {
        self.bar.set_length(n_truths as u64);
        self.bar.set_position(truth_idx as u64);
        self.bar.set_message(format!("{truth}: {candidate}"));
    }

    fn made(&mut self, _: &str, _: &str, _: &Splats) {}

    fn wants_pictures(&self) -> bool {
        self.folder.is_some()
    }

    fn prompt(&mut self, truth: &str, picture: &RgbaImage) {
        self.save(&format!("{truth}_prompt"), picture);
    }

    fn views(&mut self, truth: &str, candidate: &str, views: &[RgbaImage]) {
        self.save(&format!("{truth}_{candidate}"), &sheet(views));
    }

    fn should_stop(&mut self) -> bool {
        interrupt::asked() || self.failure.is_some()
    }
}

/// Views side by side, four to a row.
fn sheet(views: &[RgbaImage]) -> RgbaImage {
    let side = views.first().map_or(0, RgbaImage::width);
    let rows = views.len().div_ceil(4) as u32;
    let mut sheet = RgbaImage::new(4 * side, rows * side);
    for (view_idx, view) in views.iter().enumerate() {
        let (column, row) = (view_idx as u32 % 4, view_idx as u32 / 4);
        imageops::replace(&mut sheet, view, (column * side).into(), (row * side).into());
    }
    sheet
}
