//! Writing SPZ and reading it again: within the loss that the docs of `asset::spz` state.

use asset::{Splats, ply, spz, spz404};

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

/// Every version, then PLY, then the same version again: values of 8 bits, rotations and positions are recovered.
#[test]
fn what_was_lost_once_is_not_lost_again() {
    let splats = make::splats(5000, 3);
    for version in [spz::Version::V3, spz::Version::V4] {
        let mut first = Vec::new();
        spz::write(&splats, version, &mut first).unwrap();
        let once = spz::read(&first[..], None).unwrap();
        let mut plain = Vec::new();
        ply::write(&once, &mut plain).unwrap();
        let mut second = Vec::new();
        spz::write(&ply::read(&plain[..], None).unwrap(), version, &mut second).unwrap();
        assert!(first == second, "{version:?}: the same file");
    }
    let mut first = Vec::new();
    spz404::write(&splats, &mut first).unwrap();
    let once = spz404::read(&first[..], None).unwrap();
    let mut second = Vec::new();
    spz404::write(&once, &mut second).unwrap();
    assert!(first == second, "404-SPZ: the same file");
}

/// More bits: closer, and still what every reader takes.
#[test]
fn bits_are_as_asked() {
    let splats = make::splats(1000, 3);
    let read = |options: spz::Options| {
        let mut file = Vec::new();
        spz::write(&splats, options, &mut file).unwrap();
        spz::read(&file[..], None).unwrap()
    };
    let options = spz::Options::from(spz::Version::V4);
    let fine = read(spz::Options { fractional_bits: 22, sh_bits: [8, 8], ..options });
    let mut limits = LIMITS;
    (limits[0], limits[5], limits[6]) = (1.2e-7, 1.0 / 256.0, 1.0 / 256.0);
    assert_within(largest_differences(&splats, &fine), limits, "22 bits, 8 bits");
    // 30 bits reach ±1/128 only: as many as the asset allows are taken.
    let finest = read(spz::Options { fractional_bits: 255, ..options });
    limits[0] = 1.2e-7;
    (limits[5], limits[6]) = (LIMITS[5], LIMITS[6]);
    assert_within(largest_differences(&splats, &finest), limits, "as many as fit");
}

#[test]
fn every_frame_comes_back_to_ours() {
    let splats = make::splats(200, 4);
    let mut ours = Vec::new();
    spz::write(&splats, spz::Version::V4, &mut ours).unwrap();
    let ours = spz::read(&ours[..], None).unwrap();
    for frame in spz::Frame::all() {
        let options = spz::Options { frame, is_antialiased: true, ..spz::Version::V4.into() };
        let mut file = Vec::new();
        spz::write(&splats, options, &mut file).unwrap();
        let (back, notes) = spz::read_with_notes(&file[..], None).unwrap();
        assert_eq!((notes.version, notes.is_antialiased), (4, true));
        assert_eq!(ours.parts().positions, back.parts().positions, "{frame}");
        let options = spz::Options { version: spz::Version::V3, ..options };
        let plain = make::splats(2, 0);
        let refused = spz::write(&plain, options, &mut Vec::new());
        assert_eq!(refused.is_ok(), frame == spz::Frame::OURS, "{frame}");
    }
    assert_eq!(spz::Frame::from_name("RUB"), Some(spz::Frame::OURS));
    assert_eq!(spz::Frame::from_number(0), None);
    assert_eq!(spz::Frame::from_number(17), None);
}
