//! From triangles to the full-size picture: bands of tiles, each blended by one task in the order of the triangles.
//! Source: rendering specification §C.5.

use rayon::prelude::*;

use super::Model;
use super::prim::{Corner, Prim, Projection, SAMPLES, STEPS};
use super::shade::Shader;
use crate::camera::Camera;
use crate::scene::{Stop, Stopped};

/// Side of a tile, pixels.
const TILE: usize = 32;
const PIXELS: usize = TILE * TILE;
/// Side of a block that is taken or left as a whole, pixels.
const BLOCK: i32 = 8;
/// Triangles set up at a time.
const BATCH: usize = 1 << 16;
/// Entries of the tile lists at a time.
const ENTRIES: usize = 1 << 22;
/// Pixels held with all their samples at a time: 64 MiB.
const BAND_PIXELS: usize = 1 << 21;

/// The samples of a tile.
struct Tile {
    depth: [[u32; PIXELS]; 4],
    colour: [[[u8; 4]; PIXELS]; 4],
}

/// Where a band of tiles lies.
#[derive(Debug, Clone, Copy)]
struct Band {
    columns: usize,
    first_row: usize,
    rows: usize,
}

/// The picture before it is halved, row by row.
pub(super) fn draw(
    model: &Model,
    camera: &Camera,
    background: [u8; 3],
    stop: Stop<'_>,
) -> Result<Vec<[u8; 3]>, Stopped> {
    let projection = Projection::new(camera);
    let corners: Vec<Corner> = model.positions.par_iter().map(|p| projection.corner(*p)).collect();
    let shader = Shader::new(model, &corners, camera);
    let [width, height] = camera.size_px.map(|side| side as usize);
    let (columns, all_rows) = (width.div_ceil(TILE), height.div_ceil(TILE));
    let mut picture = vec![background; width * height];
    let band_rows = (BAND_PIXELS / (columns * PIXELS).max(1)).max(1);
    for first_row in (0..all_rows).step_by(band_rows) {
        let band = Band { columns, first_row, rows: band_rows.min(all_rows - first_row) };
        let tiles = band.draw(model, &shader, &corners, camera.size_px, background, stop)?;
        let rows = picture[first_row * TILE * width..].par_chunks_mut(width).take(band.rows * TILE);
        rows.enumerate().for_each(|(y, row)| {
            let tiles = &tiles[y / TILE * columns..];
            for (x, texel) in row.iter_mut().enumerate() {
                *texel = tiles[x / TILE].mean(y % TILE * TILE + x % TILE);
            }
        });
    }
    Ok(picture)
}

impl Band {
    fn draw(
        self,
        model: &Model,
        shader: &Shader<'_>,
        corners: &[Corner],
        size_px: [u32; 2],
        background: [u8; 3],
        stop: Stop<'_>,
    ) -> Result<Vec<Tile>, Stopped> {
        let count = self.columns * self.rows;
        let mut tiles: Vec<Tile> =
            (0..count).into_par_iter().map(|_| Tile::new(background)).collect();
        for (batch_idx, batch) in model.triangles.chunks(BATCH).enumerate() {
            let first = batch_idx * BATCH;
            let prims: Vec<Prim> = batch
                .par_iter()
                .enumerate()
                .filter_map(|(i, triangle)| {
                    let corners = triangle.map(|v| &corners[v as usize]);
                    Prim::new(corners, (first + i) as u32, size_px)
                })
                .filter(|prim| !self.reach(prim).is_empty())
                .collect();
            let mut rest = &prims[..];
            while !rest.is_empty() {
                let (lists, taken) = self.lists(rest);
                let some = &rest[..taken];
                let work = tiles.par_iter_mut().enumerate();
                work.try_for_each(|(tile_idx, tile)| {
                    let origin = self.origin(tile_idx);
                    tile.draw(some, lists.of(tile_idx), origin, shader, model.is_opaque, stop)
                })?;
                rest = &rest[taken..];
            }
        }
        Ok(tiles)
    }

    /// First pixel of a tile.
    fn origin(self, tile_idx: usize) -> [i32; 2] {
        let (row, column) = (tile_idx / self.columns, tile_idx % self.columns);
        [(column * TILE) as i32, ((self.first_row + row) * TILE) as i32]
    }

    /// Tiles that a triangle may touch.
    fn reach(self, prim: &Prim) -> Reach {
        let tile = TILE as i32;
        let [left, top, right, bottom] = prim.bounds;
        let (first, end) = (self.first_row as i32, (self.first_row + self.rows) as i32);
        let clamp = |row: i32| (row.clamp(first, end) - first) as usize;
        Reach {
            columns: [(left / tile) as usize, ((right - 1) / tile + 1) as usize],
            rows: [clamp(top / tile), clamp((bottom - 1) / tile + 1)],
        }
    }

    /// Lists of as many triangles as there is room for, at least one.
    fn lists(self, prims: &[Prim]) -> (Lists, usize) {
        let mut ends = vec![0_u32; self.columns * self.rows + 1];
        let (mut taken, mut entries) = (0, 0);
        for prim in prims {
            let reach = self.reach(prim);
            entries += reach.count();
            if taken > 0 && entries > ENTRIES {
                break;
            }
            taken += 1;
            reach.tiles(self.columns).for_each(|tile_idx| ends[tile_idx + 1] += 1);
        }
        for i in 1..ends.len() {
            ends[i] += ends[i - 1];
        }
        let mut places = ends.clone();
        let mut items = vec![0_u32; ends.last().map_or(0, |end| *end as usize)];
        for (i, prim) in prims[..taken].iter().enumerate() {
            for tile_idx in self.reach(prim).tiles(self.columns) {
                items[places[tile_idx] as usize] = i as u32;
                places[tile_idx] += 1;
            }
        }
        (Lists { ends, items }, taken)
    }
}

/// A rectangle of tiles: first, and beyond the last.
struct Reach {
    columns: [usize; 2],
    rows: [usize; 2],
}

impl Reach {
    fn is_empty(&self) -> bool {
        self.count() == 0
    }

    fn count(&self) -> usize {
        let along = |[first, end]: [usize; 2]| end.saturating_sub(first);
        along(self.columns) * along(self.rows)
    }

    fn tiles(&self, columns: usize) -> impl Iterator<Item = usize> + use<> {
        let [first, end] = self.columns;
        let rows = self.rows[0]..self.rows[1];
        rows.flat_map(move |row| (first..end).map(move |column| row * columns + column))
    }
}

/// Triangles by tile, in their order.
struct Lists {
    ends: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    fn of(&self, tile_idx: usize) -> &[u32] {
        &self.items[self.ends[tile_idx] as usize..self.ends[tile_idx + 1] as usize]
    }
}

impl Tile {
    const NONE: u32 = u32::MAX;

    fn new([r, g, b]: [u8; 3]) -> Self {
        Self { depth: [[u32::MAX; PIXELS]; 4], colour: [[[r, g, b, 255]; PIXELS]; 4] }
    }

    /// The mean of a pixel's samples.
    fn mean(&self, pixel: usize) -> [u8; 3] {
        [0, 1, 2].map(|c| {
            let sum: u32 = self.colour.iter().map(|plane| u32::from(plane[pixel][c])).sum();
            ((sum + 2) / 4) as u8
        })
    }

    fn draw(
        &mut self,
        prims: &[Prim],
        list: &[u32],
        origin: [i32; 2],
        shader: &Shader<'_>,
        is_opaque: bool,
        stop: Stop<'_>,
    ) -> Result<(), Stopped> {
        if list.is_empty() {
            return Ok(());
        }
        let mut ids = if is_opaque { vec![[Self::NONE; 4]; PIXELS] } else { Vec::new() };
        for (i, &prim_idx) in list.iter().enumerate() {
            if i % 256 == 0 && stop() {
                return Err(Stopped);
            }
            let prim = &prims[prim_idx as usize];
            if is_opaque {
                self.cover(prim, origin, |_, pixel, mask| {
                    for (sample, id) in ids[pixel].iter_mut().enumerate() {
                        if mask & 1 << sample != 0 {
                            *id = prim_idx;
                        }
                    }
                });
            } else {
                let face = shader.face(prim.triangle);
                self.cover(prim, origin, |colour, pixel, mask| {
                    let (x, y) = ((pixel % TILE) as i32, (pixel / TILE) as i32);
                    let at = [origin[0] + x, origin[1] + y];
                    let weights = prim.weights(at[0], at[1], face.inverse_ws);
                    let texel = shader.shade(&face, weights);
                    for (sample, plane) in colour.iter_mut().enumerate() {
                        if mask & 1 << sample != 0 {
                            plane[pixel] = over(texel, plane[pixel]);
                        }
                    }
                });
            }
        }
        if is_opaque {
            self.resolve(prims, &ids, origin, shader, stop)?;
        }
        Ok(())
    }

    /// Shades what is seen, once per pixel and triangle.
    fn resolve(
        &mut self,
        prims: &[Prim],
        ids: &[[u32; 4]],
        origin: [i32; 2],
        shader: &Shader<'_>,
        stop: Stop<'_>,
    ) -> Result<(), Stopped> {
        if stop() {
            return Err(Stopped);
        }
        let mut current = None;
        for (pixel, ids) in ids.iter().enumerate() {
            for (sample, &id) in ids.iter().enumerate() {
                if id == Self::NONE || ids[..sample].contains(&id) {
                    continue;
                }
                let prim = &prims[id as usize];
                if current.as_ref().is_none_or(|(of, _)| *of != id) {
                    current = Some((id, shader.face(prim.triangle)));
                }
                let Some((_, face)) = &current else { continue };
                let (x, y) = ((pixel % TILE) as i32, (pixel / TILE) as i32);
                let weights = prim.weights(origin[0] + x, origin[1] + y, face.inverse_ws);
                let [r, g, b, _] = shader.shade(face, weights);
                for later in sample..4 {
                    if ids[later] == id {
                        self.colour[later][pixel] = [r, g, b, 255];
                    }
                }
            }
        }
        Ok(())
    }

    /// Tells, pixel by pixel, the samples that are inside and nearer than what is there, one bit each, and takes their
    /// depth.
    fn cover(
        &mut self,
        prim: &Prim,
        origin: [i32; 2],
        mut take: impl FnMut(&mut [[[u8; 4]; PIXELS]; 4], usize, u8),
    ) {
        let side = TILE as i32;
        let low = [0, 1].map(|axis| (prim.bounds[axis] - origin[axis]).clamp(0, side));
        let high = [0, 1].map(|axis| (prim.bounds[axis + 2] - origin[axis]).clamp(0, side));
        let block_starts =
            |axis: usize| (low[axis] / BLOCK * BLOCK..high[axis]).step_by(BLOCK as usize);
        for block_y in block_starts(1) {
            for block_x in block_starts(0) {
                let at = [origin[0] + block_x, origin[1] + block_y];
                let corners = prim.edges.map(|edge| edge.at(at[0] * STEPS, at[1] * STEPS));
                let reach = i64::from(BLOCK * STEPS);
                let is_out = prim.edges.iter().zip(corners).any(|(edge, corner)| {
                    corner + edge.a.max(0) * reach + edge.b.max(0) * reach < 0
                });
                if is_out {
                    continue;
                }
                let rows = block_y.max(low[1])..(block_y + BLOCK).min(high[1]);
                for y in rows {
                    for x in block_x.max(low[0])..(block_x + BLOCK).min(high[0]) {
                        let (dx, dy) = ((x - block_x) * STEPS, (y - block_y) * STEPS);
                        let pixel = (y * side + x) as usize;
                        let mut mask = 0;
                        for (sample, [sx, sy]) in SAMPLES.iter().enumerate() {
                            let (sx, sy) = (i64::from(dx + sx), i64::from(dy + sy));
                            let mut inside = 0;
                            for (edge, corner) in prim.edges.iter().zip(corners) {
                                inside |= corner + edge.a * sx + edge.b * sy;
                            }
                            if inside >= 0 {
                                let (x, y) = (origin[0] + x, origin[1] + y);
                                let depth = prim.depth(x, y, sample);
                                if depth < self.depth[sample][pixel] {
                                    self.depth[sample][pixel] = depth;
                                    mask |= 1 << sample;
                                }
                            }
                        }
                        if mask != 0 {
                            take(&mut self.colour, pixel, mask);
                        }
                    }
                }
            }
        }
    }
}

/// A texel over another, in bytes.
fn over([r, g, b, a]: [u8; 4], under: [u8; 4]) -> [u8; 4] {
    let mix = |over: u8, under: u8| {
        let a = u32::from(a);
        ((u32::from(over) * a + u32::from(under) * (255 - a) + 127) / 255) as u8
    };
    [mix(r, under[0]), mix(g, under[1]), mix(b, under[2]), 255]
}
