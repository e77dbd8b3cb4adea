//! The picture of the splat services of competitions 0 and 1: four views of a normalised asset. Source: rendering
//! specification §A.2, §A.3, §A.5, §B.

use asset::{ShDegree, Splats};
use image::RgbaImage;

use super::{NormaliseError, draw, normalise};
use crate::scene::{Stop, Stopped};
use crate::{Background, Camera, Lens, View, grid};

/// The lens of those services, at a picture size in pixels: farther away than that of meshes and modules.
#[must_use]
pub const fn service_lens(size: u32) -> Lens {
    Lens { radius: 2.5, fov_deg: Lens::FOV_DEG, size }
}

/// The grid of the HTTP services (E1 and E2), 1041 pixels wide and high: [`normalise`], [`Camera::flipped_orbit`], spherical
/// harmonics of degree 0 only, white. What cannot be normalised leaves the picture white, as there.
///
/// # Errors
/// [`Stopped`], between two views.
pub fn service_grid(splats: &Splats, stop: Stop<'_>) -> Result<RgbaImage, Stopped> {
    const SIZE_PX: u32 = 518;
    let splats = match normalise(splats) {
        Ok(splats) => splats,
        Err(NormaliseError::NoExtent | NormaliseError::NotFinite { .. }) => Splats::default(),
    };
    let mut parts = splats.into_parts();
    (parts.sh_degree, parts.sh_rest) = (ShDegree::ZERO, Vec::new());
    // The number of values of each attribute has not changed.
    let splats = Splats::new(parts).unwrap_or_default();
    let mut pictures = Vec::new();
    for view in View::GRID {
        if stop() {
            return Err(Stopped);
        }
        let camera = Camera::flipped_orbit(view, service_lens(SIZE_PX));
        pictures.push(draw(&splats, &camera).over(Background::WHITE));
    }
    Ok(grid::compose(&pictures, grid::GAP_PX))
}

#[cfg(test)]
mod tests {
    use asset::SplatsParts;

    use super::*;

    fn asset(positions: Vec<[f32; 3]>) -> Splats {
        let n = positions.len();
        let parts = SplatsParts {
            positions,
            log_scales: vec![[-3.0; 3]; n],
            rotations: vec![[1.0, 0.0, 0.0, 0.0]; n],
            raw_opacities: vec![3.0; n],
            sh_dc: vec![[1.0, -1.0, 0.0]; n],
            sh_degree: ShDegree::ZERO,
            sh_rest: vec![],
        };
        Splats::new(parts).unwrap()
    }

    #[test]
    fn four_views_with_black_between() {
        let grid = service_grid(&asset(vec![[0.0; 3], [0.5, 0.5, 0.0]]), &|| false).unwrap();
        assert_eq!(grid.dimensions(), (1041, 1041));
        assert_eq!(grid.get_pixel(520, 100).0, [0, 0, 0, 255]);
        assert_eq!(grid.get_pixel(0, 0).0, [255; 4]);
        assert!(grid.pixels().any(|pixel| pixel.0[0] > 180 && pixel.0[1] < 220 && pixel.0[1] > 0));
    }

    #[test]
    fn what_cannot_be_normalised_is_white() {
        for positions in [vec![[1.0; 3]], vec![[0.0; 3], [f32::NAN; 3]], vec![]] {
            let grid = service_grid(&asset(positions), &|| false).unwrap();
            assert!(grid.pixels().all(|p| p.0 == [255; 4] || p.0 == [0, 0, 0, 255]));
        }
        assert!(service_grid(&asset(vec![]), &|| true).is_err());
    }
}
