//! `inspect`, `validate`, `convert` and the help texts.

use insta::assert_snapshot;
use serde_json::Value;

use crate::workplace::{Workplace, ball};

#[test]
fn help_names_every_command() {
    let help = Workplace::new().ok("--help");
    for command in
        ["generate", "render", "inspect", "validate", "convert", "distance", "eval", "serve"]
    {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is not in:\n{help}");
    }
}

#[test]
fn inspect_is_for_people_and_for_programs() {
    let place = Workplace::new();
    place.ball("ball.ply");
    assert_snapshot!(place.ok("inspect ball.ply"));
    let json: Value = serde_json::from_str(&place.ok("inspect ball.ply --json")).unwrap();
    assert_snapshot!(serde_json::to_string_pretty(&json).unwrap());
}

#[test]
fn validate_says_yes_no_or_unreadable() {
    let place = Workplace::new();
    place.write("good.ply", ply_of_ball(8000, |_| {}));
    place.write("few.ply", ply_of_ball(50, |_| {}));
    place.write("nan.ply", ply_of_ball(8000, |parts| parts.positions[17][1] = f32::NAN));
    place.write("cut.ply", &ply_of_ball(8000, |_| {})[..5000]);
    place.write("text.ply", "hello\n");

    let outcome = |name: &str| {
        let run = place.run(&format!("validate {name}"));
        format!("{}\n{}{}", run.code, run.stdout, run.stderr)
    };
    assert_snapshot!(outcome("good.ply"), @"
    0
    good.ply: valid for competition 0
    ");
    assert_snapshot!(outcome("few.ply"), @"
    1
    error SPLAT_COUNT: 50 splats, at least 100 are needed
    few.ply: not valid for competition 0
    ");
    assert_snapshot!(outcome("nan.ply"), @"
    1
    error FINITE: 1 values of positions are not finite (1 NaN, 0 infinite), the first one in splat 17
    nan.ply: not valid for competition 0
    ");
    assert_snapshot!(outcome("cut.ply"), @"
    2
    error: cut.ply: ply: the file ends at byte 5000, in record 67 of 8000 of element vertex
    ");
    assert_snapshot!(outcome("text.ply"), @r#"
    2
    error: text.ply: a 3DGS PLY is needed, this is a file that starts with "hell"
    "#);
    assert_snapshot!(outcome("none.ply"), @"
    2
    error: failed to open file `none.ply`: No such file or directory (os error 2)
    ");

    let json = |name: &str| -> Value {
        serde_json::from_str(&place.run(&format!("validate {name} --json")).stdout).unwrap()
    };
    assert_eq!(json("good.ply")["valid"], true);
    assert_eq!(json("nan.ply")["findings"][0]["rule"], "FINITE");
    assert_eq!(json("cut.ply")["findings"][0]["rule"], "PLY_READABLE");
}

#[test]
fn every_format_can_be_converted_to_every_other() {
    let place = Workplace::new();
    place.ball("ball.ply");
    place.ok("convert ball.ply v3.spz");
    place.ok("convert v3.spz v4.spz --spz v4");
    place.ok("convert v4.spz subnet.spz --spz 404");
    place.ok("convert subnet.spz back.ply");
    place.ok("convert ball.ply same.ply");
    assert_eq!(place.read("ball.ply"), place.read("same.ply"), "PLY to PLY");
    assert_eq!(&place.read("v4.spz")[..4], b"NGSP");
    assert_eq!(&place.read("v3.spz")[..2], [0x1f, 0x8b], "gzip");
    assert_eq!(&place.read("subnet.spz")[..4], [0x28, 0xb5, 0x2f, 0xfd], "zstd");

    // Three times quantised: pictures, not numbers, say whether it is still the same ball.
    place.ok("render ball.ply -o a.png --size 128");
    place.ok("render back.ply -o b.png --size 128");
    let psnr_db =
        vision::metrics::psnr(&place.picture("a.png"), &place.picture("b.png"), None).unwrap();
    assert!(psnr_db > 38.0, "PSNR {psnr_db:.1} dB after PLY, SPZ v3, v4, 404-SPZ, PLY");
}

#[test]
fn outputs_we_cannot_write_are_refused_before_any_work() {
    let place = Workplace::new();
    place.ball("ball.ply");
    place.egg("egg.png");
    for args in [
        "convert ball.ply ball.fbx",
        "generate egg.png -o egg",
        "generate egg.png -o a.ply -o b.fbx",
    ] {
        let run = place.run(args);
        assert_eq!(run.code, 2, "crucible {args}");
        assert!(
            run.stderr.contains("the name of an asset to write ends in .ply"),
            "{}",
            run.stderr
        );
    }
    assert_eq!(place.names(".").join(" "), "ball.ply egg.png");
}

fn ply_of_ball(splat_count: usize, edit: impl Fn(&mut asset::SplatsParts)) -> Vec<u8> {
    let mut parts = ball(splat_count).into_parts();
    edit(&mut parts);
    let mut bytes = Vec::new();
    asset::ply::write(&asset::Splats::new(parts).unwrap(), &mut bytes).unwrap();
    bytes
}
