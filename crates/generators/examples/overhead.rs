//! What a guarded command generator adds to the program it starts: medians of many calls, beside starting the same program
//! and nothing else. `cargo run --release -p generators --example overhead -- [CALLS]`

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use asset::{Splats, SplatsParts};
use generators::{Catalogue, Request};
use pod::wire::{Kind, Seed};

/// A valid file of so many splats in a box.
fn model(count: usize) -> Vec<u8> {
    let mut parts = SplatsParts::default();
    for i in 0..count {
        let part = |step: usize| (i * step % 997) as f32 / 997.0 - 0.5;
        parts.positions.push([part(1), part(7), part(31)]);
        parts.log_scales.push([-5.0; 3]);
        parts.rotations.push([1.0, 0.0, 0.0, 0.0]);
        parts.raw_opacities.push(3.0);
        parts.sh_dc.push([0.2, 0.4, 0.6]);
    }
    let mut bytes = Vec::new();
    let splats = Splats::new(parts).expect("attributes of one length");
    asset::ply::write(&splats, &mut bytes).expect("memory");
    bytes
}

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn clock() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
fn main() {
    let calls = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(300);
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!("{:>10} {:>10} {:>10} {:>10}", "bytes", "cp ms", "format ms", "full ms");
    for count in [200, 10_000, 100_000] {
        let path = folder.path().join("model.ply");
        let bytes = model(count);
        fs_err::write(&path, &bytes).expect("a file");
        let copy = folder.path().join("copy.ply");
        let plain = (0..calls).map(|_| {
            let start = clock();
            let status = Command::new("cp").arg(&path).arg(&copy).stdin(Stdio::null()).status();
            assert!(status.expect("cp").success());
            start.elapsed()
        });
        let plain = median_ms(plain.collect());
        let guarded = ["format", "full"].map(|check| {
            let text = format!(
                "[generators.copy]\ntype = \"command\"\nmakes = [\"splats\"]\ncheck = \"{check}\"\nscratch = \"{}\"\ncommand = [\"cp\", \"{}\", \"{{output}}\"]\n",
                folder.path().display(),
                path.display()
            );
            let catalogue = Catalogue::read(&text, &|_| None).expect("a configuration");
            let copy = catalogue.get("copy").expect("just configured");
            let picture = bytes::Bytes::from_static(b"\xff\xd8\xff");
            let times = (0..calls).map(|_| {
                let request = Request::new(picture.clone(), Seed::from(1_u32), Kind::Splats);
                let start = clock();
                let made = runtime.block_on(copy.generate(request)).expect("a model");
                assert_eq!(made.bytes.len(), bytes.len());
                start.elapsed()
            });
            median_ms(times.collect())
        });
        let [format, full] = guarded;
        println!("{:>10} {plain:>10.2} {format:>10.2} {full:>10.2}", bytes.len());
    }
}
