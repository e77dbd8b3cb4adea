//! Weights that tell the better from the worse: logistic regression over differences of figures, none of them negative.

use judge::perceptual::Settings;

use super::duels::{About, Measured};
use super::table::Told;

/// Steps of the descent.
const STEPS: usize = 4000;
/// Keeps weights small.
const DECAY: f64 = 2e-4;

/// Finds weights and prints them, so that they sum to 1000 for each.
pub(crate) fn print(duels: &[Measured]) {
    let told: Vec<Vec<(String, [f64; 2])>> = duels
        .iter()
        .filter(|duel| duel.about != About::Equal)
        .map(|duel| Told::of(duel, Settings::default(), false).features)
        .collect();
    let Some(first) = told.first() else { return };
    // Where the prompt's object could not be cut out, some are not there.
    let names: Vec<String> = first.iter().map(|feature| feature.0.clone()).collect();
    let differences: Vec<Vec<f64>> = told
        .iter()
        .filter(|features| features.len() == names.len())
        .map(|features| features.iter().map(|(_, [left, right])| right - left).collect())
        .collect();
    let n_values = names.len();
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
    for ((name, plain), spread) in names.iter().zip(&plain).zip(&spread) {
        println!("{name:10} {:6.0}   spread {spread:.4}", 1000.0 * n_values as f64 * plain / sum);
    }
    println!();
}
