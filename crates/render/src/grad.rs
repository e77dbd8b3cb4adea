//! Differentiable rendering of splats: a picture, and the exact gradient of any function of it with respect to every raw
//! value of the asset.
//! Source: rendering specification §B.2 and §B.5–B.7, differentiated by hand; the tests compare with finite differences
//! of the `f64` oracle.
//!
//! The function that is differentiated is the picture of [`crate::splats::draw`], bit for bit. Its choices are held: the
//! order by depth, what is culled, skipped (alpha below 1/255) or hidden (light below 1e−4). Where alpha is capped at
//! 0.999, a colour at 0, or the Jacobian at the rim of the view, the gradient through the cap is 0.
//!
//! One step of a training loop:
//! ```
//! use render::{Camera, adam::Adam, grad::{Gradients, PixelGradients, PixelLoss, Target, Workspace}};
//!
//! # use render::grad::PixelCountError;
//! # struct Training { workspace: Workspace, pixels: PixelGradients, gradients: Gradients, adam: Adam }
//! # impl Training {
//! fn step(&mut self, splats: &mut asset::Splats, loss: &PixelLoss, views: &[(Camera, Target<'_>)])
//! -> Result<f64, Box<dyn std::error::Error>> {
//!     let mut sum = 0.0;
//!     self.gradients.reset(splats);
//!     for (camera, target) in views {
//!         let tape = self.workspace.forward(splats, camera);
//!         self.pixels.reset(tape.frame());
//!         sum += loss.evaluate(tape.frame(), target, &mut self.pixels)?;
//!         tape.backward(&self.pixels, &mut self.gradients)?;
//!     }
//!     self.adam.step(splats, &self.gradients)?;
//!     Ok(sum)
//! }
//! # }
//! ```
//! The workspace keeps its memory between steps and views. Results do not depend on the number of threads.

mod gradients;
mod local;
mod loss;
mod project;
mod raster;
mod sh;

pub use gradients::Gradients;
pub use loss::{Penalty, PixelCountError, PixelGradients, PixelLoss, Target};

use asset::Splats;
use rayon::prelude::*;

use crate::{
    Camera, Frame,
    simd::Level,
    splats::{
        active,
        bin::{self, TILE, TileGrid, TileLists, TileRect},
        project::{Projected, project},
    },
};
use project::{Into, PixelSums};
use raster::TileTape;

/// Memory for forward and backward passes, kept from one to the next. Holds what the last forward pass computed.
#[derive(Debug)]
pub struct Workspace {
    projected: Projected,
    /// Splats that are drawn, near to far.
    order: Vec<u32>,
    /// How many of `order` each slab has, near to far. Lists and sums are made slab by slab to bound their memory.
    slabs: Vec<usize>,
    /// Lists of the last slab.
    lists: TileLists,
    tiles: Vec<TileTape>,
    frame: Frame,
    /// What the pixels of each tile ask of each splat in its list, in the order of the lists. `[entry]`
    sums: Vec<PixelSums>,
    /// For each splat of the slab, tile by tile of its rectangle, its place in `sums`.
    entries: Vec<u32>,
    /// Where the splat starts in `entries`; `NOT_HERE` when it is not in the slab. `[splat]`
    first_entry: Vec<u32>,
    /// [`ENTRIES_MAX`]; tests make it small.
    entries_max: usize,
}

impl Default for Workspace {
    fn default() -> Self {
        Self {
            projected: Projected::default(),
            order: Vec::new(),
            slabs: Vec::new(),
            lists: TileLists::default(),
            tiles: Vec::new(),
            frame: Frame { size_px: [0, 0], colour: Vec::new(), transmittance: Vec::new() },
            sums: Vec::new(),
            entries: Vec::new(),
            first_entry: Vec::new(),
            entries_max: ENTRIES_MAX,
        }
    }
}

const NOT_HERE: u32 = u32::MAX;

/// Entries of the tile lists that are held at a time, about: 180 MiB with their sums.
const ENTRIES_MAX: usize = 1 << 22;

/// A forward pass, ready to go back.
#[derive(Debug)]
pub struct Tape<'a> {
    workspace: &'a mut Workspace,
    splats: &'a Splats,
    camera: Camera,
    level: Level,
}

/// What a backward pass was given does not fit the forward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BackwardError {
    /// The gradient by pixel is for another picture.
    #[error(transparent)]
    Pixels(#[from] PixelCountError),
    /// The gradients to add to are for other splats: see [`Gradients::reset`].
    #[error("the gradients are for {found} values, the splats have {expected}")]
    Splats {
        /// Splats, or SH values, they have room for.
        found: usize,
        /// What the splats need.
        expected: usize,
    },
}

impl Workspace {
    /// Draws `splats`, the same picture as [`crate::splats::draw`], and keeps what the way back needs.
    pub fn forward<'a>(&'a mut self, splats: &'a Splats, camera: &Camera) -> Tape<'a> {
        self.forward_at(splats, camera, Level::best())
    }

    fn forward_at<'a>(&'a mut self, splats: &'a Splats, camera: &Camera, level: Level) -> Tape<'a> {
        let blocks = active::activate(splats, level);
        self.projected = project(splats, &blocks, camera, level);
        self.order = bin::depth_order(&self.projected);
        let grid = TileGrid::of(camera.size_px);
        self.tiles.clear();
        self.tiles.resize(grid.len(), TileTape::EMPTY);
        self.slabs.clear();
        let all = vec![true; grid.len()];
        let mut live = all.clone();
        let mut rest = &self.order[..];
        while !rest.is_empty() && live.contains(&true) {
            let (lists, n_splats) =
                TileLists::new(&self.projected, rest, grid, &all, self.entries_max);
            let projected = &self.projected;
            let tiles = self.tiles.par_iter_mut().zip(&mut live).enumerate();
            tiles.for_each(|(tile_idx, (tile, live))| {
                let list = lists.tile(tile_idx);
                if *live {
                    *live = tile.forward(projected, list, grid.place(tile_idx), level);
                } else {
                    tile.pass(list);
                }
            });
            self.lists = lists;
            self.slabs.push(n_splats);
            rest = &rest[n_splats..];
        }
        self.copy_out(camera.size_px, grid);
        Tape { workspace: self, splats, camera: *camera, level }
    }

    /// From tiles to rows of pixels.
    fn copy_out(&mut self, size_px: [u32; 2], grid: TileGrid) {
        let (width, height) = (size_px[0] as usize, size_px[1] as usize);
        self.frame.size_px = size_px;
        self.frame.colour.resize(width * height, [0.0; 3]);
        self.frame.transmittance.resize(width * height, 1.0);
        let (tiles, side) = (&self.tiles, TILE as usize);
        let colours = self.frame.colour.par_chunks_mut(width.max(1));
        let rows = colours.zip(self.frame.transmittance.par_chunks_mut(width.max(1)));
        rows.enumerate().for_each(|(y, (colours, transmittances))| {
            let row = &tiles[y / side * grid.columns as usize..];
            for (x, (colour, t)) in colours.iter_mut().zip(transmittances).enumerate() {
                (*t, *colour) = row[x / side].pixel(x % side, y % side);
            }
        });
    }

    /// Readies `entries` and `first_entry` for the slab whose lists are in `lists`.
    fn index_entries(&mut self, slab: std::ops::Range<usize>, grid: TileGrid) {
        self.first_entry.clear();
        self.first_entry.resize(self.projected.tiles.len(), NOT_HERE);
        self.entries.clear();
        let mut cursors = Vec::with_capacity(grid.len());
        let mut start = 0;
        for tile_idx in 0..grid.len() {
            cursors.push(start);
            start += self.lists.tile(tile_idx).len() as u32;
        }
        for &splat_idx in &self.order[slab] {
            self.first_entry[splat_idx as usize] = self.entries.len() as u32;
            let TileRect { x, y } = self.projected.tiles[splat_idx as usize];
            for row in y[0]..y[1] {
                for column in x[0]..x[1] {
                    let tile_idx = usize::from(row) * grid.columns as usize + usize::from(column);
                    self.entries.push(cursors[tile_idx]);
                    cursors[tile_idx] += 1;
                }
            }
        }
    }
}

impl Tape<'_> {
    /// The picture. Valid until the next forward pass.
    #[must_use]
    pub const fn frame(&self) -> &Frame {
        &self.workspace.frame
    }

    /// Adds to `into` the gradient of the function of the picture whose gradient by pixel is `pixels`.
    ///
    /// # Errors
    /// When `pixels` is not for this picture or `into` not for these splats.
    pub fn backward(
        self,
        pixels: &PixelGradients,
        into: &mut Gradients,
    ) -> Result<(), BackwardError> {
        let Self { workspace, splats, camera, level } = self;
        pixels.check(&workspace.frame)?;
        into.check(splats)?;
        let grid = TileGrid::of(camera.size_px);
        let width = camera.size_px;
        workspace.tiles.par_iter_mut().enumerate().for_each(|(tile_idx, tile)| {
            tile.turn(pixels, width, grid.place(tile_idx));
        });
        let all = vec![true; grid.len()];
        let mut end: usize = workspace.slabs.iter().sum();
        let mut listed = true; // The last slab's lists are still there.
        while let Some(n_splats) = workspace.slabs.pop() {
            let slab = end - n_splats..end;
            if !listed {
                let order = &workspace.order[slab.clone()];
                let projected = &workspace.projected;
                workspace.lists = TileLists::new(projected, order, grid, &all, usize::MAX).0;
            }
            listed = false;
            workspace.index_entries(slab.clone(), grid);
            workspace.backward_tiles(grid, level);
            workspace.backward_splats(splats, &camera, into);
            end = slab.start;
        }
        Ok(())
    }
}

impl Workspace {
    /// Fills `sums` for the slab in `lists`.
    fn backward_tiles(&mut self, grid: TileGrid, level: Level) {
        self.sums.resize(self.entries.len(), PixelSums::default());
        let mut rest = &mut self.sums[..];
        let mut pieces = Vec::with_capacity(grid.len());
        for tile_idx in 0..grid.len() {
            let (piece, after) = rest.split_at_mut(self.lists.tile(tile_idx).len());
            pieces.push(piece);
            rest = after;
        }
        let (projected, lists) = (&self.projected, &self.lists);
        let tiles = self.tiles.par_iter_mut().zip(pieces).enumerate();
        tiles.for_each(|(tile_idx, (tile, sums))| {
            let list = lists.tile(tile_idx);
            tile.backward(projected, list, grid.place(tile_idx), sums, level);
        });
    }

    /// From `sums` to the raw values of the splats of the slab.
    fn backward_splats(&self, splats: &Splats, camera: &Camera, into: &mut Gradients) {
        const TASK: usize = 256;
        // Chunks of no values are not allowed, and degree 0 has none.
        let n_rest = splats.sh_degree().rest_values();
        let mut no_rest = vec![0.0; if n_rest == 0 { splats.len() } else { 0 }];
        let rest = if n_rest == 0 { &mut no_rest } else { &mut into.sh_rest };
        let rest_chunk = TASK * n_rest.max(1);
        let chunks = into
            .positions
            .par_chunks_mut(TASK)
            .zip(into.log_scales.par_chunks_mut(TASK))
            .zip(into.rotations.par_chunks_mut(TASK))
            .zip(into.raw_opacities.par_chunks_mut(TASK))
            .zip(into.sh_dc.par_chunks_mut(TASK))
            .zip(rest.par_chunks_mut(rest_chunk))
            .zip(into.screen.par_chunks_mut(TASK))
            .zip(into.weight.par_chunks_mut(TASK));
        chunks.enumerate().for_each(|(task, chunk)| {
            let (((((((positions, scales), rotations), opacities), dc), rest), screen), weight) =
                chunk;
            for i in 0..positions.len() {
                let splat_idx = task * TASK + i;
                let Some(sums) = self.sums_of(splat_idx) else { continue };
                let into = Into {
                    position: &mut positions[i],
                    log_scale: &mut scales[i],
                    rotation: &mut rotations[i],
                    raw_opacity: &mut opacities[i],
                    sh_dc: &mut dc[i],
                    sh_rest: &mut rest[i * n_rest..(i + 1) * n_rest],
                    screen: &mut screen[i],
                    weight: &mut weight[i],
                };
                project::backward(&splats.get(splat_idx), camera, &sums, into);
            }
        });
    }

    /// What all pixels ask of a splat; `None` when the slab does not have it, or nothing of it was seen.
    fn sums_of(&self, splat_idx: usize) -> Option<PixelSums> {
        let first = self.first_entry[splat_idx];
        if first == NOT_HERE {
            return None;
        }
        let TileRect { x, y } = self.projected.tiles[splat_idx];
        let n = usize::from(x[1] - x[0]) * usize::from(y[1] - y[0]);
        let mut sums = PixelSums::default();
        for &entry in &self.entries[first as usize..first as usize + n] {
            sums.add(&self.sums[entry as usize]);
        }
        (sums.weight > 0.0).then_some(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use asset::SplatsParts;

    /// Layers of large splats, so that some tiles are finished by the first splats and others never.
    fn layers(n: usize) -> Splats {
        let mut parts = SplatsParts::default();
        for i in 0..n {
            let spread = |step: f32| (i as f32 * step).fract() - 0.5;
            parts.positions.push([spread(0.618_034), 0.7 * spread(0.414_214), spread(0.754_878)]);
            parts.log_scales.push([-2.5 + spread(0.33), -3.5 + spread(0.71), -4.0]);
            parts.rotations.push([0.6, spread(0.27), spread(0.57), spread(0.87)]);
            parts.raw_opacities.push(4.0 * spread(0.17) + 2.0);
            parts.sh_dc.push([spread(0.1), spread(0.2), spread(0.3)]);
        }
        Splats::new(parts).unwrap()
    }

    fn run(level: Level, entries_max: usize) -> (Frame, Gradients) {
        let splats = layers(900);
        let camera = Camera::orbit(crate::View::FRONT, crate::Lens::competition(90));
        let mut workspace = Workspace { entries_max, ..Workspace::default() };
        let mut gradients = Gradients::zero(&splats);
        let tape = workspace.forward_at(&splats, &camera, level);
        let frame = tape.frame().clone();
        let mut pixels = PixelGradients::default();
        pixels.reset(&frame);
        for (i, (colour, t)) in pixels.colour.iter_mut().zip(&mut pixels.transmittance).enumerate()
        {
            *colour = [0.31, 0.47, 0.73].map(|step| (i as f32 * step).fract() - 0.5);
            *t = (i as f32 * 0.57).fract() - 0.5;
        }
        tape.backward(&pixels, &mut gradients).unwrap();
        assert!(gradients.positions.iter().flatten().any(|g| *g != 0.0));
        (frame, gradients)
    }

    #[test]
    fn instruction_set_does_not_show() {
        assert!(run(Level::best(), ENTRIES_MAX) == run(Level::BASELINE, ENTRIES_MAX));
    }

    #[test]
    fn slabs_do_not_show() {
        let whole = run(Level::best(), ENTRIES_MAX);
        assert!(whole.0.transmittance.iter().any(|&t| t < 1e-3), "no pixel is finished");
        assert!(whole.0.transmittance.contains(&1.0), "no pixel is empty");
        for entries_max in [1, 700, 3000] {
            assert!(run(Level::best(), entries_max) == whole, "slabs of {entries_max} entries");
        }
    }
}
