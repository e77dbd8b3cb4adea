//! SOG bundles: what comes back, version 1, and wrong ones.

use std::io::{Cursor, Read, Write};

use asset::{ShDegree, Splats, SplatsParts, ply, sog};
use insta::assert_snapshot;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::make;
use crate::peers::Peers;

pub(crate) fn written(splats: &Splats) -> (Vec<u8>, Vec<u32>) {
    let mut file = Vec::new();
    let written = sog::write(splats, &mut file).expect("splats that can be stored");
    (file, written.order)
}

/// `splats[order[i]]` at place i.
fn ordered(splats: &Splats, order: &[u32]) -> Splats {
    let at = |idx: &u32| *idx as usize;
    let parts = splats.parts();
    let n_rest = parts.sh_degree.rest_values();
    Splats::new(SplatsParts {
        positions: order.iter().map(|idx| parts.positions[at(idx)]).collect(),
        log_scales: order.iter().map(|idx| parts.log_scales[at(idx)]).collect(),
        rotations: order.iter().map(|idx| parts.rotations[at(idx)]).collect(),
        raw_opacities: order.iter().map(|idx| parts.raw_opacities[at(idx)]).collect(),
        sh_dc: order.iter().map(|idx| parts.sh_dc[at(idx)]).collect(),
        sh_degree: parts.sh_degree,
        sh_rest: order
            .iter()
            .flat_map(|idx| &parts.sh_rest[at(idx) * n_rest..(at(idx) + 1) * n_rest])
            .copied()
            .collect(),
    })
    .expect("attributes of one length")
}

#[test]
fn what_is_lost() {
    for (count, degree) in [(1, 0), (20_000, 0), (700, 1), (900, 2), (1000, 3)] {
        let splats = make::splats(count, degree);
        let (file, order) = written(&splats);
        let mut places = order.clone();
        places.sort_unstable();
        assert!(places.iter().copied().eq(0..count as u32), "every splat once");
        let back = sog::read(&file[..], Some(file.len() as u64)).expect("our own file");
        assert_eq!((back.len(), back.sh_degree()), (count, splats.sh_degree()));
        for (before, after) in ordered(&splats, &order).iter().zip(back.iter()) {
            for axis in 0..3 {
                let error = (before.position[axis] - after.position[axis]).abs();
                assert!(error < 1.2e-5, "position {error}");
                let error = (before.log_scale[axis] - after.log_scale[axis]).abs();
                assert!(error < 0.012, "log scale {error}: ±1.5 in 256 steps");
                let error = (before.sh_dc[axis] - after.sh_dc[axis]).abs();
                assert!(error < 0.014, "colour {error}: ±1.7 in 256 steps");
            }
            // One palette entry for each splat, so the codebook alone loses something.
            for (before, after) in before.sh_rest.iter().zip(after.sh_rest) {
                let error = (before - after).abs();
                assert!(error < 0.004, "harmonics {error}: ±0.5 in 256 steps");
            }
            let (before, after) = (before.activate(), after.activate());
            let error = (before.opacity - after.opacity).abs();
            assert!(error <= 0.5 / 255.0 + 1e-6, "opacity {error}");
            let along: f32 = before.rotation.iter().zip(after.rotation).map(|(a, b)| a * b).sum();
            assert!(along.abs() > 0.999_97, "cosine of half the angle {along}");
        }
    }
}

#[test]
fn a_second_time_loses_next_to_nothing() {
    let (file, _) = written(&make::splats(3000, 1));
    let once = sog::read(&file[..], None).expect("our own file");
    let (file, order) = written(&once);
    let twice = sog::read(&file[..], None).expect("our own file");
    let once = ordered(&once, &order);
    assert!(once.parts().log_scales == twice.parts().log_scales);
    assert!(once.parts().sh_dc == twice.parts().sh_dc);
    assert!(once.parts().raw_opacities == twice.parts().raw_opacities);
    let pairs =
        once.parts().positions.iter().flatten().zip(twice.parts().positions.iter().flatten());
    assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn edges() {
    for splats in [Splats::default(), ordered(&make::splats(1, 3), &[0; 5])] {
        let (file, _) = written(&splats);
        let back = sog::read(&file[..], None).expect("our own file");
        assert_eq!(back.len(), splats.len());
    }
    let mut parts = make::splats(64, 3).into_parts();
    parts.positions[0] = [f32::MAX, f32::MIN, 0.0];
    parts.log_scales[1] = [80.0, -80.0, f32::MAX];
    parts.rotations[2] = [1e-40, 3e38, 0.0, -1e38];
    parts.raw_opacities[3] = f32::INFINITY;
    parts.sh_dc[4] = [f32::MAX, f32::MIN, 0.0];
    parts.sh_rest[50] = f32::MAX;
    let (file, order) = written(&Splats::new(parts).expect("attributes of one length"));
    let back = sog::read(&file[..], None).expect("our own file");
    let place = order.iter().position(|idx| *idx == 0).expect("every splat");
    let [x, y, _] = back.get(place).position;
    assert!(x > 3e38 && y < -3e38, "{x} {y}");
}

#[test]
fn what_is_not_written() {
    let refused = |splats: &Splats| {
        let mut file = Vec::new();
        let error = sog::write(splats, &mut file).expect_err("a value without a place");
        assert!(file.is_empty());
        error.to_string()
    };
    assert_snapshot!(refused(&make::splats(2, 4)), @"sog: SH degree 4, the format holds at most 3");
    let mut parts = make::splats(9, 1).into_parts();
    parts.sh_rest[70] = f32::NAN;
    assert_snapshot!(refused(&Splats::new(parts).expect("attributes of one length")), @"sog: sh_rest of splat 7 is NaN, a finite number is needed");
}

/// Entries of an archive, in order.
pub(crate) type Entries = Vec<(String, Vec<u8>)>;

pub(crate) fn entries(file: &[u8]) -> Entries {
    let mut archive = ZipArchive::new(Cursor::new(file)).expect("a zip file");
    (0..archive.len())
        .map(|idx| {
            let mut entry = archive.by_index(idx).expect("an entry");
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("its content");
            (entry.name().expect("UTF-8").into_owned(), content)
        })
        .collect()
}

pub(crate) fn bundle(entries: &Entries, method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = SimpleFileOptions::default().compression_method(method);
        archive.start_file(name, options).expect("memory");
        archive.write_all(content).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}

/// One file with its `meta.json` changed.
fn with_meta(file: &[u8], change: impl Fn(&mut Value)) -> Vec<u8> {
    let mut entries = entries(file);
    let meta = &mut entries[0].1;
    let mut json: Value = serde_json::from_slice(meta).expect("JSON");
    change(&mut json);
    *meta = json.to_string().into_bytes();
    bundle(&entries, CompressionMethod::Stored)
}

fn webp(pixels: &[[u8; 4]], width: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let height = pixels.len() as u32 / width;
    image::codecs::webp::WebPEncoder::new_lossless(&mut file)
        .encode(pixels.as_flattened(), width, height, image::ExtendedColorType::Rgba8)
        .expect("memory");
    file
}

fn outcome(file: &[u8]) -> String {
    match sog::read(file, Some(file.len() as u64)) {
        Ok(splats) => format!("{} splats of degree {}", splats.len(), splats.sh_degree().get()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn deflated_entries_are_read() {
    let (file, _) = written(&make::splats(50, 1));
    let packed = bundle(&entries(&file), CompressionMethod::Deflated);
    assert_ne!(packed, file);
    assert!(
        sog::read(&packed[..], None).expect("readable")
            == sog::read(&file[..], None).expect("readable")
    );
}

#[test]
fn version_1() {
    let meta = json!({
        "means": { "shape": [2, 3], "dtype": "float32", "mins": [-1.0, 0.0, 0.0], "maxs": [1.0, 0.5, 1.0], "files": ["a", "b"] },
        "scales": { "shape": [2, 3], "dtype": "float32", "mins": [-5.0, -6.0, -7.0], "maxs": [0.0, -1.0, -2.0], "files": ["c"] },
        "quats": { "shape": [2, 4], "dtype": "uint8", "encoding": "quaternion_packed", "files": ["d"] },
        "sh0": { "shape": [2, 1, 4], "dtype": "float32", "mins": [-1.0, -1.0, -1.0, -4.0], "maxs": [1.0, 1.0, 1.0, 6.0], "files": ["e"] },
        "shN": { "shape": [2, 9], "dtype": "float32", "mins": -0.5, "maxs": 0.5, "quantization": 8, "files": ["f", "g"] },
    });
    let mut centroids = vec![[0, 0, 0, 255]; 192];
    centroids[3..6].copy_from_slice(&[[0, 255, 0, 255], [255, 0, 0, 255], [0, 0, 51, 255]]);
    let entries = vec![
        ("meta.json".to_owned(), meta.to_string().into_bytes()),
        ("a".to_owned(), webp(&[[255, 0, 0, 255], [0, 0, 0, 255]], 2)),
        ("b".to_owned(), webp(&[[255, 0, 0, 255], [0, 0, 128, 255]], 2)),
        ("c".to_owned(), webp(&[[255, 0, 51, 255], [0, 0, 0, 255]], 2)),
        ("d".to_owned(), webp(&[[128, 128, 127, 252], [255, 128, 128, 253]], 2)),
        ("e".to_owned(), webp(&[[255, 0, 51, 102], [0, 0, 0, 0]], 2)),
        ("f".to_owned(), webp(&centroids, 192)),
        ("g".to_owned(), webp(&[[1, 0, 0, 255], [0, 0, 0, 255]], 2)),
    ];
    let splats =
        sog::read(&bundle(&entries, CompressionMethod::Stored)[..], None).expect("version 1");
    let first = splats.get(0);
    let e = std::f32::consts::E;
    assert!(
        (first.position[0] - (e - 1.0)).abs() < 1e-6 && first.position[1..] == [0.0, 0.0],
        "{:?}",
        first.position
    );
    assert_eq!(first.log_scale, [0.0, -6.0, -6.0]);
    assert!(first.rotation[0] > 0.9999 && first.rotation[3] < 0.0, "{:?}", first.rotation);
    assert!(splats.get(1).rotation[0] > 0.7, "{:?}", splats.get(1).rotation);
    assert_eq!((first.sh_dc, first.raw_opacity), ([1.0, -1.0, -0.6], 0.0));
    let expected = [-0.5, 0.5, -0.5, 0.5, -0.5, -0.5, -0.5, -0.5, -0.3];
    assert!(
        first.sh_rest.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6),
        "{:?}",
        first.sh_rest
    );
    assert_eq!(splats.sh_degree(), ShDegree::new(1).expect("a degree"));
}

#[test]
fn wrong_files() {
    let (file, _) = written(&make::splats(20, 1));
    assert_snapshot!(outcome(&file), @"20 splats of degree 1");
    assert_snapshot!(outcome(b""), @"sog: invalid Zip archive: Could not find EOCD");
    assert_snapshot!(outcome(&file[..file.len() / 2]), @"sog: invalid Zip archive: Could not find EOCD");
    assert_snapshot!(outcome(&bundle(&entries(&file)[1..].to_vec(), CompressionMethod::Stored)), @"sog, meta.json: specified file not found in archive");
    assert_snapshot!(outcome(&bundle(&entries(&file)[..3].to_vec(), CompressionMethod::Stored)), @"sog, scales.webp: specified file not found in archive");
    let with = |change: fn(&mut Value)| outcome(&with_meta(&file, change));
    assert_snapshot!(with(|meta| meta["version"] = json!(3)), @"sog, meta.json: version 3 is not read; 1 and 2 are");
    assert_snapshot!(with(|meta| meta["count"] = json!(-1)), @"sog, meta.json: invalid value: integer `-1`, expected u64 at line 1 column 44");
    assert_snapshot!(with(|meta| meta["count"] = json!(1_u64 << 40)), @"sog, meta.json: 1099511627776 splats, our limit is 16777216");
    assert_snapshot!(with(|meta| meta["count"] = json!(33)), @"sog, means_l.webp: 8 × 4 pixels, at least 33 are needed for as many splats");
    assert_snapshot!(with(|meta| meta["means"]["mins"][1] = json!(100.0)), @"sog, meta.json: means.mins is 100, the logarithm of a position, within ±88.73, is needed");
    assert_snapshot!(with(|meta| meta["means"]["files"] = json!(["means_l.webp"])), @"sog, meta.json: means.files is 1 names, two names is needed");
    assert_snapshot!(with(|meta| meta["quats"]["files"] = json!(["sh0.webp"])), @"sog, sh0.webp: splat 0 has 66, alpha 252 to 255 tells the component that is left out");
    assert_snapshot!(with(|meta| meta["scales"]["codebook"] = json!([])), @"sog, meta.json: scales.codebook is 0 values, 1 to 256 is needed");
    assert_snapshot!(with(|meta| meta["scales"]["codebook"] = json!([0.0, 1.0])), @"sog, scales.webp: splat 0 has 3, the codebook has 2 entries");
    assert_snapshot!(with(|meta| meta["sh0"]["codebook"][7] = json!(null)), @"sog, meta.json: sh0.codebook is null, numbers is needed");
    assert_snapshot!(with(|meta| meta["sh0"]["codebook"][0] = json!(null)), @"20 splats of degree 1");
    assert_snapshot!(with(|meta| meta["sh0"]["codebook"][0] = json!(1e300)), @"sog, meta.json: sh0.codebook is 1e300, a finite number of 32 bits is needed");
    assert_snapshot!(with(|meta| meta["shN"]["bands"] = json!(2)), @"sog, shN_centroids.webp: 192 × 1 pixels, a width of 512 is needed for degree 2");
    assert_snapshot!(with(|meta| meta["shN"]["bands"] = json!(4)), @"sog, meta.json: shN.bands is 4, 0 to 3 is needed");
    assert_snapshot!(with(|meta| meta["shN"]["bands"] = json!(0)), @"20 splats of degree 0");
    assert_snapshot!(with(|meta| meta["shN"]["count"] = json!(3)), @"sog, shN_labels.webp: splat 0 has 14, the palette has 3 entries");
    assert_snapshot!(with(|meta| meta["shN"]["count"] = json!(1000)), @"sog, shN_centroids.webp: 192 × 1 pixels, which is less than 1000 entries need");
    assert_snapshot!(with(|meta| meta["shN"]["count"] = json!(0)), @"sog, meta.json: shN.count is 0, 1 to 65536 is needed");
    let mut broken = entries(&file);
    broken[1].1.truncate(40);
    assert_snapshot!(outcome(&bundle(&broken, CompressionMethod::Stored)), @"sog, means_l.webp: Format error decoding WebP: Corrupt bitstream");
    broken[1].1 = b"GIF89a".to_vec();
    assert_snapshot!(outcome(&bundle(&broken, CompressionMethod::Stored)), @"sog, means_l.webp: failed to fill whole buffer");
}

/// Pictures of one colour are a hundred bytes, whatever their size.
#[test]
fn bombs() {
    let (file, _) = written(&make::splats(20, 0));
    let mut entries = entries(&file);
    let mut grey = Vec::new();
    let side = 8192;
    let picture = image::GrayImage::new(side, side);
    image::DynamicImage::from(picture)
        .into_rgb8()
        .write_with_encoder(image::codecs::webp::WebPEncoder::new_lossless(&mut grey))
        .expect("memory");
    for entry in &mut entries[1..] {
        entry.1.clone_from(&grey);
    }
    let mut meta: Value = serde_json::from_slice(&entries[0].1).expect("JSON");
    meta["count"] = json!(1 << 24);
    entries[0].1 = meta.to_string().into_bytes();
    let text = outcome(&bundle(&entries, CompressionMethod::Deflated));
    assert!(text.contains("over 64 times (our limit"), "{text}");
    // An entry of zeros that says nothing of its size before it is unpacked.
    entries[1].1 = vec![0; 100 << 20];
    let text = outcome(&bundle(&entries, CompressionMethod::Deflated));
    assert!(text.contains("over 64 times (our limit"), "{text}");
    entries[0].1 = vec![b' '; 2 << 20];
    assert_snapshot!(outcome(&bundle(&entries, CompressionMethod::Stored)), @"sog, meta.json: more than 1048576 bytes, our limit");
}

/// The splats of one file in those of another: both in the order of `order`, or each in its own.
fn largest_error(a: &Splats, b: &Splats) -> [f32; 4] {
    assert_eq!((a.len(), a.sh_degree()), (b.len(), b.sh_degree()));
    let mut errors = [0.0_f32; 4];
    for (a, b) in a.iter().zip(b.iter()) {
        for axis in 0..3 {
            errors[0] = errors[0].max((a.position[axis] - b.position[axis]).abs());
            errors[1] = errors[1].max((a.log_scale[axis] - b.log_scale[axis]).abs());
            errors[2] = errors[2].max((a.sh_dc[axis] - b.sh_dc[axis]).abs());
        }
        for (a, b) in a.sh_rest.iter().zip(b.sh_rest) {
            errors[3] = errors[3].max((a - b).abs());
        }
    }
    errors
}

#[test]
fn splat_transform_reads_what_we_write() {
    let Some(peers) = Peers::find() else { return };
    for degree in 0..=3 {
        let (file, _) = written(&make::splats(500, degree));
        let theirs = peers.convert(&file, "ours.sog", "theirs.ply", &[]);
        let theirs = ply::read(&theirs[..], None).expect("a PLY");
        let ours = sog::read(&file[..], None).expect("our own file");
        let errors = largest_error(&ours, &theirs);
        assert!(errors.iter().all(|error| *error < 1e-5), "{errors:?}");
        for (ours, theirs) in ours.iter().zip(theirs.iter()) {
            let pairs = ours.rotation.iter().zip(theirs.rotation);
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-5), "{ours:?} {theirs:?}");
            assert!((ours.activate().opacity - theirs.activate().opacity).abs() < 2e-6);
        }
    }
}

#[test]
fn we_read_what_splat_transform_writes() {
    let Some(peers) = Peers::find() else { return };
    for degree in 0..=3 {
        let mut file = Vec::new();
        ply::write(&make::splats(300, degree), &mut file).expect("memory");
        let file = peers.convert(&file, "ours.ply", "theirs.sog", &[]);
        let theirs = peers.convert(&file, "theirs.sog", "theirs.ply", &[]);
        let theirs = ply::read(&theirs[..], None).expect("a PLY");
        let ours = sog::read(&file[..], Some(file.len() as u64)).expect("their file");
        let errors = largest_error(&ours, &theirs);
        assert!(errors.iter().all(|error| *error < 1e-5), "{errors:?}");
    }
}
