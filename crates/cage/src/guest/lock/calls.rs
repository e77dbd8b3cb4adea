//! The system calls a child may make, found by running modules and failing ones; any other ends the process at once.
//!
//! Nothing here names a path, an address, another process or a new descriptor.

use std::collections::BTreeMap;

use libc::{
    MADV_DONTNEED, MAP_ANONYMOUS, MAP_GROWSDOWN, MAP_HUGETLB, MAP_PRIVATE, MAP_TYPE, PROT_EXEC,
};
use rustix::{
    io::Errno,
    process::{Pid, WaitOptions, waitpid},
};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};

use super::{Unlocked, sys};

/// From here on, for good.
pub(super) fn restrict(own: Pid) -> Result<(), Unlocked> {
    let program = program(own).map_err(|error| Unlocked(format!("seccomp filter: {error}")))?;
    seccompiler::apply_filter(&program).map_err(|error| Unlocked(format!("seccomp: {error}")))
}

/// Whether the kernel takes the filter: tried in a child of its own, which it would bind for good.
pub(super) fn offered() -> Result<bool, Errno> {
    match sys::fork()? {
        None => {
            let code = i32::from(restrict(rustix::process::getpid()).is_err());
            sys::exit(code)
        }
        Some(child) => {
            let end = waitpid(Some(child), WaitOptions::empty())?;
            Ok(end.is_some_and(|(_, status)| status.exit_status() == Some(0)))
        }
    }
}

fn program(own: Pid) -> Result<BpfProgram, BackendError> {
    let own = u64::from(own.as_raw_nonzero().get().cast_unsigned());
    let mut rules = BTreeMap::new();
    for call in [
        // Memory goes back.
        libc::SYS_brk,
        libc::SYS_munmap,
        libc::SYS_mremap,
        // Ends: in order, or by `abort`, which tells who it is and restores the default action first.
        libc::SYS_exit_group,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        // Time, where it is not read without the kernel.
        libc::SYS_clock_gettime,
    ] {
        rules.insert(call, Vec::new());
    }
    let socket = equal(0, 0)?;
    rules.insert(libc::SYS_read, vec![SeccompRule::new(vec![socket.clone()])?]);
    // Standard error is closed, but the runtime tries to say why it aborts.
    let last_words = vec![SeccompRule::new(vec![equal(0, 2)?])?];
    rules.insert(libc::SYS_writev, last_words.clone());
    rules.insert(libc::SYS_write, [vec![SeccompRule::new(vec![socket])?], last_words].concat());
    // Memory of one's own, never of a file, never shared, never to be run.
    let never_run = masked(2, PROT_EXEC, 0)?;
    let kind = MAP_TYPE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_GROWSDOWN;
    let private = masked(3, kind, MAP_PRIVATE | MAP_ANONYMOUS)?;
    rules.insert(libc::SYS_mmap, vec![SeccompRule::new(vec![never_run.clone(), private])?]);
    rules.insert(libc::SYS_mprotect, vec![SeccompRule::new(vec![never_run])?]);
    rules.insert(libc::SYS_madvise, vec![SeccompRule::new(vec![masked(2, !0, MADV_DONTNEED)?])?]);
    // Unwinding after a panic wakes whoever waits in this process, and nobody does.
    let wake = equal(1, (libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG).cast_unsigned().into())?;
    rules.insert(libc::SYS_futex, vec![SeccompRule::new(vec![wake])?]);
    // Signals to oneself.
    rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![equal(0, own)?])?]);
    let arch = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, arch)?.try_into()
}

fn equal(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

fn masked(argument: u8, mask: i32, value: i32) -> Result<SeccompCondition, BackendError> {
    let (mask, value) = (mask.cast_unsigned().into(), value.cast_unsigned().into());
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask), value)
}
