//! `crucible distance`: how different pictures look.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use image::{DynamicImage, RgbImage};
use serde::Serialize;
use vision::descriptor::{distance, npz};

use crate::descriptor::DescriptorArgs;
use crate::failure::{Failure, exit};
use crate::{files, output};

/// Tells how different pictures look: 0 the same, about 1 nothing in common, at most 2
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Picture that the others are compared with: PNG, JPEG or WebP; alpha is ignored
    first: PathBuf,

    /// Pictures to compare with it
    #[arg(required = true)]
    others: Vec<PathBuf>,

    #[command(flatten)]
    descriptor: DescriptorArgs,

    /// Also write the pictures' vectors as NumPy arrays: `prompt` for the first, `view_NAME` for each other
    #[arg(long, value_name = "FILE")]
    npz: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    descriptor: String,
    first: String,
    distances: Vec<Away>,
}

#[derive(Serialize)]
struct Away {
    picture: String,
    distance: f64,
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let descriptor = args.descriptor.load()?;
    let mut vectors = Vec::new();
    // One after the other, so that one picture is held at a time.
    for path in std::iter::once(&args.first).chain(&args.others) {
        let described = descriptor.describe(&[picture(path)?]);
        vectors.extend(described.map_err(|error| Failure::input(path, error))?);
    }
    if let Some(target) = &args.npz {
        write_npz(target, &args.others, &vectors)?;
    }
    let away = |(path, vector): (&PathBuf, &Vec<f32>)| Away {
        picture: path.display().to_string(),
        distance: distance(&vectors[0], vector),
    };
    let distances: Vec<Away> = std::iter::zip(&args.others, &vectors[1..]).map(away).collect();
    if args.json {
        let first = args.first.display().to_string();
        output::json(&Report { descriptor: descriptor.id().to_owned(), first, distances })?;
    } else if let [only] = &distances[..] {
        output::line(format_args!("{:.4}", only.distance));
    } else {
        for Away { picture, distance } in distances {
            output::line(format_args!("{distance:.4}  {picture}"));
        }
    }
    Ok(ExitCode::from(exit::OK))
}

fn picture(path: &Path) -> Result<RgbImage, Failure> {
    let bytes = files::read_picture_bytes(path)?;
    let picture = vision::decode(&bytes).map_err(|error| Failure::input(path, error))?;
    Ok(DynamicImage::from(picture).into_rgb8())
}

fn write_npz(target: &Path, others: &[PathBuf], vectors: &[Vec<f32>]) -> Result<(), Failure> {
    let views = others.iter().map(|path| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        format!("view_{stem}")
    });
    let names = std::iter::once("prompt".to_owned()).chain(views);
    let arrays: Vec<_> = names.zip(vectors.iter().cloned()).collect();
    let bytes = npz::write(&arrays).map_err(|error| Failure::input(target, error))?;
    files::write_atomically(target, |writer| {
        writer.write_all(&bytes).map_err(|error| Failure::input(target, error))
    })
}
