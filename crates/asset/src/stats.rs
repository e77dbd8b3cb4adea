//! What is in an asset, in numbers: for people (`Display`) and for programs (`serde`).

mod scene;

pub use scene::{SceneStats, drawn};

use std::fmt;

use rayon::prelude::*;

use crate::splats::{ShDegree, Splats};

/// Values that a splat renderer of the gsplat kind keeps for each splat of one view, besides the parameters: centre (2),
/// depth, conic (3), colour (3), opacity, radius (2) as 32-bit numbers.
const PROJECTED_BYTES: u64 = 48;
/// Sort key (8 bytes) and splat number (4) of one tile that a splat touches, twice because sorting is not in place.
const TILE_ENTRY_BYTES: u64 = 24;
/// Tiles of 16² pixels that a splat touches on average in a 518² picture of an asset that fills it.
const TILES_PER_SPLAT: u64 = 4;

/// Figures of one asset.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Stats {
    /// Number of splats.
    pub splat_count: usize,
    /// Degree of the spherical harmonics.
    pub sh_degree: ShDegree,
    /// Box of the centres that are finite, metres; `None` when there is none.
    pub bounds: Option<Bounds>,
    /// Standard deviation along each of the three axes of each splat, metres; those with a finite logarithm.
    pub scale: Option<Quantiles>,
    /// Opacity, 0 to 1; those that are not NaN.
    pub opacity: Option<Quantiles>,
    /// Largest over smallest standard deviation of each splat: 1 is a ball; splats with finite logarithms.
    pub anisotropy: Option<Quantiles>,
    /// Values that are not finite, of each attribute.
    pub non_finite: NonFinite,
    /// Splats whose quaternion is too short (below 1e-12) to have a direction.
    pub zero_rotations: usize,
    /// Memory of the splats in this program, bytes.
    pub memory_bytes: u64,
    /// Estimated memory on a graphics card for drawing one 518² view: parameters as `f32`, what is kept for each splat
    /// of a view (48 bytes), and the tile lists (24 bytes for each of 4 tiles). Pictures and the driver not counted.
    pub gpu_bytes_estimate: u64,
}

/// An axis-aligned box.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Bounds {
    /// Smallest x, y, z.
    pub min: [f32; 3],
    /// Largest x, y, z.
    pub max: [f32; 3],
}

impl Bounds {
    /// Extent along x, y, z.
    #[must_use]
    pub fn size(&self) -> [f32; 3] {
        [0, 1, 2].map(|axis| self.max[axis] - self.min[axis])
    }
}

/// Quantiles by nearest rank: each is a value that occurs.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Quantiles {
    pub min: f32,
    pub p01: f32,
    pub p25: f32,
    pub p50: f32,
    pub p75: f32,
    pub p99: f32,
    pub max: f32,
}

impl Quantiles {
    /// `None` when there is no value. Values are NaN-free.
    fn of(mut values: Vec<f32>) -> Option<Self> {
        values.par_sort_unstable_by(f32::total_cmp);
        let last = values.len().checked_sub(1)?;
        let rank = |percent: usize| values[(percent * values.len()).div_ceil(100).max(1) - 1];
        Some(Self {
            min: values[0],
            p01: rank(1),
            p25: rank(25),
            p50: rank(50),
            p75: rank(75),
            p99: rank(99),
            max: values[last],
        })
    }

    /// `f` must not decrease.
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        Self {
            min: f(self.min),
            p01: f(self.p01),
            p25: f(self.p25),
            p50: f(self.p50),
            p75: f(self.p75),
            p99: f(self.p99),
            max: f(self.max),
        }
    }
}

/// Numbers of values that are not finite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[allow(missing_docs, reason = "the fields are those of SplatsParts")]
pub struct NonFinite {
    pub positions: BadValues,
    pub log_scales: BadValues,
    pub rotations: BadValues,
    pub raw_opacities: BadValues,
    pub sh_dc: BadValues,
    pub sh_rest: BadValues,
}

impl NonFinite {
    /// Name and numbers of each attribute, in the order of [`SplatsParts`](crate::SplatsParts).
    #[must_use]
    pub const fn by_attribute(&self) -> [(&'static str, BadValues); 6] {
        [
            ("positions", self.positions),
            ("log_scales", self.log_scales),
            ("rotations", self.rotations),
            ("raw_opacities", self.raw_opacities),
            ("sh_dc", self.sh_dc),
            ("sh_rest", self.sh_rest),
        ]
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> usize {
        self.by_attribute().iter().map(|(_, bad)| bad.nan + bad.infinite).sum()
    }
}

/// Numbers of values that are not finite, of one attribute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct BadValues {
    /// Not a number.
    pub nan: usize,
    /// Plus or minus infinity.
    pub infinite: usize,
}

impl BadValues {
    fn of(values: &[f32]) -> Self {
        let count = |is_bad: fn(f32) -> bool| {
            values.par_iter().with_min_len(1 << 16).filter(|value| is_bad(**value)).count()
        };
        Self { nan: count(f32::is_nan), infinite: count(f32::is_infinite) }
    }
}

impl Stats {
    /// Looks at every value; works on broken assets too.
    #[must_use]
    pub fn of(splats: &Splats) -> Self {
        let parts = splats.parts();
        let finite = |scales: &&[f32; 3]| scales.iter().all(|scale| scale.is_finite());
        let logs = |scales: &[f32; 3]| {
            let [a, b, c] = *scales;
            a.max(b).max(c) - a.min(b).min(c)
        };
        let log_scales = parts.log_scales.as_flattened();
        let scale = log_scales.iter().copied().filter(|scale| scale.is_finite()).collect();
        let opacity = parts.raw_opacities.iter().copied().filter(|raw| !raw.is_nan()).collect();
        let anisotropy = parts.log_scales.iter().filter(finite).map(logs).collect();
        Self {
            splat_count: splats.len(),
            sh_degree: splats.sh_degree(),
            bounds: bounds(&parts.positions),
            scale: Quantiles::of(scale).map(|logs| logs.map(libm::expf)),
            opacity: Quantiles::of(opacity).map(|raw| raw.map(|x| 1.0 / (1.0 + libm::expf(-x)))),
            anisotropy: Quantiles::of(anisotropy).map(|logs| logs.map(libm::expf)),
            non_finite: NonFinite {
                positions: BadValues::of(parts.positions.as_flattened()),
                log_scales: BadValues::of(log_scales),
                rotations: BadValues::of(parts.rotations.as_flattened()),
                raw_opacities: BadValues::of(&parts.raw_opacities),
                sh_dc: BadValues::of(parts.sh_dc.as_flattened()),
                sh_rest: BadValues::of(&parts.sh_rest),
            },
            zero_rotations: parts.rotations.iter().filter(|rotation| is_zero(rotation)).count(),
            memory_bytes: parameter_bytes(splats),
            gpu_bytes_estimate: parameter_bytes(splats)
                + splats.len() as u64 * (PROJECTED_BYTES + TILE_ENTRY_BYTES * TILES_PER_SPLAT),
        }
    }
}

/// Too short to be made a unit quaternion (rendering specification §B.2 divides by at least 1e-12).
pub(crate) fn is_zero(rotation: &[f32; 4]) -> bool {
    // In f64, because squares of small f32 vanish.
    rotation.iter().map(|c| f64::from(*c) * f64::from(*c)).sum::<f64>() < 1e-24
}

fn parameter_bytes(splats: &Splats) -> u64 {
    (splats.len() * (14 + splats.sh_degree().rest_values()) * size_of::<f32>()) as u64
}

/// Box of the points that are finite; `None` when there is none.
#[must_use]
pub fn bounds(positions: &[[f32; 3]]) -> Option<Bounds> {
    let finite = positions.iter().filter(|position| position.iter().all(|c| c.is_finite()));
    finite.fold(None, |bounds: Option<Bounds>, position| {
        let Bounds { min, max } = bounds.unwrap_or(Bounds { min: *position, max: *position });
        Some(Bounds {
            min: [0, 1, 2].map(|axis| min[axis].min(position[axis])),
            max: [0, 1, 2].map(|axis| max[axis].max(position[axis])),
        })
    })
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "splats      {}", self.splat_count)?;
        writeln!(f, "SH degree   {}", self.sh_degree.get())?;
        match &self.bounds {
            None => writeln!(f, "box         no finite centre")?,
            Some(bounds) => {
                write_box(f, bounds)?;
                writeln!(f)?;
            }
        }
        let heads = ["min", "1 %", "25 %", "50 %", "75 %", "99 %", "max"];
        writeln!(f, "quantiles   {}", heads.map(|head| format!("{head:>9}")).concat())?;
        let rows =
            [("scale", self.scale), ("opacity", self.opacity), ("anisotropy", self.anisotropy)];
        for (name, quantiles) in rows {
            let Some(q) = quantiles else { continue };
            let values = [q.min, q.p01, q.p25, q.p50, q.p75, q.p99, q.max];
            let values = values.map(|value| format!("{:>9}", figure(value))).concat();
            writeln!(f, "  {name:<10}{values}")?;
        }
        if self.non_finite.total() == 0 {
            writeln!(f, "not finite  none")?;
        }
        for (attribute, bad) in self.non_finite.by_attribute() {
            if bad != BadValues::default() {
                writeln!(f, "not finite  {attribute}: {} NaN, {} infinite", bad.nan, bad.infinite)?;
            }
        }
        writeln!(f, "rotations of length zero  {}", self.zero_rotations)?;
        writeln!(f, "memory      {}", size(self.memory_bytes))?;
        write!(f, "GPU memory  {} (estimate, one 518² view)", size(self.gpu_bytes_estimate))
    }
}

/// Corners and size, three lines without the last line's end.
fn write_box(f: &mut fmt::Formatter<'_>, bounds: &Bounds) -> fmt::Result {
    let triple = |values: [f32; 3]| values.map(|value| format!("{:>9}", figure(value))).concat();
    writeln!(f, "box         {:>9}{:>9}{:>9}", "x", "y", "z")?;
    writeln!(f, "  min       {}", triple(bounds.min))?;
    writeln!(f, "  max       {}", triple(bounds.max))?;
    write!(f, "  size      {}", triple(bounds.size()))
}

/// Four digits, short enough for a column of nine.
fn figure(value: f32) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        x if (0.001..10.0).contains(&x) => format!("{value:.4}"),
        x if (10.0..10_000.0).contains(&x) => format!("{value:.1}"),
        _ => format!("{value:.1e}"),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0)),
    }
}

#[cfg(test)]
mod tests;
