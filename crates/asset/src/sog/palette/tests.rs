//! Entries stand for what they should, at any number of threads.

use super::*;

fn noise(idx: usize) -> f32 {
    let mut bits = (idx as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (bits >> 40) as f32 / 8_388_608.0 - 1.0
}

fn error(sh_rest: &[f32], palette: &Palette) -> f64 {
    let n = palette.n_values;
    let entries: Vec<f32> =
        palette.places.iter().map(|place| palette.levels[usize::from(*place)]).collect();
    let points = sh_rest.chunks_exact(n).zip(&palette.labels);
    let sum: f64 = points
        .flat_map(|(point, label)| point.iter().zip(&entries[usize::from(*label) * n..]))
        .map(|(value, entry)| f64::from((value - entry) * (value - entry)))
        .sum();
    (sum / sh_rest.len() as f64).sqrt()
}

#[test]
fn clusters_are_found() {
    // 500 vectors, 20 splats near each.
    let degree = ShDegree::THREE;
    let values: Vec<f32> = (0..10_000 * 45)
        .map(|idx| noise(idx / 45 * 7 % 500 * 45 + idx % 45) + 0.01 * noise(1_000_000 + idx))
        .collect();
    let palette = Palette::of(&values, degree);
    assert_eq!(palette.n_entries(), 8192);
    let error = error(&values, &palette);
    assert!(
        error < 0.0045,
        "root of the mean square {error}: 0.0058 is that of the vectors themselves"
    );
}

#[test]
fn few_splats_keep_their_own() {
    let values: Vec<f32> = (0..700 * 9).map(|idx| 0.3 * noise(idx)).collect();
    let palette = Palette::of(&values, ShDegree::new(1).unwrap());
    assert_eq!(palette.n_entries(), 700);
    let error = error(&values, &palette);
    assert!(
        error < 0.0008,
        "root of the mean square {error}: that of a codebook of 256 over ±0.3 is 0.0007"
    );
    let same = Palette::of(&[0.25; 24 * 100], ShDegree::new(2).unwrap());
    assert_eq!((same.n_entries(), same.labels), (1, vec![0; 100]));
}

#[test]
fn threads_do_not_matter() {
    let values: Vec<f32> = (0..9000 * 24).map(noise).collect();
    let of = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let palette = pool.install(|| Palette::of(&values, ShDegree::new(2).unwrap()));
        (palette.labels, palette.places)
    };
    let one = of(1);
    assert!(of(2) == one && of(5) == one);
}
