//! A folder of its own for each test, small inputs, and the binary. The only file here that knows how to call it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use asset::{Splats, SplatsParts};
use image::{Rgba, RgbaImage};

pub(crate) struct Workplace {
    folder: tempfile::TempDir,
}

/// What a run of the binary left behind.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workplace {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn picture(&self, name: &str) -> RgbaImage {
        vision::decode(&self.read(name)).unwrap()
    }

    /// Names of the files in a folder, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub(crate) fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crucible"));
        command.current_dir(self.folder.path()).args(args.split_whitespace());
        command
    }

    /// Runs the binary in the folder. Arguments are split at spaces.
    pub(crate) fn run(&self, args: &str) -> Run {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        Run {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// As [`Self::run`], for what must succeed.
    pub(crate) fn ok(&self, args: &str) -> String {
        let run = self.run(args);
        assert_eq!(run.code, 0, "crucible {args}: {}", run.stderr);
        run.stdout
    }

    /// A PLY of a coloured ball.
    pub(crate) fn ball(&self, name: &str) -> PathBuf {
        let mut bytes = Vec::new();
        asset::ply::write(&ball(4000), &mut bytes).unwrap();
        self.write(name, bytes)
    }

    /// A picture of a red egg on a gray backdrop, as PNG.
    pub(crate) fn egg(&self, name: &str) -> PathBuf {
        let picture = RgbaImage::from_fn(200, 240, |x, y| {
            let (dx, dy) = ((x as f32 - 100.0) / 60.0, (y as f32 - 120.0) / 85.0);
            let r2 = dx * dx + dy * dy;
            if r2 < 1.0 {
                let shade = 0.4 + 0.6 * (1.0 - r2).sqrt();
                Rgba([(225.0 * shade) as u8, (70.0 * shade) as u8, (50.0 * shade) as u8, 255])
            } else {
                let gray = 150 + (y / 8) as u8;
                Rgba([gray, gray, gray + 4, 255])
            }
        });
        self.write(name, render::png::encode(&picture))
    }
}

/// A ball of radius 0.45 whose colour follows its normal; points on a golden spiral.
pub(crate) fn ball(splat_count: usize) -> Splats {
    let mut parts = SplatsParts::default();
    for idx in 0..splat_count {
        let y = 1.0 - 2.0 * (idx as f64 + 0.5) / splat_count as f64;
        let angle = idx as f64 * 2.399_963_229_728_653;
        let (sin, cos) = libm::sincos(angle);
        let ring = (1.0 - y * y).sqrt();
        let normal = [ring * cos, y, ring * sin].map(|c| c as f32);
        parts.positions.push(normal.map(|c| 0.45 * c));
        parts.log_scales.push([-4.2; 3]);
        parts.rotations.push([1.0, 0.0, 0.0, 0.0]);
        parts.raw_opacities.push(4.0);
        parts.sh_dc.push(normal);
    }
    Splats::new(parts).unwrap()
}
