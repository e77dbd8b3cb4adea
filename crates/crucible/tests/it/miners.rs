//! `docs/miners.md`, followed to the letter: the example program makes what its services hand out.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::workplace::Workplace;

fn template() -> PathBuf {
    std::path::absolute("../../docker/template").unwrap()
}

/// A Python with what the example needs; without it nothing is checked, which is said.
#[track_caller]
#[expect(clippy::print_stderr, reason = "nobody should think that this was tested")]
fn python() -> Option<PathBuf> {
    let Ok(python) = std::env::var("CRUCIBLE_MINER_PYTHON") else {
        let place = std::panic::Location::caller();
        eprintln!("SKIPPED at {place}: CRUCIBLE_MINER_PYTHON is not set (`make unit` sets it)");
        return None;
    };
    assert!(Path::new(&python).exists(), "CRUCIBLE_MINER_PYTHON: {python}");
    Some(python.into())
}

fn blocks(python: &Path, picture: &Path, output: &Path, seed: &str, kind: &str) -> Output {
    let program = template().join("generator/blocks.py");
    Command::new(python).arg(program).args([picture, output]).args([seed, kind]).output().unwrap()
}

#[test]
fn the_example_makes_valid_models_of_every_kind_and_the_same_ones_again() {
    let Some(python) = python() else { return };
    let place = Workplace::new();
    let picture = template().join("../../assets/pictures/clock.jpg");
    for (kind, ending) in [("splats", "ply"), ("mesh", "glb"), ("module", "js")] {
        let make = |seed: &str, name: &str| {
            let path = place.path(&format!("{name}.{ending}"));
            let made = blocks(&python, &picture, &path, seed, kind);
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            fs_err::read(path).unwrap()
        };
        let model = make("7", "one");
        place.ok(&format!("validate one.{ending}"));
        assert!(make("7", "again") == model, "{kind}: another file of the same seed");
        assert!(make("-9223372036854775808", "other") != model, "{kind}: the seed does nothing");
        place.ok(&format!("validate other.{ending}"));
    }
}

#[test]
fn the_example_takes_any_picture_and_says_what_is_none() {
    let Some(python) = python() else { return };
    let place = Workplace::new();
    let picture = |name: &str, image: image::DynamicImage| {
        let path = place.path(name);
        image.save(&path).unwrap();
        path
    };
    let clear = image::RgbaImage::new(40, 30);
    let mut dot = clear.clone();
    dot.put_pixel(20, 10, image::Rgba([200, 30, 30, 255]));
    let whole = [
        picture("plain.png", image::RgbImage::new(64, 48).into()),
        picture("dot.png", dot.into()),
        picture(
            "wide.png",
            image::GrayImage::from_fn(900, 2, |x, _| image::Luma([x as u8])).into(),
        ),
        picture("deep.png", image::DynamicImage::new_rgb16(20, 20)),
    ];
    for path in whole {
        let made = blocks(&python, &path, &place.path("model.js"), "0", "module");
        let words = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{}: {words}", path.display());
        place.ok("validate model.js");
    }
    let text = place.path("text.png");
    fs_err::write(&text, "no picture").unwrap();
    for path in [text, picture("clear.png", clear.into())] {
        let made = blocks(&python, &path, &place.path("none.js"), "0", "module");
        assert_eq!(made.status.code(), Some(65), "{}", path.display());
        assert!(!made.stderr.is_empty() && !place.path("none.js").exists());
    }
}

/// Serves the example as the page says, and holds the service to its contract.
fn check(service: &str) {
    let Some(python) = python() else { return };
    let binary = env!("CARGO_BIN_EXE_crucible");
    let folders = [python.parent().unwrap().to_owned()].into_iter();
    let path = std::env::var_os("PATH").unwrap();
    let folders = folders.chain(std::env::split_paths(&path));
    let serve = format!(
        "exec '{binary}' serve {service} --port {{port}} --generator blocks --generators generators.toml"
    );
    let checked = Command::new(binary)
        .current_dir(template())
        .env("PATH", std::env::join_paths(folders).unwrap())
        .args(["pod", "check", "--quick", "--image-cmd", &serve])
        .output()
        .unwrap();
    let said = [checked.stdout, checked.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(checked.status.success(), "{}\n{}", said[0], said[1]);
}

#[test]
fn the_example_served_in_batches_keeps_to_the_contract() {
    check("pod --allow-private-urls");
}

#[test]
fn the_example_served_one_by_one_keeps_to_the_contract() {
    check("generator --kind mesh");
}
