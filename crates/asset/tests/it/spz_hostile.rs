//! Wrong, cut and lying SPZ files, and bombs: one line that names field, place and limit.

use std::io::{Read, Write};

use asset::{Splats, SplatsParts, read_splats, spz, spz404};
use insta::assert_snapshot;

use crate::make;

/// The only function here that knows the API.
fn outcome(file: &[u8]) -> String {
    let text = |result: Result<(Splats, asset::Format), asset::ReadError>| match result {
        Ok((splats, format)) => {
            format!("{format}: {} splats of degree {}", splats.len(), splats.sh_degree().get())
        }
        Err(error) => error.to_string(),
    };
    text(read_splats(file, None))
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}

fn gunzip(file: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut content).expect("our own file");
    content
}

fn v3() -> Vec<u8> {
    let mut file = Vec::new();
    spz::write(&make::splats(10, 1), spz::Version::V3, &mut file).expect("memory");
    gunzip(&file)
}

fn v4() -> Vec<u8> {
    let mut file = Vec::new();
    spz::write(&make::splats(10, 1), spz::Version::V4, &mut file).expect("memory");
    file
}

/// `file` with some bytes changed.
fn with(file: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

#[test]
fn first_bytes() {
    assert_snapshot!(outcome(b""), @"the file is empty");
    // The list of formats grows.
    for first in ["GIF8", "NG"] {
        let expected =
            format!("the file starts with \"{first}\", which is none of the formats we read: ");
        assert!(outcome(first.as_bytes()).starts_with(&expected), "{first}");
    }
    assert_snapshot!(outcome(b"NGSP"), @"spz: the file ends at byte 4, within the header");
    assert_snapshot!(outcome(b"\x1f\x8b"), @"spz: the file ends at byte 2, within the header");
    assert_snapshot!(outcome(b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x07"), @"spz: the gzip stream is broken: corrupt deflate stream");
    assert_snapshot!(outcome(b"\x28\xb5\x2f\xfd"), @"404-spz: the file ends at byte 4, within the header");
    assert_snapshot!(outcome(b"\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), @"404-spz: the zstd stream is broken: Unsupported frame parameter");
    assert_snapshot!(outcome(&gzip(b"")), @"spz: the file ends at byte 20, within the header");
    assert_snapshot!(outcome(&gzip(b"ply\nformat ascii 1.0\n")), @r#"spz header, byte 0: magic "ply\n" is not defined"#);
    assert_snapshot!(outcome(&zstd::encode_all(&b"hello, this is text"[..], 1).expect("memory")), @r#"404-spz header, byte 0: magic "hell" is not defined"#);
}

#[test]
fn headers() {
    let v3 = v3();
    assert_snapshot!(outcome(&gzip(&v3)), @"SPZ: 10 splats of degree 1");
    assert_snapshot!(outcome(&gzip(&with(&v3, 4, &[0]))), @"spz header, byte 4: version 0 is not defined");
    assert_snapshot!(outcome(&gzip(&with(&v3, 4, &[4]))), @"spz header, byte 4: version 4 is not defined");
    assert_snapshot!(outcome(&gzip(&with(&v3, 8, &[255; 4]))), @"spz header, byte 8: 4294967295 splats, our limit is 16777216");
    assert_snapshot!(outcome(&gzip(&with(&v3, 8, &[11]))), @"spz: the file ends in attribute spherical harmonics, in splat 7 of 11");
    assert_snapshot!(outcome(&gzip(&with(&v3, 8, &[9]))), @"spz: the stream goes on after the last of 9 splats: the header's count is too low");
    assert_snapshot!(outcome(&gzip(&with(&v3, 8, &[0, 0, 0, 1]))), @"spz: the file ends in attribute positions, in splat 32 of 16777216");
    assert_snapshot!(outcome(&gzip(&with(&v3, 12, &[5]))), @"spz header, byte 12: SH degree 5 is not defined");
    assert_snapshot!(outcome(&gzip(&with(&v3, 13, &[31]))), @"spz header, byte 13: number of fractional bits 31 is not defined");
    assert_snapshot!(outcome(&gzip(&v3[..12])), @"spz: the file ends at byte 32, within the header");
    let gz = gzip(&v3);
    assert_snapshot!(outcome(&gz[..gz.len() / 2]), @"spz: the file ends in attribute scales, in splat 1 of 10");
    assert_snapshot!(outcome(&gz[..gz.len() - 4]), @"spz: the gzip stream is broken: unexpected end of file");
    assert_snapshot!(outcome(&with(&gz, gz.len() - 8, &[1, 2, 3])), @"spz: the gzip stream is broken: corrupt gzip stream does not have a matching checksum");
    let zstd = |content: &[u8]| zstd::encode_all(content, 1).expect("memory");
    assert_snapshot!(outcome(&zstd(&v3)), @"404-spz header, byte 4: version 3 is not defined");
    let mut v2 = Vec::new();
    spz404::write(&make::splats(10, 1), &mut v2).expect("memory");
    assert_snapshot!(outcome(&v2), @"404-SPZ: 10 splats of degree 1");
    assert_snapshot!(outcome(&v2[..v2.len() - 9]), @"404-spz: the file ends in attribute spherical harmonics, in splat 9 of 10");
    assert_snapshot!(outcome(&[&v2[..], b"more"].concat()), @"404-spz: the file goes on after the last of 10 splats: the header's count is too low");
    let v2 = zstd::decode_all(&v2[..]).expect("our own file");
    assert_snapshot!(outcome(&zstd(&with(&v2, 12, &[4]))), @"404-spz header, byte 12: SH degree 4 is not defined");
    assert_snapshot!(outcome(&zstd(&with(&v2, 8, &10_000_001_u32.to_le_bytes()))), @"404-spz header, byte 8: 10000001 splats, our limit is 10000000");
    assert_snapshot!(outcome(&zstd(&[&v2[..], b"more"].concat())), @"404-spz: the stream goes on after the last of 10 splats: the header's count is too low");
}

#[test]
fn version_4() {
    let v4 = v4();
    assert_snapshot!(outcome(&v4), @"SPZ: 10 splats of degree 1");
    assert_snapshot!(outcome(&with(&v4, 4, &[5])), @"spz header, byte 4: version 5 is not defined");
    assert_snapshot!(outcome(&with(&v4, 8, &[9])), @"spz header, byte 40: size of the positions is 90, 81 is right for this file");
    assert_snapshot!(outcome(&with(&v4, 15, &[5])), @"spz header, byte 15: number of streams is 5, 6 is right for this file");
    assert_snapshot!(outcome(&with(&v4, 16, &[31])), @"spz header, byte 16: offset of the table of contents 31 is not defined");
    assert_snapshot!(outcome(&with(&v4, 16, &[33])), @"spz header, byte 41: size of the positions is 1369094286720630784, 90 is right for this file");
    assert_snapshot!(outcome(&with(&v4, 16, &[255; 4])), @"spz header, byte 16: offset of the table of contents is 4294967295, at most 1048608 is right for this file");
    assert_snapshot!(outcome(&with(&v4, 32, &[255; 8])), @"spz: the file ends in attribute positions, in splat 0 of 10");
    assert_snapshot!(outcome(&with(&v4, 40, &[255; 8])), @"spz header, byte 40: size of the positions is 18446744073709551615, 90 is right for this file");
    assert_snapshot!(outcome(&with(&v4, 128, &[0; 4])), @"spz: the zstd stream is broken: Unknown frame descriptor");
    assert_snapshot!(outcome(&v4[..31]), @"spz: the file ends at byte 31, within the header");
    assert_snapshot!(outcome(&v4[..100]), @"spz: the file ends at byte 100, within the header");
    assert_snapshot!(outcome(&v4[..v4.len() - 1]), @"spz: the file ends in attribute spherical harmonics, in splat 0 of 10");
    assert_snapshot!(outcome(&[&v4[..], b"."].concat()), @"spz: the file goes on after the last of 10 splats: the header's count is too low");
}

/// Vendor records between the header and the table of contents.
#[test]
fn extensions() {
    let v4 = v4();
    let with_records = |records: &[u8]| {
        let mut head = with(&v4[..32], 14, &[2]);
        head[16..20].copy_from_slice(&(32 + records.len() as u32).to_le_bytes());
        outcome(&[&head, records, &v4[32..]].concat())
    };
    let record = |kind: u32, content: &[u8]| {
        [&kind.to_le_bytes(), &(content.len() as u32).to_le_bytes(), content].concat()
    };
    assert_snapshot!(with_records(&record(0xADBE_0002, &[0; 12])), @"SPZ: 10 splats of degree 1");
    assert_snapshot!(with_records(&[record(77, b"abc"), record(0xADBE_0003, &[4, 0, 0, 0])].concat()), @"SPZ: 10 splats of degree 1");
    assert_snapshot!(with_records(&[record(77, b"abc"), record(0xADBE_0003, &[17, 0, 0, 0])].concat()), @"spz extension, byte 19: coordinate system 17 is not defined; 1 to 16 are");
    assert_snapshot!(with_records(&[255; 9]), @"SPZ: 10 splats of degree 1");
    let v3 = with(&v3(), 14, &[2]);
    assert_snapshot!(outcome(&gzip(&[&v3[..], &record(0xADBE_0003, &[4, 0, 0, 0])].concat())), @"SPZ: 10 splats of degree 1");
    assert_snapshot!(outcome(&gzip(&[&v3[..], &record(0xADBE_0003, &[0, 1, 0, 0])].concat())), @"spz extension, byte 8: coordinate system 256 is not defined; 1 to 16 are");
}

/// Headers of as many splats as can be, and zeros behind them, as long as anybody unpacks.
#[test]
fn bombs() {
    let mut head = *b"NGSP\x03\0\0\0\0\0\0\x01\x04\x0c\0\0";
    let zeros = vec![0; 120 << 20];
    let is_bomb =
        |text: &str| text.ends_with("over 64 times (our limit, beyond the first 33554432 bytes)");
    let gz = gzip(&[&head[..], &zeros].concat());
    let text = outcome(&gz);
    assert!(is_bomb(&text), "{text}");
    // With the length of the file it is known at once.
    let error = spz::read(&gz[..], Some(gz.len() as u64)).expect_err("a bomb").to_string();
    assert!(
        error.starts_with("spz: 1543503872 bytes unpacked from ") && is_bomb(&error),
        "{error}"
    );

    head[4] = 2;
    head[8..13].copy_from_slice(b"\x80\x96\x98\0\x03");
    let zstd = |content: &[u8]| zstd::encode_all(content, 1).expect("memory");
    let text = outcome(&zstd(&[&head[..], &zeros].concat()));
    assert!(is_bomb(&text), "{text}");

    // Ten splats by the header.
    head[8..13].copy_from_slice(b"\x0a\0\0\0\0");
    let content = [&head[..], &zeros].concat();
    assert_snapshot!(outcome(&gzip(&content)), @"spz: the stream goes on after the last of 10 splats: the header's count is too low");
    assert_snapshot!(outcome(&zstd(&content)), @"404-spz: the stream goes on after the last of 10 splats: the header's count is too low");
    // A window of 2 GiB.
    assert_snapshot!(outcome(b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"), @"404-spz: the zstd stream is broken: Frame requires too much memory for decoding");
}

/// What has no place in the format is refused before a byte is written.
#[test]
fn writing() {
    let refused = |change: fn(&mut SplatsParts)| {
        let mut parts = make::splats(5000, 1).into_parts();
        change(&mut parts);
        let splats = Splats::new(parts).expect("attributes of one length");
        let mut bytes = Vec::new();
        let text = |result: Result<(), spz::WriteError>| {
            result.map_or_else(|error| error.to_string(), |()| "written".to_owned())
        };
        let texts = [
            text(spz::write(&splats, spz::Version::V3, &mut bytes)),
            text(spz::write(&splats, spz::Version::V4, &mut bytes)),
            text(spz404::write(&splats, &mut bytes)),
        ];
        assert!(bytes.is_empty() || texts.contains(&"written".to_owned()), "half written");
        let mut texts = texts.to_vec();
        texts.dedup();
        texts.join("; ")
    };
    assert_snapshot!(refused(|_| {}), @"written");
    assert_snapshot!(refused(|parts| { parts.positions[4999][2] = f32::NAN; parts.sh_dc[4998][1] = f32::INFINITY; }), @"spz: sh_dc of splat 4998 is inf, a finite number is needed");
    assert_snapshot!(refused(|parts| parts.log_scales[3][0] = f32::NEG_INFINITY), @"spz: log_scale of splat 3 is -inf, a finite number is needed");
    assert_snapshot!(refused(|parts| parts.rotations[3][0] = f32::NAN), @"spz: rotation of splat 3 is NaN, a finite number is needed");
    assert_snapshot!(refused(|parts| parts.rotations[3] = [0.0; 4]), @"spz: the rotation of splat 3 has length zero");
    assert_snapshot!(refused(|parts| parts.rotations[3] = [1e-40, 0.0, -1e-40, 3e38]), @"written");
    assert_snapshot!(refused(|parts| parts.raw_opacities[3] = f32::NAN), @"spz: raw_opacity of splat 3 is NaN, a finite number is needed");
    assert_snapshot!(refused(|parts| parts.raw_opacities[3] = f32::INFINITY), @"written");
    assert_snapshot!(refused(|parts| parts.sh_rest[30] = f32::NAN), @"spz: sh_rest of splat 3 is NaN, a finite number is needed");
    assert_snapshot!(refused(|parts| parts.positions[3][1] = -2048.1), @"written; spz: position of splat 3 has -2048.1, the limit is ±2047.9998");
    assert_snapshot!(refused(|parts| parts.positions[3][1] = 2047.9), @"written");
    assert_snapshot!(refused(|parts| parts.positions[3][1] = 8_388_608.0), @"spz: position of splat 3 has 8388608, the limit is ±8388607; spz: position of splat 3 has 8388608, the limit is ±2047.9998");
    let degree_4 = spz::write(&make::splats(1, 4), spz::Version::V3, Vec::new());
    assert_snapshot!(degree_4.expect_err("too high a degree").to_string(), @"spz: SH degree 4, this version holds at most 3");
    let degree_4 = spz404::write(&make::splats(1, 4), Vec::new());
    assert_snapshot!(degree_4.expect_err("too high a degree").to_string(), @"spz: SH degree 4, this version holds at most 3");
}

/// Fewer fractional bits where a position needs them, and it comes back within half a step.
#[test]
fn far_positions() {
    let mut parts = make::splats(3, 0).into_parts();
    parts.positions[0] = [-8_000_000.0, 3000.0, 0.1];
    let splats = Splats::new(parts).expect("attributes of one length");
    for version in [spz::Version::V3, spz::Version::V4] {
        let mut file = Vec::new();
        spz::write(&splats, version, &mut file).expect("within the range");
        let back = spz::read(&file[..], None).expect("our own file");
        assert_eq!(back.get(0).position, [-8_000_000.0, 3000.0, 0.0]);
    }
}
