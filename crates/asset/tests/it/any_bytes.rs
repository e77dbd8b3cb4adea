//! Any bytes get an answer from every reader, and files that are nearly right do too. The fuzz targets ask the same for
//! longer; files that once broke a reader are in `fixtures/crashes`.

use std::io::Read;

use asset::stats::Stats;
use asset::{Splats, compressed_ply, ply, read_splats, rules, spz, spz404};
use proptest::prelude::*;

use crate::{make, plys};

/// Asks everything that can be asked of a file.
fn ask(file: &[u8]) {
    let byte_len = file.len() as u64;
    for len in [None, Some(byte_len)] {
        ply::read(file, len).ok();
        compressed_ply::read(file, len).ok();
        spz::read(file, len).ok();
        spz404::read(file, len).ok();
        if let Ok((splats, _)) = read_splats(file, len) {
            use_all(&splats);
        }
    }
    rules::competition0(file, byte_len).ok();
}

/// Bad values must break nothing later on.
fn use_all(splats: &Splats) {
    assert!(!Stats::of(splats).to_string().is_empty());
    let is_sane = |scale: &f32| scale.is_nan() || *scale >= 0.0;
    assert!(splats.iter().all(|splat| splat.activate().scale.iter().all(is_sane)));
    let mut bytes = Vec::new();
    ply::write(splats, &mut bytes).expect("memory");
    let again = ply::read(&bytes[..], None).expect("our own file");
    assert_eq!(again.len(), splats.len());
    for version in [spz::Version::V3, spz::Version::V4] {
        spz::write(splats, version, &mut Vec::new()).ok();
    }
    spz404::write(splats, &mut Vec::new()).ok();
    let mut bytes = Vec::new();
    if compressed_ply::write(splats, compressed_ply::Order::Compact, &mut bytes).is_ok() {
        let again = compressed_ply::read(&bytes[..], None).expect("our own file");
        assert_eq!(again.len(), splats.len());
    }
}

/// One file of each kind.
fn good_files() -> Vec<Vec<u8>> {
    let splats = make::splats(5, 1);
    let mut files = vec![Vec::new(); 4];
    ply::write(&splats, &mut files[0]).expect("memory");
    spz::write(&splats, spz::Version::V3, &mut files[1]).expect("memory");
    spz::write(&splats, spz::Version::V4, &mut files[2]).expect("memory");
    spz404::write(&splats, &mut files[3]).expect("memory");
    let gunzip = |file: &[u8]| {
        let mut content = Vec::new();
        flate2::read::GzDecoder::new(file).read_to_end(&mut content).map(|_| content)
    };
    let mut compressed = Vec::new();
    compressed_ply::write(&splats, compressed_ply::Order::Kept, &mut compressed).expect("memory");
    files.push(compressed);
    // Once more without compression, so that what is changed reaches the reader behind it.
    let content = gunzip(&files[1]).expect("our own file");
    files.push(stored(&content));
    files
}

/// gzip without compression or anything that a changed byte would break but the checksum.
fn stored(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    std::io::Write::write_all(&mut encoder, content).expect("memory");
    encoder.finish().expect("memory")
}

/// Files that broke a reader, ours or another one.
#[test]
fn crash_files() {
    let folder = "tests/fixtures/crashes";
    #[expect(clippy::disallowed_methods, reason = "a test may read its fixtures")]
    let files: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file"))
        .collect();
    assert!(files.len() >= 2, "{} files", files.len());
    files.iter().for_each(|file| ask(file));
}

proptest! {
    #[test]
    fn any_bytes(bytes: Vec<u8>, start in 0..6_usize) {
        let magic: [&[u8]; 6] = [
            b"",
            b"ply\n",
            b"NGSP\x04\0\0\0\x02\0\0\0",
            b"\x1f\x8b\x08\0\0\0\0\0\0\xff",
            b"\x28\xb5\x2f\xfd",
            b"ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\n",
        ];
        ask(&[magic[start], &bytes].concat());
    }

    #[test]
    fn any_spz_content(header: [u8; 8], rest: Vec<u8>) {
        let content = [&b"NGSP\x02\0\0\0"[..], &[header[0], 0, 0, 0, header[1] % 6], &header[2..5], &rest].concat();
        ask(&stored(&content));
        ask(&zstd::encode_all(&content[..], 1).expect("memory"));
    }

    #[test]
    fn good_files_with_some_bytes_changed(
        file_idx in 0..6_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut file = good_files().swap_remove(file_idx);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        ask(&file);
    }

    #[test]
    fn good_headers_with_changed_words(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
        dialect in plys::dialects(),
    ) {
        let file = plys::write(&make::splats(3, 1), &dialect);
        let end = file.windows(10).position(|word| word == b"end_header").expect("a header");
        let mut lines: Vec<&[u8]> = file[..end].split_inclusive(|byte| *byte == b'\n').collect();
        for (from, to) in changes {
            let from = from.index(lines.len());
            let line = lines.remove(from);
            let to = to.index(lines.len() + 1);
            lines.insert(to, line);
        }
        ask(&[&lines.concat(), &file[end..]].concat());
    }

    #[test]
    fn every_dialect_of_ply_comes_back_bit_for_bit(
        dialect in plys::dialects(),
        splat_count in 0..20_usize,
        sh_degree in 0..5_u8,
    ) {
        let splats = make::splats(splat_count, sh_degree);
        let file = plys::write(&splats, &dialect);
        let byte_len = file.len() as u64;
        prop_assert!(ply::read(&file[..], Some(byte_len)).expect("a good file") == splats);
        prop_assert!(ply::read(&file[..], None).expect("a good file") == splats);
    }

    #[test]
    fn any_bits_survive_ply(bits: [[u32; 14]; 3]) {
        let values = bits.map(|splat| splat.map(f32::from_bits));
        let splats = Splats::new(asset::SplatsParts {
            positions: values.iter().map(|v| [v[0], v[1], v[2]]).collect(),
            log_scales: values.iter().map(|v| [v[3], v[4], v[5]]).collect(),
            rotations: values.iter().map(|v| [v[6], v[7], v[8], v[9]]).collect(),
            raw_opacities: values.iter().map(|v| v[10]).collect(),
            sh_dc: values.iter().map(|v| [v[11], v[12], v[13]]).collect(),
            ..asset::SplatsParts::default()
        }).expect("attributes of one length");
        let mut file = Vec::new();
        ply::write(&splats, &mut file).expect("memory");
        let back = ply::read(&file[..], None).expect("our own file");
        let mut again = Vec::new();
        ply::write(&back, &mut again).expect("memory");
        prop_assert_eq!(file, again);
        use_all(&splats);
    }
}
