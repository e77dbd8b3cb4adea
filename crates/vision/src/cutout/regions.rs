//! Connected parts of a mask.

use super::grid::Grid;

/// One 4-connected part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    /// Indices of its pixels, in the order of the flood.
    pub(super) pixels: Vec<usize>,
    /// Whether it reaches the rim of the picture.
    pub(super) at_border: bool,
}

/// The parts of the pixels that are `wanted`, in the order of their first pixel.
pub(super) fn regions(mask: &Grid<bool>, wanted: bool) -> Vec<Region> {
    let (width, height) = (mask.width, mask.height);
    let mut seen: Vec<bool> = mask.values.iter().map(|&inside| inside != wanted).collect();
    let mut found = Vec::new();
    for start in 0..seen.len() {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        let mut pixels = vec![start];
        let mut at_border = false;
        let mut next = 0;
        while let Some(&at) = pixels.get(next) {
            next += 1;
            let (x, y) = (at % width, at / width);
            let mut visit = |free: bool, neighbour: usize| {
                if free && !std::mem::replace(&mut seen[neighbour], true) {
                    pixels.push(neighbour);
                }
            };
            visit(x > 0, at.wrapping_sub(1));
            visit(x + 1 < width, at + 1);
            visit(y > 0, at.wrapping_sub(width));
            visit(y + 1 < height, at + width);
            at_border |= x == 0 || y == 0 || x + 1 == width || y + 1 == height;
        }
        found.push(Region { pixels, at_border });
    }
    found
}
