//! Development commands: `cargo xtask NAME`.

mod formats;
mod pictures;
mod tour;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "cargo xtask pictures [--check] [--only NAME] [--draft DIR] | cargo xtask tour | cargo xtask formats [--check]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<(), Box<dyn Error>> {
    let value =
        |flag: &str| args.iter().position(|arg| arg == flag).and_then(|at| args.get(at + 1));
    let only = value("--only").map(String::as_str);
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let shipped = &project.join("assets/pictures");
    match args.first().map(String::as_str) {
        Some("pictures") => match value("--draft") {
            Some(folder) => pictures::write(Path::new(folder), only, true),
            None if args.iter().any(|arg| arg == "--check") => pictures::check(shipped, only),
            None => pictures::write(shipped, only, false),
        },
        Some("formats") if args.iter().any(|arg| arg == "--check") => formats::check(&project),
        Some("formats") => formats::write(&project),
        Some("tour") => tour::write(shipped, &project.join("docs/images/tour.jpg")),
        _ => Err(USAGE.into()),
    }
}

#[expect(clippy::print_stderr, reason = "the only place of this program that talks")]
fn say(line: &str) {
    eprintln!("{line}");
}
