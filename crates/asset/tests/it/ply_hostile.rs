//! Wrong, cut and lying PLY files: one line that names field, place and limit.

use std::io::Read;

use asset::ply;
use insta::assert_snapshot;

use crate::make;
use crate::plys::{self, FIXED};

/// The only function here that knows the API.
fn outcome(file: &[u8]) -> String {
    let with_len = ply::read(file, Some(file.len() as u64));
    let without_len = ply::read(file, None);
    let text = |result: Result<asset::Splats, ply::ReadError>| match result {
        Ok(splats) => format!("{} splats of degree {}", splats.len(), splats.sh_degree().get()),
        Err(error) => error.to_string(),
    };
    let (with_len, without_len) = (text(with_len), text(without_len));
    assert_eq!(with_len, without_len, "the length of the file changes what is said");
    with_len
}

/// A header of `lines` under `ply`, with line ends.
fn header(lines: &[&str]) -> Vec<u8> {
    format!("ply\n{}\n", lines.join("\n")).into_bytes()
}

/// An ASCII file of the 14 properties of a splat, with these records.
fn ascii(count: u64, records: &str) -> Vec<u8> {
    let properties = plys::properties("float", &FIXED);
    format!("ply\nformat ascii 1.0\nelement vertex {count}\n{properties}end_header\n{records}")
        .into_bytes()
}

/// A binary file of the 14 properties of a splat, with `n_bytes` of records.
fn binary(count: &str, n_bytes: usize) -> Vec<u8> {
    let properties = plys::properties("float", &FIXED);
    let head =
        format!("ply\nformat binary_little_endian 1.0\nelement vertex {count}\n{properties}");
    [head.as_bytes(), b"end_header\n", &vec![0; n_bytes]].concat()
}

#[test]
fn headers() {
    assert_snapshot!(outcome(b""), @r#"ply header, line 1: the first line must be "ply", found """#);
    assert_snapshot!(outcome(b"plx\n"), @r#"ply header, line 1: the first line must be "ply", found "plx""#);
    assert_snapshot!(outcome(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), @r#"ply header, line 1: the first line must be "ply", found "\x89PNG""#);
    assert_snapshot!(outcome(b"ply"), @"ply header: the file ends at byte 3, before end_header");
    assert_snapshot!(outcome(b"ply\nformat ascii 1.0\n"), @"ply header: the file ends at byte 21, before end_header");
    assert_snapshot!(outcome(&header(&["end_header"])), @"ply header: the format is missing");
    assert_snapshot!(outcome(&header(&["format ascii 2.0"])), @r#"ply header, line 2: format "format ascii 2.0" is not defined; ascii, binary_little_endian and binary_big_endian 1.0 are"#);
    assert_snapshot!(outcome(&header(&["format ascii 1.0", "format ascii 1.0"])), @"ply header, line 3: the format is given twice");
    assert_snapshot!(outcome(&header(&["format ascii 1.0", "end_header"])), @"ply header: there is no element vertex");
    assert_snapshot!(outcome(&header(&["format ascii 1.0", "element vertex"])), @r#"ply header, line 3: "element NAME COUNT" expected, found "element vertex""#);
    assert_snapshot!(outcome(&header(&["format ascii 1.0", "element vertex -1"])), @r#"ply header, line 3: "element NAME COUNT" expected, found "element vertex -1""#);
    assert_snapshot!(outcome(&header(&["element vertex 1", "element vertex 1"])), @"ply header, line 3: element vertex is given twice");
    assert_snapshot!(outcome(&header(&["property float x"])), @"ply header, line 2: a property before the first element");
    assert_snapshot!(outcome(&header(&["element vertex 1", "property flaot x"])), @r#"ply header, line 3: type "flaot" is not defined"#);
    assert_snapshot!(outcome(&header(&["element vertex 1", "property float"])), @r#"ply header, line 3: "property TYPE NAME" or "property list TYPE TYPE NAME" expected, found "property float""#);
    assert_snapshot!(outcome(&header(&["element vertex 1", "property list float int x"])), @r#"ply header, line 3: the length of list x has type "float"; an integer type is needed"#);
    assert_snapshot!(outcome(&header(&["elephant vertex 1"])), @r#"ply header, line 2: keyword "elephant vertex 1" is not defined"#);
    assert_snapshot!(outcome(&header(&["comment \u{1F600}", "", "end_header"])), @"ply header: the format is missing");
    assert_snapshot!(outcome(&[b"ply\ncomment ", &[b'a'; 70_000][..]].concat()), @"ply header: no end_header in the first 65536 bytes, our limit");
    assert_snapshot!(outcome(&header(&vec!["comment"; 10_000])), @"ply header: no end_header in the first 65536 bytes, our limit");
    assert_snapshot!(outcome(&header(&["format ascii 1.0", &format!("obj_info {}", "x".repeat(99)), &"y".repeat(99)])), @r#"ply header, line 4: keyword "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…" is not defined"#);
}

#[test]
fn properties() {
    let with = |change: &dyn Fn(&mut Vec<&str>)| {
        let mut names = FIXED.to_vec();
        change(&mut names);
        let properties = plys::properties("float", &names);
        outcome(
            format!("ply\nformat ascii 1.0\nelement vertex 0\n{properties}end_header\n").as_bytes(),
        )
    };
    assert_snapshot!(with(&|_| {}), @"0 splats of degree 0");
    assert_snapshot!(with(&|names| { names.retain(|name| *name != "f_dc_1"); }), @"ply header, line 3: element vertex has no property f_dc_1");
    assert_snapshot!(with(&|names| names.push("x")), @"ply header, line 18: property x of element vertex is given twice");
    assert_snapshot!(with(&|names| names.push("f_rest_0")), @"ply header: element vertex has 1 f_rest properties; 0, 9, 24, 45 or 72 are defined");
    assert_snapshot!(with(&|names| names.extend(["f_rest_0", "f_rest_1", "f_rest_2", "f_rest_3", "f_rest_4", "f_rest_5", "f_rest_6", "f_rest_7", "f_rest_9"])), @"ply header, line 3: element vertex has no property f_rest_8");
    assert_snapshot!(with(&|names| names.push("f_rest_00")), @"ply header: element vertex has 1 f_rest properties; 0, 9, 24, 45 or 72 are defined");
    assert_snapshot!(with(&|names| names.extend(["packed_position", "packed_color"])), @"ply header: this is a compressed PLY (packed_position in place of x, y, z): convert it to a plain PLY");
    let list = ascii(0, "");
    let list = String::from_utf8(list)
        .expect("text")
        .replace("property float opacity", "property list uchar float opacity");
    assert_snapshot!(outcome(list.as_bytes()), @"ply header, line 14: property opacity is a list; one number is needed");
    assert_snapshot!(outcome(b"ply\nformat ascii 1.0\nelement face 3\nproperty int a\nend_header\n"), @"ply header: there is no element vertex");
}

#[test]
fn counts_that_lie() {
    assert_snapshot!(outcome(&binary("1000000000000", 560)), @"ply header, line 3: 1000000000000 vertices, our limit is 16777216");
    assert_snapshot!(outcome(&binary("99999999999999999999", 560)), @r#"ply header, line 3: "element NAME COUNT" expected, found "element vertex 99999999999999999999""#);
    assert_snapshot!(outcome(&binary("16777217", 560)), @"ply header, line 3: 16777217 vertices, our limit is 16777216");
    assert_snapshot!(outcome(&binary("16777216", 560)), @"ply: the file ends at byte 924, in record 10 of 16777216 of element vertex");
    assert_snapshot!(outcome(&binary("11", 560)), @"ply: the file ends at byte 918, in record 10 of 11 of element vertex");
    assert_snapshot!(outcome(&binary("10", 560)), @"10 splats of degree 0");
    assert_snapshot!(outcome(&binary("10", 559)), @"ply: the file ends at byte 917, in record 9 of 10 of element vertex");
    assert_snapshot!(outcome(&binary("10", 615)), @"10 splats of degree 0");
    assert_snapshot!(outcome(&binary("10", 616)), @"ply: the file goes on after the last of 10 records of element vertex, at byte 918: the header's count is too low");
    assert_snapshot!(outcome(&binary("0", 0)), @"0 splats of degree 0");
    let before = String::from_utf8(binary("1", 0)).expect("text").replace(
        "element vertex",
        "element face 1000000000000000000\nproperty double a\nelement none 18446744073709551615\nelement list 18446744073709551615\nproperty list int64 double b\nelement vertex",
    );
    assert_snapshot!(outcome(before.as_bytes()), @"ply: the file ends at byte 505, in record 0 of 1000000000000000000 of element face");
    assert_snapshot!(outcome(&[before.replace("1000000000000000000", "0").as_bytes(), &[255; 64]].concat()), @"ply: the file ends at byte 551, in record 8 of 18446744073709551615 of element list");
}

#[test]
fn ascii_garbage() {
    let good = "0 0 0 0 0 0 1 0 0 0 1 0 0 0\n";
    assert_snapshot!(outcome(&ascii(2, &good.repeat(2))), @"2 splats of degree 0");
    assert_snapshot!(outcome(&ascii(2, &format!("\r\n {}\n\n\t{}", good.trim_end(), good.trim_end()))), @"2 splats of degree 0");
    assert_snapshot!(outcome(&ascii(2, good)), @"ply: the file ends at byte 370, in record 1 of 2 of element vertex");
    assert_snapshot!(outcome(&ascii(1, &good.repeat(2))), @"ply: the file goes on after the last of 1 records of element vertex, at line 20: the header's count is too low");
    assert_snapshot!(outcome(&ascii(2, &format!("{good}\n0 0 0 0 0 0 1 0 0 0 1 zero 0 0\n"))), @r#"ply, line 21: "zero" of property f_dc_0 is not a number"#);
    assert_snapshot!(outcome(&ascii(2, &format!("{good}0 0 0\n"))), @"ply, line 20: 3 values, a record of element vertex has 14");
    assert_snapshot!(outcome(&ascii(2, &format!("{good}{} 1\n", good.trim_end()))), @"ply, line 20: 15 values, a record of element vertex has 14");
    assert_snapshot!(outcome(&ascii(1, "\u{fffd}\0\x07 0 0 0 0 0 1 0 0 0 1 0 0 0")), @r#"ply, line 19: "\xef\xbf\xbd\x00\x07" of property x is not a number"#);
    assert_snapshot!(outcome(&ascii(1, &"9".repeat(2_000_000))), @"ply, line 19: longer than 1048576 bytes, our limit");
    assert_snapshot!(outcome(&ascii(1_000_000_000_000, good)), @"ply header, line 3: 1000000000000 vertices, our limit is 16777216");
    assert_snapshot!(outcome(&ascii(1, "nan inf -inf 1e400 -1e400 1e-400 .5 5. +1 0x10 1 0 0 0")), @r#"ply, line 19: "0x10" of property rot_3 is not a number"#);
    assert_snapshot!(outcome(&ascii(1, "nan inf -inf 1e400 -1e400 1e-400 .5 5. +1 -0 1 0 0 -nan")), @"1 splats of degree 0");
    let list = String::from_utf8(ascii(1, "9999999999999999999999 1\n"))
        .expect("text")
        .replace("property float x", "property list int int more\nproperty float x");
    assert_snapshot!(outcome(list.as_bytes()), @r#"ply, line 20: "9999999999999999999999" of property more is not a number"#);
    assert_snapshot!(outcome(list.replace("9999999999999999999999 1", "9 1").as_bytes()), @"ply, line 20: 2 values, a record of element vertex has more");
    assert_snapshot!(outcome(list.replace("9999999999999999999999 1", &format!("2 7 7 {good} 3")).as_bytes()), @"ply: the file goes on after the last of 1 records of element vertex, at line 21: the header's count is too low");
}

#[test]
fn non_finite_values_are_kept() {
    let file = ascii(1, "nan inf -inf 1e400 -1e400 1e-400 0 0 0 0 1 0 0 0");
    let splats = ply::read(&file[..], None).expect("readable");
    let splat = splats.get(0);
    assert!(splat.position[0].is_nan());
    assert_eq!(splat.position[1..], [f32::INFINITY, f32::NEG_INFINITY]);
    assert_eq!(splat.activate().rotation, [0.0; 4]);
}

/// Zeros, then an error.
struct Failing(usize);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.0.min(buffer.len());
        if n == 0 {
            return Err(std::io::Error::other("the disk is gone"));
        }
        buffer[..n].fill(0);
        self.0 -= n;
        Ok(n)
    }
}

#[test]
fn a_reader_that_fails() {
    let head = binary("1000", 0);
    let error = ply::read((&head[..]).chain(Failing(5000)), None).expect_err("it fails");
    assert_snapshot!(error.to_string(), @"ply: reading failed: the disk is gone");
}

/// Every cut of a file gets an answer, and only the whole file is read.
#[test]
fn every_cut_is_refused() {
    let mut file = Vec::new();
    ply::write(&make::splats(3, 1), &mut file).expect("memory");
    for len in 0..file.len() {
        assert!(ply::read(&file[..len], None).is_err(), "cut at {len} of {}", file.len());
    }
}
