//! Meshes to splats: discs on the surface, as far apart as the detail asks for, coloured by the materials, and fitted to
//! pictures of the mesh.
//! Source of the spread of points: Yuksel, "Sample elimination for generating Poisson disk sample sets", 2015.

mod light;
mod refine;
mod scatter;
mod sheet;
mod texel;

use asset::scene::Scene;
use asset::{ShDegree, Splats, SplatsParts};
use glam::{Mat3, Quat, Vec3};

use self::scatter::Dot;
use self::sheet::Sheet;
use crate::error::in_range;
use crate::{MeshError, Stop};

/// What the colours of the splats show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Light {
    /// The materials' own colours, without any light: base colour, plus what they emit. What a mesh made by
    /// [`crate::from_splats()`] looks like.
    #[default]
    Albedo,
    /// As the studio lights of the module era show it, tone-mapped; highlights become the mean over all views.
    Studio,
}

/// How to make splats of a scene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Splats: 100 to 2 000 000.
    pub count: usize,
    /// Of the spread of points.
    pub seed: u64,
    /// What the colours show.
    pub light: Light,
    /// Steps of descent towards pictures of the mesh, two views each; 0 to 2000. None: colours come from materials (or,
    /// in the studio, from pictures) at the splats' centres.
    pub refine_steps: u32,
    /// Views to come near to: 8 to 128.
    pub views: u32,
    /// Side of these views, pixels: 64 to 1024.
    pub view_px: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Options {
    /// What suits most objects.
    pub const DEFAULT: Self = Self {
        count: 60_000,
        seed: 0,
        light: Light::Albedo,
        refine_steps: 100,
        views: 26,
        view_px: 384,
    };

    fn check(&self) -> Result<(), MeshError> {
        in_range("number of splats", self.count as f64, [100.0, 2e6])?;
        in_range("steps of refinement", self.refine_steps.into(), [0.0, 2000.0])?;
        in_range("number of views", self.views.into(), [8.0, 128.0])?;
        in_range("side of a view (pixels)", self.view_px.into(), [64.0, 1024.0])
    }
}

/// Standard deviation of a disc along the surface, as a share of the distance that the spread keeps.
const SPREAD: f32 = 1.05;
/// Standard deviation across it, as a share of that along it.
const THICKNESS: f32 = 0.1;
/// Opacity where the material is opaque: higher ones would gain nothing, and lower ones let light through.
const OPACITY: f32 = 0.985;
/// Less alpha than this is nothing.
const ALPHA_MIN: f32 = 0.02;

/// Splats of all triangles that the scene draws, in world coordinates: instances, groups, double sides, vertex colours,
/// base colour and alpha textures, opacity, alpha tests. Lines, points, wireframes and displacement are left out, as is
/// what hides behind transmission. Triangles that are not finite or have no area are left out; a scene without others
/// gives no splats.
///
/// # Errors
/// [`MeshError::Scene`] when the scene does not hold together; [`MeshError::TooMany`] when it has more triangles,
/// instances counted, than we hold; [`MeshError::Range`] for an option outside of its range or a scene farther out than
/// 1 000 km; [`MeshError::Stopped`].
pub fn to_splats(scene: &Scene, options: &Options, stop: Stop<'_>) -> Result<Splats, MeshError> {
    options.check()?;
    scene.check()?;
    let sheet = Sheet::of(scene, stop)?;
    let dots = scatter::scatter(&sheet, options.count, options.seed, stop)?;
    let mut splats = discs(&dots);
    if !splats.is_empty() && (options.refine_steps > 0 || options.light == Light::Studio) {
        refine::refine(&mut splats, scene, options, stop)?;
    }
    Ok(splats)
}

/// A disc for each dot that can be seen.
fn discs(dots: &[Dot]) -> Splats {
    let mut parts = SplatsParts { sh_degree: ShDegree::ZERO, ..SplatsParts::default() };
    for dot in dots.iter().filter(|dot| dot.alpha >= ALPHA_MIN) {
        let along = libm::logf((dot.radius * SPREAD).max(1e-9));
        let across = along + libm::logf(THICKNESS);
        let (u, v) = dot.normal.any_orthonormal_pair();
        let turn = Quat::from_mat3(&Mat3::from_cols(u, v, dot.normal));
        let opacity = OPACITY * dot.alpha.min(1.0);
        parts.positions.push(dot.point.to_array());
        parts.log_scales.push([along, along, across]);
        parts.rotations.push([turn.w, turn.x, turn.y, turn.z]);
        parts.raw_opacities.push(libm::logf(opacity / (1.0 - opacity)));
        parts.sh_dc.push(coefficient(display(dot.colour)).to_array());
    }
    Splats::new(parts).unwrap_or_default()
}

/// SH coefficient of a display-referred colour.
fn coefficient(colour: Vec3) -> Vec3 {
    (colour - Vec3::splat(0.5)) / asset::splats::SH_C0
}

/// Linear to display-referred (sRGB), clamped.
fn display(linear: Vec3) -> Vec3 {
    let encode = |c: f32| {
        let c = c.clamp(0.0, 1.0);
        if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * libm::powf(c, 1.0 / 2.4) - 0.055 }
    };
    Vec3::from(linear.to_array().map(encode))
}
