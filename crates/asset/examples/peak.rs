//! Seconds and peak memory of reading or writing one file, each in a process of its own (Linux).
//!
//! `cargo run --release -p asset --example peak -- make 1000000 X.ply`, then `… -- read X.ply`, or `… -- convert X.ply Y`.
//! The ending of Y tells the format: `.compressed.ply`, `.ply`, `.v3.spz`, or `.spz` (version 4).
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a program of its own")]

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use asset::{Splats, compressed_ply, ply, spz};

#[path = "../tests/it/make.rs"]
mod make;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (splats, start, before_mib) = match words[..] {
        ["make", count, path] => {
            let splats = make::splats(count.parse()?, 3);
            let (before_mib, start) = (peak_mib()?, Instant::now());
            write(&splats, path)?;
            (splats, start, before_mib)
        }
        ["read", path] => {
            let (before_mib, start, file) = (peak_mib()?, Instant::now(), File::open(path)?);
            let byte_len = file.metadata()?.len();
            (asset::read_splats(file, Some(byte_len))?.0, start, before_mib)
        }
        ["convert", from, to] => {
            let (before_mib, start, file) = (peak_mib()?, Instant::now(), File::open(from)?);
            let byte_len = file.metadata()?.len();
            let splats = asset::read_splats(file, Some(byte_len))?.0;
            println!("read after {:.3} s", start.elapsed().as_secs_f64());
            write(&splats, to)?;
            (splats, start, before_mib)
        }
        _ => return Err("make COUNT PATH, read PATH, or convert PATH PATH".into()),
    };
    let seconds = start.elapsed().as_secs_f64();
    let data_mib = (splats.len() * (14 + splats.sh_degree().rest_values()) * 4) as f64 / 1048576.0;
    let after_mib = peak_mib()?;
    println!(
        "{} splats, {data_mib:.1} MiB: {seconds:.3} s, peak memory {before_mib:.1} -> {after_mib:.1} MiB",
        splats.len()
    );
    Ok(())
}

fn write(splats: &Splats, path: &str) -> Result<(), Box<dyn Error>> {
    let file = File::create(path)?;
    if path.ends_with(".v3.spz") {
        spz::write(splats, spz::Version::V3, file)?;
    } else if path.ends_with(".spz") {
        spz::write(splats, spz::Version::V4, file)?;
    } else if path.ends_with(".compressed.ply") {
        compressed_ply::write(splats, compressed_ply::Order::Compact, file)?;
    } else {
        ply::write(splats, file)?;
    }
    Ok(())
}

/// Largest resident memory of this process so far.
fn peak_mib() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}
