//! Rules of competition 0: what an asset has to be, and what it should be.
//!
//! Facts: pods specification §1.5 and §1.6 (size, +Y up), competition specification §21, rendering specification §B.1
//! (what the render service's PLY reader takes), §B.4 (its normalisation) and §B.9 (it checks nothing else). Where those
//! give no number, the number is ours; `docs/validation.md` has the table with the source of each.

mod content;
pub mod service;

use std::fmt;
use std::io::{self, BufReader, Read};

use crate::format::Format;
use crate::ply;

/// The most bytes of a file: 200 MiB. More is answered with 413 by the render service.
pub const FILE_BYTES_MAX: u64 = 200 * 1024 * 1024;
/// Fewer splats show no object; ours.
pub const SPLATS_MIN: usize = 100;
/// Fewer splats get score 0 on the per-task subnet.
pub const SPLATS_USUAL_MIN: usize = 7_000;
/// Opacities below this are not drawn.
pub const OPACITY_MIN: f32 = 1.0 / 255.0;
/// An asset is mostly invisible when more than this part of its splats ...
pub const INVISIBLE_PART_MAX: f64 = 0.8;
/// ... has an opacity below this; the per-task subnet gives score 0 then.
pub const INVISIBLE_OPACITY: f32 = 1e-3;
/// The service divides opacities by 1.5/extent: below this extent even opacity 1 ends below [`OPACITY_MIN`].
pub const EXTENT_MIN: f64 = 1.5 / 255.0;
/// Larger assets are in another unit; ours.
pub const EXTENT_MAX: f64 = 1_000.0;
/// Usual extents, metres: assets are asked for in a unit box; ours.
pub const EXTENT_USUAL: std::ops::RangeInclusive<f64> = 0.1..=10.0;
/// Full extent over the extent of the middle 98 %: the service fits the full one into the picture; ours.
pub const OUTLIER_RATIO_MAX: f64 = 3.0;
/// Distance of the box's centre from the middle of the picture after the service's normalisation, along any axis. The
/// picture shows ±0.9; ours.
pub const OFF_CENTRE_MAX: f64 = 0.5;
/// Height over the larger of width and depth; ours.
pub const FLATNESS_MIN: f64 = 0.1;
/// Competition 1: no coordinate of a mesh is farther from the origin, metres, compared in double precision. The `f32`
/// nearest to 0.6 is farther.
pub const COORDINATE_MAX: f64 = 0.6;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a look; the asset is valid.
    Warning,
    /// The asset is not valid.
    Error,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident $id:literal $severity:ident,)*) => {
        /// One rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Rule { $($(#[$doc])* $name,)* }

        impl Rule {
            /// Every rule, in the order in which they are looked at.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Name for programs, in `SCREAMING_SNAKE`; it will not change.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What breaking it means.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

rules! {
    /// At most [`FILE_BYTES_MAX`].
    FileSize "FILE_SIZE" Error,
    /// The file is a PLY, by its content.
    FileFormat "FILE_FORMAT" Error,
    /// The PLY can be read, and has everything that a splat needs.
    PlyReadable "PLY_READABLE" Error,
    /// The PLY is one that the service's own reader takes.
    PlyDialect "PLY_DIALECT" Error,
    /// At least [`SPLATS_MIN`].
    SplatCount "SPLAT_COUNT" Error,
    /// At least [`SPLATS_USUAL_MIN`].
    SplatCountUsual "SPLAT_COUNT_USUAL" Warning,
    /// No NaN and no infinity.
    Finite "FINITE" Error,
    /// Every quaternion has a direction.
    Rotation "ROTATION" Error,
    /// Some splat has an opacity of [`OPACITY_MIN`] or more.
    Visible "VISIBLE" Error,
    /// At most [`INVISIBLE_PART_MAX`] of the splats are below [`INVISIBLE_OPACITY`].
    MostlyVisible "MOSTLY_VISIBLE" Warning,
    /// The extent is from [`EXTENT_MIN`] to [`EXTENT_MAX`].
    Extent "EXTENT" Error,
    /// The extent is within [`EXTENT_USUAL`].
    ExtentUsual "EXTENT_USUAL" Warning,
    /// No splats far from the others: at most [`OUTLIER_RATIO_MAX`].
    Outliers "OUTLIERS" Warning,
    /// The object is in the middle of the picture: at most [`OFF_CENTRE_MAX`].
    Centred "CENTRED" Warning,
    /// The object does not lie flat, as one whose up is not +Y may: at least [`FLATNESS_MIN`].
    UpAxis "UP_AXIS" Warning,
}

impl serde::Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// What was found, or what would be right.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A count or a measure.
    Number(f64),
    /// Anything else.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// One rule that is broken in one place.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// That of the rule.
    pub severity: Severity,
    /// Part of the file: `file`, `header`, or an attribute, with the first splat where there is one.
    pub place: String,
    /// What is there.
    pub value: Value,
    /// What would be right.
    pub limit: Value,
    /// For people: one line.
    pub message: String,
}

impl Finding {
    fn new(
        rule: Rule,
        place: impl Into<String>,
        value: impl Into<Value>,
        limit: impl Into<Value>,
        message: impl Into<String>,
    ) -> Self {
        let (place, value, limit) = (place.into(), value.into(), limit.into());
        Self { rule, severity: rule.severity(), place, value, limit, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity} {}: {}", self.rule.id(), self.message)
    }
}

/// True when no finding is an error.
#[must_use]
pub fn is_valid(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.severity != Severity::Error)
}

/// Checks a file of `byte_len` bytes against the rules of competition 0, all of them: the list is in the order of
/// [`Rule::ALL`], empty when nothing was found. Rules about content are not looked at when the file cannot be read.
///
/// # Errors
/// Those of `reader`. A broken file is a finding, not an error.
pub fn competition0(reader: impl Read, byte_len: u64) -> io::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    if byte_len > FILE_BYTES_MAX {
        let message =
            format!("the file has {byte_len} bytes, at most {FILE_BYTES_MAX} are allowed");
        let limit = FILE_BYTES_MAX as f64;
        findings.push(Finding::new(Rule::FileSize, "file", byte_len as f64, limit, message));
    }
    let mut reader = BufReader::with_capacity(64 << 10, reader);
    let first = {
        let mut first = Vec::new();
        reader.by_ref().take(Format::DETECT_BYTES as u64).read_to_end(&mut first)?;
        first
    };
    if Format::detect(&first) != Some(Format::Ply) {
        let found = Format::detect(&first).map_or_else(
            || {
                format!(
                    "a file that starts with \"{}\"",
                    first[..first.len().min(4)].escape_ascii()
                )
            },
            |format| format.to_string(),
        );
        let message = format!("a 3DGS PLY is needed, this is {found}");
        findings.push(Finding::new(Rule::FileFormat, "file", found, "3DGS PLY", message));
        return Ok(findings);
    }
    let reader = io::Cursor::new(first).chain(reader);
    match ply::read_with_dialect(reader, Some(byte_len)) {
        Err(ply::ReadError::Io(error)) => return Err(error),
        Err(error) => {
            let (value, limit) = (error.to_string(), "a PLY with all properties of 3DGS");
            let place = match error {
                ply::ReadError::Header { .. } => "header",
                _ => "records",
            };
            let message = value.clone();
            findings.push(Finding::new(Rule::PlyReadable, place, value, limit, message));
        }
        Ok((splats, remarks)) => {
            findings.extend(remarks.into_iter().map(|remark| {
                let message = format!(
                    "{}: the render service's reader takes {}",
                    remark.found, remark.expected
                );
                let (value, limit) = (remark.found, remark.expected);
                Finding::new(Rule::PlyDialect, "header", value, limit, message)
            }));
            content::check(&splats, &mut findings);
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests;
