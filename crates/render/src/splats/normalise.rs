//! The original service's normalisation of an asset before it draws it. Never done unless asked for.
//! Source: rendering specification §B.4.

use asset::Splats;

/// Longest side of the box of the centres after normalisation, metres.
pub const BOX_M: f64 = 1.5;

/// The asset cannot be normalised.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NormaliseError {
    /// All centres are one point, so no factor makes their box as large as it should be.
    #[error("cannot normalise: all splats are at one point (extent 0)")]
    NoExtent,
    /// A centre is NaN or infinite, or centres are further apart than a number can say.
    #[error("cannot normalise: position of splat {splat_idx} is not finite")]
    NotFinite {
        /// The first such splat.
        splat_idx: usize,
    },
}

/// Moves and scales an asset as the original service of the splat competitions does:
///
/// - s = 1.5 / longest side of the box of the centres;
/// - centre' = (centre − m) · s, where m is **one** number, the mean of all coordinates of all centres. An asset whose
///   mean differs between the axes stays off centre;
/// - scale' = scale · s;
/// - opacity' = opacity / s, at most 1. An asset of unit size comes out with at most two thirds of its opacity.
///
/// Rotations and colours stay. An asset without splats stays as it is. Opacity 1 is stored as logit 20.
///
/// # Errors
/// [`NormaliseError`], where the original would draw an empty picture.
pub fn normalise(splats: &Splats) -> Result<Splats, NormaliseError> {
    if splats.is_empty() {
        return Ok(splats.clone());
    }
    let positions = &splats.parts().positions;
    let mut sum = 0.0;
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for (splat_idx, position) in positions.iter().enumerate() {
        if !position.iter().all(|c| c.is_finite()) {
            return Err(NormaliseError::NotFinite { splat_idx });
        }
        for axis in 0..3 {
            let c = f64::from(position[axis]);
            low[axis] = low[axis].min(c);
            high[axis] = high[axis].max(c);
            sum += c;
        }
    }
    let mean = sum / (3 * splats.len()) as f64;
    let extent = (0..3).map(|axis| high[axis] - low[axis]).fold(0.0, f64::max);
    if extent <= 0.0 {
        return Err(NormaliseError::NoExtent);
    }
    let scale = BOX_M / extent;

    let mut parts = splats.clone().into_parts();
    let log_scale = libm::log(scale);
    for position in &mut parts.positions {
        *position = position.map(|c| ((f64::from(c) - mean) * scale) as f32);
    }
    for scales in &mut parts.log_scales {
        *scales = scales.map(|raw| (f64::from(raw) + log_scale) as f32);
    }
    for raw in &mut parts.raw_opacities {
        *raw = divided(f64::from(*raw), scale) as f32;
    }
    // The number of values of each attribute has not changed.
    Ok(Splats::new(parts).unwrap_or_default())
}

/// The logit of 1/(1+exp(−raw)) / divisor. NaN stays NaN.
fn divided(raw: f64, divisor: f64) -> f64 {
    /// A logit whose opacity is 1 in `f32`.
    const OPAQUE: f64 = 20.0;
    let opacity = 1.0 / (1.0 + libm::exp(-raw)) / divisor;
    if opacity >= 1.0 { OPAQUE } else { libm::log(opacity / (1.0 - opacity)).min(OPAQUE) }
}

#[cfg(test)]
mod tests {
    use asset::{ShDegree, SplatsParts};

    use super::*;
    use crate::{
        Background, Camera, Lens, View,
        simd::Level,
        splats::{Scene, draw, project},
    };

    /// The two splats of §B.8, before normalisation.
    fn worked_example() -> Splats {
        let parts = SplatsParts {
            positions: vec![[0.5, 0.0, 0.0], [-0.5, 0.25, 0.0]],
            log_scales: vec![[0.1; 3].map(libm::logf), [0.15, 0.05, 0.08].map(libm::logf)],
            rotations: vec![[1.0, 0.0, 0.0, 0.0], [0.9, 0.1, 0.3, 0.2]],
            raw_opacities: vec![2.0, 0.5],
            sh_dc: vec![[1.0, 0.0, -1.0], [-1.0, 0.5, 1.5]],
            sh_degree: ShDegree::ZERO,
            sh_rest: vec![],
        };
        Splats::new(parts).unwrap()
    }

    fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
        assert_eq!(found.len(), expected.len());
        for (found_value, expected_value) in found.iter().zip(expected) {
            let error = (found_value - expected_value).abs();
            assert!(error <= tolerance, "{found:?} is not {expected:?}");
        }
    }

    /// §B.8, rows E0: from raw values to bytes.
    #[test]
    fn worked_example_of_the_specification() {
        let places = [
            ([2.3012, 420.02, 288.07], [1476.45, 19.88, 1369.88]),
            ([2.7935, 113.50, 177.37], [1729.69, -763.47, 650.61]),
        ];
        assert_worked_example(Camera::orbit, places, [[420, 288], [113, 177]]);
    }

    /// §B.8, rows E1/E2.
    #[test]
    fn worked_example_of_the_later_services() {
        let places = [
            ([2.6988, 396.30, 234.22], [1051.72, -10.51, 995.39]),
            ([2.2065, 74.79, 362.34], [2757.52, 1068.27, 1221.60]),
        ];
        assert_worked_example(Camera::flipped_orbit, places, [[396, 234], [74, 362]]);
    }

    /// `places`: depth, centre and covariance on the screen of each splat; `pixels`: where their bytes are looked up.
    fn assert_worked_example(
        camera: fn(View, Lens) -> Camera,
        places: [([f64; 3], [f64; 3]); 2],
        pixels: [[u32; 2]; 2],
    ) {
        let splats = normalise(&worked_example()).unwrap();
        let lens = Lens { radius: 2.5, fov_deg: Lens::FOV_DEG, size: 518 };
        let camera = camera(View { theta_deg: 24.0, phi_deg: -15.0 }, lens);
        let level = Level::best();
        let scene = Scene::at_level(&splats, level);
        let projected = project::project(&splats, &scene.blocks, &camera, level);

        let centres = [[0.6875, -0.0625, -0.0625], [-0.8125, 0.3125, -0.0625]];
        let looks =
            [[0.5871981, 0.7820948, 0.5, 0.2179052], [0.4149729, 0.2179052, 0.6410474, 0.9231422]];
        for splat_idx in 0..2 {
            let position = splats.parts().positions[splat_idx].map(f64::from);
            assert_close(&position, &centres[splat_idx], 1e-6);
            let splat = projected.splats[splat_idx];
            let [r, g, b] = splat.colour.map(f64::from);
            assert_close(&[f64::from(splat.opacity), r, g, b], &looks[splat_idx], 2e-7);
            let depth = f64::from(projected.depths[splat_idx]);
            let [u, v] = splat.centre;
            assert_close(&[depth, u, v], &places[splat_idx].0, 6e-3);
            // Back from the factored inverse: Σ2 = (2·LᵀL)⁻¹ with L = [[a, b], [0, c]].
            let [a, b, c] = splat.root.map(f64::from);
            let det = 4.0 * a * a * c * c;
            let covariance = [2.0 * (b * b + c * c) / det, -2.0 * a * b / det, 2.0 * a * a / det];
            assert_close(&covariance, &places[splat_idx].1, 6e-3);
        }
        let picture = draw(&splats, &camera).over(Background::WHITE);
        let [first, second] = pixels.map(|[x, y]| picture.get_pixel(x, y).0);
        assert_eq!(first, [222, 180, 137, 255]);
        assert_eq!(second, [172, 217, 246, 255]);
        assert_eq!(picture.get_pixel(0, 0).0, [255; 4]);
    }

    #[test]
    fn opacity_grows_when_the_asset_shrinks() {
        let mut parts = worked_example().into_parts();
        parts.positions = vec![[15.0, 0.0, 0.0], [0.0; 3]];
        parts.raw_opacities = vec![2.0, -5.0];
        let splats = normalise(&Splats::new(parts).unwrap()).unwrap();
        assert_eq!(splats.get(0).activate().opacity, 1.0);
        let expected = 10.0 / (1.0 + libm::exp(5.0));
        assert_close(&[f64::from(splats.get(1).activate().opacity)], &[expected], 1e-7);
    }

    #[test]
    fn what_cannot_be_normalised_is_said() {
        let with = |positions| {
            let parts = SplatsParts { positions, ..worked_example().into_parts() };
            normalise(&Splats::new(parts).unwrap()).map_err(|error| error.to_string())
        };
        let point = with(vec![[1.0, 2.0, 3.0]; 2]).unwrap_err();
        assert_eq!(point, "cannot normalise: all splats are at one point (extent 0)");
        let nan = with(vec![[0.0; 3], [0.0, f32::NAN, 0.0]]).unwrap_err();
        assert_eq!(nan, "cannot normalise: position of splat 1 is not finite");
        assert!(normalise(&Splats::default()).unwrap().is_empty());
    }
}
