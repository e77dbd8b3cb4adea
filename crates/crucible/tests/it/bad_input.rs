//! Wrong, truncated, hostile and huge files: one line that names file, field and limit; exit code 2; no result.

use insta::assert_snapshot;

use crate::workplace::Workplace;

/// The error line of a run that must fail with exit code 2 and say nothing else.
fn refusal(place: &Workplace, args: &str) -> String {
    let run = place.run(args);
    assert_eq!(run.code, 2, "crucible {args}: {}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout, "", "crucible {args} printed a result");
    assert_eq!(run.stderr.lines().count(), 1, "crucible {args}: {}", run.stderr);
    run.stderr.trim_end().to_owned()
}

fn asset_refusal(bytes: &[u8]) -> String {
    let place = Workplace::new();
    place.write("x.ply", bytes);
    let inspected = refusal(&place, "inspect x.ply");
    assert_eq!(refusal(&place, "render x.ply -o x.png"), inspected);
    assert_eq!(place.names(".").join(" "), "x.ply", "something was written");
    inspected
}

fn picture_refusal(bytes: &[u8]) -> String {
    let place = Workplace::new();
    place.write("x.png", bytes);
    let refused = refusal(&place, "generate x.png -o x.ply --quality draft");
    assert_eq!(place.names(".").join(" "), "x.png", "something was written");
    refused
}

fn ply_header(count: &str) -> String {
    let properties: String =
        "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3"
            .split(' ')
            .map(|name| format!("property float {name}\n"))
            .collect();
    format!(
        "ply\nformat binary_little_endian 1.0\nelement vertex {count}\n{properties}end_header\n"
    )
}

/// An 8-bit RGBA PNG header for a picture of this size, and nothing after it.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend(width.to_be_bytes());
    chunk.extend(height.to_be_bytes());
    chunk.extend([8, 6, 0, 0, 0]);
    let crc = !chunk.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    });
    [b"\x89PNG\r\n\x1a\n\0\0\0\x0d".as_slice(), &chunk, &crc.to_be_bytes()].concat()
}

#[test]
fn broken_assets_are_refused_in_one_line() {
    assert_snapshot!(asset_refusal(b""), @"error: x.ply: the file is empty");
    assert_snapshot!(asset_refusal(b"GIF89a"), @r#"error: x.ply: the file starts with "GIF8", which is none of the formats we read: 3DGS PLY, SPZ, 404-SPZ, Three.js module"#);
    assert_snapshot!(asset_refusal(b"ply\nformat binary_little_endian 1.0\nend_header\n"), @"error: x.ply: ply header: there is no element vertex");
    assert_snapshot!(asset_refusal(ply_header("1000000000000").as_bytes()), @"error: x.ply: ply header, line 3: 1000000000000 vertices, our limit is 16777216");
    assert_snapshot!(asset_refusal(ply_header("16000000").as_bytes()), @"error: x.ply: ply: the file ends at byte 364, in record 0 of 16000000 of element vertex");
    assert_snapshot!(asset_refusal(ply_header("-3").as_bytes()), @r#"error: x.ply: ply header, line 3: "element NAME COUNT" expected, found "element vertex -3""#);
    let ascii = ply_header("1").replace("binary_little_endian", "ascii");
    assert_snapshot!(asset_refusal(format!("{ascii}1 2 3 4 five\n").as_bytes()), @"error: x.ply: ply, line 19: 5 values, a record of element vertex has 14");
    assert_snapshot!(asset_refusal(b"\x1f\x8b\x08\0\0\0\0\0\0\x03garbage"), @"error: x.ply: spz: the gzip stream is broken: corrupt deflate stream");
    assert_snapshot!(asset_refusal(b"NGSP\x04\0\0\0\xff\xff\xff\xff\x03\x0c\0\x06"), @"error: x.ply: spz: the file ends at byte 16, within the header");
}

#[test]
fn broken_pictures_are_refused_in_one_line() {
    assert_snapshot!(picture_refusal(b""), @"error: x.png: picture: neither PNG, JPEG nor WebP");
    assert_snapshot!(picture_refusal(b"not a picture"), @"error: x.png: picture: neither PNG, JPEG nor WebP");
    assert_snapshot!(picture_refusal(&png_header(60_000, 60_000)), @"error: x.png: picture, width: 60000 pixels, our limit is 16384");
    assert_snapshot!(picture_refusal(&png_header(100, 100)), @"error: x.png: PNG picture: unexpected end of file");
    let flat = image::RgbaImage::from_pixel(64, 64, image::Rgba([90, 120, 150, 255]));
    assert_snapshot!(picture_refusal(&render::png::encode(&flat)), @"error: x.png: no object found in the picture: picture: no object stands out from the backdrop");
    let clear = image::RgbaImage::new(64, 64);
    assert_snapshot!(picture_refusal(&render::png::encode(&clear)), @"error: x.png: no object found in the picture: picture, alpha channel: every pixel is transparent");
}

#[test]
fn wrong_arguments_are_refused() {
    let place = Workplace::new();
    place.ball("ball.ply");
    assert_snapshot!(refusal(&place, "inspect missing.ply"), @"error: failed to open file `missing.ply`: No such file or directory (os error 2)");
    assert_snapshot!(refusal(&place, "inspect ."), @"error: .: is not a file");
    assert_snapshot!(refusal(&place, "render ball.ply -o x.png --size 0"), @"error: picture size (pixels) 0 is outside 1 to 8192");
    assert_snapshot!(refusal(&place, "render ball.ply -o x.png --size 1000000"), @"error: picture size (pixels) 1000000 is outside 1 to 8192");
    assert_snapshot!(refusal(&place, "render ball.ply -o x.png --fov 180"), @"error: field of view (degrees) 180 is outside 0.1 to 170");
    assert_snapshot!(refusal(&place, "render ball.ply -o x.png --radius NaN"), @"error: radius (metres) NaN is outside 0.01 to 100");
    for args in ["--views sideways", "--views 30", "--background fff"] {
        let run = place.run(&format!("render ball.ply -o x.png {args}"));
        assert_eq!(run.code, 2, "{args}: {}", run.stderr);
    }
    assert_snapshot!(refusal(&place, "render ball.ply -o ball.ply/x.png"), @"error: failed to create directory `ball.ply`: File exists (os error 17)");
    assert_snapshot!(refusal(&place, "render ball.ply -o ."), @"error: .: is a folder; name a file");
}
