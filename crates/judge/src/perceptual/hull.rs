//! How much of its convex hull an object fills: what is as simple as a book, a coin or a plate may be flat, other things hardly are.

use super::frame::{CELLS, Framed};

/// Covered cells over the cells that their hull holds, 0 to 1; 1 where nothing is.
pub(super) fn filled(framed: &Framed) -> f64 {
    let covered = |at: usize| framed.cells[at][3] > 0.5;
    let mut corners: Vec<[i64; 2]> = Vec::new();
    let mut count = 0_i64;
    for y in 0..CELLS {
        let row: Vec<usize> = (0..CELLS).filter(|x| covered(y * CELLS + x)).collect();
        let (Some(&first), Some(&last)) = (row.first(), row.last()) else { continue };
        count += row.len() as i64;
        for x in [first as i64, last as i64 + 1] {
            corners.extend([[x, y as i64], [x, y as i64 + 1]]);
        }
    }
    let twice = twice_area(&hull(corners));
    if twice > 0 { 2.0 * count as f64 / twice as f64 } else { 1.0 }
}

/// Twice the signed area of the triangle.
fn turn([ax, ay]: [i64; 2], [bx, by]: [i64; 2], [cx, cy]: [i64; 2]) -> i64 {
    (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
}

/// Corners of the convex hull in their order (Andrew's monotone chain).
fn hull(mut points: Vec<[i64; 2]>) -> Vec<[i64; 2]> {
    points.sort_unstable();
    points.dedup();
    let chain = |points: &mut dyn Iterator<Item = [i64; 2]>| {
        let mut chain: Vec<[i64; 2]> = Vec::new();
        for point in points {
            while let [.., one, other] = chain[..] {
                if turn(one, other, point) > 0 {
                    break;
                }
                chain.pop();
            }
            chain.push(point);
        }
        // The other chain begins with it.
        chain.pop();
        chain
    };
    let mut all = chain(&mut points.iter().copied());
    all.extend(chain(&mut points.iter().rev().copied()));
    all
}

fn twice_area(corners: &[[i64; 2]]) -> i64 {
    let next = corners.iter().cycle().skip(1);
    corners.iter().zip(next).map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum::<i64>().abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(inside: impl Fn(usize, usize) -> bool) -> f64 {
        let cell = |at: usize| [0.0, 0.0, 0.0, f64::from(u8::from(inside(at % CELLS, at / CELLS)))];
        filled(&Framed { cells: (0..CELLS * CELLS).map(cell).collect() })
    }

    #[test]
    fn a_square_fills_its_hull_and_a_cross_does_not() {
        assert!((of(|x, y| x < 10 && (3..9).contains(&y)) - 1.0).abs() < 1e-12);
        assert!(of(|x, y| x.abs_diff(48).pow(2) + y.abs_diff(48).pow(2) < 36 * 36) > 0.97);
        // Two bars of 96 × 16: 2816 cells, in a hull of 96² less four corners of 40² / 2.
        let cross = of(|x, y| (40..56).contains(&x) || (40..56).contains(&y));
        assert!((cross - 2816.0 / (9216.0 - 3200.0)).abs() < 1e-12, "{cross}");
        assert!((of(|_, _| false) - 1.0).abs() < 1e-12);
    }
}
