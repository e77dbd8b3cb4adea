//! The host's hold on one caged process: its socket, and the means to end it. Nothing that comes out of it is believed.

use std::time::Duration;

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fd::{AsFd, OwnedFd},
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
    process::{Signal, pidfd_send_signal},
};

use crate::{
    clock::Clock,
    protocol::{LENGTH_BYTES, LOCKED},
};

/// Bytes taken off the socket at once.
const CHUNK_BYTES: usize = 256 << 10;

/// Longest text about a failed lock-down.
const STEP_BYTES_MAX: usize = 200;

/// A caged process. Dropping it ends the process.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) pid: u32,
    /// Which zygote made it: another one knows nothing of it.
    pub(crate) generation: u64,
    pub(crate) socket: OwnedFd,
    pub(crate) pidfd: OwnedFd,
}

/// Why no frame came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Silence {
    #[error("the time is up")]
    TimedOut,
    #[error("the connection was closed")]
    Closed,
    #[error("an answer of {claimed} bytes was announced, the limit is {max}")]
    TooLong { claimed: u64, max: usize },
}

/// Why a process is not ready for a module.
#[derive(Debug)]
pub(crate) enum Unlocked {
    /// It ended, or did nothing.
    Silent(Silence),
    /// It says at which step its lock-down failed.
    At(String),
}

impl From<Errno> for Silence {
    fn from(_: Errno) -> Self {
        Self::Closed
    }
}

/// Until when something may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    pub(crate) clock: Clock,
    pub(crate) limit: Duration,
}

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Self {
        Self { clock: Clock::start(), limit }
    }

    fn left(self) -> Timespec {
        let left = self.clock.left(self.limit);
        Timespec::try_from(left).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 })
    }
}

impl Child {
    /// Waits until the process says that it is locked down. It has seen nothing of a module so far.
    pub(crate) fn wait_locked(&self, deadline: Deadline) -> Result<(), Unlocked> {
        let mut first = [0];
        self.receive_exact(&mut first, deadline).map_err(Unlocked::Silent)?;
        if first == [LOCKED] {
            return Ok(());
        }
        let mut step = first.to_vec();
        while step.len() < STEP_BYTES_MAX && self.receive_exact(&mut first, deadline).is_ok() {
            step.extend(first);
        }
        Err(Unlocked::At(String::from_utf8_lossy(&step).into_owned()))
    }

    /// Hands the module over.
    pub(crate) fn send(&self, source: &[u8], deadline: Deadline) -> Result<(), Silence> {
        let length = (source.len() as u64).to_le_bytes();
        for mut bytes in [&length[..], source] {
            while !bytes.is_empty() {
                match send(&self.socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                    Ok(sent) => bytes = &bytes[sent..],
                    Err(Errno::AGAIN) => wait(&self.socket, PollFlags::OUT, deadline)?,
                    Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// One frame. Memory grows with what comes, not with what is announced.
    pub(crate) fn receive(&self, bytes_max: usize, deadline: Deadline) -> Result<Vec<u8>, Silence> {
        let mut length = [0; LENGTH_BYTES];
        self.receive_exact(&mut length, deadline)?;
        let claimed = u64::from_le_bytes(length);
        let length = usize::try_from(claimed).unwrap_or(usize::MAX);
        if length > bytes_max {
            return Err(Silence::TooLong { claimed, max: bytes_max });
        }
        let mut frame = Vec::new();
        while frame.len() < length {
            let start = frame.len();
            frame.resize(length.min(start + CHUNK_BYTES), 0);
            self.receive_exact(&mut frame[start..], deadline)?;
        }
        Ok(frame)
    }

    fn receive_exact(&self, mut space: &mut [u8], deadline: Deadline) -> Result<(), Silence> {
        while !space.is_empty() {
            match recv(&self.socket, &mut *space, RecvFlags::DONTWAIT) {
                Ok((0, _)) => return Err(Silence::Closed),
                Ok((_, filled)) => space = &mut space[filled..],
                Err(Errno::AGAIN) => wait(&self.socket, PollFlags::IN, deadline)?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until the process has ended; false when the time is up first.
    pub(crate) fn wait_ended(&self, deadline: Deadline) -> bool {
        wait(&self.pidfd, PollFlags::IN, deadline).is_ok()
    }

    /// Ends the process, if it has not ended. Whatever it does, it cannot outlive this.
    pub(crate) fn kill(&self) {
        pidfd_send_signal(&self.pidfd, Signal::KILL).ok();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until something can be done, or the other end is closed.
pub(crate) fn wait(fd: &impl AsFd, what: PollFlags, deadline: Deadline) -> Result<(), Silence> {
    loop {
        let mut fds = [PollFd::new(fd, what)];
        match poll(&mut fds, Some(&deadline.left())) {
            Ok(0) => return Err(Silence::TimedOut),
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
