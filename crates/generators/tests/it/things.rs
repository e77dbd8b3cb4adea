//! Pictures, models and scripts for tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use asset::{ShDegree, Splats, SplatsParts};
use bytes::Bytes;
use generators::check::{Checks, Level, Modules};
use generators::{Bounds, Card, Catalogue, Command, Generator, Guarded, Program, Request};
use pod::wire::{Kind, Seed};

/// The smallest PNG: one pixel.
pub(crate) fn picture() -> Bytes {
    let mut bytes = Vec::new();
    let picture = image::RgbaImage::from_pixel(1, 1, image::Rgba([200, 30, 30, 255]));
    picture
        .write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png)
        .expect("a picture");
    bytes.into()
}

pub(crate) fn request(kind: Kind) -> Request {
    Request::new(picture(), Seed::from(7_u32), kind)
}

/// Splats in a slanted line, so that no two axes are alike.
pub(crate) fn splats() -> Splats {
    let mut parts = SplatsParts { sh_degree: ShDegree::ZERO, ..SplatsParts::default() };
    for i in 0..200 {
        let t = i as f32 / 200.0 - 0.5;
        parts.positions.push([0.3 * t, 0.9 * t, 0.6 * t * t]);
        parts.log_scales.push([-4.0, -4.5, -5.0]);
        parts.rotations.push([0.9, 0.1, 0.3, 0.2]);
        parts.raw_opacities.push(3.0);
        parts.sh_dc.push([0.2, 0.4, 0.6]);
    }
    Splats::new(parts).expect("splats")
}

pub(crate) fn ply(splats: &Splats) -> Vec<u8> {
    let mut bytes = Vec::new();
    asset::ply::write(splats, &mut bytes).expect("a file");
    bytes
}

pub(crate) fn card(kind: Kind) -> Card {
    Card {
        name: "test".to_owned(),
        kinds: vec![kind],
        licence: "MIT".to_owned(),
        cost: None,
        parallel: 1,
        is_deterministic: true,
    }
}

/// A shell script as a generator, with nothing around it. Its arguments are image, seed, output.
pub(crate) fn script(text: &str) -> Command {
    let arguments = [
        "sh",
        "-c",
        &text.replace('{', "{{").replace('}', "}}"),
        "sh",
        "{image}",
        "{seed}",
        "{output}",
    ];
    Command::new(card(Kind::Splats), Program::new(&arguments).expect("arguments"))
}

/// The same in its guard, with a look at the first bytes only.
pub(crate) fn guarded(inner: impl Generator + 'static, bounds: Bounds) -> Guarded {
    let checks = Checks {
        level: Level::Format,
        modules: Modules::new(generators::check::unrun()),
        ..Checks::strict()
    };
    Guarded::new(Arc::new(inner), checks, bounds)
}

pub(crate) fn catalogue(text: &str) -> Catalogue {
    let env = |name: &str| (name == "PATH").then(|| "/usr/bin:/bin".to_owned());
    Catalogue::read(text, &env)
        .expect("a configuration")
        .checking_modules(generators::check::unrun())
}

/// A file in a folder.
pub(crate) fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs_err::write(&path, bytes).expect("a file");
    path
}
