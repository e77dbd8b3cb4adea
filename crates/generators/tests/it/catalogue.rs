//! Catalogues: what configurations give, and what is wrong with others.

use std::time::Duration;

use bytes::Bytes;
use generators::{Bounds, Catalogue, Failure, Generator, Request};
use insta::assert_snapshot;
use pod::wire::Kind;

use crate::things::{catalogue, file, guarded, ply, request, script, splats};

fn wrong(text: &str) -> String {
    Catalogue::read(text, &|_| None).expect_err("not a configuration").to_string()
}

#[test]
fn errors_name_the_generator_and_the_key() {
    assert_snapshot!(wrong("[generators.a]\ntype = \"magic\"\n"), @"generators.a: unknown variant `magic`, expected one of `builtin`, `command`, `single_shot`, `pod`, `prediction`");
    assert_snapshot!(wrong("[generators.a]\ntype = \"command\"\ncommand = [\"x\", \"{image}\"]"), @"generators.a: makes is missing: a list of splats, mesh, module");
    assert_snapshot!(wrong("[generators.a]\ntype = \"command\"\nmakes = [\"mesh\"]"), @"generators.a: missing field `command`");
    assert_snapshot!(wrong("[generators.a]\ntype = \"command\"\nmakes = [\"mesh\"]\ncommand = [\"x\", \"{picture}\"]"), @"generators.a: command: {picture} is none of {image}, {seed}, {seed_u32}, {output}, {stem}, {kind}, {scratch}");
    assert_snapshot!(wrong("[generators.a]\ntype = \"command\"\nmakes = [\"mesh\"]\ncommand = []"), @"generators.a: command: the first argument is not a program");
    assert_snapshot!(wrong("[generators.a]\ntype = \"builtin\"\ncolour = 1"), @"generators.a: unknown field `colour`, expected `quality` or `shape`");
    assert_snapshot!(wrong("[generators.a]\ntype = \"builtin\"\nquality = \"best\""), @r#"generators.a: quality: "best" is not one of draft, standard, high"#);
    assert_snapshot!(wrong("[generators.a]\ntype = \"builtin\"\nshape = \"ball\""), @r#"generators.a: shape: shape "ball" is not one of inflated, revolved, slab, block"#);
    assert_snapshot!(wrong("[generators.a]\ntype = \"builtin\"\ntime_s = 0"), @"generators.a: time_s: 0 is not from 0 to 604800 seconds");
    assert_snapshot!(wrong("[generators.a]\ntype = \"builtin\"\nparallel = 0"), @"generators.a: parallel: 0 is not from 1 to 10000");
    assert_snapshot!(wrong("[generators.a]\ntype = \"builtin\"\naxes = \"+z up\""), @"generators.a: axes: a module cannot be turned, it has to be upright already");
    assert_snapshot!(wrong("[generators.\"A b\"]\ntype = \"builtin\""), @"generators.A b: a name has lower-case letters, digits, - and _, and at most 64 of them");
    assert_snapshot!(wrong("[generators.builtin]\ntype = \"command\"\nmakes = [\"mesh\"]\ncommand = [\"x\", \"{image}\"]"), @"generators.builtin: the name builtin is for the type builtin");
    assert!(wrong("[generators.a\n").contains("line 1"), "{}", wrong("[generators.a\n"));
}

#[test]
fn the_builtin_generator_is_always_there() {
    for catalogue in [Catalogue::default(), catalogue("")] {
        assert_eq!(catalogue.names().collect::<Vec<_>>(), ["builtin"]);
        let builtin = catalogue.get("builtin").expect("there");
        assert_eq!(builtin.card().kinds, Kind::ALL);
        assert!(builtin.card().is_deterministic);
        assert!(catalogue.get("other").is_none());
    }
}

#[tokio::test]
async fn the_builtin_generator_says_once_that_it_is_the_picture() {
    let builtin = Catalogue::default().get("builtin").expect("there");
    let text = Request::new(Bytes::from_static(b"no picture"), 1_u32.into(), Kind::Splats);
    let failure = builtin.generate(text).await.expect_err("no picture");
    assert_snapshot!(failure, @"picture: neither PNG, JPEG nor WebP");
}

#[tokio::test]
async fn a_command_of_a_configuration_makes_a_checked_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = file(folder.path(), "model.ply", &ply(&splats()));
    let text = format!(
        r#"
[generators.copy]
type = "command"
makes = ["splats"]
licence = "CC0-1.0"
cost_usd = 0.01
parallel = 4
command = ["cp", "{model}", "{{output}}"]
env = {{ PICTURE = "ignored" }}

[generators.look]
type = "command"
makes = ["splats"]
command = ["cp", "{{image}}", "{{output}}"]
"#,
        model = model.display()
    );
    let catalogue = catalogue(&text);
    assert_eq!(catalogue.names().collect::<Vec<_>>(), ["builtin", "copy", "look"]);
    let copy = catalogue.get("copy").expect("there");
    copy.ready().await.expect("there is a shell");
    let made = copy.generate(request(Kind::Splats)).await.expect("a model");
    assert_eq!(made.bytes, ply(&splats()));
    assert_eq!(made.licence, "CC0-1.0");
    assert_eq!(made.cost.map(|cost| cost.micros), Some(10_000));
    let failure = copy.generate(request(Kind::Mesh)).await.expect_err("no meshes");
    assert_snapshot!(failure, @"copy does not make mesh");
    let look = catalogue.get("look").expect("there");
    let failure = look.generate(request(Kind::Splats)).await.expect_err("a picture is no model");
    assert_snapshot!(failure, @"the model made breaks the rules: not a PLY file");
}

#[tokio::test]
async fn transient_failures_are_tried_again_and_noted() {
    let folder = tempfile::tempdir().expect("a folder");
    let count = folder.path().join("count");
    let text = format!(
        "echo x >> {0}; [ $(wc -l < {0}) -ge 3 ] || {{ echo busy >&2; exit 75; }}; echo ply > \"$3\"",
        count.display()
    );
    let pauses =
        generators::Pauses { first: Duration::from_millis(1), longest: Duration::from_millis(2) };
    let bounds = Bounds { tries: 3, pauses, ..Bounds::default() };
    let made = guarded(script(&text), bounds).generate(request(Kind::Splats)).await;
    assert_eq!(
        made.expect("the third time").notes,
        ["try 1: test: busy: busy", "try 2: test: busy: busy"]
    );
    fs_err::remove_file(&count).expect("written");
    let bounds = Bounds { tries: 2, ..bounds };
    let failure = guarded(script(&text), bounds).generate(request(Kind::Splats)).await;
    assert_eq!(failure.expect_err("twice"), Failure::Transient("test: busy: busy".to_owned()));
    let lines = || fs_err::read_to_string(&count).expect("written").lines().count();
    assert_eq!(lines(), 2);
    let text = format!("echo x >> {}; exit 1", count.display());
    guarded(script(&text), bounds).generate(request(Kind::Splats)).await.expect_err("for good");
    assert_eq!(lines(), 3, "what fails for good is not tried again");
}

#[test]
fn the_example_of_the_documentation_is_one() {
    let page = include_str!("../../../../docs/generators.md");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    let env = |name: &str| Some(format!("value of {name}"));
    let catalogue = Catalogue::read(example.expect("an example"), &env).expect("it can be read");
    let names: Vec<&str> = catalogue.names().collect();
    assert_eq!(names, ["builtin", "hunyuan", "mine", "modules", "quick", "trellis"]);
    assert!(catalogue.text_to_image().is_some());
    assert_eq!(catalogue.get("modules").expect("there").card().kinds, [Kind::Module]);
}

#[tokio::test]
async fn the_builtin_generator_takes_the_shape_it_is_told() {
    let catalogue = catalogue(
        "[generators.flat]\ntype = \"builtin\"\nquality = \"draft\"\nshape = \"slab\"\n\
         [generators.round]\ntype = \"builtin\"\nquality = \"draft\"\nshape = \"inflated\"",
    );
    let mut made = Vec::new();
    for name in ["flat", "round"] {
        let mut request = request(Kind::Splats);
        request.picture = ball();
        let generator = catalogue.get(name).expect("it is configured");
        made.push(generator.generate(request).await.expect("splats").bytes);
    }
    assert_ne!(made[0], made[1]);
}

/// A red ball, cut out.
fn ball() -> Bytes {
    let picture = image::RgbaImage::from_fn(128, 128, |x, y| {
        let (x, y) = (f64::from(x) - 64.0, f64::from(y) - 64.0);
        image::Rgba([200, 40, 30, if x * x + y * y < 2500.0 { 255 } else { 0 }])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture");
    bytes.into_inner().into()
}
