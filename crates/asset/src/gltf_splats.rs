//! Splats in glTF: points with `KHR_gaussian_splatting`.
//!
//! Facts: the ratified extension of Khronos, and `KHR_gaussian_splatting_compression_spz_2`. A primitive of mode POINTS has
//! the attributes `POSITION` and, after `KHR_gaussian_splatting:`, `ROTATION` (x, y, z, w), `SCALE` and `OPACITY` (as drawn: no logarithm,
//! no logit), and `SH_DEGREE_l_COEF_n` (coefficients of 3DGS). glTF is right-handed with +Y up, as Crucible is, so no axis is turned.
//!
//! Reading: all nodes of the scene that have splats, each where its node puts it, harmonics turned too. Integer attributes
//! are read as the quantisation extensions store them.
//!
//! Writing: one GLB of one primitive, floats throughout, with `COLOR_0` for viewers that draw points only. Positions and
//! coefficients are kept bit for bit; scales and opacities are activated, quaternions get length 1. That
//! loses rounding, and opacities within 1.1e-7 of 0 and 1 are read as in [`crate::spz`].

mod nodes;
mod primitive;
mod write;

use std::io::{self, Write};

use serde_json::Value;

use crate::glb::{self, Document};
use crate::splats::Unstorable;
use crate::splats::{ShDegree, SplatCount, Splats, SplatsError, SplatsParts};

const EXTENSION: &str = "KHR_gaussian_splatting";

/// A file may show its splats this many times, beyond [`COPIES_FREE_SPLATS`]: nodes may share a mesh.
pub const COPIES_MAX: usize = 16;
/// So many splats may come of a file however few it holds.
pub const COPIES_FREE_SPLATS: usize = 1 << 20;

/// Why splats could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No node of the scene has splats.
    #[error("gltf: no node of the scene has a primitive with KHR_gaussian_splatting")]
    NoSplats,
    /// A value of the JSON is missing or does not go with the rest.
    #[error("gltf, {place}: {problem}")]
    Field {
        /// Path in the JSON.
        place: String,
        /// What is wrong there.
        problem: String,
    },
    /// More splats than we hold, or more copies of them than we make.
    #[error("gltf: {found} splats or more, our limit is {max}")]
    TooMany {
        /// Splats up to where it was given up.
        found: usize,
        /// [`SplatCount::MAX`], or what [`COPIES_MAX`] allows for this file.
        max: usize,
    },
    /// An accessor or a view is wrong.
    #[error(transparent)]
    Gltf(#[from] glb::ReadError),
    /// Compressed splats are wrong.
    #[error("gltf, {place}: {error}")]
    Spz {
        /// Path in the JSON.
        place: String,
        /// What is wrong.
        error: crate::spz::ReadError,
    },
    /// The attributes do not fit together; cannot happen.
    #[error("gltf: {0}")]
    Splats(#[from] SplatsError),
}

/// Why splats could not be written. Nothing was written, unless it is [`WriteError::Io`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// glTF has no empty lists.
    #[error("gltf: there is no splat to write")]
    Empty,
    /// A value has no place in the format.
    #[error("gltf: {0}")]
    Value(#[from] Unstorable),
    /// The exponential of the scale is infinite.
    #[error("gltf: log_scale of splat {splat_idx} is {value}, its scale is infinite")]
    Scale {
        /// Splat, from 0.
        splat_idx: usize,
        /// The logarithm.
        value: f32,
    },
    /// The extension has three degrees.
    #[error("gltf: SH degree {found}, the extension holds at most 3")]
    ShDegree {
        /// Degree of the splats.
        found: u8,
    },
    /// The bytes could not be written.
    #[error("gltf: writing failed: {0}")]
    Io(#[from] io::Error),
}

/// Whether any primitive of the file is one of splats.
#[must_use]
pub fn has_splats(document: &Document) -> bool {
    let meshes = document.json()["meshes"].as_array().map_or(&[][..], Vec::as_slice);
    let mut primitives = meshes.iter().filter_map(|mesh| mesh["primitives"].as_array()).flatten();
    primitives.any(|primitive| primitive["extensions"].get(EXTENSION).is_some())
}

/// The splats of the scene that is shown first. Gives one line for each kind of thing that splats cannot say.
///
/// # Errors
/// [`ReadError`] names the place in the JSON, and the limit where one was passed.
pub fn read(document: &Document) -> Result<(Splats, Vec<String>), ReadError> {
    let mut losses = Losses::default();
    let placed = nodes::of_scene(document.json(), &mut losses)?;
    let mut meshes: Vec<Option<Vec<Splats>>> = Vec::new();
    let mut distinct = 0;
    let mut pieces: Vec<(usize, crate::splats::Similarity)> = Vec::new();
    let mut total = 0_usize;
    for node in placed {
        if meshes.len() <= node.mesh {
            meshes.resize(node.mesh + 1, None);
        }
        let mesh = match &mut meshes[node.mesh] {
            Some(mesh) => mesh,
            unread => {
                let mesh = primitive::of_mesh(document, node.mesh, &mut losses)?;
                distinct += mesh.iter().map(Splats::len).sum::<usize>();
                unread.insert(mesh)
            }
        };
        let Some(similarity) = node.similarity.as_ref().filter(|_| !mesh.is_empty()) else {
            if mesh.is_empty() {
                continue;
            }
            let problem = "scales its splats by different factors, or to nothing, which splats cannot follow: apply the transform before export";
            return Err(field(format!("nodes[{}]", node.node), problem));
        };
        total = total.saturating_add(mesh.iter().map(Splats::len).sum::<usize>());
        let max = (SplatCount::MAX as usize).min(COPIES_MAX * distinct + COPIES_FREE_SPLATS);
        if total > max {
            return Err(ReadError::TooMany { found: total, max });
        }
        pieces.push((node.mesh, *similarity));
    }
    if pieces.is_empty() {
        return Err(ReadError::NoSplats);
    }
    let all = || pieces.iter().filter_map(|(mesh, _)| meshes.get(*mesh)).flatten().flatten();
    let sh_degree = all().map(Splats::sh_degree).max().unwrap_or_default();
    let mut parts = SplatsParts { sh_degree, ..SplatsParts::default() };
    let mut is_last_use = vec![usize::MAX; meshes.len()];
    pieces.iter().enumerate().for_each(|(idx, (mesh, _))| is_last_use[*mesh] = idx);
    for (idx, (mesh, similarity)) in pieces.iter().enumerate() {
        // Copies are made only where a mesh is used again.
        let mesh =
            if is_last_use[*mesh] == idx { meshes[*mesh].take() } else { meshes[*mesh].clone() };
        for splats in mesh.into_iter().flatten() {
            append(&mut parts, splats.transform(similarity));
        }
    }
    Ok((Splats::new(parts)?, losses.0))
}

/// Missing bands are zeros.
fn append(parts: &mut SplatsParts, splats: Splats) {
    let (found, wanted) = (splats.sh_degree().rest_values(), parts.sh_degree.rest_values());
    let more = splats.into_parts();
    if parts.positions.is_empty() && found == wanted {
        *parts = more;
        return;
    }
    parts.positions.extend(more.positions);
    parts.log_scales.extend(more.log_scales);
    parts.rotations.extend(more.rotations);
    parts.raw_opacities.extend(more.raw_opacities);
    parts.sh_dc.extend(more.sh_dc);
    if found == 0 {
        parts.sh_rest.resize(parts.positions.len() * wanted, 0.0);
    } else {
        for rest in more.sh_rest.chunks_exact(found) {
            parts.sh_rest.extend(rest);
            parts.sh_rest.resize(parts.sh_rest.len() + wanted - found, 0.0);
        }
    }
}

/// Writes a GLB. The module text says what is lost.
///
/// # Errors
/// [`WriteError`] names the first splat that cannot be stored (a value that is not finite, a quaternion of length zero), or what else
/// keeps the splats out.
pub fn write(splats: &Splats, writer: impl Write) -> Result<(), WriteError> {
    write::write(splats, writer)
}

/// Lines, each once.
#[derive(Debug, Default)]
struct Losses(Vec<String>);

impl Losses {
    fn add(&mut self, line: impl Into<String>) {
        let line = line.into();
        if !self.0.contains(&line) {
            self.0.push(line);
        }
    }
}

fn field(place: String, problem: impl Into<String>) -> ReadError {
    ReadError::Field { place, problem: problem.into() }
}

/// A whole number that refers to something.
fn index(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|idx| usize::try_from(idx).ok())
}

/// Name of an attribute of one coefficient.
fn coefficient_name(degree: usize, coefficient: usize) -> String {
    format!("{EXTENSION}:SH_DEGREE_{degree}_COEF_{coefficient}")
}

/// Degrees that the extension has.
const SH_DEGREE_MAX: ShDegree = ShDegree::THREE;
