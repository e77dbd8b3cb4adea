//! `crucible eval descriptor`: draws the objects that the project makes, and tells how far apart a descriptor puts
//! pictures of one object, of two objects, and of one picture that was changed a little.

use std::fmt;
use std::io::Cursor;
use std::process::ExitCode;

use generate::truth::{Kind, Sampling};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Rgb, RgbImage, imageops};
use render::{Background, Camera, Lens, View};
use serde::Serialize;
use vision::descriptor::{Descriptor, distance};

use crate::cmd::generate::progress_bar;
use crate::descriptor::DescriptorArgs;
use crate::failure::{Failure, exit};
use crate::{interrupt, output};

/// Tells how far apart a descriptor puts pictures of one object, of two, and of one picture that was changed a little
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    descriptor: DescriptorArgs,

    /// Objects of each of the 18 kinds that the project makes
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=16))]
    seeds: u8,

    /// Side of the pictures
    #[arg(long, value_name = "PIXELS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(16..=1024))]
    view_size: u32,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Distances, from small to large.
#[derive(Debug, Clone, Serialize)]
struct Quantiles {
    p05: f64,
    median: f64,
    p95: f64,
}

/// What a picture went through, and how far that took it.
#[derive(Debug, Clone, Serialize)]
struct Changed {
    change: &'static str,
    distance: Quantiles,
    /// Share of the changed pictures that are nearest to the one they were made of, among the same view of all objects.
    found: f64,
}

#[derive(Debug, Serialize)]
struct Report {
    descriptor: String,
    dimension: usize,
    objects: usize,
    pictures: usize,
    /// Share of the pictures whose nearest picture from another side shows the same object.
    top1_object: f64,
    /// The same for an object of the same kind.
    top1_kind: f64,
    /// How likely a pair of views of one object is nearer than a pair of two objects: 0.5 is chance.
    auc: f64,
    same_object: Quantiles,
    other_objects: Quantiles,
    changes: Vec<Changed>,
}

/// A picture of an object, and its vector.
struct Seen {
    object: usize,
    kind: usize,
    view: usize,
    vector: Vec<f32>,
}

/// What a picture becomes.
type Change = fn(&RgbImage) -> RgbImage;

/// A little of what happens to pictures.
const CHANGES: [(&str, Change); 5] = [
    ("JPEG, quality 75", |picture| jpeg(picture, 75)),
    ("JPEG, quality 30", |picture| jpeg(picture, 30)),
    ("noise, sigma 8 of 255", noise),
    ("blur, sigma 1.5 px", |picture| imageops::blur(picture, 1.5)),
    ("half size", |picture| {
        let (width, height) = (picture.width() / 2, picture.height() / 2);
        imageops::resize(picture, width, height, imageops::FilterType::Triangle)
    }),
];

/// Turned a little further.
const TURNS_DEG: [(&str, f64); 2] = [("camera 5 degrees on", 5.0), ("camera 15 degrees on", 15.0)];

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let descriptor = args.descriptor.load()?;
    let report = measure(descriptor.as_ref(), args.seeds, args.view_size)?;
    if args.json {
        output::json(&report)?;
    } else {
        output::line(report);
    }
    Ok(ExitCode::from(exit::OK))
}

fn measure(descriptor: &dyn Descriptor, n_seeds: u8, size_px: u32) -> Result<Report, Failure> {
    let describe = |pictures: &[RgbImage]| {
        descriptor.describe(pictures).map_err(|error| Failure::usage(error.to_string()))
    };
    let n_objects = Kind::ALL.len() * usize::from(n_seeds);
    let bar = progress_bar(n_objects as u64);
    let mut seen: Vec<Seen> = Vec::new();
    // Of each change, vectors in the order of `seen`, for the first view of each object only.
    let mut changed: Vec<Vec<Vec<f32>>> = vec![Vec::new(); CHANGES.len() + TURNS_DEG.len()];
    for object in 0..n_objects {
        interrupt::check()?;
        let (kind, seed) = (object % Kind::ALL.len(), (object / Kind::ALL.len()) as u64);
        bar.set_message(Kind::ALL[kind].name);
        let splats =
            Kind::ALL[kind].splats(seed, Sampling { target_splats: 30_000, ..Sampling::default() });
        let turned = View::WHITE.map(|named| named.view).into_iter().chain(TURNS_DEG.map(
            |(_, turn_deg)| {
                let first = View::WHITE[0].view;
                View { theta_deg: first.theta_deg + turn_deg, ..first }
            },
        ));
        let cameras: Vec<_> =
            turned.map(|view| Camera::orbit(view, Lens::competition(size_px))).collect();
        let frames = render::splats::draw_all(&splats, &cameras);
        let mut pictures: Vec<RgbImage> = frames
            .iter()
            .map(|frame| DynamicImage::from(frame.over(Background::WHITE)).into_rgb8())
            .collect();
        let turned = pictures.split_off(View::WHITE.len());
        let changes = CHANGES.iter().map(|(_, change)| change(&pictures[0])).chain(turned);
        let changes: Vec<_> = changes.collect();
        std::iter::zip(&mut changed, describe(&changes)?)
            .for_each(|(all, vector)| all.push(vector));
        let vectors = describe(&pictures)?.into_iter().enumerate();
        seen.extend(vectors.map(|(view, vector)| Seen { object, kind, view, vector }));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let names = CHANGES.iter().map(|change| change.0).chain(TURNS_DEG.map(|turn| turn.0));
    let changes =
        std::iter::zip(names, &changed).map(|(change, vectors)| told(change, vectors, &seen));
    Ok(report(descriptor, &seen, changes.collect()))
}

/// How far a change took the first view of each object.
fn told(change: &'static str, vectors: &[Vec<f32>], seen: &[Seen]) -> Changed {
    let first: Vec<&Seen> = seen.iter().filter(|seen| seen.view == 0).collect();
    let away = |vector: &[f32], seen: &Seen| distance(vector, &seen.vector);
    let mut distances: Vec<f64> =
        std::iter::zip(vectors, &first).map(|(vector, seen)| away(vector, seen)).collect();
    let is_found = |(vector, truth): &(&Vec<f32>, &&Seen)| {
        let nearest = first.iter().min_by(|a, b| away(vector, a).total_cmp(&away(vector, b)));
        nearest.is_some_and(|nearest| nearest.object == truth.object)
    };
    let n_found = std::iter::zip(vectors, &first).filter(is_found).count();
    Changed {
        change,
        distance: Quantiles::of(&mut distances),
        found: n_found as f64 / vectors.len() as f64,
    }
}

fn report(descriptor: &dyn Descriptor, seen: &[Seen], changes: Vec<Changed>) -> Report {
    let (mut same, mut other) = (Vec::new(), Vec::new());
    let (mut n_object, mut n_kind) = (0, 0);
    for (at, a) in seen.iter().enumerate() {
        let mut nearest: Option<(f64, &Seen)> = None;
        for (other_at, b) in seen.iter().enumerate().filter(|(other_at, _)| *other_at != at) {
            let away = distance(&a.vector, &b.vector);
            if a.view != b.view && nearest.is_none_or(|(least, _)| away < least) {
                nearest = Some((away, b));
            }
            if at < other_at {
                let of = if a.object == b.object { &mut same } else { &mut other };
                of.push(away);
            }
        }
        n_object += usize::from(nearest.is_some_and(|(_, b)| b.object == a.object));
        n_kind += usize::from(nearest.is_some_and(|(_, b)| b.kind == a.kind));
    }
    let share = |count: usize| count as f64 / seen.len() as f64;
    let objects = seen.iter().map(|seen| seen.object + 1).max().unwrap_or(0);
    let (same_object, other_objects) = (Quantiles::of(&mut same), Quantiles::of(&mut other));
    Report {
        descriptor: descriptor.id().to_owned(),
        dimension: descriptor.dimension(),
        objects,
        pictures: seen.len(),
        top1_object: share(n_object),
        top1_kind: share(n_kind),
        auc: auc(&same, &other),
        same_object,
        other_objects,
        changes,
    }
}

/// How likely one of `small` is below one of `large`, both sorted.
fn auc(small: &[f64], large: &[f64]) -> f64 {
    let above = |value: &f64| large.len() - large.partition_point(|other| other <= value);
    let pairs = small.len() * large.len();
    small.iter().map(above).sum::<usize>() as f64 / pairs as f64
}

impl Quantiles {
    /// Sorts.
    fn of(values: &mut [f64]) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let idx = (share * values.len().saturating_sub(1) as f64).round() as usize;
            values.get(idx).copied().unwrap_or(f64::NAN)
        };
        Self { p05: at(0.05), median: at(0.5), p95: at(0.95) }
    }
}

fn jpeg(picture: &RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(Cursor::new(&mut bytes), quality);
    let encoded = picture.write_with_encoder(encoder).ok();
    let decoded = encoded.and_then(|()| vision::decode(&bytes).ok());
    decoded.map_or_else(|| picture.clone(), |decoded| DynamicImage::from(decoded).into_rgb8())
}

/// Sums of four draws, near normal; always the same ones.
fn noise(picture: &RgbImage) -> RgbImage {
    let mut state = 1_u64;
    let mut draw = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
    };
    let mut noisy = picture.clone();
    for Rgb(pixel) in noisy.pixels_mut() {
        for byte in pixel {
            // Four draws have a standard deviation of 0.577.
            let error = (draw() + draw() + draw() + draw()) * 8.0 / 0.577;
            *byte = (f64::from(*byte) + error).round().clamp(0.0, 255.0) as u8;
        }
    }
    noisy
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { descriptor, dimension, objects, pictures, .. } = self;
        writeln!(f, "{descriptor}, {dimension} numbers: {pictures} pictures of {objects} objects")?;
        writeln!(f, "nearest from another side: same object  {:.3}", self.top1_object)?;
        writeln!(f, "nearest from another side: same kind    {:.3}", self.top1_kind)?;
        writeln!(f, "same object against others, AUC         {:.3}", self.auc)?;
        writeln!(
            f,
            "{:<26}  {:>6} {:>6} {:>6}  {:>5}",
            "distance", "5 %", "median", "95 %", "found"
        )?;
        let line =
            |f: &mut fmt::Formatter<'_>, name: &str, quantiles: &Quantiles, found: String| {
                let Quantiles { p05, median, p95 } = quantiles;
                write!(f, "{name:<26}  {p05:>6.3} {median:>6.3} {p95:>6.3}  {found:>5}")
            };
        for Changed { change, distance, found } in &self.changes {
            line(f, change, distance, format!("{found:.3}"))?;
            writeln!(f)?;
        }
        line(f, "other side, same object", &self.same_object, String::new())?;
        writeln!(f)?;
        line(f, "other objects", &self.other_objects, String::new())
    }
}
