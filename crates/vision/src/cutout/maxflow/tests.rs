use proptest::prelude::*;

use super::*;

/// Cost of a labelling, straight from the definition.
fn cost(width: usize, lean: &[i32], joins: &[(usize, usize, i32)], object: &[bool]) -> i64 {
    let own: i64 = std::iter::zip(lean, object)
        .map(|(&lean, &object)| if (lean > 0) == object { 0 } else { i64::from(lean.abs()) })
        .sum();
    let cut: i64 = joins
        .iter()
        .filter(|&&(at, d, _)| {
            let (dx, dy) = OFFSETS[d];
            let other = at as isize + dx + dy * width as isize;
            object[at] != object[other as usize]
        })
        .map(|&(_, _, cost)| i64::from(cost))
        .sum();
    own + cut
}

proptest! {
    /// All 2¹² labellings of a 4×3 grid, tried one by one, have no cheaper one than the cut.
    #[test]
    fn no_labelling_is_cheaper(
        lean in proptest::collection::vec(-20..20_i32, 12),
        costs in proptest::collection::vec(0..15_i32, 48),
    ) {
        let (width, height) = (4, 3);
        let mut grid = GridCut::new(width, height, lean.clone());
        let mut joins = Vec::new();
        for at in 0..12 {
            for d in 0..4 {
                if grid.neighbour(at, d).is_some() {
                    joins.push((at, d, costs[4 * at + d]));
                    grid.join(at, d, costs[4 * at + d]);
                }
            }
        }
        let found = cost(width, &lean, &joins, &grid.cut());
        let least = (0..1 << 12_u32)
            .map(|bits| (0..12).map(|at| bits >> at & 1 == 1).collect::<Vec<_>>())
            .map(|object| cost(width, &lean, &joins, &object))
            .min()
            .unwrap();
        prop_assert_eq!(found, least);
    }
}
