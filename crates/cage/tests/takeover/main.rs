//! A test-only guest: stands for a module that has taken its process over and runs machine code in it.
//!
//! `cage-takeover` runs every attack in a cage of its own and prints what became of it; it fails when one succeeds.
//! `cage-takeover NAME …` runs those only, `cage-takeover --uncaged NAME …` without landlock and seccomp, to see the difference.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people and tests")]

mod attacks;
mod ends;

use std::process::ExitCode;

use cage::{
    Config, GUEST_COMMAND, Pool,
    guest::{self, Modules, Payload},
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use threejs::engine::Limits;

/// How an attack tells that it went through; refusals exit with the error number plus [`REFUSED`].
const SUCCEEDED: i32 = 60;
const REFUSED: i32 = 61;

/// An attacker where modules run otherwise. A first line `// attack NAME` names what it does; other modules just run.
struct Attacker {
    modules: Modules,
    /// What came of opening files in the zygote, where landlock is the only layer against it.
    landlock: attacks::Outcome,
}

impl Payload for Attacker {
    fn prepare(limits: &Limits) -> Result<Self, String> {
        Ok(Self { modules: Modules::prepare(limits)?, landlock: attacks::open_any() })
    }

    fn run(self, source: &str, reply_bytes_max: usize) -> Vec<u8> {
        let name = source.lines().next().and_then(|line| line.strip_prefix("// attack "));
        match name {
            None => self.modules.run(source, reply_bytes_max),
            Some("landlock-alone") => leave(code(self.landlock)),
            Some("reply-twice") => {
                let answer = self.modules.run(source, reply_bytes_max);
                ends::say(&(answer.len() as u64).to_le_bytes());
                ends::say(&answer);
                answer
            }
            Some(name) => match attacks::find(name) {
                Some(attack) => leave(code(attack())),
                None => ends::meet(name, reply_bytes_max),
            },
        }
    }
}

fn code(outcome: attacks::Outcome) -> i32 {
    match outcome {
        Ok(()) => SUCCEEDED,
        Err(error) => REFUSED.saturating_add(error).min(255),
    }
}

fn leave(code: i32) -> ! {
    // Not `exit`, whose clean-up makes calls that the cage forbids.
    #[expect(unsafe_code, reason = "an attacker does as it likes")]
    // SAFETY: it has no requirements.
    unsafe {
        libc::_exit(code)
    }
}

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|first| first == GUEST_COMMAND) {
        if let Some(call) = args.iter().find_map(|arg| arg.strip_prefix("without-")) {
            lack(call);
        }
        return guest::enter::<Attacker>();
    }
    let uncaged = args.first().is_some_and(|first| first == "--uncaged");
    if uncaged {
        args.remove(0);
    }
    if args.first().is_some_and(|first| first == "--leak") {
        return leak(500);
    }
    let pool = match Pool::new(Config { uncaged, ..Config::default() }) {
        Ok(pool) => pool,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let mut successes = 0;
    let all = args.is_empty() && !uncaged;
    let names = attacks::names().chain(["landlock-alone"]);
    for name in names.filter(|name| all || args.iter().any(|arg| arg == name)) {
        let source = format!("// attack {name}\nexport default function () {{}}");
        let fate = match pool.check(source.as_bytes()) {
            Ok(report) => fate(&report),
            Err(error) => format!("error: {error}"),
        };
        successes += u32::from(!(fate == "killed" || fate.starts_with("refused")));
        println!("{name:24} {fate}");
    }
    if successes == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// From now on the kernel behaves like one that does not have the call, or was told not to offer it.
fn lack(call: &str) {
    let number = match call {
        "landlock" => libc::SYS_landlock_create_ruleset,
        "seccomp" => libc::SYS_seccomp,
        other => panic!("no way to lack {other}"),
    };
    let arch = std::env::consts::ARCH.try_into().expect("a known architecture");
    let errno = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    let filter = SeccompFilter::new([(number, vec![])].into(), SeccompAction::Allow, errno, arch);
    let program: BpfProgram = filter.and_then(TryInto::try_into).expect("a filter");
    seccompiler::apply_filter(&program).expect("seccomp");
}

/// What became of an attack, told from outside.
fn fate(report: &cage::Report) -> String {
    let detail = report.failures.first().map_or("passed", |failure| &failure.detail);
    let code = detail.strip_prefix("worker exited unexpectedly with code ");
    match code.and_then(|code| code.parse::<i32>().ok()) {
        Some(SUCCEEDED) => "SUCCEEDED".to_owned(),
        Some(code) if code >= REFUSED => {
            format!("refused: {}", std::io::Error::from_raw_os_error(code - REFUSED))
        }
        _ if detail.contains("system call that the cage forbids") => "killed".to_owned(),
        _ => detail.to_owned(),
    }
}

/// Descriptors of this process before and after so many checks, good and bad.
fn leak(checks: usize) -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "the path is fixed")]
    let open = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let kinds =
        ["export default (THREE) => new THREE.Group()", "// attack segv\nexport default () => 0"];
    let pool = Pool::new(Config::default()).and_then(|pool| pool.warm().map(|()| pool));
    let Ok(pool) = pool else { return ExitCode::from(2) };
    let mut counts = Vec::new();
    for idx in 0..checks {
        if pool.check(kinds[idx % kinds.len()].as_bytes()).is_err() {
            return ExitCode::from(2);
        }
        if idx == 9 || idx == checks - 1 {
            counts.push(open());
        }
    }
    println!("{} open after 10 checks, {} after {checks}", counts[0], counts[1]);
    if counts[0] == counts[1] { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
