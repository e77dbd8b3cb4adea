//! Weights that tell the better from the worse: logistic regression over differences of figures, none of them negative.

use judge::perceptual::{FEATURES, SideFigures, UNIT};

use super::duels::{About, Measured};
use super::faults::Fault;

/// Steps of the descent.
const STEPS: usize = 4000;
/// Keeps weights small.
const DECAY: f64 = 2e-4;

/// Figures of a side as they are weighed: those of views pooled.
fn values(side: &SideFigures) -> Vec<f64> {
    let pooled = |values: &mut dyn Iterator<Item = i64>| {
        let values: Vec<f64> = values.map(|value| value as f64 / UNIT as f64).collect();
        let best = values.iter().copied().fold(f64::INFINITY, f64::min);
        (best + values.iter().sum::<f64>() / values.len().max(1) as f64) / 2.0
    };
    let features =
        (0..FEATURES.len()).map(|idx| pooled(&mut side.views.iter().map(|view| view[idx])));
    let embedding = pooled(&mut side.embedding.iter().copied());
    let globals = [side.loose, side.soft].map(|value| value as f64 / UNIT as f64);
    features.chain([embedding]).chain(globals).collect()
}

/// Finds weights and prints them, in thousandths, so that they sum to 1000 for each.
pub fn print(duels: &[Measured]) {
    let differences: Vec<Vec<f64>> = duels
        .iter()
        .filter(|duel| {
            // What a facade is shows from the side only.
            !matches!(duel.about, About::Equal | About::Sound(Fault::Facade))
        })
        .filter_map(|duel| {
            let (left, right) = (duel.figures.left.as_ref()?, duel.figures.right.as_ref()?);
            Some(std::iter::zip(values(right), values(left)).map(|(r, l)| r - l).collect())
        })
        .collect();
    let n_values = differences.first().map_or(0, Vec::len);
    // In units of their spread, so that one rate suits all.
    let spread: Vec<f64> = (0..n_values)
        .map(|c| {
            let square: f64 = differences.iter().map(|d| d[c] * d[c]).sum();
            (square / differences.len() as f64).sqrt().max(1e-9)
        })
        .collect();
    let mut weights = vec![0.5; n_values];
    for step in 0..STEPS {
        let mut slope = vec![0.0; n_values];
        for d in &differences {
            let score: f64 = (0..n_values).map(|c| weights[c] * d[c] / spread[c]).sum();
            let miss = 1.0 / (1.0 + libm::exp(score));
            (0..n_values).for_each(|c| slope[c] += miss * d[c] / spread[c]);
        }
        let rate = 4.0 / (1.0 + step as f64 / 500.0);
        for c in 0..n_values {
            let gain = slope[c] / differences.len() as f64 - DECAY * weights[c];
            weights[c] = (weights[c] + rate * gain).max(0.0);
        }
    }
    let plain: Vec<f64> = weights.iter().zip(&spread).map(|(w, s)| w / s).collect();
    let sum: f64 = plain.iter().sum();
    let names = FEATURES.iter().copied().chain(["embedding", "loose", "soft"]);
    for ((name, plain), spread) in names.zip(&plain).zip(&spread) {
        println!("{name:10} {:6.0}   spread {spread:.4}", 1000.0 * n_values as f64 * plain / sum);
    }
    println!();
}
