//! Writing SPZ and reading it again: within the loss that the docs of `asset::spz` state.

use asset::{Splats, spz, spz404};

use crate::make;

/// Largest difference of each attribute as drawn: position, log scale, rotation (up to sign), opacity, `sh_dc`,
/// SH degree 1, SH above.
fn largest_differences(a: &Splats, b: &Splats) -> [f32; 7] {
    let mut largest = [0.0_f32; 7];
    let mut see = |attribute: usize, difference: f32| {
        largest[attribute] = largest[attribute].max(difference.abs());
    };
    assert_eq!((a.len(), a.sh_degree()), (b.len(), b.sh_degree()));
    for (a, b) in a.iter().zip(b.iter()) {
        let (active_a, active_b) = (a.activate(), b.activate());
        for axis in 0..3 {
            see(0, a.position[axis] - b.position[axis]);
            see(1, a.log_scale[axis] - b.log_scale[axis]);
            see(4, a.sh_dc[axis] - b.sh_dc[axis]);
        }
        let dot: f32 = active_a.rotation.iter().zip(active_b.rotation).map(|(a, b)| a * b).sum();
        for (a, b) in active_a.rotation.iter().zip(active_b.rotation) {
            see(2, a - b * dot.signum());
        }
        see(3, active_a.opacity - active_b.opacity);
        for (idx, (a, b)) in a.sh_rest.iter().zip(b.sh_rest).enumerate() {
            see(if idx < 9 { 5 } else { 6 }, a - b);
        }
    }
    largest
}

fn assert_within(differences: [f32; 7], limits: [f32; 7], what: &str) {
    for (attribute, (found, limit)) in differences.iter().zip(limits).enumerate() {
        assert!(*found <= limit, "{what}: attribute {attribute} differs by {found}, limit {limit}");
    }
}

const LIMITS: [f32; 7] = [
    1.0 / 8192.0 + 1e-7,
    1.0 / 32.0 + 1e-6,
    0.0024,
    1.0 / 510.0 + 1e-6,
    1.0 / 76.5 + 1e-6,
    1.0 / 32.0 + 0.004,
    1.0 / 16.0 + 0.004,
];

#[test]
fn every_version_comes_back_within_the_stated_loss() {
    for sh_degree in 0..=4 {
        for splat_count in [0, 1, 5000] {
            let splats = make::splats(splat_count, sh_degree);
            for version in [spz::Version::V3, spz::Version::V4] {
                if version == spz::Version::V3 && sh_degree == 4 {
                    continue;
                }
                let mut bytes = Vec::new();
                spz::write(&splats, version, &mut bytes).unwrap();
                let back = spz::read(&bytes[..], Some(bytes.len() as u64)).unwrap();
                let differences = largest_differences(&splats, &back);
                assert_within(differences, LIMITS, &format!("{version:?} degree {sh_degree}"));
            }
            if sh_degree < 4 {
                let mut bytes = Vec::new();
                spz404::write(&splats, &mut bytes).unwrap();
                let back = spz404::read(&bytes[..], Some(bytes.len() as u64)).unwrap();
                let mut limits = LIMITS;
                // x, y, z are within 0.004; w is computed from them, steeply where it is near 0.
                limits[2] = 0.12;
                let differences = largest_differences(&splats, &back);
                assert_within(differences, limits, &format!("404 degree {sh_degree}"));
            }
        }
    }
}
