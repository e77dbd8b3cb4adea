//! The tree of a palette: forks ask which side of a plane a vector is on, leaves are the entries.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Points;

/// Vectors are stored in this many lanes, zeros at the end.
const LANES: usize = 8;
/// The longest vector, in lanes: 45 values.
const STRIDE_MAX: usize = 48;
/// Leaves that are looked at for the nearest entry.
const VISITS: usize = 24;
/// Vectors that decide on the direction of a fork, and rounds of power iteration on them.
const SAMPLE: usize = 256;
const POWER_ROUNDS: usize = 5;
/// Halves below this are split by the same task.
const TASK_SPLATS: usize = 4096;
/// A half gets its share of entries by this power of its error. 1 would be right for vectors of very many dimensions.
const SHARE_POWER: f64 = 0.9;

/// Deeper than this, halves have as many points, and not as much room: otherwise values that grow by powers would make a
/// tree as deep as they are many.
const MEAN_DEPTH: usize = 40;

#[derive(Debug)]
pub(in crate::sog) struct Tree {
    forks: Vec<Fork>,
    /// `[fork, lane]`.
    directions: Vec<f32>,
    /// `[entry, lane]`.
    entries: Vec<f32>,
    stride: usize,
}

/// Vectors whose product with the direction is above `threshold` are on the second side.
#[derive(Debug, Clone, Copy)]
struct Fork {
    threshold: f32,
    sides: [Side; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Fork(u32),
    Entry(u32),
}

/// The tree while it grows.
enum Branch {
    Leaf(Vec<f64>),
    Fork { direction: Vec<f32>, threshold: f32, sides: Box<[Self; 2]> },
}

/// What is kept from one question to the next.
#[derive(Debug, Default)]
pub(in crate::sog) struct Query {
    waiting: BinaryHeap<Waiting>,
}

/// A side not looked at yet, and how far off it seems: the greatest comes out first.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Waiting {
    penalty: f32,
    side: Side,
}

impl Eq for Waiting {}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        other.penalty.total_cmp(&self.penalty).then_with(|| other.side.cmp(&self.side))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Tree {
    /// At most `n_entries` entries, and the points ordered by entry.
    pub(super) fn grow(points: &Points<'_>, n_entries: usize) -> (Self, Vec<u32>) {
        let mut order: Vec<u32> = (0..points.len() as u32).collect();
        let (sum, _) = sums(points, &order);
        let root = branch(points, &mut order, &sum, n_entries, 0);
        let stride = points.n_values.next_multiple_of(LANES);
        let mut tree = Self { forks: vec![], directions: vec![], entries: vec![], stride };
        let root = tree.add(root);
        if let Side::Entry(_) = root {
            // One entry: a fork with the same on both sides.
            tree.forks.push(Fork { threshold: 0.0, sides: [root; 2] });
            tree.directions.resize(stride, 0.0);
        }
        (tree, order)
    }

    /// Forks come before what is below them, so the first is the root.
    fn add(&mut self, branch: Branch) -> Side {
        match branch {
            Branch::Leaf(mean) => {
                self.entries.extend(mean.iter().map(|value| *value as f32));
                self.entries.resize(self.entries.len().next_multiple_of(self.stride), 0.0);
                Side::Entry((self.entries.len() / self.stride - 1) as u32)
            }
            Branch::Fork { direction, threshold, sides } => {
                let fork = self.forks.len();
                self.forks.push(Fork { threshold, sides: [Side::Fork(0); 2] });
                self.directions.extend(direction);
                self.directions.resize(self.forks.len() * self.stride, 0.0);
                let [first, second] = *sides;
                self.forks[fork].sides = [self.add(first), self.add(second)];
                Side::Fork(fork as u32)
            }
        }
    }

    /// The nearest entry of those in the [`VISITS`] leaves that seem nearest.
    pub(super) fn nearest(&self, point: &[f32], query: &mut Query) -> u16 {
        let mut lanes = [0.0; STRIDE_MAX];
        lanes[..point.len()].copy_from_slice(point);
        let point = &lanes[..self.stride];
        let at = |values: &[f32], idx: u32, by: fn(&[f32], &[f32]) -> f32| {
            by(point, &values[idx as usize * self.stride..][..self.stride])
        };
        query.waiting.clear();
        query.waiting.push(Waiting { penalty: 0.0, side: Side::Fork(0) });
        let (mut best, mut best_distance) = (0, f32::INFINITY);
        for _ in 0..VISITS {
            let Some(Waiting { penalty, mut side }) = query.waiting.pop() else { break };
            if penalty >= best_distance {
                break;
            }
            while let Side::Fork(idx) = side {
                let fork = self.forks[idx as usize];
                let beyond = at(&self.directions, idx, product) - fork.threshold;
                let near = usize::from(beyond > 0.0);
                let far = fork.sides[1 - near];
                query.waiting.push(Waiting { penalty: penalty.max(beyond * beyond), side: far });
                side = fork.sides[near];
            }
            if let Side::Entry(idx) = side {
                let distance = at(&self.entries, idx, square_distance);
                if distance < best_distance {
                    (best, best_distance) = (idx, distance);
                }
            }
        }
        best as u16
    }

    /// Moves every entry to the mean of the points with its label.
    pub(super) fn move_entries(&mut self, points: &Points<'_>, labels: &[u16]) {
        let n_entries = self.entries.len() / self.stride;
        let mut sums = vec![0.0_f64; n_entries * points.n_values];
        let mut counts = vec![0_u32; n_entries];
        for (point, label) in points.values.chunks_exact(points.n_values).zip(labels) {
            let entry = usize::from(*label);
            counts[entry] += 1;
            let sums = &mut sums[entry * points.n_values..][..points.n_values];
            sums.iter_mut().zip(point).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        for ((entry, sum), count) in self
            .entries
            .chunks_exact_mut(self.stride)
            .zip(sums.chunks_exact(points.n_values))
            .zip(counts)
        {
            if count > 0 {
                let mean = sum.iter().map(|sum| (sum / f64::from(count)) as f32);
                entry.iter_mut().zip(mean).for_each(|(value, mean)| *value = mean);
            }
        }
    }

    /// `[entry, value]` flat.
    pub(super) fn entries(&self, n_values: usize) -> Vec<f32> {
        self.entries
            .chunks_exact(self.stride)
            .flat_map(|entry| &entry[..n_values])
            .copied()
            .collect()
    }
}

/// Sum of the vectors, and of their squared lengths.
fn sums(points: &Points<'_>, of: &[u32]) -> (Vec<f64>, f64) {
    let mut sum = vec![0.0; points.n_values];
    let mut squares = 0.0;
    for idx in of {
        for (sum, value) in sum.iter_mut().zip(points.get(*idx)) {
            let value = f64::from(*value);
            *sum += value;
            squares += value * value;
        }
    }
    (sum, squares)
}

/// Splits `of`, which is not empty, until `budget` entries are spent. `sum`: of these points.
fn branch(points: &Points<'_>, of: &mut [u32], sum: &[f64], budget: usize, depth: usize) -> Branch {
    let count = of.len() as f64;
    let mean = || sum.iter().map(|sum| sum / count).collect::<Vec<f64>>();
    if budget <= 1 || of.len() == 1 {
        return Branch::Leaf(mean());
    }
    let centre: Vec<f32> = mean().iter().map(|value| *value as f32).collect();
    let Some(direction) = principal(points, of, &centre) else { return Branch::Leaf(mean()) };
    let place = |idx: &u32| product(points.get(*idx), &direction);
    let mut threshold = product(&centre, &direction);
    let n_first = if depth < MEAN_DEPTH {
        partition(of, |idx| place(idx) <= threshold)
    } else {
        let by_place = |a: &u32, b: &u32| place(a).total_cmp(&place(b)).then(a.cmp(b));
        let half = of.len() / 2;
        of.select_nth_unstable_by(half, by_place);
        threshold = place(&of[half]);
        half
    };
    let (first, second) = of.split_at_mut(n_first);
    if first.is_empty() || second.is_empty() {
        return Branch::Leaf(mean());
    }
    let halves = [sums(points, first), sums(points, second)];
    let counts = [first.len(), second.len()];
    let weight = |half: usize| {
        let (sum, squares) = &halves[half];
        let about_mean =
            squares - sum.iter().map(|sum| sum * sum).sum::<f64>() / counts[half] as f64;
        libm::pow(about_mean.max(0.0), SHARE_POWER)
    };
    let weights = [weight(0), weight(1)];
    let total = weights[0] + weights[1];
    let share = if total > 0.0 { weights[0] / total } else { 0.5 };
    let budget = budget.min(of.len());
    let (least, most) = ((budget - counts[1].min(budget - 1)).max(1), counts[0].min(budget - 1));
    let first_budget = ((budget as f64 * share).round() as usize).clamp(least, most);
    let (first, second) = of.split_at_mut(n_first);
    let mut grow_first = || branch(points, first, &halves[0].0, first_budget, depth + 1);
    let second_len = counts[1];
    let mut grow_second = || branch(points, second, &halves[1].0, budget - first_budget, depth + 1);
    let sides = if counts[0].max(second_len) > TASK_SPLATS {
        rayon::join(grow_first, grow_second)
    } else {
        (grow_first(), grow_second())
    };
    Branch::Fork { direction, threshold, sides: Box::new([sides.0, sides.1]) }
}

/// Those for which `is_first` holds to the front; gives how many they are.
fn partition(indices: &mut [u32], is_first: impl Fn(&u32) -> bool) -> usize {
    let mut n_first = 0;
    for idx in 0..indices.len() {
        if is_first(&indices[idx]) {
            indices.swap(idx, n_first);
            n_first += 1;
        }
    }
    n_first
}

/// The direction of length 1 in which the points differ most; `None` when they do not differ.
fn principal(points: &Points<'_>, of: &[u32], centre: &[f32]) -> Option<Vec<f32>> {
    let stride = of.len().div_ceil(SAMPLE);
    let away: Vec<f32> = of
        .iter()
        .step_by(stride)
        .flat_map(|idx| points.get(*idx).iter().zip(centre).map(|(value, centre)| value - centre))
        .collect();
    let rows = || away.chunks_exact(points.n_values);
    let lengths = rows().map(|row| product(row, row));
    let (start, _) = rows().zip(lengths).fold((None, 0.0), |best, (row, length)| {
        if length > best.1 { (Some(row), length) } else { best }
    });
    let mut direction = unit(start?.to_vec())?;
    for _ in 0..POWER_ROUNDS {
        let mut next = vec![0.0; points.n_values];
        for row in rows() {
            let along = product(row, &direction);
            next.iter_mut().zip(row).for_each(|(next, value)| *next += along * value);
        }
        direction = unit(next)?;
    }
    Some(direction)
}

fn unit(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let largest = vector.iter().fold(0.0_f32, |best, value| best.max(value.abs()));
    if !(largest > 0.0 && largest.is_finite()) {
        return None;
    }
    vector.iter_mut().for_each(|value| *value /= largest);
    let length = product(&vector, &vector).sqrt();
    vector.iter_mut().for_each(|value| *value /= length);
    Some(vector)
}

/// Sums in lanes, in an order that is always the same.
fn in_lanes(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] += term(a[lane], b[lane]);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| term(*a, *b)).sum();
    lanes.iter().sum::<f32>() + rest
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    in_lanes(a, b, |a, b| a * b)
}

fn square_distance(a: &[f32], b: &[f32]) -> f32 {
    in_lanes(a, b, |a, b| (a - b) * (a - b))
}
