//! The host's hold on the zygote: started with nothing of ours but one socket, asked for children, replaced when lost.

use std::{
    io::IoSliceMut,
    mem::MaybeUninit,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    time::Duration,
};

use rustix::{
    event::PollFlags,
    fd::OwnedFd,
    io::Errno,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags,
        SocketFlags, SocketType, recvmsg, send, socketpair,
        sockopt::{Timeout, set_socket_timeout},
    },
    process::{Pid, PidfdFlags, pidfd_open},
};

use crate::{
    CageError, Config,
    child::{Child, Deadline, wait},
    protocol::{End, Note, Order, PACKET_BYTES_MAX, SetUp},
};

/// A zygote that does not answer for so long is taken for lost. Its longest work, compiling Three.js, takes a part of a second.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// What it gets to end its children and itself.
const END_MAX: Duration = Duration::from_secs(5);

/// Why a zygote did not do as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// It is of no more use.
    #[error("the process that forks cages is gone: {0}")]
    Gone(String),
    /// It said what is wrong.
    #[error("{0}")]
    Told(String),
}

/// The process that forks cages.
#[derive(Debug)]
pub(crate) struct Zygote {
    process: std::process::Child,
    /// `None` only while it is dropped.
    control: Option<OwnedFd>,
    generation: u64,
}

impl Zygote {
    /// Starts it, and waits until it knows whether this kernel can hold a module; Three.js is compiled meanwhile.
    pub(crate) fn start(config: &Config, generation: u64) -> Result<Self, CageError> {
        let start = |error: Errno| CageError::Start(error.into());
        let (ours, its) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
                .map_err(start)?;
        set_socket_timeout(&ours, Timeout::Recv, Some(ANSWER_MAX)).map_err(start)?;
        set_socket_timeout(&ours, Timeout::Send, Some(ANSWER_MAX)).map_err(start)?;
        let process = Command::new(&config.program)
            .args(&config.args)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(its))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the host, which may want to finish what it has begun.
            .process_group(0)
            .spawn()
            .map_err(CageError::Start)?;
        let zygote = Self { process, control: Some(ours), generation };
        let hello =
            zygote.say(&Order::SetUp(Box::new(SetUp::from(config)))).and_then(|()| zygote.hear());
        match hello {
            Ok((Note::Hello, _)) => Ok(zygote),
            Ok((Note::Lacks(missing), _)) => Err(CageError::Unsupported { missing }),
            Ok((other, _)) => Err(CageError::SetUp(format!("unexpected: {other:?}"))),
            Err(error) => Err(CageError::SetUp(error.to_string())),
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// A new child, on its way to lock itself down.
    pub(crate) fn fork(&mut self) -> Result<Child, Fault> {
        self.say(&Order::Fork)?;
        match self.hear()? {
            (Note::Forked(pid), fds) => match <[OwnedFd; 2]>::try_from(fds) {
                Ok([socket, pidfd]) => {
                    Ok(Child { pid, generation: self.generation, socket, pidfd })
                }
                // We are out of descriptors; without them the process cannot be ended from here.
                Err(_) => Err(Fault::Gone("a child's socket did not arrive".to_owned())),
            },
            (other, _) => Err(unexpected(other)),
        }
    }

    /// How a child ended that has.
    pub(crate) fn status(&mut self, child: &Child) -> Result<End, Fault> {
        self.say(&Order::Status(child.pid))?;
        match self.hear()? {
            (Note::Ended(end), _) => Ok(end),
            (other, _) => Err(unexpected(other)),
        }
    }

    /// Ends a child whose end is of no interest.
    pub(crate) fn retire(&mut self, child: &Child) -> Result<(), Fault> {
        child.kill();
        self.say(&Order::Retire(child.pid))
    }

    fn say(&self, order: &Order) -> Result<(), Fault> {
        let Some(control) = &self.control else {
            return Err(Fault::Gone("it was closed".to_owned()));
        };
        match send(control, &order.to_bytes(), SendFlags::NOSIGNAL) {
            Ok(_) => Ok(()),
            Err(error) => Err(Fault::Gone(error.to_string())),
        }
    }

    fn hear(&self) -> Result<(Note, Vec<OwnedFd>), Fault> {
        let Some(control) = &self.control else {
            return Err(Fault::Gone("it was closed".to_owned()));
        };
        let mut bytes = [0; PACKET_BYTES_MAX];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let packet = loop {
            let mut parts = [IoSliceMut::new(&mut bytes)];
            match recvmsg(control, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
                Ok(packet) => break packet,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    return Err(Fault::Gone(format!("no answer for {} s", ANSWER_MAX.as_secs())));
                }
                Err(error) => return Err(Fault::Gone(error.to_string())),
            }
        };
        let mut fds = Vec::new();
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                fds.extend(rights);
            }
        }
        let note = bytes.get(..packet.bytes).and_then(Note::from_bytes);
        note.map(|note| (note, fds)).ok_or_else(|| Fault::Gone("it ended".to_owned()))
    }
}

fn unexpected(note: Note) -> Fault {
    match note {
        Note::Failed(why) => Fault::Told(why),
        other => Fault::Gone(format!("unexpected answer {other:?}")),
    }
}

impl Drop for Zygote {
    fn drop(&mut self) {
        // It ends its children and itself when the connection closes; if it cannot, it is ended, and they with it.
        self.control = None;
        let pidfd = pidfd_open(Pid::from_child(&self.process), PidfdFlags::empty());
        let ended =
            pidfd.is_ok_and(|pidfd| wait(&pidfd, PollFlags::IN, Deadline::after(END_MAX)).is_ok());
        if !ended {
            self.process.kill().ok();
        }
        self.process.wait().ok();
    }
}
