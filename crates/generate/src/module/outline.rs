//! Outlines as closed polylines with few corners: traced at half coverage between pixel centres, then simplified.
//! Source of the simplification: Douglas and Peucker, "Algorithms for the reduction of the number of points required
//! to represent a digitized line or its caricature", 1973.

use std::collections::BTreeMap;

use glam::Vec2;

use crate::map::Map;

/// Closed lines around everything above one half, in pixels; what is inside is to the left as y points down.
pub(crate) fn trace(coverage: &Map) -> Vec<Vec<Vec2>> {
    let (width, height) = (coverage.width as isize, coverage.height as isize);
    // Nothing outside, so every line closes.
    let value = |x: isize, y: isize| {
        let within = x >= 0 && y >= 0 && x < width && y < height;
        if within { coverage.get(x as usize, y as usize) } else { 0.0 }
    };
    // From the side of a cell at which a line comes in to that at which it goes out. A side has the number of its
    // first pixel and whether it goes down.
    let mut next: BTreeMap<(isize, isize, bool), (isize, isize, bool)> = BTreeMap::new();
    for y in -1..height {
        for x in -1..width {
            let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
            let inside = corners.map(|(x, y)| value(x, y) > 0.5);
            let sides = [(x, y, false), (x + 1, y, true), (x, y + 1, false), (x, y, true)];
            let mut entries = Vec::new();
            for k in 0..4 {
                match (inside[k], inside[(k + 1) % 4]) {
                    (true, false) => entries.push((sides[k], true)),
                    (false, true) => entries.push((sides[k], false)),
                    _ => {}
                }
            }
            // A line leaves through the side after the one through which it came, turning around its inner corner.
            let n = entries.len();
            for k in 0..n {
                let ((side, out), (after, _)) = (entries[k], entries[(k + 1) % n]);
                if out {
                    next.insert(side, after);
                }
            }
        }
    }
    let place = |(x, y, down): (isize, isize, bool)| {
        let (to_x, to_y) = if down { (x, y + 1) } else { (x + 1, y) };
        let (a, b) = (value(x, y), value(to_x, to_y));
        let share = ((0.5 - a) / (b - a)).clamp(0.0, 1.0);
        let middle = |x: isize, y: isize| Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
        middle(x, y).lerp(middle(to_x, to_y), share)
    };
    let mut lines = Vec::new();
    while let Some((&start, _)) = next.first_key_value() {
        let mut line = Vec::new();
        let mut at = start;
        while let Some(after) = next.remove(&at) {
            line.push(place(at));
            at = after;
        }
        lines.push(line);
    }
    lines
}

/// Twice the area within a closed line, positive or negative by its direction.
pub(crate) fn area2(line: &[Vec2]) -> f32 {
    let pairs = line.iter().zip(line.iter().cycle().skip(1));
    pairs.map(|(a, b)| a.perp_dot(*b)).sum()
}

/// The fewest corners of closed lines such that no point is further than a tolerance from them; the tolerance is at
/// least `tolerance`, and large enough for `n_max` corners in all.
pub(crate) fn simplified(lines: &[Vec<Vec2>], tolerance: f32, n_max: usize) -> Vec<Vec<Vec2>> {
    let mut tolerance = tolerance;
    loop {
        let simple: Vec<Vec<Vec2>> = lines
            .iter()
            .map(|line| closed(line, tolerance))
            .filter(|line| line.len() >= 3 && area2(line).abs() > 8.0 * tolerance * tolerance)
            .collect();
        if simple.iter().map(Vec::len).sum::<usize>() <= n_max
            || simple.len() <= 1 && simple.iter().all(|line| line.len() <= 3)
        {
            return simple;
        }
        tolerance *= 1.12;
    }
}

fn closed(line: &[Vec2], tolerance: f32) -> Vec<Vec2> {
    if line.len() < 4 {
        return line.to_vec();
    }
    // Two points far apart cut the ring in two.
    let far = |from: Vec2| {
        let squared = |idx: usize| line[idx].distance_squared(from);
        (0..line.len()).reduce(|a, b| if squared(b) > squared(a) { b } else { a }).unwrap_or(0)
    };
    let a = far(line[0]);
    let b = far(line[a]);
    let (first, last) = (a.min(b), a.max(b));
    let mut there = open(&line[first..=last], tolerance);
    let around: Vec<Vec2> = line[last..].iter().chain(&line[..=first]).copied().collect();
    let back = open(&around, tolerance);
    there.pop();
    there.extend(&back[..back.len() - 1]);
    there
}

/// The same for a line with two ends, which stay.
pub(crate) fn open(line: &[Vec2], tolerance: f32) -> Vec<Vec2> {
    let n = line.len();
    let mut kept = vec![false; n];
    if n == 0 {
        return Vec::new();
    }
    (kept[0], kept[n - 1]) = (true, true);
    let mut spans = vec![(0, n - 1)];
    while let Some((first, last)) = spans.pop() {
        let (from, to) = (line[first], line[last]);
        let along = (to - from).normalize_or_zero();
        let off = |idx: usize| {
            let d = line[idx] - from;
            if along == Vec2::ZERO { d.length() } else { along.perp_dot(d).abs() }
        };
        let worst = (first + 1..last).reduce(|a, b| if off(b) > off(a) { b } else { a });
        if let Some(worst) = worst.filter(|&worst| off(worst) > tolerance) {
            kept[worst] = true;
            spans.push((first, worst));
            spans.push((worst, last));
        }
    }
    line.iter().zip(kept).filter(|(_, kept)| *kept).map(|(point, _)| *point).collect()
}
