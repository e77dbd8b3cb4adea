//! The reference renderer of Gaussian splats.
//! Source: rendering specification §B.2, §B.5, §B.6, §B.7.
//!
//! In order: `active` (what no view changes), `project` (splats on the picture plane), `bin` (lists of splats per tile,
//! near to far; `ellipse` keeps them short), `raster` (blending, tile by tile). Every number of a picture is computed by
//! one task in a fixed order, so the number of threads cannot show.

pub(crate) mod active;
pub(crate) mod bin;
mod ellipse;
mod normalise;
pub(crate) mod project;
pub(crate) mod raster;
mod service;
pub(crate) mod sh;

pub use normalise::{BOX_M, NormaliseError, normalise};
pub use service::{service_grid, service_lens};

use asset::Splats;
use rayon::prelude::*;

use crate::{Camera, Frame, simd::Level};
use active::ActiveBlock;
use bin::{TILE, TileGrid, TileLists};
use project::Projected;
use raster::TileState;

/// Draws an asset.
#[must_use]
pub fn draw(splats: &Splats, camera: &Camera) -> Frame {
    Scene::new(splats).draw(camera)
}

/// Draws an asset from several cameras; cheaper than one by one.
#[must_use]
pub fn draw_all(splats: &Splats, cameras: &[Camera]) -> Vec<Frame> {
    let scene = Scene::new(splats);
    cameras.par_iter().map(|camera| scene.draw(camera)).collect()
}

/// An asset made ready to be drawn from any number of cameras.
#[derive(Debug, Clone)]
pub struct Scene<'a> {
    splats: &'a Splats,
    blocks: Vec<ActiveBlock>,
    level: Level,
}

/// How much is worked on at a time. No picture depends on it, only memory does.
#[derive(Debug, Clone, Copy)]
struct Portions {
    /// Entries of the tile lists.
    entries: usize,
    /// Pixels that are blended, in whole rows of tiles.
    pixels: u32,
}

impl Portions {
    /// 16 MiB of lists, 64 MiB of pixels.
    const DEFAULT: Self = Self { entries: 1 << 22, pixels: 1 << 22 };
}

impl<'a> Scene<'a> {
    /// Activates the splats.
    #[must_use]
    pub fn new(splats: &'a Splats) -> Self {
        Self::at_level(splats, Level::best())
    }

    fn at_level(splats: &'a Splats, level: Level) -> Self {
        Self { splats, blocks: active::activate(splats, level), level }
    }

    /// Draws one view.
    ///
    /// Memory: 76 bytes per splat and 32 per pixel, and at most 80 MiB whatever the splats are. Time: splats that each
    /// cover the whole picture cost what the first 2 400 or so of them cost, since after those every pixel is finished.
    #[must_use]
    pub fn draw(&self, camera: &Camera) -> Frame {
        self.draw_in_portions(camera, Portions::DEFAULT)
    }

    fn draw_in_portions(&self, camera: &Camera, portions: Portions) -> Frame {
        let [width, height] = camera.size_px;
        let n_pixels = width as usize * height as usize;
        let mut frame = Frame {
            size_px: camera.size_px,
            colour: vec![[0.0; 3]; n_pixels],
            transmittance: vec![1.0; n_pixels],
        };
        let projected = project::project(self.splats, &self.blocks, camera, self.level);
        let order = bin::depth_order(&projected);
        let picture = TileGrid::of(camera.size_px);
        if order.is_empty() || picture.len() == 0 {
            return frame;
        }
        let band_rows = (portions.pixels / (picture.columns * TILE * TILE)).max(1);
        for first_row in (0..picture.end_row).step_by(band_rows as usize) {
            let end_row = (first_row + band_rows).min(picture.end_row);
            let grid = TileGrid { first_row, end_row, ..picture };
            self.draw_band(&projected, &order, grid, portions.entries, &mut frame);
        }
        frame
    }

    /// Draws some rows of tiles. The lists are made and blended in slabs of depth, near to far, so that their memory is
    /// bounded; and no more lists are made for tiles whose pixels are all finished.
    fn draw_band(
        &self,
        projected: &Projected,
        order: &[u32],
        grid: TileGrid,
        entries_max: usize,
        frame: &mut Frame,
    ) {
        let mut states = vec![TileState::EMPTY; grid.len()];
        let mut live = vec![true; grid.len()];
        let mut rest = order;
        while !rest.is_empty() && live.contains(&true) {
            let (lists, n_splats) =
                TileLists::of_ellipses(projected, rest, grid, &live, entries_max);
            rest = &rest[n_splats..];
            states.par_iter_mut().zip(&mut live).enumerate().for_each(
                |(tile_idx, (state, live))| {
                    let list = lists.tile(tile_idx);
                    if !list.is_empty() {
                        *live = state.blend(projected, list, grid.place(tile_idx), self.level);
                    }
                },
            );
        }
        copy_out(&states, grid, frame);
    }
}

/// From tiles to rows of pixels.
fn copy_out(states: &[TileState], grid: TileGrid, frame: &mut Frame) {
    let width = frame.size_px[0] as usize;
    let tile = TILE as usize;
    let first = grid.first_row as usize * tile * width;
    let rows = (grid.end_row - grid.first_row) as usize * tile;
    let colours = frame.colour[first..].par_chunks_mut(width);
    let transmittances = frame.transmittance[first..].par_chunks_mut(width);
    colours.zip(transmittances).take(rows).enumerate().for_each(
        |(y, (colours, transmittances))| {
            let states = &states[y / tile * grid.columns as usize..];
            for (x, (colour, transmittance)) in colours.iter_mut().zip(transmittances).enumerate() {
                (*transmittance, *colour) = states[x / tile].pixel(x % tile, y % tile);
            }
        },
    );
}

#[cfg(test)]
mod tests;
