//! Prefix codes of one alphabet: made from counts, written as lengths, used.

use super::bits::BitWriter;

/// The longest code word of pixels, and of lengths of code words.
const LENGTH_MAX: usize = 15;
const META_LENGTH_MAX: usize = 7;
/// In this order the lengths of the code of lengths are written.
const META_ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

#[derive(Debug)]
pub(super) struct Code {
    lengths: Vec<u8>,
    /// Bits of each symbol in the order they are written.
    words: Vec<u16>,
}

/// Bits that symbols with these counts need at least.
pub(super) fn entropy_bits(counts: &[u32]) -> f64 {
    let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let log_total = libm::log2(total as f64);
    let present = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count));
    present.map(|count| count * (log_total - libm::log2(count))).sum()
}

impl Code {
    pub(super) fn of(counts: &[u32]) -> Self {
        Self::with_lengths(lengths(counts, LENGTH_MAX))
    }

    fn with_lengths(mut lengths: Vec<u8>) -> Self {
        let mut words = vec![0; lengths.len()];
        let mut next = 0_u32;
        for length in 1..=LENGTH_MAX as u8 {
            next <<= 1;
            for (word, _) in words.iter_mut().zip(&lengths).filter(|(_, found)| **found == length) {
                *word = (next.reverse_bits() >> (32 - u32::from(length))) as u16;
                next += 1;
            }
        }
        // A symbol that is alone needs no bits.
        if lengths.iter().filter(|length| **length > 0).count() == 1 {
            words.fill(0);
            lengths.iter_mut().for_each(|length| *length = if *length > 0 { ALONE } else { 0 });
        }
        Self { lengths, words }
    }

    pub(super) fn put(&self, symbol: usize, bits: &mut BitWriter) {
        bits.put(self.words[symbol].into(), (self.lengths[symbol] & !ALONE).into());
    }

    /// A code of one symbol below 256, which then takes no bits.
    pub(super) fn put_single(symbol: usize, bits: &mut BitWriter) {
        bits.put(0b01, 2);
        if symbol < 2 {
            bits.put(0, 1);
            bits.put(symbol as u32, 1);
        } else {
            bits.put(1, 1);
            bits.put(symbol as u32, 8);
        }
    }

    /// The code itself, before its first use.
    pub(super) fn put_lengths(&self, bits: &mut BitWriter) {
        let mut present = self.lengths.iter().enumerate().filter(|(_, length)| **length > 0);
        match (present.next(), present.next()) {
            (None, _) => return Self::put_single(0, bits),
            (Some((symbol, _)), None) if symbol < 256 => return Self::put_single(symbol, bits),
            _ => {}
        }
        bits.put(0, 1);
        let runs = runs(&self.lengths);
        let mut counts = [0; META_ORDER.len()];
        runs.iter().for_each(|run| counts[run.symbol] += 1);
        let meta = Self::with_lengths(lengths(&counts, META_LENGTH_MAX));
        let is_present = |idx: &usize| meta.lengths[META_ORDER[*idx]] > 0;
        let n_written = (0..META_ORDER.len()).rfind(is_present).map_or(4, |last| (last + 1).max(4));
        bits.put(n_written as u32 - 4, 4);
        for symbol in &META_ORDER[..n_written] {
            let length = meta.lengths[*symbol];
            bits.put(if length == ALONE { 1 } else { length.into() }, 3);
        }
        // Lengths are given for all symbols.
        bits.put(0, 1);
        for run in runs {
            meta.put(run.symbol, bits);
            bits.put(run.extra, run.n_extra);
        }
    }
}

/// Marks the length of a symbol that is alone: present, but of no bits.
const ALONE: u8 = 0x80;

/// One symbol of the code of lengths: 0 to 15 are lengths, 16 repeats the last one but zero, 17 and 18 are runs of zeros.
struct Run {
    symbol: usize,
    extra: u32,
    n_extra: u32,
}

fn runs(lengths: &[u8]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut last = 8;
    for same in lengths.chunk_by(|a, b| a == b) {
        let length = if same[0] == ALONE { 1 } else { same[0] };
        let mut n_left = same.len();
        if length > 0 && length != last {
            runs.push(Run { symbol: length.into(), extra: 0, n_extra: 0 });
            n_left -= 1;
            last = length;
        }
        while n_left > 0 {
            let (symbol, base, n_extra) = match (length, n_left) {
                (_, 1..3) => (length.into(), 1, 0),
                (0, 3..11) => (17, 3, 3),
                (0, _) => (18, 11, 7),
                _ => (16, 3, 2),
            };
            let n = if n_extra == 0 { 1 } else { n_left.min(base + (1 << n_extra) - 1) };
            runs.push(Run { symbol, extra: (n - base) as u32, n_extra });
            n_left -= n;
        }
    }
    runs
}

/// Lengths of the code words, 0 for symbols that do not occur, none above `length_max`.
pub(super) fn lengths(counts: &[u32], length_max: usize) -> Vec<u8> {
    let mut lengths = vec![0; counts.len()];
    let mut symbols: Vec<usize> = (0..counts.len()).filter(|symbol| counts[*symbol] > 0).collect();
    if symbols.len() < 2 {
        symbols.iter().for_each(|symbol| lengths[*symbol] = 1);
        return lengths;
    }
    symbols.sort_by_key(|symbol| counts[*symbol]);
    // Rare symbols are taken for less rare ones until the tree is flat enough.
    for floor in (0..32).map(|shift| 1_u64 << shift) {
        let weights: Vec<u64> =
            symbols.iter().map(|symbol| u64::from(counts[*symbol]).max(floor)).collect();
        let depths = depths(&weights);
        if depths.iter().all(|depth| *depth <= length_max) {
            symbols.iter().zip(depths).for_each(|(symbol, depth)| lengths[*symbol] = depth as u8);
            break;
        }
    }
    lengths
}

/// Depths of the leaves of the best tree; `weights` ascend, and are two at least.
fn depths(weights: &[u64]) -> Vec<usize> {
    let n_leaves = weights.len();
    // Leaves first, then inner nodes; those also come out in ascending order.
    let mut nodes = weights.to_vec();
    let mut parents = vec![0; 2 * n_leaves - 1];
    let (mut next_leaf, mut next_inner) = (0, n_leaves);
    while nodes.len() < 2 * n_leaves - 1 {
        let parent = nodes.len();
        let mut weight = 0;
        for _ in 0..2 {
            let takes_leaf = next_leaf < n_leaves
                && (next_inner >= parent || nodes[next_leaf] <= nodes[next_inner]);
            let taken = if takes_leaf { &mut next_leaf } else { &mut next_inner };
            parents[*taken] = parent;
            weight += nodes[*taken];
            *taken += 1;
        }
        nodes.push(weight);
    }
    let mut depths = vec![0; 2 * n_leaves - 1];
    for node in (0..2 * n_leaves - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
    }
    depths.truncate(n_leaves);
    depths
}
