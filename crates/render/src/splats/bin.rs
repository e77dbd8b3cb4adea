//! Which splats touch which tile, near to far.
//! Source: rendering specification §B.6 (tiles of 16 × 16, order by the bits of the depth, ties keep input order).
//! The tiles do not show in the picture: a list may leave out a splat only where it has no alpha.

use super::{ellipse::Ellipse, project::Projected};

/// Side of a tile, pixels.
pub(crate) const TILE: u32 = 16;

/// A rectangle of tiles, first to end (exclusive) in x and in y.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TileRect {
    pub(crate) x: [u16; 2],
    pub(crate) y: [u16; 2],
}

impl TileRect {
    pub(crate) const EMPTY: Self = Self { x: [0, 0], y: [0, 0] };

    #[inline(always)]
    pub(crate) const fn is_empty(self) -> bool {
        self.x[1] == 0
    }
}

/// Indexes of the splats that are drawn, near to far; equal depths keep input order.
pub(crate) fn depth_order(projected: &Projected) -> Vec<u32> {
    let drawn = projected.tiles.iter().zip(&projected.depths).enumerate();
    // Depth bits above, index below.
    let mut keys: Vec<u64> = Vec::with_capacity(projected.tiles.len());
    let (mut low, mut high) = (u32::MAX, 0);
    for (splat_idx, (tiles, depth)) in drawn {
        if !tiles.is_empty() {
            let bits = depth.to_bits();
            (low, high) = (low.min(bits), high.max(bits));
            keys.push(u64::from(bits) << 32 | splat_idx as u64);
        }
    }
    radix_sort(&mut keys, low, high);
    keys.into_iter().map(|key| key as u32).collect()
}

/// Sorts by the upper half, stably. All upper halves lie in `low..=high`, which saves passes: the depths of an object
/// on its orbit differ in fewer than 24 bits.
fn radix_sort(keys: &mut Vec<u64>, low: u32, high: u32) {
    /// Bits per pass at most: 2048 counters stay in the first cache.
    const DIGIT_MAX: u32 = 11;
    let bits = u32::BITS - high.saturating_sub(low).leading_zeros();
    let n_passes = bits.div_ceil(DIGIT_MAX);
    if keys.len() < 2 || n_passes == 0 {
        return;
    }
    let digit_bits = bits.div_ceil(n_passes);
    let mask = (1_usize << digit_bits) - 1;
    let mut from = std::mem::take(keys);
    let mut to = vec![0; from.len()];
    for pass in 0..n_passes {
        let digit = |key: u64| (((key >> 32) as u32 - low) >> (pass * digit_bits)) as usize & mask;
        let mut starts = vec![0_u32; mask + 1];
        for &key in &from {
            starts[digit(key)] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            (*start, sum) = (sum, sum + *start);
        }
        for &key in &from {
            let start = &mut starts[digit(key)];
            to[*start as usize] = key;
            *start += 1;
        }
        std::mem::swap(&mut from, &mut to);
    }
    *keys = from;
}

/// The tiles of a picture, or of some whole rows of tiles of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TileGrid {
    /// Tiles per row.
    pub(crate) columns: u32,
    /// First row of tiles.
    pub(crate) first_row: u32,
    /// One past the last row of tiles.
    pub(crate) end_row: u32,
}

impl TileGrid {
    /// All tiles of a picture of this size in pixels; those at the right and lower rim may hang over it.
    pub(crate) const fn of([width, height]: [u32; 2]) -> Self {
        Self { columns: width.div_ceil(TILE), first_row: 0, end_row: height.div_ceil(TILE) }
    }

    /// Number of tiles.
    pub(crate) const fn len(self) -> usize {
        self.columns as usize * (self.end_row - self.first_row) as usize
    }

    /// Column and row, in the whole picture, of a tile of this grid.
    pub(crate) const fn place(self, tile_idx: usize) -> [u32; 2] {
        let (column, row) = (tile_idx % self.columns as usize, tile_idx / self.columns as usize);
        [column as u32, row as u32 + self.first_row]
    }
}

/// For each tile of a grid, row by row, the splats that may touch it, near to far.
#[derive(Debug, Clone, Default)]
pub(crate) struct TileLists {
    /// Where the list of each tile starts in `entries`, and the end of the last. `[tile + 1]`
    starts: Vec<u32>,
    entries: Vec<u32>,
}

impl TileLists {
    /// The list of one tile: indexes into [`Projected`].
    #[inline]
    pub(crate) fn tile(&self, tile_idx: usize) -> &[u32] {
        &self.entries[self.starts[tile_idx] as usize..self.starts[tile_idx + 1] as usize]
    }

    /// As [`Self::new`], but lists a large splat only where its ellipse is, not all over its box.
    pub(crate) fn of_ellipses(
        projected: &Projected,
        order: &[u32],
        grid: TileGrid,
        live: &[bool],
        entries_max: usize,
    ) -> (Self, usize) {
        Self::build::<true>(projected, order, grid, live, entries_max)
    }

    /// Lists the first splats of `order`, as many as make about `entries_max` entries, and says how many those are (one
    /// at least, unless `order` is empty). Only tiles with `live[tile]` get a list, the others an empty one.
    ///
    /// Memory: never more than `entries_max` + `grid.len()` entries, and 8 bytes per splat listed.
    pub(crate) fn new(
        projected: &Projected,
        order: &[u32],
        grid: TileGrid,
        live: &[bool],
        entries_max: usize,
    ) -> (Self, usize) {
        Self::build::<false>(projected, order, grid, live, entries_max)
    }

    fn build<const ELLIPSES: bool>(
        projected: &Projected,
        order: &[u32],
        grid: TileGrid,
        live: &[bool],
        entries_max: usize,
    ) -> (Self, usize) {
        let mut starts = vec![0_u32; grid.len() + 1];
        let (mut n_entries, mut n_splats) = (0_usize, 0);
        // Rectangles in the order of depth: fetched many at a time, so that their cache misses overlap, and used twice.
        let mut rects: Vec<TileRect> = Vec::new();
        'slab: for indexes in order.chunks(FETCH) {
            rects.extend(indexes.iter().map(|&splat_idx| projected.tiles[splat_idx as usize]));
            for (&splat_idx, &rect) in indexes.iter().zip(&rects[n_splats..]) {
                if n_entries >= entries_max {
                    break 'slab;
                }
                for_each_tile::<ELLIPSES>(projected, splat_idx, rect, grid, |tile_idx| {
                    let count = u32::from(live[tile_idx]);
                    starts[tile_idx + 1] += count;
                    n_entries += count as usize;
                });
                n_splats += 1;
            }
        }
        for tile_idx in 1..starts.len() {
            starts[tile_idx] += starts[tile_idx - 1];
        }
        let mut entries = vec![0; n_entries];
        let mut ends = starts.clone();
        for (&splat_idx, &rect) in order[..n_splats].iter().zip(&rects) {
            for_each_tile::<ELLIPSES>(projected, splat_idx, rect, grid, |tile_idx| {
                if live[tile_idx] {
                    let end = &mut ends[tile_idx];
                    entries[*end as usize] = splat_idx;
                    *end += 1;
                }
            });
        }
        (Self { starts, entries }, n_splats)
    }
}

/// Rectangles that are fetched together.
const FETCH: usize = 256;

/// From this many tiles on it pays to look where in its box the ellipse is.
const LARGE: u32 = 5;

/// Calls `visit` with the index in `grid` of every tile of the rectangle that the grid has; of the ellipse in it, if
/// asked for and the rectangle is large.
#[inline(always)]
fn for_each_tile<const ELLIPSES: bool>(
    projected: &Projected,
    splat_idx: u32,
    TileRect { x, y }: TileRect,
    grid: TileGrid,
    mut visit: impl FnMut(usize),
) {
    let rows = u32::from(y[0]).max(grid.first_row)..u32::from(y[1]).min(grid.end_row);
    let start = |row: u32| ((row - grid.first_row) * grid.columns) as usize;
    let n_tiles = u32::from(x[1] - x[0]) * u32::from(y[1] - y[0]);
    if ELLIPSES
        && n_tiles >= LARGE
        && let Some(ellipse) = Ellipse::of(&projected.splats[splat_idx as usize])
    {
        for row in rows {
            for column in columns(&ellipse, row, x) {
                visit(start(row) + usize::from(column));
            }
        }
        return;
    }
    for row in rows {
        for column in x[0]..x[1] {
            visit(start(row) + usize::from(column));
        }
    }
}

/// The columns among `x` whose tile in this row holds a pixel centre that the ellipse may cover.
#[inline(always)]
fn columns(ellipse: &Ellipse, row: u32, x: [u16; 2]) -> std::ops::Range<u16> {
    let top = f64::from(row * TILE);
    let side = f64::from(TILE);
    let [first, last] = ellipse.x_between([top + 0.5, top + side - 0.5]);
    // A tile's last pixel centre is half a pixel before its end, its first half a pixel after its start. NaN becomes 0.
    let start = ((first + 0.5) / side) as u16;
    let end = if last >= 0.5 { ((last - 0.5) / side) as u16 + 1 } else { 0 };
    start.max(x[0])..end.min(x[1])
}
