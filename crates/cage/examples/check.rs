//! Checks modules and prints verdicts and times: how the figures in docs/benchmarks.md were measured.
#![expect(clippy::print_stdout, reason = "an example for people")]

use std::time::Instant;

use cage::{Config, Pool, guest};

fn main() -> std::process::ExitCode {
    let mut args = std::env::args().skip(1).peekable();
    if args.peek().is_some_and(|first| first == "__cage") {
        return guest::enter::<guest::Modules>();
    }
    let start = now();
    let pool = Pool::new(Config::default()).expect("pool");
    println!("new {:?}", start.elapsed());
    pool.warm().expect("warm");
    println!("warm {:?}", start.elapsed());
    for path in args {
        let bytes = fs_err::read(&path).expect("module");
        let mut times = Vec::new();
        for _ in 0..200 {
            let start = now();
            let report = pool.check(&bytes).expect("verdict");
            times.push((start.elapsed(), report));
        }
        times.sort_by_key(|time| time.0);
        let (median, report) = &times[times.len() / 2];
        println!(
            "{path}: min {:?} median {median:?} max {:?}\n  {report:?}",
            times[0].0, times[199].0
        );
    }
    std::process::ExitCode::SUCCESS
}

#[expect(clippy::disallowed_methods, reason = "an example that measures")]
fn now() -> Instant {
    Instant::now()
}
