//! The life of a child: lock down, read one module, run it, answer, end.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::{fd::BorrowedFd, fd::OwnedFd, io::Errno};

use super::{Payload, lock, sys};
use crate::protocol::{LENGTH_BYTES, LOCKED, SetUp};

/// The lock-down failed; the host sees why before it sends anything.
const CODE_UNLOCKED: i32 = 100;
/// The module's run panicked.
const CODE_PANICKED: i32 = 101;
/// The host did not send a module as agreed.
const CODE_NO_MODULE: i32 = 102;

/// Never returns: the zygote's loop is in the same program, and must not go on in a child.
pub(super) fn live<P: Payload>(socket: OwnedFd, set_up: &SetUp, payload: P) -> ! {
    // A panic would unwind into the zygote's loop.
    let life = || serve(socket, set_up, payload);
    let code = catch_unwind(AssertUnwindSafe(life)).unwrap_or(CODE_PANICKED);
    sys::exit(code)
}

fn serve<P: Payload>(socket: OwnedFd, set_up: &SetUp, payload: P) -> i32 {
    if lock::keep_only(socket).is_err() {
        return CODE_UNLOCKED;
    }
    let host = rustix::stdio::stdin();
    if let Err(lock::Unlocked(step)) = lock::child(set_up) {
        write_all(host, step.as_bytes()).ok();
        return CODE_UNLOCKED;
    }
    if write_all(host, &[LOCKED]).is_err() {
        return CODE_NO_MODULE;
    }
    let Ok(source) = read_frame(host) else { return CODE_NO_MODULE };
    let Ok(source) = String::from_utf8(source) else { return CODE_NO_MODULE };
    let answer = payload.run(&source, set_up.reply_bytes_max);
    // When the host is gone there is nobody to tell.
    write_all(host, &(answer.len() as u64).to_le_bytes())
        .and_then(|()| write_all(host, &answer))
        .ok();
    0
}

fn read_frame(host: BorrowedFd<'_>) -> Result<Vec<u8>, Errno> {
    let mut length = [0; LENGTH_BYTES];
    read_exact(host, &mut length)?;
    // The host is trusted, and memory is bounded by the system.
    let mut frame = vec![0; usize::try_from(u64::from_le_bytes(length)).map_err(|_| Errno::FBIG)?];
    read_exact(host, &mut frame)?;
    Ok(frame)
}

fn read_exact(host: BorrowedFd<'_>, mut space: &mut [u8]) -> Result<(), Errno> {
    while !space.is_empty() {
        match rustix::io::read(host, &mut *space)? {
            0 => return Err(Errno::PIPE),
            filled => space = &mut space[filled..],
        }
    }
    Ok(())
}

fn write_all(host: BorrowedFd<'_>, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        bytes = &bytes[rustix::io::write(host, bytes)?..];
    }
    Ok(())
}
