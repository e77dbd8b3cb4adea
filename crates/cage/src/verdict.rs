//! How the end of a caged process becomes a failure of its module. Facts: threejs-modules.md section 6.5.

use std::time::Duration;

use rustix::process::Signal;
use threejs::{Failure, Rule, Stage};

use crate::{Config, protocol::End};

/// What the end of a process tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The module did it.
    Module(Failure),
    /// Somebody else did it, so it says nothing about the module.
    Outside(String),
}

/// Signals of a program that went wrong by itself.
const CRASHES: [(Signal, &str); 4] = [
    (Signal::SEGV, " (segmentation fault)"),
    (Signal::BUS, " (bus error)"),
    (Signal::ILL, " (illegal instruction)"),
    (Signal::FPE, " (arithmetic exception)"),
];

fn failure(rule: Rule, detail: impl Into<String>) -> Failure {
    Failure { stage: Stage::Execution, rule, detail: detail.into() }
}

/// A process that ended before it answered, `elapsed` after it got its module.
pub(crate) fn ended(end: End, elapsed: Duration, config: &Config) -> Verdict {
    let megabytes = config.limits.heap_bytes >> 20;
    let signal = match end {
        End::Exited(code) => {
            let detail = format!("worker exited unexpectedly with code {code}");
            return Verdict::Module(failure(Rule::ExecutionThrew, detail));
        }
        End::Signalled(signal) => Signal::from_named_raw(signal),
    };
    let out_of_time = || {
        let detail = format!("exceeded {} s of processor time; worker ended", config.cpu.as_secs());
        failure(Rule::TimeoutExceeded, detail)
    };
    Verdict::Module(match signal {
        Some(Signal::XCPU) => out_of_time(),
        // The kernel, for a process that ignores the softer signal; who else kills is not the module.
        Some(Signal::KILL) if elapsed >= config.cpu => out_of_time(),
        Some(Signal::KILL) => return Verdict::Outside("killed from outside".to_owned()),
        Some(Signal::SYS) => failure(
            Rule::RuntimeViolation,
            "Runtime violation: the module's process made a system call that the cage forbids",
        ),
        Some(Signal::ABORT) => failure(
            Rule::HeapExceeded,
            format!("worker aborted (likely exceeded {megabytes} MB heap)"),
        ),
        Some(signal) => {
            let name =
                CRASHES.iter().find(|&&(crash, _)| crash == signal).map_or("", |&(_, name)| name);
            let detail =
                format!("worker exited unexpectedly with signal {}{name}", signal.as_raw());
            failure(Rule::ExecutionThrew, detail)
        }
        None => failure(Rule::ExecutionThrew, "worker exited unexpectedly with an unknown signal"),
    })
}

/// A process that still computed when its wall time was up, where that is to fail a module.
pub(crate) fn out_of_wall_time(config: &Config) -> Failure {
    failure(Rule::TimeoutExceeded, format!("exceeded {}ms", config.wall.as_millis()))
}

/// A process that neither computes nor answers: it waits for something, which none of ours does.
pub(crate) fn idle() -> Failure {
    failure(Rule::TimeoutExceeded, "worker neither computed nor answered; worker ended")
}

/// A process that closed its connection and went on.
pub(crate) fn hung_up() -> Failure {
    failure(Rule::ExecutionThrew, "worker exited unexpectedly: it closed its connection")
}

/// A process that answered, but nothing that our own code would.
pub(crate) fn bad_answer(what: impl std::fmt::Display) -> Failure {
    failure(Rule::ExecutionThrew, format!("worker gave an answer that cannot be used: {what}"))
}
