//! `meta.json`: ranges, codebooks, and the names of the pictures.

use serde::{Deserialize, Serialize};

use crate::splats::{ShDegree, SplatCount};

use super::error::ReadError;
use super::means::LOG_MAX;
use super::{PALETTE_MAX, codebook};

/// Version 2 as it is written.
#[derive(Debug, Serialize)]
pub(super) struct Written<'a> {
    pub(super) version: u32,
    pub(super) asset: Generator,
    pub(super) count: usize,
    pub(super) means: WrittenMeans,
    pub(super) scales: WrittenCodebook<'a>,
    pub(super) quats: WrittenFile,
    pub(super) sh0: WrittenCodebook<'a>,
    #[serde(rename = "shN", skip_serializing_if = "Option::is_none")]
    pub(super) harmonics: Option<WrittenHarmonics<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Generator {
    pub(super) generator: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct WrittenMeans {
    pub(super) mins: [f32; 3],
    pub(super) maxs: [f32; 3],
    pub(super) files: [&'static str; 2],
}

#[derive(Debug, Serialize)]
pub(super) struct WrittenCodebook<'a> {
    pub(super) codebook: &'a [f32],
    pub(super) files: [&'static str; 1],
}

#[derive(Debug, Serialize)]
pub(super) struct WrittenFile {
    pub(super) files: [&'static str; 1],
}

#[derive(Debug, Serialize)]
pub(super) struct WrittenHarmonics<'a> {
    pub(super) count: usize,
    pub(super) bands: u8,
    pub(super) codebook: &'a [f32],
    pub(super) files: [&'static str; 2],
}

/// Either version, checked.
#[derive(Debug)]
pub(super) struct Meta {
    pub(super) splat_count: SplatCount,
    pub(super) mins: [f32; 3],
    pub(super) maxs: [f32; 3],
    pub(super) means: [String; 2],
    pub(super) scales: (Levels, String),
    pub(super) quats: String,
    pub(super) sh0: (Levels, String),
    /// Whether the alpha of `sh0` is an opacity; if not, it is a place between the fourth limits.
    pub(super) has_opacity: bool,
    pub(super) harmonics: Option<Harmonics>,
}

/// What the 256 bytes of a channel stand for.
#[derive(Debug)]
pub(super) enum Levels {
    /// The same for all channels; may have fewer entries than a byte has values.
    Codebook(Vec<f32>),
    /// Evenly between limits of each channel.
    Range { mins: Vec<f32>, maxs: Vec<f32> },
}

#[derive(Debug)]
pub(super) struct Harmonics {
    /// `None`: the width of the centroids tells it.
    pub(super) degree: Option<ShDegree>,
    /// `None`: as many as the centroids have room for.
    pub(super) entries: Option<usize>,
    pub(super) levels: Levels,
    pub(super) centroids: String,
    pub(super) labels: String,
}

impl Levels {
    /// `None` beyond the end of the codebook.
    pub(super) fn value(&self, channel: usize, byte: u8) -> Option<f32> {
        match self {
            Self::Codebook(values) => values.get(usize::from(byte)).copied(),
            Self::Range { mins, maxs } => {
                let (min, max) = (mins[channel], maxs[channel]);
                Some(min + (max - min) * (f32::from(byte) / 255.0))
            }
        }
    }

    /// For error texts.
    pub(super) fn limit(&self) -> String {
        match self {
            Self::Codebook(values) => format!("the codebook has {} entries", values.len()),
            Self::Range { .. } => "which has a value".to_owned(),
        }
    }
}

#[derive(Deserialize)]
struct Version {
    version: Option<u64>,
}

#[derive(Deserialize)]
struct Version1 {
    means: Ranged<[f64; 3]>,
    scales: Ranged<[f64; 3]>,
    quats: Named,
    sh0: Ranged<[f64; 4]>,
    #[serde(rename = "shN")]
    harmonics: Option<Ranged<f64>>,
}

#[derive(Deserialize)]
struct Ranged<T> {
    #[serde(default)]
    shape: Vec<u64>,
    mins: T,
    maxs: T,
    files: Vec<String>,
}

#[derive(Deserialize)]
struct Named {
    files: Vec<String>,
}

#[derive(Deserialize)]
struct Version2 {
    count: u64,
    means: Ranged<[f64; 3]>,
    scales: Coded,
    quats: Named,
    sh0: Coded,
    #[serde(rename = "shN")]
    harmonics: Option<CodedHarmonics>,
}

#[derive(Deserialize)]
struct Coded {
    codebook: Vec<Option<f64>>,
    files: Vec<String>,
}

#[derive(Deserialize)]
struct CodedHarmonics {
    count: u64,
    bands: u8,
    #[serde(flatten)]
    coded: Coded,
}

impl Meta {
    pub(super) fn parse(json: &[u8]) -> Result<Self, ReadError> {
        match serde_json::from_slice::<Version>(json)?.version {
            None | Some(1) => Self::version_1(serde_json::from_slice(json)?),
            Some(2) => Self::version_2(serde_json::from_slice(json)?),
            Some(found) => Err(ReadError::Version { found }),
        }
    }

    fn version_1(meta: Version1) -> Result<Self, ReadError> {
        let found = *meta
            .means
            .shape
            .first()
            .ok_or_else(|| field("means.shape", "empty", "the number of splats"))?;
        let (mins, maxs) = limits(&meta.means)?;
        let range = |name: &str, mins: &[f64], maxs: &[f64]| -> Result<Levels, ReadError> {
            let all = |end: &str, values: &[f64]| -> Result<Vec<f32>, ReadError> {
                values.iter().map(|value| finite(&format!("{name}.{end}"), *value)).collect()
            };
            Ok(Levels::Range { mins: all("mins", mins)?, maxs: all("maxs", maxs)? })
        };
        Ok(Self {
            splat_count: SplatCount::new(found).ok_or(ReadError::TooMany { found })?,
            mins,
            maxs,
            scales: (
                range("scales", &meta.scales.mins, &meta.scales.maxs)?,
                one("scales", meta.scales.files)?,
            ),
            sh0: (range("sh0", &meta.sh0.mins, &meta.sh0.maxs)?, one("sh0", meta.sh0.files)?),
            means: two("means", meta.means.files)?,
            quats: one("quats", meta.quats.files)?,
            has_opacity: false,
            harmonics: meta
                .harmonics
                .map(|harmonics| {
                    let [centroids, labels] = two("shN", harmonics.files)?;
                    let levels = range("shN", &[harmonics.mins; 3], &[harmonics.maxs; 3])?;
                    Ok::<_, ReadError>(Harmonics {
                        degree: None,
                        entries: None,
                        levels,
                        centroids,
                        labels,
                    })
                })
                .transpose()?,
        })
    }

    fn version_2(meta: Version2) -> Result<Self, ReadError> {
        let (mins, maxs) = limits(&meta.means)?;
        Ok(Self {
            splat_count: SplatCount::new(meta.count)
                .ok_or(ReadError::TooMany { found: meta.count })?,
            mins,
            maxs,
            means: two("means", meta.means.files)?,
            scales: coded("scales", meta.scales)?,
            quats: one("quats", meta.quats.files)?,
            sh0: coded("sh0", meta.sh0)?,
            has_opacity: true,
            harmonics: meta.harmonics.map(harmonics).transpose()?.flatten(),
        })
    }
}

/// `None` for a palette of degree 0, which says nothing.
fn harmonics(meta: CodedHarmonics) -> Result<Option<Harmonics>, ReadError> {
    if meta.bands == 0 {
        return Ok(None);
    }
    let degree = ShDegree::new(meta.bands)
        .filter(|degree| *degree <= ShDegree::THREE)
        .ok_or_else(|| field("shN.bands", meta.bands, "0 to 3"))?;
    if !(1..=PALETTE_MAX as u64).contains(&meta.count) {
        return Err(field("shN.count", meta.count, format!("1 to {PALETTE_MAX}")));
    }
    let [centroids, labels] = two("shN", meta.coded.files)?;
    let levels = levels("shN", meta.coded.codebook)?;
    Ok(Some(Harmonics {
        degree: Some(degree),
        entries: Some(meta.count as usize),
        levels,
        centroids,
        labels,
    }))
}

fn coded(name: &'static str, coded: Coded) -> Result<(Levels, String), ReadError> {
    Ok((levels(name, coded.codebook)?, one(name, coded.files)?))
}

fn levels(name: &str, values: Vec<Option<f64>>) -> Result<Levels, ReadError> {
    let name = format!("{name}.codebook");
    if values.is_empty() || values.len() > codebook::SIZE {
        return Err(field(
            &name,
            format!("{} values", values.len()),
            format!("1 to {}", codebook::SIZE),
        ));
    }
    let mut found: Vec<f32> = Vec::with_capacity(values.len());
    for (idx, value) in values.iter().enumerate() {
        found.push(match (idx, value) {
            (_, Some(value)) => finite(&name, *value)?,
            // Writers of 2025 lost the lowest entry in some files; it is taken to follow the others evenly.
            (0, None) => match (values.get(1), values.last()) {
                (Some(Some(second)), Some(Some(last))) => {
                    finite(&name, second + (second - last) / 255.0)?
                }
                _ => return Err(field(&name, "null", "numbers")),
            },
            _ => return Err(field(&name, "null", "numbers")),
        });
    }
    Ok(Levels::Codebook(found))
}

fn field(name: &str, found: impl std::fmt::Display, expected: impl Into<String>) -> ReadError {
    ReadError::Field { field: name.to_owned(), found: found.to_string(), expected: expected.into() }
}

fn finite(name: &str, value: f64) -> Result<f32, ReadError> {
    let narrow = value as f32;
    if narrow.is_finite() {
        Ok(narrow)
    } else {
        Err(field(name, format!("{value:e}"), "a finite number of 32 bits"))
    }
}

fn limits(means: &Ranged<[f64; 3]>) -> Result<([f32; 3], [f32; 3]), ReadError> {
    for (name, values) in [("means.mins", means.mins), ("means.maxs", means.maxs)] {
        if let Some(value) = values.iter().find(|value| value.is_nan() || value.abs() > LOG_MAX) {
            return Err(field(
                name,
                value,
                format!("the logarithm of a position, within ±{LOG_MAX},"),
            ));
        }
    }
    Ok((means.mins.map(|value| value as f32), means.maxs.map(|value| value as f32)))
}

fn one(name: &str, files: Vec<String>) -> Result<String, ReadError> {
    files.into_iter().next().ok_or_else(|| field(&format!("{name}.files"), "empty", "one name"))
}

fn two(name: &str, files: Vec<String>) -> Result<[String; 2], ReadError> {
    let found = files.len();
    let mut files = files.into_iter();
    match (files.next(), files.next()) {
        (Some(a), Some(b)) => Ok([a, b]),
        _ => Err(field(&format!("{name}.files"), format!("{found} names"), "two names")),
    }
}
