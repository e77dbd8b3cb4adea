//! Every rule broken once, and the table in `docs/validation.md`.

use insta::assert_snapshot;

use super::*;
use crate::{ShDegree, Splats, SplatsParts};

/// A valid asset: balls on a sphere that fills the unit box.
fn sphere(splat_count: usize) -> SplatsParts {
    let positions = (0..splat_count).map(|idx| {
        let y = 1.0 - 2.0 * (idx as f64 + 0.5) / splat_count as f64;
        let turn = 2.399_963 * idx as f64;
        let radius = (1.0 - y * y).sqrt();
        [radius * libm::cos(turn), y, radius * libm::sin(turn)].map(|c| (0.5 * c) as f32)
    });
    SplatsParts {
        positions: positions.collect(),
        log_scales: vec![[-4.0; 3]; splat_count],
        rotations: vec![[1.0, 0.0, 0.0, 0.0]; splat_count],
        raw_opacities: vec![2.0; splat_count],
        sh_dc: vec![[0.3; 3]; splat_count],
        sh_degree: ShDegree::ZERO,
        sh_rest: Vec::new(),
    }
}

fn lines(findings: &[Finding]) -> String {
    let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
    if lines.is_empty() { "valid, nothing to say".to_owned() } else { lines.join("\n") }
}

/// What is said about an asset that was valid before `spoil`.
fn outcome(spoil: impl FnOnce(&mut SplatsParts)) -> String {
    let mut parts = sphere(8_000);
    spoil(&mut parts);
    let mut bytes = Vec::new();
    ply::write(&Splats::new(parts).unwrap(), &mut bytes).unwrap();
    lines(&competition0(&bytes[..], bytes.len() as u64).unwrap())
}

fn outcome_of_file(bytes: &[u8]) -> String {
    lines(&competition0(bytes, bytes.len() as u64).unwrap())
}

#[test]
fn a_good_asset_has_no_finding() {
    assert_snapshot!(outcome(|_| {}), @"valid, nothing to say");
}

#[test]
fn broken_values_are_counted_and_placed() {
    assert_snapshot!(outcome(|parts| {
        parts.positions[7][1] = f32::NAN;
        parts.log_scales[8] = [f32::INFINITY, 0.0, f32::NEG_INFINITY];
        parts.raw_opacities[9] = f32::INFINITY;
        parts.sh_dc[10][0] = f32::NAN;
        parts.rotations[11] = [0.0; 4];
        parts.rotations[12] = [1e-13, 0.0, 0.0, 0.0];
        parts.rotations[13][2] = f32::NAN;
    }), @"
    error FINITE: 1 values of positions are not finite (1 NaN, 0 infinite), the first one in splat 7
    error FINITE: 2 values of log_scales are not finite (0 NaN, 2 infinite), the first one in splat 8
    error FINITE: 1 values of rotations are not finite (1 NaN, 0 infinite), the first one in splat 13
    error FINITE: 1 values of raw_opacities are not finite (0 NaN, 1 infinite), the first one in splat 9
    error FINITE: 1 values of sh_dc are not finite (1 NaN, 0 infinite), the first one in splat 10
    error ROTATION: 2 rotations have length zero, the first one in splat 11
    ");
    assert_snapshot!(outcome(|parts| parts.positions.fill([f32::NAN; 3])), @"error FINITE: 24000 values of positions are not finite (24000 NaN, 0 infinite), the first one in splat 0");
}

#[test]
fn opacity_extent_and_place() {
    assert_snapshot!(outcome(|parts| parts.raw_opacities.fill(-9.21)), @"error VISIBLE: nothing is visible: the largest opacity is 0.000100, from 0.003922 on splats are drawn");
    assert_snapshot!(outcome(|parts| parts.raw_opacities[..7_000].fill(-9.21)), @"warning MOSTLY_VISIBLE: 87.5 % of the splats have an opacity below 0.001, at most 80 % are usual");
    let scaled = |factor: f32| {
        outcome(move |parts| {
            parts.positions.as_flattened_mut().iter_mut().for_each(|c| *c *= factor);
        })
    };
    assert_snapshot!(scaled(0.0), @"error EXTENT: the centres span 0.000000 m, below 0.005882 m nothing is left of the opacities after the render service's normalisation");
    assert_snapshot!(scaled(0.01), @"warning EXTENT_USUAL: the centres span 0.0100 m, 0.1 to 10 m are usual; opacities fade with 1.5 over the extent in the render service");
    assert_snapshot!(scaled(100.0), @"warning EXTENT_USUAL: 98 % of the centres span 98.0 m, 0.1 to 10 m are usual");
    assert_snapshot!(scaled(1e5), @"error EXTENT: 98 % of the centres span 98002.9 m, at most 1000 m are plausible");
    assert_snapshot!(outcome(|parts| parts.positions[0][0] = 5.0), @"
    warning OUTLIERS: the centres span 5.500 m, 98 % of them only 0.980 m: the render service fits all of them into the picture, so the object will be small
    warning CENTRED: the object is 0.61 off the middle of the picture along x after the render service's normalisation (it shows 0.9 to each side): centre it on the origin
    ");
    assert_snapshot!(outcome(|parts| parts.positions.iter_mut().for_each(|p| p[1] += 2.0)), @"warning CENTRED: the object is 2.00 off the middle of the picture along y after the render service's normalisation (it shows 0.9 to each side): centre it on the origin");
    assert_snapshot!(outcome(|parts| parts.positions.iter_mut().for_each(|p| p[1] *= 0.05)), @"warning UP_AXIS: the object is 0.049 m high (y) and 0.980 m wide: it lies flat, make sure that +Y is up");
}

#[test]
fn counts() {
    assert_snapshot!(outcome(|parts| *parts = sphere(0)), @"error SPLAT_COUNT: 0 splats, at least 100 are needed");
    assert_snapshot!(outcome(|parts| *parts = sphere(99)), @"error SPLAT_COUNT: 99 splats, at least 100 are needed");
    assert_snapshot!(outcome(|parts| *parts = sphere(6_999)), @"warning SPLAT_COUNT_USUAL: 6999 splats, at least 7000 are usual");
    assert_snapshot!(outcome(|parts| *parts = sphere(7_000)), @"valid, nothing to say");
}

#[test]
fn the_file_itself() {
    assert_snapshot!(outcome_of_file(b""), @r#"error FILE_FORMAT: a 3DGS PLY is needed, this is a file that starts with """#);
    assert_snapshot!(outcome_of_file(b"NGSP..."), @"error FILE_FORMAT: a 3DGS PLY is needed, this is SPZ");
    assert_snapshot!(outcome_of_file(b"glTF\x02\0\0\0"), @"error FILE_FORMAT: a 3DGS PLY is needed, this is glTF");
    assert_snapshot!(outcome_of_file(b"GIF89a\0\0"), @r#"error FILE_FORMAT: a 3DGS PLY is needed, this is a file that starts with "GIF8""#);
    assert_snapshot!(outcome_of_file(b"ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nend_header\n"), @"error PLY_READABLE: ply header, line 3: element vertex has no property y");
    let mut bytes = Vec::new();
    ply::write(&Splats::new(sphere(8_000)).unwrap(), &mut bytes).unwrap();
    assert_snapshot!(lines(&competition0(&bytes[..], FILE_BYTES_MAX + 1).unwrap()), @"error FILE_SIZE: the file has 209715201 bytes, at most 209715200 are allowed");
    assert_snapshot!(lines(&competition0(&bytes[..], FILE_BYTES_MAX).unwrap()), @"valid, nothing to say");
    assert_snapshot!(outcome_of_file(&bytes[..bytes.len() - 1]), @"error PLY_READABLE: ply: the file ends at byte 544413, in record 7999 of 8000 of element vertex");
}

#[test]
fn what_only_the_service_does_not_read() {
    let names = [
        "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1",
        "rot_2", "rot_3",
    ];
    let properties = |names: &[&str]| -> String {
        names.iter().map(|name| format!("property float {name}\n")).collect()
    };
    let binary = format!(
        "ply\nformat binary_big_endian 1.0\nelement vertex 0\n{}property short z\nproperty list uchar int more\n{}element camera 0\nproperty float64 fov\nelement face 0\nproperty list uchar int vertex_indices\nend_header\n",
        properties(&["x", "y"]),
        properties(&names),
    );
    assert_snapshot!(outcome_of_file(binary.as_bytes()), @"
    error PLY_DIALECT: type short of property z: the render service's reader takes no char, short, ushort or float64 in a binary file
    error PLY_DIALECT: list more of element vertex: the render service's reader takes single numbers only
    error PLY_DIALECT: element camera: the render service's reader takes elements vertex and face only
    error SPLAT_COUNT: 0 splats, at least 100 are needed
    ");
    let ascii = format!(
        "ply\nformat ascii 1.0\nelement vertex 0\n{}{}end_header\n",
        properties(&names),
        properties(&["x", "y", "z"]),
    );
    assert_snapshot!(outcome_of_file(ascii.as_bytes()), @"
    error PLY_DIALECT: properties x, y, z that are not the first: the render service's reader takes x, y, z as the first three properties of an ASCII file
    error SPLAT_COUNT: 0 splats, at least 100 are needed
    ");
}

#[test]
fn findings_are_json() {
    let findings = competition0(&b"NGSP"[..], 4).unwrap();
    insta::assert_json_snapshot!(findings, @r#"
    [
      {
        "rule": "FILE_FORMAT",
        "severity": "error",
        "place": "file",
        "value": "SPZ",
        "limit": "3DGS PLY",
        "message": "a 3DGS PLY is needed, this is SPZ"
      }
    ]
    "#);
}

#[test]
fn the_docs_have_every_rule_and_no_other() {
    let docs = include_str!("../../../../docs/validation.md");
    let rows = docs.lines().filter_map(|line| {
        let (id, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        Some(format!("{id} {}", rest.split(' ').next()?))
    });
    let rules = Rule::ALL
        .iter()
        .map(|rule| format!("{} {}", rule.id(), format!("{:?}", rule.severity()).to_lowercase()));
    assert_eq!(rows.collect::<Vec<_>>(), rules.collect::<Vec<_>>());
}
