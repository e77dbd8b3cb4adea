//! Checks modules and prints verdicts and times: how the figures in docs/benchmarks.md were measured.
//!
//! `check FILE …` checks each file 200 times in a warm pool. `check cold FILE …` starts a process 20 times per file, which
//! makes a pool, checks the file and ends. `check once FILE …` is such a process.
#![expect(clippy::print_stdout, reason = "an example for people")]

use std::{
    env,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use cage::{Config, GUEST_COMMAND, Pool, Report, guest};

const WARM_RUNS: usize = 200;
const COLD_RUNS: usize = 20;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.split_first() {
        Some((first, _)) if first == GUEST_COMMAND => return guest::main(),
        Some((first, files)) if first == "cold" => cold(files),
        Some((first, files)) if first == "once" => once(files),
        _ => warm(&args),
    }
    ExitCode::SUCCESS
}

fn warm(files: &[String]) {
    let start = now();
    let pool = Pool::new(Config::default()).expect("pool");
    let made = start.elapsed();
    pool.warm().expect("warm");
    println!("made in {made:.1?}, warm after {:.1?}", start.elapsed());
    for file in files {
        let bytes = fs_err::read(file).expect("module");
        let mut last = None;
        let times = (0..WARM_RUNS).map(|_| {
            let start = now();
            last = Some(pool.check(&bytes).expect("verdict"));
            start.elapsed()
        });
        println!("{} {file}", spread(times.collect()));
        last.iter().for_each(tell);
    }
}

fn cold(files: &[String]) {
    for file in files {
        let times = (0..COLD_RUNS).map(|_| {
            let start = now();
            let program = env::current_exe().expect("own path");
            let status = Command::new(program).args(["once", file]).stdout(Stdio::null()).status();
            assert!(status.expect("started").success(), "{file}");
            start.elapsed()
        });
        println!("{} {file}", spread(times.collect()));
    }
}

fn once(files: &[String]) {
    let pool = Pool::new(Config::default()).expect("pool");
    for file in files {
        let bytes = fs_err::read(file).expect("module");
        tell(&pool.check(&bytes).expect("verdict"));
    }
}

fn tell(report: &Report) {
    let Report { failures, metrics, fuel, execution_ms, .. } = report;
    println!("  {failures:?} {metrics:?} {fuel:?}, function {execution_ms:?} ms");
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let (least, median, most) = (times[0], times[times.len() / 2], times[times.len() - 1]);
    format!("least {least:.1?}, median {median:.1?}, most {most:.1?}")
}

#[expect(clippy::disallowed_methods, reason = "an example that measures")]
fn now() -> Instant {
    Instant::now()
}
