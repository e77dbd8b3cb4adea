//! Polygons as triangles.

use glam::DVec3;

/// Longest polygon that is looked at corner by corner; longer ones become a fan.
const CORNERS_MAX: usize = 128;

/// Triangles of a polygon, as indices of its corners: a fan where that covers it, otherwise ear by ear.
pub(super) fn triangles(corners: &[DVec3]) -> Vec<[usize; 3]> {
    let fan = || (2..corners.len()).map(|at| [0, at - 1, at]).collect();
    if corners.len() <= 3 || corners.len() > CORNERS_MAX {
        return fan();
    }
    let area = |[a, b, c]: [usize; 3]| (corners[b] - corners[a]).cross(corners[c] - corners[a]);
    let whole: DVec3 = (2..corners.len()).map(|at| area([0, at - 1, at])).sum();
    let is_front = |triangle| area(triangle).dot(whole) > 0.0;
    if (2..corners.len()).all(|at| is_front([0, at - 1, at])) {
        return fan();
    }
    let is_inside = |point: usize, [a, b, c]: [usize; 3]| {
        [[a, b, point], [b, c, point], [c, a, point]]
            .iter()
            .all(|side| area(*side).dot(whole) >= 0.0)
    };
    let mut left: Vec<usize> = (0..corners.len()).collect();
    let mut triangles = Vec::with_capacity(corners.len() - 2);
    while left.len() > 3 {
        let count = left.len();
        let around = |at: usize| [left[(at + count - 1) % count], left[at], left[(at + 1) % count]];
        let is_ear = |at: &usize| {
            let ear = around(*at);
            let mut others = left.iter().filter(|point| !ear.contains(point));
            is_front(ear) && !others.any(|point| is_inside(*point, ear))
        };
        // A polygon that crosses itself may have none.
        let ear = (0..count).find(is_ear).unwrap_or(0);
        triangles.push(around(ear));
        left.remove(ear);
    }
    triangles.push([left[0], left[1], left[2]]);
    triangles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(corners: &[[f64; 2]]) -> (f64, bool) {
        let corners: Vec<_> = corners.iter().map(|[x, y]| DVec3::new(*x, *y, 0.0)).collect();
        let parts = triangles(&corners);
        assert_eq!(parts.len(), corners.len() - 2);
        let area = |[a, b, c]: &[usize; 3]| {
            (corners[*b] - corners[*a]).cross(corners[*c] - corners[*a]).z / 2.0
        };
        (parts.iter().map(area).sum(), parts.iter().all(|part| area(part) >= 0.0))
    }

    #[test]
    fn squares_arrows_and_combs() {
        assert_eq!(area(&[[0., 0.], [1., 0.], [1., 1.], [0., 1.]]), (1.0, true));
        // The first corner sees not all of it.
        assert_eq!(area(&[[0., 0.], [2., 2.], [0., 4.], [1., 2.]]), (2.0, true));
        let comb = [
            [0., 0.],
            [5., 0.],
            [5., 3.],
            [4., 3.],
            [4., 1.],
            [3., 1.],
            [3., 3.],
            [2., 3.],
            [2., 1.],
            [0., 1.],
        ];
        assert_eq!(area(&comb), (9.0, true));
    }

    #[test]
    fn degenerate_ones_get_triangles() {
        assert_eq!(triangles(&[DVec3::ZERO; 5]).len(), 3);
        assert_eq!(triangles(&[DVec3::NAN; 6]).len(), 4);
        assert!(triangles(&[]).is_empty() && triangles(&[DVec3::ZERO; 2]).is_empty());
        assert_eq!(triangles(&[DVec3::ONE; 1000]).len(), 998);
    }
}
