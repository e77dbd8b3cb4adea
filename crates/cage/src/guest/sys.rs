//! The three system calls that no crate we use wraps.
#![expect(unsafe_code, reason = "fork and _exit have no safe form, and rustix has no close_range")]

use rustix::{io::Errno, process::Pid};

/// Makes a second process like this one. `None` in the new one.
pub(super) fn fork() -> Result<Option<Pid>, Errno> {
    // SAFETY: a fork copies the calling thread only, so a lock that another thread holds would stay locked for ever in the
    // copy. The zygote has one thread: it is entered first thing in `main`, and neither it nor a payload starts another.
    let pid = unsafe { libc::fork() };
    if pid < 0 { Err(last_error()) } else { Ok(Pid::from_raw(pid)) }
}

/// Closes every descriptor from `first` on.
pub(super) fn close_from(first: u32) -> Result<(), Errno> {
    // SAFETY: no value of this process owns a descriptor from `first` on: see the two callers, which run before the zygote
    // opens any, and in a child that has moved its only one below.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) };
    if result < 0 { Err(last_error()) } else { Ok(()) }
}

/// Ends this process at once: no clean-up, which would be the zygote's.
pub(super) fn exit(code: i32) -> ! {
    // SAFETY: `_exit` has no requirements.
    unsafe { libc::_exit(code) }
}

fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::NOSYS)
}
