//! The zygote: prepares once, then forks one child per module. Single-threaded, and it never reads a byte of a module.
//!
//! Its only way to the outside is the socket it was given as standard input. When that closes, it ends its children,
//! then itself, so nothing is left when a host dies.

mod inmate;
mod lock;
mod payload;
mod sys;

use std::{io::IoSlice, mem::MaybeUninit, process::ExitCode, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fd::{AsFd, BorrowedFd, OwnedFd},
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
        SocketFlags, SocketType, recv, send, sendmsg, socketpair,
    },
    process::{Pid, PidfdFlags, Signal, WaitOptions, kill_process, pidfd_open, waitpid},
};

pub use payload::{Modules, Payload};

use crate::protocol::{End, Note, Order, PACKET_BYTES_MAX, SetUp};

/// How often children that were killed a moment ago are looked for.
const SWEEP: Duration = Duration::from_millis(20);

/// What the hidden sub-command runs, as the first thing in `main`: the zygote, until its host closes the connection.
/// Its children end inside, so this returns once. Must be called by a process with one thread.
#[must_use]
pub fn enter<P: Payload>() -> ExitCode {
    // It would write to a closed descriptor, which a child may not even try.
    std::panic::set_hook(Box::new(|_| {}));
    let Some(control) = Control::open() else { return ExitCode::FAILURE };
    let Some(Order::SetUp(set_up)) = control.next_order() else { return ExitCode::FAILURE };
    if let Err(missing) = lock::zygote(&set_up) {
        control.send(&missing);
        return ExitCode::FAILURE;
    }
    control.send(&Note::Hello);
    match P::prepare(&set_up.limits) {
        Ok(payload) => {
            Zygote { control, set_up: *set_up, children: Vec::new(), retired: Vec::new() }
                .serve(payload)
        }
        Err(error) => {
            // The host learns it with its first order.
            control.next_order();
            control.send(&Note::Failed(error));
            ExitCode::FAILURE
        }
    }
}

struct Zygote {
    control: Control,
    set_up: SetUp,
    /// Not yet waited for.
    children: Vec<Pid>,
    /// Those among them whose end nobody will ask for.
    retired: Vec<Pid>,
}

impl Zygote {
    fn serve<P: Payload>(mut self, payload: P) -> ExitCode {
        loop {
            let sweep = (!self.retired.is_empty()).then_some(SWEEP);
            if self.control.is_quiet(sweep) {
                self.sweep();
                continue;
            }
            match self.control.next_order() {
                Some(Order::Fork) => match self.fork() {
                    Ok(Side::Zygote) => {}
                    Ok(Side::Child(socket)) => inmate::live(socket, &self.set_up, payload),
                    Err(error) => {
                        self.control.send(&Note::Failed(format!("no new process: {error}")));
                    }
                },
                Some(Order::Status(pid)) => self.status(pid),
                Some(Order::Retire(pid)) => self.retired.extend(Pid::from_raw(pid.cast_signed())),
                Some(Order::SetUp(_)) | None => break,
            }
            self.sweep();
        }
        for &child in &self.children {
            kill_process(child, Signal::KILL).ok();
        }
        for &child in &self.children {
            waitpid(Some(child), WaitOptions::empty()).ok();
        }
        ExitCode::SUCCESS
    }

    fn fork(&mut self) -> Result<Side, Errno> {
        let (outside, inside) =
            socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        let zygote = rustix::process::getpid();
        match sys::fork()? {
            None => {
                drop(outside);
                lock::die_with(zygote);
                Ok(Side::Child(inside))
            }
            Some(child) => {
                self.children.push(child);
                drop(inside);
                let pidfd = pidfd_open(child, PidfdFlags::empty())?;
                let note = Note::Forked(child.as_raw_nonzero().get().cast_unsigned());
                self.control.send_with(&note, &[outside.as_fd(), pidfd.as_fd()]);
                Ok(Side::Zygote)
            }
        }
    }

    /// Waits for a child that has ended, or is about to, and tells how.
    fn status(&mut self, pid: u32) {
        let child = Pid::from_raw(pid.cast_signed()).filter(|pid| self.children.contains(pid));
        let Some(child) = child else {
            self.control.send(&Note::Failed(format!("no child {pid}")));
            return;
        };
        let end = waitpid(Some(child), WaitOptions::empty());
        self.children.retain(|&other| other != child);
        let note = match end {
            Ok(Some((_, status))) => match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Note::Ended(End::Exited(code)),
                (_, Some(signal)) => Note::Ended(End::Signalled(signal)),
                _ => Note::Failed(format!("child {pid} has not ended")),
            },
            other => Note::Failed(format!("child {pid}: {other:?}")),
        };
        self.control.send(&note);
    }

    /// Takes retired children that have ended off the system's process table.
    fn sweep(&mut self) {
        self.retired.retain(|&child| {
            let gone = !matches!(waitpid(Some(child), WaitOptions::NOHANG), Ok(None));
            if gone {
                self.children.retain(|&other| other != child);
            }
            !gone
        });
    }
}

/// After a fork there are two of us.
enum Side {
    Zygote,
    Child(OwnedFd),
}

/// The connection to the host: standard input.
struct Control(BorrowedFd<'static>);

impl Control {
    /// Closes everything else the host may have left open.
    fn open() -> Option<Self> {
        sys::close_from(3).ok()?;
        Some(Self(rustix::stdio::stdin()))
    }

    /// Whether nothing comes for so long; `None` waits.
    fn is_quiet(&self, limit: Option<Duration>) -> bool {
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        matches!(poll(&mut fds, limit.as_ref()), Ok(0) | Err(Errno::INTR))
    }

    /// `None` when the host is gone, or says what we do not understand.
    fn next_order(&self) -> Option<Order> {
        let mut bytes = [0; PACKET_BYTES_MAX];
        loop {
            return match recv(self.0, &mut bytes, RecvFlags::empty()) {
                Ok((filled, _)) => Order::from_bytes(bytes.get(..filled)?),
                Err(Errno::INTR) => continue,
                Err(_) => None,
            };
        }
    }

    /// A host that does not listen any more is noticed when the next order is read.
    fn send(&self, note: &Note) {
        send(self.0, &note.to_bytes(), SendFlags::NOSIGNAL).ok();
    }

    fn send_with(&self, note: &Note, fds: &[BorrowedFd<'_>]) {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut rights = SendAncillaryBuffer::new(&mut space);
        rights.push(SendAncillaryMessage::ScmRights(fds));
        sendmsg(self.0, &[IoSlice::new(&note.to_bytes())], &mut rights, SendFlags::NOSIGNAL).ok();
    }
}
