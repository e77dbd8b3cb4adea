//! Removing what floats apart from the object.
//!
//! Space is divided into cubes, [`CELLS_PER_SIDE`] along the longest side of the box of the middle 98 % of centres. Cubes
//! that hold an opacity of [`LINK_OPACITY`] or more (summed over the centres inside) and touch, corners included, are
//! one group. A group with less than the given share of the opacity of the whole asset goes, and so does every
//! splat whose cube is in no group.

use std::collections::BTreeMap;

use asset::Splats;

use super::select::keep_marked;
use crate::receipt::middle;

/// Cubes along the longest side.
pub const CELLS_PER_SIDE: f64 = 64.0;
/// A cube with less opacity links nothing.
pub const LINK_OPACITY: f64 = 0.5;

/// Cells are numbered from the corner of the box; far outside of it, all are one.
const CELL_RANGE: f64 = 1e6;

type Cell = [i32; 3];

pub(super) fn remove(splats: Splats, share: f64) -> Splats {
    let Some(bounds) = middle(&splats) else { return splats };
    let side = bounds.size().into_iter().map(f64::from).fold(0.0, f64::max);
    if side <= 0.0 {
        return splats;
    }
    let cell = |position: [f32; 3]| -> Option<Cell> {
        let place = |c: usize| {
            let cells = f64::from(position[c] - bounds.min[c]) / side * CELLS_PER_SIDE;
            cells.floor().clamp(-CELL_RANGE, CELL_RANGE)
        };
        position.iter().all(|c| c.is_finite()).then(|| [0, 1, 2].map(|c| place(c) as i32))
    };
    let opacity = |idx: usize| match f64::from(splats.get(idx).activate().opacity) {
        opacity if opacity.is_finite() => opacity,
        _ => 0.0,
    };
    let cells: Vec<Option<Cell>> = splats.parts().positions.iter().map(|p| cell(*p)).collect();
    let mut held: BTreeMap<Cell, f64> = BTreeMap::new();
    let mut total = 0.0;
    for (idx, cell) in cells.iter().enumerate() {
        let opacity = opacity(idx);
        total += opacity;
        if let Some(cell) = cell {
            *held.entry(*cell).or_default() += opacity;
        }
    }
    held.retain(|_, opacity| *opacity >= LINK_OPACITY);
    let is_large = large_groups(&held, share * total);
    let kept: Vec<bool> = cells
        .iter()
        .map(|cell| cell.is_some_and(|cell| is_large.get(&cell).copied().unwrap_or(false)))
        .collect();
    keep_marked(splats, &kept)
}

/// Of every cell, whether its group holds at least so much.
fn large_groups(held: &BTreeMap<Cell, f64>, least: f64) -> BTreeMap<Cell, bool> {
    let mut is_large: BTreeMap<Cell, bool> = BTreeMap::new();
    for &start in held.keys() {
        if is_large.contains_key(&start) {
            continue;
        }
        let (mut group, mut sum) = (vec![start], 0.0);
        is_large.insert(start, false);
        let mut next = 0;
        while let Some(&cell) = group.get(next) {
            next += 1;
            sum += held[&cell];
            for neighbour in neighbours(cell) {
                if held.contains_key(&neighbour) && !is_large.contains_key(&neighbour) {
                    is_large.insert(neighbour, false);
                    group.push(neighbour);
                }
            }
        }
        if sum >= least {
            group.iter().for_each(|cell| {
                is_large.insert(*cell, true);
            });
        }
    }
    is_large
}

/// The 26 cells around a cell, and itself.
fn neighbours([x, y, z]: Cell) -> impl Iterator<Item = Cell> {
    (0..27).map(move |n| [x + n % 3 - 1, y + n / 3 % 3 - 1, z + n / 9 - 1])
}
