//! Several pictures in one, as the competitions show the views of an asset.
//! Source: rendering specification §A.5, column E3.

use image::{Rgba, RgbaImage};

/// Pixels between the cells of the competitions' grid.
pub const GAP_PX: u32 = 5;

/// Lays `pictures` row by row into ceil(√n) columns, `gap` pixels apart. Gaps and unused cells are opaque black. A cell
/// has the size of the largest picture; a smaller one sits in its upper left corner. No picture gives an empty one.
#[must_use]
pub fn compose(pictures: &[RgbaImage], gap: u32) -> RgbaImage {
    let n = pictures.len() as u32;
    let columns = (1..=n).find(|&c| u64::from(c) * u64::from(c) >= u64::from(n)).unwrap_or(0);
    if columns == 0 {
        return RgbaImage::new(0, 0);
    }
    let rows = n.div_ceil(columns);
    let cell = |side: fn(&RgbaImage) -> u32| pictures.iter().map(side).max().unwrap_or(0);
    let (width, height) = (cell(RgbaImage::width), cell(RgbaImage::height));
    let side = |n_cells: u32, size: u32| n_cells * size + (n_cells - 1) * gap;
    let black = Rgba([0, 0, 0, 255]);
    let mut grid = RgbaImage::from_pixel(side(columns, width), side(rows, height), black);
    for (cell_idx, picture) in (0..n).zip(pictures) {
        let left = cell_idx % columns * (width + gap);
        let top = cell_idx / columns * (height + gap);
        image::imageops::replace(&mut grid, picture, i64::from(left), i64::from(top));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures of one colour each: cell number in the red channel.
    fn cells(n: u8, size: u32) -> Vec<RgbaImage> {
        (0..n).map(|k| RgbaImage::from_pixel(size, size, Rgba([100 + k, 0, 0, 200]))).collect()
    }

    /// Size of the grid, and per pixel of its cell centres the red value.
    fn layout(n: u8, size: u32, gap: u32) -> (u32, u32, Vec<u8>) {
        let grid = compose(&cells(n, size), gap);
        let (width, height) = grid.dimensions();
        let centres = |side: u32| (size / 2..side).step_by((size + gap) as usize);
        let reds = centres(height).flat_map(|y| centres(width).map(move |x| (x, y)));
        (width, height, reds.map(|(x, y)| grid.get_pixel(x, y).0[0]).collect())
    }

    #[test]
    fn rows_and_columns() {
        assert_eq!(layout(1, 4, 5), (4, 4, vec![100]));
        assert_eq!(layout(2, 4, 5), (13, 4, vec![100, 101]));
        assert_eq!(layout(3, 4, 0), (8, 8, vec![100, 101, 102, 0]));
        assert_eq!(layout(4, 518, 5), (1041, 1041, vec![100, 101, 102, 103]));
        assert_eq!(layout(8, 2, 1), (8, 8, vec![100, 101, 102, 103, 104, 105, 106, 107, 0]));
        assert_eq!(compose(&[], 5).dimensions(), (0, 0));
    }

    #[test]
    fn gaps_are_opaque_black_and_cells_keep_their_alpha() {
        let grid = compose(&cells(3, 4), 2);
        assert_eq!(grid.get_pixel(4, 0).0, [0, 0, 0, 255]);
        assert_eq!(grid.get_pixel(9, 9).0, [0, 0, 0, 255]);
        assert_eq!(grid.get_pixel(6, 3).0, [101, 0, 0, 200]);
    }
}
