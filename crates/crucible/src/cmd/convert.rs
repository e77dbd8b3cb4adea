//! `crucible convert`: from one asset to another, filters on the way, and a receipt of what it cost.

mod filters;

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asset::{Format, Holds, Splats, spz};
use clap::ValueEnum;
use convert::hash::{Digested, Hashing};
use convert::receipt::{self, Content, MEASURED_SPLATS_MAX, Measured, Receipt, Side, Times};
use convert::{Asset, Loaded, Written};

use self::filters::Filters;
use crate::clock::Clock;
use crate::failure::{Failure, exit};
use crate::module::{CageArgs, is_module};
use crate::{files, interrupt, output};

/// Writes an asset in another format and says what that cost
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(help = format!("Asset to read: {}", asset::format::names_read()))]
    input: PathBuf,

    #[arg(help = format!("File to write; its ending says the format: {}", convert::endings()))]
    output: PathBuf,

    /// Which kind of SPZ to write
    #[arg(long, value_enum, default_value_t = SpzKind::V3)]
    spz: SpzKind,

    /// Write the receipt as JSON
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,

    /// Refuse a conversion whose pictures differ by less than this PSNR: exit code 1, nothing is written
    #[arg(long, value_name = "DB")]
    max_loss: Option<f64>,

    /// Read the file again and draw it: auto does up to 262144 splats or triangles, and if a receipt or a limit is asked for
    #[arg(long, value_enum, value_name = "WHEN", num_args = 0..=1, require_equals = true,
          default_value = "auto", default_missing_value = "always")]
    measure: Measure,

    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    filters: Filters,

    #[command(flatten)]
    cage: CageArgs,
}

/// The kinds of SPZ we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SpzKind {
    /// Niantic, version 3: gzip, read by most viewers
    V3,
    /// Niantic, version 4: zstd streams
    V4,
    /// The per-task subnet's: one zstd frame
    #[value(name = "404")]
    Subnet404,
}

/// When the cost is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    Auto,
    Always,
    Never,
}

impl SpzKind {
    /// What the user chose of what formats leave open.
    fn choose(self, mut target: convert::Target) -> convert::Target {
        if target.format == Format::Spz {
            match self {
                Self::V3 => target.spz = spz::Version::V3,
                Self::V4 => target.spz = spz::Version::V4,
                Self::Subnet404 => target.format = Format::Spz404,
            }
        }
        target
    }

    /// The format that the file's name asks for; refused before any work is done.
    fn target(self, path: &Path, holds: Holds) -> Result<convert::Target, Failure> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let target = convert::Target::named(extension, holds);
        Ok(self.choose(target.map_err(|error| Failure::input(path, error))?))
    }
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let clock = Clock::start();
    let mut times_s = Times::default();
    // Any kind: an ending that we cannot write is refused before the input is read.
    args.spz.target(&args.output, Holds::Splats)?;
    let (loaded, digested) = read(&args)?;
    times_s.read = clock.elapsed().as_secs_f64();
    let Loaded { mut asset, format, losses: mut dropped } = loaded;
    let target = args.spz.target(&args.output, asset.holds())?;
    let input = side(&args.input, format, digested, &asset);

    let mut steps = Vec::new();
    for filter in &args.filters.0 {
        interrupt::check()?;
        let step;
        (asset, step) = filter.apply(asset).map_err(|error| Failure::input(&args.input, error))?;
        steps.push(step);
    }
    times_s.filter = clock.elapsed().as_secs_f64() - times_s.read;

    let job = Job { args: &args, asset: &asset, target, is_measured: args.measures(&asset) };
    let done = files::write_checked(
        &args.output,
        |writer| job.write(writer),
        |(written, digested), path| job.check(written, digested, path, clock),
    )?;
    dropped.extend(done.written.losses);
    times_s.write = done.written_s - times_s.read - times_s.filter;
    times_s.measure = done.measured_s - done.written_s;
    times_s.total = clock.elapsed().as_secs_f64();

    let receipt = Receipt {
        schema: "crucible-receipt",
        version: receipt::VERSION,
        crucible: env!("CARGO_PKG_VERSION").to_owned(),
        size_ratio: done.digested.bytes as f64 / input.digested.bytes.max(1) as f64,
        input,
        filters: steps,
        output: side(&args.output, target.format, done.digested, &asset),
        dropped,
        measured: done.measured,
        times_s,
    };
    if let Some(path) = &args.receipt {
        files::write_atomically(path, |writer| {
            serde_json::to_writer_pretty(&mut *writer, &receipt)
                .map_err(std::io::Error::from)
                .and_then(|()| writeln!(writer))
                .map_err(|error| Failure::input(path, error))
        })?;
    }
    if args.json {
        output::json(&receipt)?;
    } else {
        output::line(&receipt);
    }
    Ok(ExitCode::from(exit::OK))
}

/// The input, hashed while it is read.
fn read(args: &Args) -> Result<(Loaded, Digested), Failure> {
    let path = &args.input;
    if is_module(path) {
        let bytes = crate::module::read(path)?;
        let (scene, _) = args.cage.scene_of(path, &bytes)?;
        let mut hashing = Hashing::new(std::io::sink());
        hashing.write_all(&bytes).map_err(|error| Failure::input(path, error))?;
        let asset = Asset::Scene(scene);
        return Ok((
            Loaded { asset, format: Format::Module, losses: Vec::new() },
            hashing.finish(),
        ));
    }
    let (file, byte_len) = files::open(path)?;
    let mut source = Hashing::new(file);
    let loaded = files::read_asset_from(path, &mut source, byte_len)?;
    let digested = source.finish_reading().map_err(|error| Failure::io(&error))?;
    Ok((loaded, digested))
}

fn side(path: &Path, format: Format, digested: Digested, asset: &Asset) -> Side {
    Side {
        file: path.display().to_string(),
        format,
        format_name: format.info().name,
        holds: asset.holds(),
        digested,
        content: Content::of(asset),
    }
}

impl Args {
    fn measures(&self, asset: &Asset) -> bool {
        if self.max_loss.is_some() {
            return true;
        }
        let is_small = match Content::of(asset) {
            Content::Splats { splats, .. } => splats <= MEASURED_SPLATS_MAX,
            Content::Scene { scene } => scene.triangles <= MEASURED_SPLATS_MAX,
        };
        match self.measure {
            Measure::Auto => is_small || self.receipt.is_some(),
            Measure::Always => true,
            Measure::Never => false,
        }
    }
}

/// What is to be written, and how.
struct Job<'a> {
    args: &'a Args,
    asset: &'a Asset,
    target: convert::Target,
    is_measured: bool,
}

/// What is known once a file is complete.
struct Done {
    written: Written,
    digested: Digested,
    measured: Option<Measured>,
    /// Since the start.
    written_s: f64,
    /// Since the start.
    measured_s: f64,
}

impl Job<'_> {
    fn write(&self, writer: &mut dyn Write) -> Result<(Written, Digested), Failure> {
        let mut writer = Hashing::new(writer);
        let written = convert::write(self.asset, self.target, &mut writer)
            .map_err(|error| Failure::input(&self.args.output, error))?;
        Ok((written, writer.finish()))
    }

    /// Reads the file back, compares, and refuses what lost too much.
    fn check(
        &self,
        written: Written,
        digested: Digested,
        path: &Path,
        clock: Clock,
    ) -> Result<Done, Failure> {
        let written_s = clock.elapsed().as_secs_f64();
        let mut measured = None;
        if self.is_measured {
            let bytes = fs_err::read(path).map_err(|error| Failure::io(&error))?;
            let byte_len = bytes.len() as u64;
            let mut nothing_beside = |name: &str| Err(format!("{name} is not part of the file"));
            let format = self.target.format;
            let back =
                convert::read_as(format, Cursor::new(bytes), Some(byte_len), &mut nothing_beside)
                    .map_err(|error| {
                    Failure::input(&self.args.output, format!("reading it back: {error}"))
                })?;
            let order = written.order.as_deref();
            let found = receipt::measure(self.asset, &back.asset, order, &interrupt::asked)
                .map_err(|_| Failure::interrupted())?;
            self.refuse(&found)?;
            measured = Some(found);
        }
        let measured_s = clock.elapsed().as_secs_f64();
        Ok(Done { written, digested, measured, written_s, measured_s })
    }

    fn refuse(&self, measured: &Measured) -> Result<(), Failure> {
        let Some(least) = self.args.max_loss else { return Ok(()) };
        let found = measured.pictures.decibels();
        if found >= least {
            return Ok(());
        }
        let text =
            format!("not written: PSNR {found:.2} dB, --max-loss asks for {least} dB or more");
        Err(Failure::no(&self.args.output, text))
    }
}

/// A file of splats that another command writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target(convert::Target);

impl Target {
    /// What the ending asks for; refused before any work is done.
    pub(crate) fn of(path: &Path, spz: SpzKind) -> Result<Self, Failure> {
        let target = spz.target(path, Holds::Splats)?;
        if target.format.info().holds != Holds::Splats {
            let text = format!("{} holds meshes; splats are to be written", target.format);
            return Err(Failure::input(path, text));
        }
        Ok(Self(target))
    }

    /// Writes the file, whole or not at all.
    pub(crate) fn write(self, splats: &Splats, path: &Path) -> Result<(), Failure> {
        files::write_atomically(path, |writer| {
            let written = convert::write_splats(splats, self.0, writer);
            written.map(drop).map_err(|error| Failure::input(path, error))
        })
    }
}
