//! `crucible generate`: a picture to a 3D asset.

mod other;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use asset::glb;
use asset::scene::{Drawable, Scene};
use clap::ValueEnum;
use generate::{GenerateError, Generated, Observer, Options, Outputs, Quality, ShapeKind, Stage};
use image::RgbaImage;
use indicatif::{ProgressBar, ProgressStyle};
use pod::wire::Kind;
use render::scene::Lighting;

use super::convert::{SpzKind, Target};
use super::render::write_png;
use crate::clock::Clock;
use crate::failure::{Failure, exit};
use crate::module::CageArgs;
use crate::{files, interrupt, output};

/// Makes a 3D asset from one picture
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Picture of one object: PNG, JPEG or WebP; an alpha channel is taken as the cut-out
    input: PathBuf,

    /// Asset to write: .ply or .spz (splats), .glb (textured mesh), .js (Three.js module); give it again for another format
    #[arg(short, long, required = true, value_name = "FILE")]
    output: Vec<PathBuf>,

    /// The same picture, seed and options give the same bytes
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// How much work to put in
    #[arg(long, value_enum, default_value_t = QualityArg::Standard)]
    quality: QualityArg,

    /// Take this shape instead of choosing one
    #[arg(long, value_enum, default_value_t = ShapeArg::Auto)]
    shape: ShapeArg,

    /// Which kind of SPZ to write
    #[arg(long, value_enum, default_value_t = SpzKind::V3)]
    spz: SpzKind,

    /// Let this generator do it instead: a name in the configuration, or builtin
    #[arg(long, value_name = "NAME", conflicts_with_all = ["quality", "shape", "save_stages"])]
    generator: Option<String>,

    /// Configuration with generators, TOML
    #[arg(long, value_name = "FILE", requires = "generator")]
    generators: Option<PathBuf>,

    /// Write what each stage saw into this folder
    #[arg(long, value_name = "DIR")]
    save_stages: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    cage: CageArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum QualityArg {
    /// About 30 000 splats, a few seconds
    Draft,
    /// About 150 000 splats
    Standard,
    /// About 400 000 splats
    High,
}

impl From<QualityArg> for Quality {
    fn from(arg: QualityArg) -> Self {
        match arg {
            QualityArg::Draft => Self::Draft,
            QualityArg::Standard => Self::Standard,
            QualityArg::High => Self::High,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ShapeArg {
    /// Chosen by evidence
    Auto,
    /// The silhouette filled like a cushion
    Inflated,
    /// A body turned about its upright axis
    Revolved,
    /// A plate with a rounded rim
    Slab,
    /// A box seen straight on or over its edge
    Block,
}

impl From<ShapeArg> for Option<ShapeKind> {
    fn from(arg: ShapeArg) -> Self {
        match arg {
            ShapeArg::Auto => None,
            ShapeArg::Inflated => Some(ShapeKind::Inflated),
            ShapeArg::Revolved => Some(ShapeKind::Revolved),
            ShapeArg::Slab => Some(ShapeKind::Slab),
            ShapeArg::Block => Some(ShapeKind::Block),
        }
    }
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let clock = Clock::start();
    let targets = args
        .output
        .iter()
        .map(|path| Ok((Output::of(path, args.spz)?, path)))
        .collect::<Result<Vec<_>, Failure>>()?;
    if let Some(name) = &args.generator {
        let picture = files::read_picture_bytes(&args.input)?;
        let targets = targets.into_iter().map(|(target, path)| (target, path.as_path())).collect();
        other::run(&args, name, targets, picture)?;
        return Ok(ExitCode::from(exit::OK));
    }
    let mut outputs = Outputs::NONE;
    for (target, _) in &targets {
        match target {
            Output::Splats(_) => outputs.splats = true,
            Output::Mesh => outputs.mesh = true,
            Output::Module => outputs.module = true,
        }
    }
    if let Some(folder) = &args.save_stages {
        files::create_folder(folder)?;
    }
    let bytes = files::read_picture_bytes(&args.input)?;
    let picture = vision::decode(&bytes).map_err(|error| Failure::input(&args.input, error))?;
    drop(bytes);

    let options = Options {
        seed: args.seed,
        quality: args.quality.into(),
        shape: args.shape.into(),
        outputs,
    };
    let mut onlooker = Onlooker::new(clock, args.save_stages.as_deref());
    let result = generate::generate(&picture, &options, &mut onlooker);
    onlooker.bar.finish_and_clear();
    let mut made = match result {
        Ok(made) => made,
        Err(GenerateError::Stopped { .. }) => return Err(Failure::interrupted()),
        Err(error) => return Err(Failure::input(&args.input, error)),
    };
    onlooker.failure.map_or(Ok(()), Err)?;

    if let Some(path) = targets.iter().find_map(|(target, path)| target.is_module(path)) {
        run_module(&mut made, path, args.cage, args.save_stages.as_deref())?;
    }
    for (target, path) in targets {
        match target {
            Output::Splats(target) => target.write(&made.splats, path)?,
            Output::Mesh => made.mesh.iter().try_for_each(|scene| write_mesh(scene, path))?,
            Output::Module => {
                made.module
                    .iter()
                    .try_for_each(|module| write_text(path, module.source.trim_end()))?;
            }
        }
    }
    if let Some(folder) = &args.save_stages {
        write_text(
            &folder.join("report.json"),
            &serde_json::to_string_pretty(&made.report).unwrap_or_default(),
        )?;
    }
    if args.json {
        output::json(&made.report)?;
    } else {
        output::line(&made.report);
        let paths: Vec<_> = args.output.iter().map(|path| path.display().to_string()).collect();
        let total_s = clock.elapsed().as_secs_f64();
        output::line(format_args!("wrote {} in {total_s:.2} s", paths.join(", ")));
    }
    Ok(ExitCode::from(exit::OK))
}

/// What to write, by the extension of the name.
#[derive(Debug, Clone, Copy)]
enum Output {
    Splats(Target),
    Mesh,
    Module,
}

impl Output {
    fn of(path: &Path, spz_kind: SpzKind) -> Result<Self, Failure> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("glb") => Ok(Self::Mesh),
            Some("js") => Ok(Self::Module),
            Some("ply" | "spz") => Target::of(path, spz_kind).map(Self::Splats),
            _ => Err(Failure::input(
                path,
                "the name of an asset to write ends in .ply, .spz, .glb or .js",
            )),
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::Splats(_) => Kind::Splats,
            Self::Mesh => Kind::Mesh,
            Self::Module => Kind::Module,
        }
    }

    fn is_module<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        matches!(self, Self::Module).then_some(path)
    }
}

/// Runs the module as any other, in the cage, and measures what it builds. It is not written if it breaks a rule.
fn run_module(
    made: &mut Generated,
    path: &Path,
    cage: CageArgs,
    folder: Option<&Path>,
) -> Result<(), Failure> {
    let (Some(module), Some(figures)) = (&made.module, &mut made.report.module) else {
        return Ok(());
    };
    let report = cage.check(path, module.source.as_bytes())?;
    if let Some(first) = report.failures.first() {
        let text = format!(
            "the module made breaks a rule: {}/{}: {}",
            first.stage, first.rule, first.detail
        );
        return Err(Failure::no(path, text));
    }
    let Some(scene) = report.scene else { return Ok(()) };
    let (front, picture) = made.gauge.measure(&scene, Lighting::Follow);
    figures.triangle_count = Some(triangle_count(&scene));
    figures.front = Some(front);
    if let Some(folder) = folder {
        write_png(&picture, &folder.join("9_module_front.png"))?;
    }
    Ok(())
}

/// Triangles of all meshes.
fn triangle_count(scene: &Scene) -> usize {
    let of = |drawable: &Drawable| {
        let geometry = scene.geometry(drawable.geometry)?;
        Some(drawable.parts(geometry).iter().map(|part| part.range.len() / 3).sum::<usize>())
    };
    scene.nodes.iter().filter_map(|node| node.drawable.as_ref()).filter_map(of).sum()
}

/// Shows progress, keeps stage pictures, passes Ctrl-C on.
struct Onlooker<'a> {
    clock: Clock,
    bar: ProgressBar,
    folder: Option<&'a Path>,
    /// The first stage file that could not be written; it also stops the generator.
    failure: Option<Failure>,
}

impl<'a> Onlooker<'a> {
    fn new(clock: Clock, folder: Option<&'a Path>) -> Self {
        let bar = progress_bar(100 * Stage::ALL.len() as u64);
        Self { clock, bar, folder, failure: None }
    }

    fn save(&mut self, write: impl FnOnce(&Path) -> Result<(), Failure>) {
        if let (Some(folder), None) = (self.folder, &self.failure) {
            self.failure = write(folder).err();
        }
    }
}

impl Observer for Onlooker<'_> {
    fn now(&mut self) -> Duration {
        self.clock.elapsed()
    }

    fn progress(&mut self, stage: Stage, fraction: f32) {
        let before = Stage::ALL.iter().take_while(|other| **other != stage).count();
        self.bar.set_message(stage.name());
        self.bar.set_position((100.0 * (before as f32 + fraction)) as u64);
    }

    fn wants_pictures(&self) -> bool {
        self.folder.is_some()
    }

    fn picture(&mut self, name: &str, picture: RgbaImage) {
        self.save(|folder| write_png(&picture, &folder.join(format!("{name}.png"))));
    }

    fn text(&mut self, name: &str, text: String) {
        self.save(|folder| write_text(&folder.join(format!("{name}.txt")), &text));
    }

    fn should_stop(&mut self) -> bool {
        interrupt::asked() || self.failure.is_some()
    }
}

fn write_mesh(scene: &Scene, path: &Path) -> Result<(), Failure> {
    files::write_atomically(path, |writer| {
        glb::write(scene, writer).map(drop).map_err(|error| Failure::input(path, error))
    })
}

fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    files::write_atomically(path, |writer| {
        writeln!(writer, "{text}").map_err(|error| Failure::input(path, error))
    })
}

/// A bar on standard error; nothing at all when that is not a terminal.
pub(crate) fn progress_bar(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:32} {percent:>3} %  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}
