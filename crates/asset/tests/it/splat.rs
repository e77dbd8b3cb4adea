//! `.splat` files: their bytes, what comes back, and wrong ones.

use asset::{Splats, SplatsParts, ply, splat};
use insta::assert_snapshot;

use crate::make;
use crate::peers::Peers;

fn written(splats: &Splats) -> Vec<u8> {
    let mut file = Vec::new();
    splat::write(splats, &mut file).expect("splats that can be stored");
    file
}

#[test]
fn one_record() {
    let splats = Splats::new(SplatsParts {
        positions: vec![[1.0, -2.0, 0.5]],
        log_scales: vec![[0.0, std::f32::consts::LN_2, -200.0]],
        rotations: vec![[2.0, 0.0, -2.0, 0.0]],
        raw_opacities: vec![0.0],
        sh_dc: vec![[0.0, 9.0, -9.0]],
        ..SplatsParts::default()
    })
    .expect("attributes of one length");
    let file = written(&splats);
    assert_eq!(file[..24], *bytemuck::bytes_of(&[1.0_f32, -2.0, 0.5, 1.0, 2.0, 0.0]));
    assert_eq!(file[24..], [128, 255, 0, 128, 219, 128, 37, 128]);
    let back = splat::read(&file[..], None).expect("our own file");
    assert_eq!(back.get(0).position, [1.0, -2.0, 0.5]);
    // A scale of 0 has no logarithm.
    assert_eq!(back.get(0).log_scale.map(|value| (value * 10.0).round()), [0.0, 7.0, -873.0]);
    assert_eq!(back.get(0).rotation, [91.0 / 128.0, 0.0, -91.0 / 128.0, 0.0]);
}

#[test]
fn what_is_lost() {
    let splats = make::splats(2000, 2);
    let back = splat::read(&written(&splats)[..], None).expect("our own file");
    assert_eq!(back.parts().positions, splats.parts().positions);
    assert_eq!(back.sh_degree().get(), 0);
    for (before, after) in splats.iter().zip(back.iter()) {
        let (before, after) = (before.activate(), after.activate());
        assert!((before.opacity - after.opacity).abs() <= 0.5 / 255.0 + 1e-6);
        for axis in 0..3 {
            let shown = before.base_colour[axis].clamp(0.0, 1.0);
            assert!((shown - after.base_colour[axis]).abs() <= 0.5 / 255.0 + 1e-6);
            assert!((before.scale[axis] / after.scale[axis] - 1.0).abs() < 1e-5);
        }
        let along: f32 = before.rotation.iter().zip(after.rotation).map(|(a, b)| a * b).sum();
        assert!(along > 0.9999, "cosine of half the angle {along}");
    }
    // What was read once is stored the same.
    assert_eq!(
        written(&splat::read(&written(&back)[..], None).expect("our own file")),
        written(&back)
    );
}

#[test]
fn wrong_files() {
    let file = written(&make::splats(3, 0));
    let outcome = |file: &[u8], len: Option<u64>| {
        splat::read(file, len)
            .map_or_else(|error| error.to_string(), |splats| splats.len().to_string())
    };
    assert_snapshot!(outcome(&file, Some(96)), @"3");
    assert_snapshot!(outcome(&[], None), @"0");
    assert_snapshot!(outcome(&file[..95], None), @".splat: the file has 95 bytes, a multiple of 32 is needed");
    assert_snapshot!(outcome(&file[..95], Some(95)), @".splat: the file has 95 bytes, a multiple of 32 is needed");
    assert_snapshot!(outcome(&file, Some(!31)), @".splat: more than 16777216 splats, our limit");
    let with = |at: usize, value: f32| {
        let mut file = file.clone();
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        outcome(&file, None)
    };
    assert_snapshot!(with(36, f32::NAN), @".splat, byte 32: position of splat 1 is NaN, which no splat has");
    assert_snapshot!(with(80, -1.0), @".splat, byte 64: scale of splat 2 is -1, which no splat has");
    assert_snapshot!(with(12, f32::INFINITY), @".splat, byte 0: scale of splat 0 is inf, which no splat has");
}

#[test]
fn what_is_not_written() {
    let refused = |change: fn(&mut SplatsParts)| {
        let mut parts = make::splats(4, 0).into_parts();
        change(&mut parts);
        let splats = Splats::new(parts).expect("attributes of one length");
        let mut file = Vec::new();
        let error = splat::write(&splats, &mut file).expect_err("a value without a place");
        assert!(file.is_empty());
        error.to_string()
    };
    assert_snapshot!(refused(|parts| parts.positions[2][1] = f32::NAN), @".splat: position of splat 2 is NaN, a finite number is needed");
    assert_snapshot!(refused(|parts| parts.rotations[1] = [0.0; 4]), @".splat: the rotation of splat 1 has length zero");
    assert_snapshot!(refused(|parts| parts.log_scales[3][0] = 90.0), @".splat: log_scale of splat 3 is 90, its scale is infinite");
}

#[test]
fn splat_transform_reads_the_same() {
    let Some(peers) = Peers::find() else { return };
    let file = written(&make::splats(100, 0));
    let theirs = peers.convert(&file, "ours.splat", "theirs.ply", &[]);
    let theirs = ply::read(&theirs[..], None).expect("a PLY");
    let ours = splat::read(&file[..], None).expect("our own file");
    assert!(theirs.parts().positions == ours.parts().positions);
    for (ours, theirs) in ours.iter().zip(theirs.iter()) {
        let (ours, theirs) = (ours.activate(), theirs.activate());
        assert!((ours.opacity - theirs.opacity).abs() < 2e-6);
        // It takes a byte for 1/127.5 of a component; we take it for 1/128, as the format's writer does.
        let along: f32 = ours.rotation.iter().zip(theirs.rotation).map(|(a, b)| a * b).sum();
        assert!(along > 0.9999, "cosine of half the angle {along}");
        for axis in 0..3 {
            assert!((ours.base_colour[axis] - theirs.base_colour[axis]).abs() < 1e-6);
            assert!((ours.scale[axis] / theirs.scale[axis] - 1.0).abs() < 1e-5);
        }
    }
}
