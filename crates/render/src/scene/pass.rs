//! A pass: calls of one view drawn into one target, batch by batch, tile by tile.

use rayon::prelude::*;

use super::cover::TILE;
use super::fragment::Scenery;
use super::stage::{Batch, Call, Stage};
use super::target::Target;
use super::tile::{Scratch, Tile, Work, may_touch};
use super::{Stop, Stopped};
use crate::simd::Level;

/// Entries of all lists of a batch at most, 16 MiB; a batch with more is drawn in parts.
const ENTRIES_MAX: usize = 1 << 22;

/// What a pass draws on: the tiles of a picture, several backgrounds at once.
#[derive(Debug)]
pub(super) struct Canvas<T: Target> {
    size_px: [u32; 2],
    backgrounds: Vec<T::Texel>,
    bands: Vec<Vec<Option<Box<Tile<T>>>>>,
}

impl<T: Target> Canvas<T> {
    pub(super) fn new(size_px: [u32; 2], backgrounds: Vec<T::Texel>) -> Self {
        let [columns, rows] = size_px.map(|side| (side as usize).div_ceil(TILE));
        let bands = (0..rows).map(|_| (0..columns).map(|_| None).collect()).collect();
        Self { size_px, backgrounds, bands }
    }

    fn columns(&self) -> usize {
        (self.size_px[0] as usize).div_ceil(TILE)
    }

    /// Draws calls and gives the pictures. The samples are lost.
    pub(super) fn finish(
        mut self,
        scenery: &Scenery<'_>,
        calls: &[Call],
        stop: Stop<'_>,
    ) -> Result<Vec<Vec<T::Texel>>, Stopped> {
        let mut stage = Stage::new(scenery.prepared, scenery.eye, calls);
        let mut batch = Batch::default();
        let mut bins = Bins::default();
        let mut more = true;
        while more {
            more = stage.fill(&mut batch, stop)?;
            let mut from = 0;
            while from < batch.prims.len() {
                let to = bins.fill(&batch, from, self.columns(), self.bands.len());
                if !more && to == batch.prims.len() {
                    return self.resolve(scenery, &batch, &bins, stop);
                }
                self.draw_bins(scenery, &batch, &bins, stop)?;
                from = to;
            }
        }
        self.resolve(scenery, &batch, &Bins::default(), stop)
    }

    /// Draws calls and keeps the samples.
    pub(super) fn draw(
        &mut self,
        scenery: &Scenery<'_>,
        calls: &[Call],
        stop: Stop<'_>,
    ) -> Result<(), Stopped> {
        let mut stage = Stage::new(scenery.prepared, scenery.eye, calls);
        let mut batch = Batch::default();
        let mut bins = Bins::default();
        let mut more = true;
        while more {
            more = stage.fill(&mut batch, stop)?;
            let mut from = 0;
            while from < batch.prims.len() {
                from = bins.fill(&batch, from, self.columns(), self.bands.len());
                self.draw_bins(scenery, &batch, &bins, stop)?;
            }
        }
        Ok(())
    }

    /// The pictures as they are now.
    pub(super) fn pictures(
        &mut self,
        scenery: &Scenery<'_>,
        stop: Stop<'_>,
    ) -> Result<Vec<Vec<T::Texel>>, Stopped> {
        self.resolve(scenery, &Batch::default(), &Bins::default(), stop)
    }

    fn draw_bins(
        &mut self,
        scenery: &Scenery<'_>,
        batch: &Batch,
        bins: &Bins,
        stop: Stop<'_>,
    ) -> Result<(), Stopped> {
        let (size_px, columns) = (self.size_px, self.columns());
        let (backgrounds, level) = (&self.backgrounds[..], Level::best());
        self.bands.par_iter_mut().enumerate().try_for_each_init(
            Scratch::default,
            |scratch, (row, tiles)| {
                for (column, slot) in tiles.iter_mut().enumerate() {
                    let list = bins.list(row * columns + column);
                    if list.is_empty() {
                        continue;
                    }
                    let work =
                        work(scenery, batch, list, [column, row], size_px, backgrounds, level);
                    let tile = slot.get_or_insert_default();
                    tile.draw(&work, scratch, stop)?;
                    tile.settle(&work, scratch);
                }
                Ok(())
            },
        )
    }

    /// Draws the last bins and writes the means of the samples.
    fn resolve(
        &mut self,
        scenery: &Scenery<'_>,
        batch: &Batch,
        bins: &Bins,
        stop: Stop<'_>,
    ) -> Result<Vec<Vec<T::Texel>>, Stopped> {
        let (size_px, columns) = (self.size_px, self.columns());
        let [width, height] = size_px.map(|side| side as usize);
        let (backgrounds, level) = (&self.backgrounds[..], Level::best());
        let mut pictures: Vec<Vec<T::Texel>> =
            backgrounds.iter().map(|texel| vec![*texel; width * height]).collect();
        let mut bands: Vec<Vec<&mut [T::Texel]>> = self.bands.iter().map(|_| Vec::new()).collect();
        for picture in &mut pictures {
            for (rows, band) in picture.chunks_mut((width * TILE).max(1)).zip(&mut bands) {
                band.push(rows);
            }
        }
        let rooms = || (Scratch::default(), Tile::default());
        let bands = self.bands.par_iter_mut().zip(bands).enumerate();
        bands.try_for_each_init(rooms, |(scratch, fresh), (row, (tiles, mut rows))| {
            for (column, slot) in tiles.iter_mut().enumerate() {
                let list = bins.list(row * columns + column);
                if list.is_empty() && slot.is_none() {
                    continue;
                }
                let work = work(scenery, batch, list, [column, row], size_px, backgrounds, level);
                let tile = match slot {
                    Some(tile) => &mut **tile,
                    None => {
                        fresh.clear();
                        &mut *fresh
                    }
                };
                tile.draw(&work, scratch, stop)?;
                tile.resolve(&work, scratch, &mut rows, width);
            }
            Ok(())
        })?;
        Ok(pictures)
    }
}

fn work<'a, T: Target>(
    scenery: &'a Scenery<'a>,
    batch: &'a Batch,
    list: &'a [u32],
    tile: [usize; 2],
    size_px: [u32; 2],
    backgrounds: &'a [T::Texel],
    level: Level,
) -> Work<'a, T> {
    let origin = tile.map(|place| place * TILE);
    let size = [0, 1].map(|axis| (size_px[axis] as usize - origin[axis]).min(TILE));
    Work { scenery, batch, list, origin: origin.map(|v| v as i32), size, backgrounds, level }
}

/// Which primitives each tile has to look at, in their order.
#[derive(Debug, Default)]
struct Bins {
    lists: Vec<Vec<u32>>,
}

impl Bins {
    fn list(&self, tile: usize) -> &[u32] {
        self.lists.get(tile).map_or(&[], Vec::as_slice)
    }

    /// Sorts primitives from `from` on into tiles, and tells how far it got.
    fn fill(&mut self, batch: &Batch, from: usize, columns: usize, rows: usize) -> usize {
        self.lists.iter_mut().for_each(Vec::clear);
        self.lists.resize_with(columns * rows, Vec::new);
        let mut entries = 0;
        let side = TILE as i32;
        for (prim_idx, prim) in batch.prims.iter().enumerate().skip(from) {
            if entries >= ENTRIES_MAX {
                return prim_idx;
            }
            let [left, top, right, bottom] = prim.bounds;
            let (across, down) =
                (left / side..(right - 1) / side + 1, top / side..(bottom - 1) / side + 1);
            let is_small = across.len() * down.len() <= 2;
            for row in down {
                for column in across.clone() {
                    if is_small || may_touch(prim, [column * side, row * side], side) {
                        self.lists[row as usize * columns + column as usize].push(prim_idx as u32);
                        entries += 1;
                    }
                }
            }
        }
        batch.prims.len()
    }
}
