//! Lock-down, of the zygote and then of each child. Each layer is meant to hold alone.
//!
//! The zygote: no file, no network port, no signal to others (landlock), no new rights through `execve`.
//! A child, besides: no descriptor but its socket, no capability, bounds on memory, processor time and everything
//! countable (rlimits), and the system calls of [`calls`] only (seccomp). Any step that fails ends the process.

mod calls;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus,
    Scope,
};
use rustix::{
    fd::OwnedFd,
    io::Errno,
    process::{Pid, Resource, Rlimit, Signal, getpid, getppid, getrlimit, setrlimit, setsid},
    thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs},
};

use super::sys;
use crate::protocol::{Note, SetUp};

/// Stack for our own frames, above what the interpreter may use.
const STACK_BYTES_EXTRA: usize = 1 << 20;
/// Address space that holds no memory of its own: program, libraries, stack, page-table noise.
const ADDRESS_BYTES_EXTRA: usize = 1 << 30;

/// The zygote was gone before the child was tied to it.
const CODE_ORPHAN: i32 = 99;

/// Locks the zygote, and finds out in a throw-away child whether its children can be locked.
pub(super) fn zygote(set_up: &SetUp) -> Result<(), Note> {
    let failed = |what: &str, error: Errno| Note::Failed(format!("{what}: {error}"));
    let stack = (set_up.limits.stack_bytes.saturating_add(STACK_BYTES_EXTRA)) as u64;
    let hard = getrlimit(Resource::Stack).maximum;
    setrlimit(Resource::Stack, Rlimit { current: Some(stack), maximum: hard })
        .map_err(|error| failed("stack limit", error))?;
    if set_up.uncaged {
        return Ok(());
    }
    set_no_new_privs(true).map_err(|error| failed("no_new_privs", error))?;
    deny_files()
        .map_err(|Unenforced| Note::Lacks("landlock (Linux 5.13 or later, enabled)".to_owned()))?;
    match calls::offered() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Note::Lacks("seccomp filters".to_owned())),
        Err(error) => Err(failed("trial of the cage", error)),
    }
}

/// Ties a child's life to the zygote's. The parent is looked at afterwards, since it may have died in between.
pub(super) fn die_with(zygote: Pid) {
    let bound = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    if bound.is_err() || getppid() != Some(zygote) {
        sys::exit(CODE_ORPHAN);
    }
}

/// Makes a child's socket its standard input, and its only descriptor.
pub(super) fn keep_only(socket: OwnedFd) -> Result<(), Errno> {
    rustix::stdio::dup2_stdin(&socket)?;
    // `close_from` closes it, and a closed number must not be closed again.
    let _: i32 = std::os::fd::IntoRawFd::into_raw_fd(socket);
    sys::close_from(1)
}

/// Locks a child, for good.
pub(super) fn child(set_up: &SetUp) -> Result<(), Unlocked> {
    setsid().map_err(|error| Unlocked::at("setsid", error))?;
    if !set_up.uncaged {
        let none = CapabilitySet::empty();
        let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
        set_capabilities(None, sets).map_err(|error| Unlocked::at("capset", error))?;
        // Again, so that a child stands below the zygote and cannot signal or trace it either.
        deny_files().map_err(|Unenforced| Unlocked("landlock".to_owned()))?;
    }
    for (resource, most) in bounds(set_up) {
        limit(resource, most, most)?;
    }
    // The soft limit ends a process that lets it, the hard one any.
    limit(Resource::Cpu, set_up.cpu.as_secs(), set_up.cpu.as_secs() + 1)?;
    if set_up.uncaged { Ok(()) } else { calls::restrict(getpid()) }
}

fn limit(resource: Resource, soft: u64, hard: u64) -> Result<(), Unlocked> {
    // Whoever started us may have set a lower one, which only a privileged process may raise.
    let hard = getrlimit(resource).maximum.map_or(hard, |now| now.min(hard));
    let limits = Rlimit { current: Some(soft.min(hard)), maximum: Some(hard) };
    setrlimit(resource, limits).map_err(|error| Unlocked::at(&format!("{resource:?} limit"), error))
}

/// What a child may have at most. A limit of one descriptor is the socket.
fn bounds(set_up: &SetUp) -> [(Resource, u64); 10] {
    let memory = set_up.memory_bytes_max as u64;
    [
        (Resource::Data, memory),
        (Resource::As, memory.saturating_add(ADDRESS_BYTES_EXTRA as u64)),
        (Resource::Stack, (set_up.limits.stack_bytes.saturating_add(STACK_BYTES_EXTRA)) as u64),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nofile, 1),
        (Resource::Nproc, 0),
        (Resource::Memlock, 0),
        (Resource::Msgqueue, 0),
        (Resource::Sigpending, 0),
    ]
}

/// Every right landlock knows is handled and none granted. Older kernels know fewer; none at all is an error.
fn deny_files() -> Result<(), Unenforced> {
    let newest = ABI::V9;
    let restrict = || {
        Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(newest))?
            .handle_access(AccessNet::from_all(newest))?
            .scope(Scope::from_all(newest))?
            .create()?
            .restrict_self()
    };
    match restrict() {
        Ok(status) if status.ruleset != RulesetStatus::NotEnforced => Ok(()),
        _ => Err(Unenforced),
    }
}

/// Landlock is not there or did not take the rules.
#[derive(Debug)]
pub(super) struct Unenforced;

/// The step of a child's lock-down that failed, and how.
#[derive(Debug)]
pub(super) struct Unlocked(pub(super) String);

impl Unlocked {
    fn at(step: &str, error: Errno) -> Self {
        Self(format!("{step}: {error}"))
    }
}
