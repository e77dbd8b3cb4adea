//! In which order splats are written: those near each other into one chunk.

use rayon::prelude::*;

use crate::splats::Splats;

use super::{CHUNK_SPLATS, values};

/// Which splats share bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Those that are near each other, so that least is lost.
    #[default]
    Compact,
    /// As given. For splats that were in a good order already: those of another compressed PLY.
    Kept,
}

/// Below this, halves are ordered by one thread.
const ALONE_SPLATS: usize = 16 << 10;

/// A centre and the number of its splat.
type Place = ([f32; 3], u32);

/// Entry `i` is the number of the splat that comes at place `i`.
pub(super) fn order(splats: &Splats, order: Order) -> Vec<u32> {
    let numbers = 0..splats.len() as u32;
    if order == Order::Kept {
        return numbers.collect();
    }
    let positions = &splats.parts().positions;
    let mut places: Vec<Place> = positions.par_iter().copied().zip(numbers).collect();
    halve(&mut places);
    places.par_iter().map(|(_, number)| *number).collect()
}

/// Cuts at a whole number of chunks, across the axis whose steps would be longest, until one chunk is left.
fn halve(places: &mut [Place]) {
    let n_chunks = places.len().div_ceil(CHUNK_SPLATS);
    if n_chunks <= 1 {
        places.sort_unstable_by_key(|(_, number)| *number);
        return;
    }
    let axis = coarsest_axis(places);
    let n_first = n_chunks / 2 * CHUNK_SPLATS;
    // Numbers differ, so the order is one and the same however it is found.
    places.select_nth_unstable_by(n_first, |(a, a_number), (b, b_number)| {
        a[axis].total_cmp(&b[axis]).then(a_number.cmp(b_number))
    });
    let (first, second) = places.split_at_mut(n_first);
    if first.len() < ALONE_SPLATS {
        halve(first);
        halve(second);
    } else {
        rayon::join(|| halve(first), || halve(second));
    }
}

fn coarsest_axis(places: &[Place]) -> usize {
    let mut ranges = [values::Range::EMPTY; 3];
    for (position, _) in places {
        for (range, coordinate) in ranges.iter_mut().zip(position) {
            range.include(*coordinate);
        }
    }
    let step = |axis: usize| (ranges[axis].max - ranges[axis].min) / values::levels(axis);
    (1..3).fold(0, |best, axis| if step(axis) > step(best) { axis } else { best })
}
