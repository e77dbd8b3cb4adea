//! 256 numbers that stand for all others with little squared error: k-means in one dimension.

use std::collections::BTreeSet;

use rayon::prelude::*;

/// Entries.
pub(super) const SIZE: usize = 256;
/// Bins that values are counted in, and values looked at to place them.
const BINS: usize = 1 << 16;
const SAMPLE: usize = 1 << 14;
/// Bins whose density is taken for the same.
const GROUP: usize = 256;
/// Rounds of Lloyd's algorithm over the bins. Ten less were measured 0.01 dB worse.
const ROUNDS: usize = 60;
/// Values summed by one task; sums are joined in order, so that no result depends on threads.
const BLOCK_VALUES: usize = 1 << 18;

/// Ascending; all finite.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Codebook {
    pub(super) values: Vec<f32>,
    /// Middles between neighbours.
    middles: Vec<f32>,
    scale: Scale,
    /// For each bin, the first entry that may be the nearest.
    first: Vec<u8>,
}

/// From values to bins: fine around the middle of the values, ever coarser away from it, so that a few values far off
/// take nothing from the others.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Scale {
    centre: f32,
    spread: f32,
}

impl Scale {
    /// `values`: not empty.
    fn of(values: &[[f32; 3]]) -> Self {
        let stride = (3 * values.len() / SAMPLE).max(1);
        let mut sample: Vec<f32> = values.as_flattened().iter().copied().step_by(stride).collect();
        sample.sort_unstable_by(f32::total_cmp);
        let at = |share: usize| sample[(sample.len() - 1) * share / 16];
        let spread = (at(15) - at(1)) * 0.5;
        let spread = if spread.is_finite() && spread > 1e-30 { spread } else { 1.0 };
        Self { centre: at(8), spread }
    }

    fn bin(self, value: f32) -> usize {
        let away = (value - self.centre) / self.spread;
        // Huge values overflow to ±1 or to NaN, which is bin 0.
        let share = if away.is_infinite() { away.signum() } else { away / (1.0 + away.abs()) };
        (((share + 1.0) * (0.5 * BINS as f32)) as usize).min(BINS - 1)
    }

    /// Middle of a bin.
    fn value(self, bin: usize) -> f64 {
        let share = (bin as f64 + 0.5) / (0.5 * BINS as f64) - 1.0;
        f64::from(self.centre) + f64::from(self.spread) * share / (1.0 - share.abs())
    }

    fn counted(self, bin: usize, count: u32) -> Bin {
        let from_end = (bin.min(BINS - 1 - bin) as f64 + 0.5) / (0.5 * BINS as f64);
        let width = f64::from(self.spread) / (0.5 * BINS as f64) / (from_end * from_end);
        Bin { value: self.value(bin), weight: f64::from(count), width, group: bin / GROUP }
    }
}

impl Codebook {
    /// `values`: all finite.
    pub(super) fn of(values: &[[f32; 3]]) -> Self {
        if values.is_empty() {
            return Self::new(vec![0.0], Scale { centre: 0.0, spread: 1.0 });
        }
        let scale = Scale::of(values);
        if let Some(different) = few(values) {
            return Self::new(different, scale);
        }
        let mut counts = vec![0_u32; BINS];
        for value in values.as_flattened() {
            counts[scale.bin(*value)] += 1;
        }
        let bins: Vec<Bin> = (counts.iter().enumerate().filter(|(_, count)| **count > 0))
            .map(|(bin, count)| scale.counted(bin, *count))
            .collect();
        drop(counts);
        // Bins are coarse; the means of the values themselves are not.
        Self::new(lloyd(&bins), scale).refined(values)
    }

    fn new(mut values: Vec<f32>, scale: Scale) -> Self {
        values.sort_unstable_by(f32::total_cmp);
        values.dedup();
        let middles: Vec<f32> =
            values.windows(2).map(|pair| 0.5 * pair[0] + 0.5 * pair[1]).collect();
        let mut entry = 0;
        let first = (0..BINS)
            .map(|bin| {
                // One bin lower: values at its edge may be rounded into the bin above.
                let edge = scale.value(bin.saturating_sub(1)) as f32;
                while entry < middles.len() && middles[entry] < edge && bin > 1 {
                    entry += 1;
                }
                (entry as u8).saturating_sub(1)
            })
            .collect();
        Self { values, middles, scale, first }
    }

    /// Place of the nearest entry.
    pub(super) fn place(&self, value: f32) -> u8 {
        let mut entry = usize::from(self.first[self.scale.bin(value)]);
        while entry < self.middles.len() && self.middles[entry] < value {
            entry += 1;
        }
        entry as u8
    }

    /// Entries replaced by the means of what they stand for.
    fn refined(self, values: &[[f32; 3]]) -> Self {
        let sums: Vec<_> = values
            .par_chunks(BLOCK_VALUES)
            .map(|block| {
                let mut sums = vec![(0.0_f64, 0_u32); self.values.len()];
                for value in block.as_flattened() {
                    let (sum, count) = &mut sums[usize::from(self.place(*value))];
                    *sum += f64::from(*value);
                    *count += 1;
                }
                sums
            })
            .collect();
        let mean = |entry: usize| {
            let (sum, count) = (sums.iter().map(|block| block[entry]))
                .fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + f64::from(one.1)));
            if count > 0.0 { (sum / count) as f32 } else { self.values[entry] }
        };
        Self::new((0..self.values.len()).map(mean).collect(), self.scale)
    }

    /// As the file has it: filled up with its last value.
    pub(super) fn padded(&self) -> Vec<f32> {
        let mut values = self.values.clone();
        values.resize(SIZE, *values.last().unwrap_or(&0.0));
        values
    }
}

/// The different values, if they fit into a codebook.
fn few(values: &[[f32; 3]]) -> Option<Vec<f32>> {
    let mut bits = BTreeSet::new();
    for value in values.as_flattened() {
        bits.insert(value.to_bits());
        if bits.len() > SIZE {
            return None;
        }
    }
    Some(bits.into_iter().map(f32::from_bits).collect())
}

/// Values that were counted together.
#[derive(Debug, Clone, Copy)]
struct Bin {
    value: f64,
    weight: f64,
    width: f64,
    group: usize,
}

/// `bins`: ascending, not empty. At most [`SIZE`] entries.
fn lloyd(bins: &[Bin]) -> Vec<f32> {
    // The best density of entries follows the cube root of the density of values, over some bins: few values leave many
    // bins empty. No bin needs more than one entry.
    let masses: Vec<f64> = bins
        .chunk_by(|a, b| a.group == b.group)
        .flat_map(|group| {
            let weight: f64 = group.iter().map(|bin| bin.weight).sum();
            let width = group[0].width * GROUP as f64;
            std::iter::repeat_n(
                libm::cbrt(weight * width * width) / group.len() as f64,
                group.len(),
            )
        })
        .collect();
    let mut cap = f64::INFINITY;
    for _ in 0..4 {
        cap = masses.iter().map(|mass| mass.min(cap)).sum::<f64>() / SIZE as f64;
    }
    let mut entries = Vec::with_capacity(SIZE);
    let mut sum = 0.0;
    for (idx, (bin, mass)) in bins.iter().zip(masses).enumerate() {
        sum += mass.min(cap) / cap;
        if (entries.len() as f64) < sum || bins.len() - idx <= SIZE - entries.len() {
            entries.push(bin.value);
        }
        if entries.len() == SIZE {
            break;
        }
    }
    for _ in 0..ROUNDS {
        let mut sums = vec![(0.0, 0.0); entries.len()];
        let mut entry = 0;
        for bin in bins {
            while entry + 1 < entries.len()
                && 0.5 * (entries[entry] + entries[entry + 1]) < bin.value
            {
                entry += 1;
            }
            sums[entry].0 += bin.value * bin.weight;
            sums[entry].1 += bin.weight;
        }
        for (entry, (sum, weight)) in entries.iter_mut().zip(sums) {
            if weight > 0.0 {
                *entry = sum / weight;
            }
        }
    }
    entries.into_iter().map(|entry| entry as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(codebook: &Codebook, value: f32) -> f32 {
        let away = |entry: &f32| (entry - value).abs();
        *codebook.values.iter().min_by(|a, b| away(a).total_cmp(&away(b))).unwrap()
    }

    fn noise(idx: usize) -> f32 {
        let mut bits = (idx as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ bits >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (bits >> 40) as f32 / 8_388_608.0 - 1.0
    }

    fn check(name: &str, values: &[[f32; 3]]) -> f64 {
        let codebook = Codebook::of(values);
        let mut sum = 0.0;
        for value in values.as_flattened() {
            let found = codebook.values[usize::from(codebook.place(*value))];
            let best = nearest(&codebook, *value);
            let (found, best) = (f64::from(found - value).abs(), f64::from(best - value).abs());
            assert!(found <= best, "{name}: {value} was given {found}, {best} is nearest");
            sum += best * best;
        }
        (sum / (3 * values.len()) as f64).sqrt()
    }

    #[test]
    fn errors_of_known_distributions() {
        let three = |f: &dyn Fn(usize) -> f32| -> Vec<[f32; 3]> {
            (0..20_000).map(|idx| [0, 1, 2].map(|axis| f(3 * idx + axis))).collect()
        };
        // Evenly spread over 2: 256 steps of 1/128, whose error is step / √12.
        let error = check("even", &three(&noise));
        let expected = 1.0 / 128.0 / 12.0_f64.sqrt();
        assert!(error < 1.01 * expected, "{error}, {expected} is best");
        // Sums of three are bell-shaped: better than even steps over ±3.
        let error =
            check("bell", &three(&|idx| noise(7 * idx) + noise(7 * idx + 1) + noise(7 * idx + 2)));
        assert!(error < 0.005_67, "{error}");
        // One value far off takes one entry.
        let error = check("far", &three(&|idx| if idx == 777 { 1e30 } else { noise(idx) }));
        assert!(error < 1.02 * expected, "{error}, {expected} is best");
        check("extreme", &[[f32::MAX, f32::MIN, 0.0], [1e-40, -1e-40, 1.0]]);
    }

    #[test]
    fn up_to_256_different_values_stay() {
        let values: Vec<[f32; 3]> =
            (0..3000).map(|idx| [0, 1, 2].map(|axis| noise((7 * idx + axis) % 256))).collect();
        assert_eq!(check("few", &values), 0.0);
        assert_eq!(check("one", &[[0.3; 3]; 5]), 0.0);
    }
}
