//! One tile of a picture: primitives in order, then the mean of the samples.
//!
//! Fragments that only overwrite are shaded late: the tile first notes which primitive each sample shows, and shades
//! what is left to be seen when its colour is needed. The result is that of shading at once.

use glam::Vec4;

use super::blend::Blend;
use super::cover::{Cover, PIXELS, Samples, TILE, depth_at};
use super::fragment::Scenery;
use super::interpolate::Interpolator;
use super::lanes::{Waiting, Wanted};
use super::prim::{Prim, STEPS};
use super::program::Kind;
use super::stage::Batch;
use super::target::{Blended, Target, Written};
use super::{Stop, Stopped};
use crate::simd::Level;

/// Primitives of a tile between looks at whether to stop.
const PATIENCE: u32 = 256;

/// Fragments waiting to be blended, at most and not counting those of one primitive.
const QUEUE_MAX: usize = 1 << 12;

/// Alpha above which each sample counts, with alpha to coverage.
const COVERAGE: [f32; 4] = [0.8, 0.6, 0.4, 0.2];

/// Colours of the samples of a tile: `[sample][row, column]`.
type Planes<T> = [[<T as Target>::Texel; PIXELS]; 4];

/// Samples of a tile, for every background.
#[derive(Debug)]
pub(super) struct Tile<T: Target> {
    samples: Box<Samples>,
    /// One for each background, once one is needed.
    planes: Vec<Box<Planes<T>>>,
    /// Whether `planes` hold the samples' colours; otherwise those are still the background's.
    has_planes: bool,
    /// Whether there may be samples whose primitive is not shaded yet.
    pending: bool,
}

/// Room to work in, kept from tile to tile.
#[derive(Debug)]
pub(super) struct Scratch<T: Target> {
    masks: Box<[u8; PIXELS]>,
    seen: Vec<Seen>,
    /// Indexes of `seen` by primitive.
    order: Vec<u32>,
    /// Of each primitive, how many fragments are to be shaded, then where they start.
    starts: Vec<u32>,
    shaded: Vec<T::Texel>,
    /// Of each sample, its index of `seen`.
    fragments: Box<[[u32; PIXELS]; 4]>,
    values: Interpolator,
    wanted: Vec<Wanted>,
    waiting: Waiting,
    queue: Vec<Queued>,
    /// Colours of `queue`, before blending.
    sources: Vec<Vec4>,
}

/// A fragment that can be seen.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Place in the tile's list, from 1.
    id: u32,
    /// Row × [`TILE`] + column.
    pixel: u32,
}

/// Samples a fragment is to be blended over.
#[derive(Debug, Clone, Copy)]
struct Queued {
    /// Row × [`TILE`] + column.
    pixel: u32,
    /// One bit for each sample.
    mask: u8,
    /// Index of the batch's draws.
    draw: u32,
}

/// Where a tile is and what is drawn on it.
#[derive(Clone, Copy)]
pub(super) struct Work<'a, T: Target> {
    pub(super) scenery: &'a Scenery<'a>,
    pub(super) batch: &'a Batch,
    /// Indexes of the batch's primitives.
    pub(super) list: &'a [u32],
    /// First pixel.
    pub(super) origin: [i32; 2],
    /// Pixels that are in the picture: columns, rows.
    pub(super) size: [usize; 2],
    pub(super) backgrounds: &'a [T::Texel],
    pub(super) level: Level,
}

impl<T: Target> Default for Scratch<T> {
    fn default() -> Self {
        Self {
            masks: Box::new([0; PIXELS]),
            seen: Vec::new(),
            order: Vec::new(),
            starts: Vec::new(),
            shaded: Vec::new(),
            fragments: Box::new([[0; PIXELS]; 4]),
            values: Interpolator::EMPTY,
            wanted: Vec::new(),
            waiting: Waiting::default(),
            queue: Vec::new(),
            sources: Vec::new(),
        }
    }
}

impl<T: Target> Default for Tile<T> {
    fn default() -> Self {
        Self {
            samples: Box::new(Samples::CLEAR),
            planes: Vec::new(),
            has_planes: false,
            pending: false,
        }
    }
}

impl<T: Target> Tile<T> {
    /// Makes it as new.
    pub(super) fn clear(&mut self) {
        self.samples.clear();
        (self.has_planes, self.pending) = (false, false);
    }

    /// Draws a list of primitives, in its order.
    pub(super) fn draw(
        &mut self,
        work: &Work<'_, T>,
        scratch: &mut Scratch<T>,
        stop: Stop<'_>,
    ) -> Result<(), Stopped> {
        for (place, &prim_idx) in (1_u32..).zip(work.list) {
            if place % PATIENCE == 1 && stop() {
                return Err(Stopped);
            }
            let prim = &work.batch.prims[prim_idx as usize];
            let draw = &work.batch.draws[prim.draw as usize];
            let program = &work.scenery.prepared.programs[draw.program];
            let depth = program.depth;
            if draw.kind == Kind::Plain {
                self.blend_queued(work, scratch);
                let id = program.colour_write.then_some(place);
                self.pending |= id.is_some();
                let cover = Cover {
                    samples: &mut self.samples,
                    prim,
                    origin: work.origin,
                    func: depth.func,
                };
                cover.take(work.level, id, depth.write);
                continue;
            }
            if draw.blend.is_some() && self.pending {
                self.settle(work, scratch);
            }
            self.materialise(work.backgrounds);
            if draw.kind == Kind::Blended {
                self.queue(work, prim, scratch);
                if scratch.queue.len() > QUEUE_MAX {
                    self.blend_queued(work, scratch);
                }
            } else {
                self.blend_queued(work, scratch);
                self.draw_now(work, prim, scratch);
            }
        }
        self.blend_queued(work, scratch);
        Ok(())
    }

    /// Takes the fragments of a primitive that is blended and drops none. Its depth is written at once; its colours wait,
    /// so that many can be shaded together.
    fn queue(&mut self, work: &Work<'_, T>, prim: &Prim, scratch: &mut Scratch<T>) {
        let draw = &work.batch.draws[prim.draw as usize];
        let program = &work.scenery.prepared.programs[draw.program];
        let func = program.depth.func;
        let cover = Cover { samples: &mut self.samples, prim, origin: work.origin, func };
        cover.masks(work.level, &mut scratch.masks);
        scratch.wanted.clear();
        for (pixel, x, y) in pixels(work, prim) {
            let mask = scratch.masks[pixel];
            if mask == 0 {
                continue;
            }
            if program.depth.write {
                for sample in (0..4).filter(|sample| mask & (1 << sample) != 0) {
                    self.samples.depth[sample][pixel] = depth_at(prim, x, y, sample);
                }
            }
            scratch.wanted.push(Wanted { tag: scratch.queue.len() as u32, x, y });
            scratch.queue.push(Queued { pixel: pixel as u32, mask, draw: prim.draw });
        }
        if scratch.wanted.is_empty() {
            return;
        }
        let Scratch { values, wanted, waiting, sources, queue, .. } = scratch;
        values.set(prim, program.layout.len, &work.batch.varyings);
        sources.resize(queue.len(), Vec4::ZERO);
        let mut out = |tag: u32, source: Vec4| sources[tag as usize] = source;
        waiting.take::<T, Blended>(work.scenery, draw, prim, values, wanted, &mut out);
    }

    /// Blends what is queued, in its order.
    fn blend_queued(&mut self, work: &Work<'_, T>, scratch: &mut Scratch<T>) {
        let Scratch { waiting, sources, queue, .. } = scratch;
        if queue.is_empty() {
            return;
        }
        waiting.finish::<T, Blended>(work.scenery, &mut |tag, source| {
            sources[tag as usize] = source;
        });
        for (one, source) in queue.iter().zip(sources.iter()) {
            let draw = &work.batch.draws[one.draw as usize];
            let program = &work.scenery.prepared.programs[draw.program];
            if let Some(blend) = draw.blend.as_ref().filter(|_| program.colour_write) {
                self.blend(blend, *source, one.pixel as usize, one.mask);
            }
        }
        queue.clear();
        sources.clear();
    }

    /// Blends a fragment over some samples of a pixel.
    fn blend(&mut self, blend: &Blend, source: Vec4, pixel: usize, mask: u8) {
        for planes in &mut self.planes {
            let mut last: Option<(T::Texel, T::Texel)> = None;
            for sample in (0..4).filter(|sample| mask & (1 << sample) != 0) {
                let below = planes[sample][pixel];
                let blended = match last {
                    Some((same, blended)) if same == below => blended,
                    _ => T::blend(blend, source, below),
                };
                planes[sample][pixel] = blended;
                last = Some((below, blended));
            }
        }
    }

    /// Shades every fragment of a primitive at once.
    fn draw_now(&mut self, work: &Work<'_, T>, prim: &Prim, scratch: &mut Scratch<T>) {
        let draw = &work.batch.draws[prim.draw as usize];
        let program = &work.scenery.prepared.programs[draw.program];
        let cover = Cover {
            samples: &mut self.samples,
            prim,
            origin: work.origin,
            func: program.depth.func,
        };
        cover.masks(work.level, &mut scratch.masks);
        scratch.values.set(prim, program.layout.len, &work.batch.varyings);
        for (pixel, x, y) in pixels(work, prim) {
            let mut mask = scratch.masks[pixel];
            if mask == 0 {
                continue;
            }
            let fragment = work.scenery.fragment(draw, prim, &scratch.values, x, y);
            let Some(fragment) = fragment else { continue };
            if program.alpha_to_coverage {
                for (sample, least) in COVERAGE.iter().enumerate() {
                    if fragment.alpha.is_nan() || fragment.alpha < *least {
                        mask &= !(1 << sample);
                    }
                }
            }
            for sample in (0..4).filter(|sample| mask & (1 << sample) != 0) {
                if program.depth.write {
                    self.samples.depth[sample][pixel] = depth_at(prim, x, y, sample);
                }
                if program.colour_write {
                    self.samples.id[sample][pixel] = 0;
                }
            }
            if !program.colour_write {
                continue;
            }
            let at = work.scenery.eye.place(x, y);
            match &draw.blend {
                None => {
                    let texel = T::write(&fragment, program, at);
                    for planes in &mut self.planes {
                        for sample in (0..4).filter(|sample| mask & (1 << sample) != 0) {
                            planes[sample][pixel] = texel;
                        }
                    }
                }
                Some(blend) => {
                    self.blend(blend, T::source(&fragment, program, at), pixel, mask);
                }
            }
        }
    }

    /// Gives the samples colours of their own: those of the background.
    fn materialise(&mut self, backgrounds: &[T::Texel]) {
        if self.has_planes {
            return;
        }
        self.has_planes = true;
        if self.planes.is_empty() {
            self.planes.extend(backgrounds.iter().map(|texel| Box::new([[*texel; PIXELS]; 4])));
            return;
        }
        for (planes, texel) in self.planes.iter_mut().zip(backgrounds) {
            planes.iter_mut().for_each(|plane| plane.fill(*texel));
        }
    }

    /// Shades what is pending into the samples' colours.
    pub(super) fn settle(&mut self, work: &Work<'_, T>, scratch: &mut Scratch<T>) {
        if !self.pending {
            return;
        }
        self.materialise(work.backgrounds);
        self.shade_pending(work, scratch);
        for sample in 0..4 {
            let fragments = &scratch.fragments[sample];
            for (pixel, id) in self.samples.id[sample].iter_mut().enumerate() {
                if *id == 0 {
                    continue;
                }
                *id = 0;
                if let Some(texel) = scratch.shaded.get(fragments[pixel] as usize) {
                    for planes in &mut self.planes {
                        planes[sample][pixel] = *texel;
                    }
                }
            }
        }
        self.pending = false;
    }

    /// Shades what is pending: one colour per primitive and pixel.
    fn shade_pending(&self, work: &Work<'_, T>, scratch: &mut Scratch<T>) {
        let Scratch { seen, order, starts, shaded, fragments, values, wanted, waiting, .. } =
            scratch;
        let id = &self.samples.id;
        seen.clear();
        starts.clear();
        starts.resize(work.list.len() + 2, 0);
        let [columns, rows] = work.size;
        for row in 0..rows {
            for pixel in row * TILE..row * TILE + columns {
                let ids = [id[0][pixel], id[1][pixel], id[2][pixel], id[3][pixel]];
                if ids == [0; 4] {
                    continue;
                }
                for sample in 0..4 {
                    let id = ids[sample];
                    if id == 0 {
                        continue;
                    }
                    let same = (0..sample).find(|other| ids[*other] == id);
                    fragments[sample][pixel] = match same {
                        Some(other) => fragments[other][pixel],
                        None => {
                            seen.push(Seen { id, pixel: pixel as u32 });
                            starts[id as usize + 1] += 1;
                            seen.len() as u32 - 1
                        }
                    };
                }
            }
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        order.clear();
        order.resize(seen.len(), 0);
        for (fragment, one) in seen.iter().enumerate() {
            let slot = &mut starts[one.id as usize];
            order[*slot as usize] = fragment as u32;
            *slot += 1;
        }
        shaded.clear();
        // Every fragment gets its own colour below; any texel will do until then.
        shaded.resize(seen.len(), work.backgrounds[0]);
        let mut left = &order[..];
        while let Some(&first) = left.first() {
            let id = seen[first as usize].id;
            let count =
                left.iter().take_while(|fragment| seen[**fragment as usize].id == id).count();
            let (now, later) = left.split_at(count);
            left = later;
            let prim = &work.batch.prims[work.list[id as usize - 1] as usize];
            let draw = &work.batch.draws[prim.draw as usize];
            let program = &work.scenery.prepared.programs[draw.program];
            values.set(prim, program.layout.len, &work.batch.varyings);
            wanted.clear();
            wanted.extend(now.iter().map(|&tag| {
                let pixel = seen[tag as usize].pixel as usize;
                let [x, y] = [pixel % TILE, pixel / TILE].map(|v| v as i32);
                Wanted { tag, x: work.origin[0] + x, y: work.origin[1] + y }
            }));
            let mut out = |tag: u32, texel: T::Texel| shaded[tag as usize] = texel;
            waiting.take::<T, Written>(work.scenery, draw, prim, values, wanted, &mut out);
        }
        waiting.finish::<T, Written>(work.scenery, &mut |tag, texel| shaded[tag as usize] = texel);
    }

    /// Writes the means of the samples into the rows of each background's picture. `rows` are those of the band the
    /// tile is in.
    pub(super) fn resolve(
        &mut self,
        work: &Work<'_, T>,
        scratch: &mut Scratch<T>,
        pictures: &mut [&mut [T::Texel]],
        width: usize,
    ) {
        let [columns, rows] = work.size;
        let left = work.origin[0] as usize;
        if self.has_planes {
            self.settle(work, scratch);
            for (picture, planes) in pictures.iter_mut().zip(&self.planes) {
                for row in 0..rows {
                    for column in 0..columns {
                        let pixel = row * TILE + column;
                        let samples = [0, 1, 2, 3].map(|sample| planes[sample][pixel]);
                        picture[row * width + left + column] = T::mean(samples);
                    }
                }
            }
            return;
        }
        if !self.pending {
            return;
        }
        self.shade_pending(work, scratch);
        let id = &self.samples.id;
        for row in 0..rows {
            for column in 0..columns {
                let pixel = row * TILE + column;
                let ids = [id[0][pixel], id[1][pixel], id[2][pixel], id[3][pixel]];
                if ids == [0; 4] {
                    continue;
                }
                let whole = ids == [ids[0]; 4];
                for (picture, background) in pictures.iter_mut().zip(work.backgrounds) {
                    let colour = |sample: usize| {
                        if ids[sample] == 0 {
                            *background
                        } else {
                            scratch.shaded[scratch.fragments[sample][pixel] as usize]
                        }
                    };
                    picture[row * width + left + column] = if whole {
                        colour(0)
                    } else {
                        T::mean([colour(0), colour(1), colour(2), colour(3)])
                    };
                }
            }
        }
        self.pending = false;
    }
}

/// The pixels of a tile that a primitive may touch: place in the tile, x and y in the picture.
fn pixels<T: Target>(
    work: &Work<'_, T>,
    prim: &Prim,
) -> impl Iterator<Item = (usize, i32, i32)> + use<T> {
    let [x0, y0] = work.origin;
    let size = work.size.map(|side| side as i32);
    let [left, top, right, bottom] = prim.bounds;
    let columns = (left - x0).max(0)..(right - x0).min(size[0]);
    let rows = (top - y0).max(0)..(bottom - y0).min(size[1]);
    rows.flat_map(move |y| {
        columns.clone().map(move |x| ((y * TILE as i32 + x) as usize, x0 + x, y0 + y))
    })
}

/// Whether a primitive may touch a square of pixels.
pub(super) fn may_touch(prim: &Prim, origin: [i32; 2], side: i32) -> bool {
    let (low, high) = (origin.map(|v| v * STEPS), origin.map(|v| (v + side) * STEPS));
    prim.edges.iter().all(|edge| {
        let x = if edge.a >= 0 { high[0] } else { low[0] };
        let y = if edge.b >= 0 { high[1] } else { low[1] };
        edge.at(x, y) >= 0
    })
}
