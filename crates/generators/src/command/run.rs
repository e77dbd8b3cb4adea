//! One run of a program: scratch folder, process group, pipes, and the end of all of them.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags, Signal};
use tempfile::TempDir;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe;

use super::{Filled, Program};
use crate::picture::PictureFormat;
use crate::{Failure, Progress, Request, text};

/// Bytes of standard error that are kept: the last ones.
const TAIL_BYTES: usize = 4096;
/// How often the file that is written is looked at, so that none grows without end.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long a killed program may take to end before somebody else waits for it.
const END_MAX: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
/// Exit status for a bad picture: `EX_DATAERR` of `sysexits.h`.
const BAD_PICTURE: i32 = 65;
/// Exit status for another time: `EX_TEMPFAIL` of `sysexits.h`.
const TRY_AGAIN: i32 = 75;

/// Whether a program can be started.
pub(super) fn find(program: &str, path: Option<&str>) -> Result<(), &'static str> {
    let is_program = |path: &Path| {
        fs_err::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    };
    let found = if program.contains('/') {
        is_program(Path::new(program))
    } else {
        // Without a path to look along the system will find it or not.
        path.is_none_or(|path| std::env::split_paths(path).any(|at| is_program(&at.join(program))))
    };
    if found { Ok(()) } else { Err("not found, or not executable") }
}

/// Runs it to its end. Dropping the answer kills it.
pub(super) async fn run(
    name: &str,
    program: &Program,
    request: Request,
    format: PictureFormat,
) -> Result<Bytes, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(format!("{name}: {error}"));
    let max = program.bytes_max.min(request.kind.bytes_max());
    let progress = request.progress.clone();
    let started = {
        let program = program.clone();
        tokio::task::spawn_blocking(move || start(&program, &request, format))
    };
    let started = started.await.map_err(|error| failed(&error))?;
    let mut running = started.map_err(|error| failed(&error))?;
    let ended = running.watch(max, !program.names("output"), &progress).await;
    let (status, printed) = match ended.map_err(|error| failed(&error))? {
        Ended::TooLong => return Err(Failure::TooLong { max }),
        Ended::Exited(status, printed) => (status, printed),
    };
    match status.code() {
        Some(0) => {}
        Some(BAD_PICTURE) => return Err(Failure::BadPicture(running.last_words("refused"))),
        Some(TRY_AGAIN) => {
            return Err(Failure::Transient(format!("{name}: {}", running.last_words("busy"))));
        }
        Some(code) => {
            return Err(failed(&running.last_words(&format!("exit status {code}"))));
        }
        None => {
            let signal = status.signal().unwrap_or_default();
            return Err(failed(&running.last_words(&format!("ended by signal {signal}"))));
        }
    }
    if !program.names("output") {
        return Ok(printed.into());
    }
    let name = name.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let failed = |what: &str| Failure::Failed(format!("{name}: {}", running.last_words(what)));
        match read(&running.output, max) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(Failure::TooLong { max }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(failed("wrote no {output}"))
            }
            Err(error) => Err(failed(&format!("{{output}}: {error}"))),
        }
    });
    read.await.unwrap_or_else(|error| Err(Failure::Failed(error.to_string())))
}

/// A process and what belongs to it. Dropping it ends and removes all of that.
struct Running {
    /// Until it is waited for.
    child: Option<Child>,
    group: Pid,
    /// Readable once the process has ended, which leaves its number taken until it is waited for.
    ended: OwnedFd,
    output: PathBuf,
    scratch: Option<TempDir>,
    tail: Vec<u8>,
}

enum Ended {
    /// With what it printed, if that is the model.
    Exited(ExitStatus, Vec<u8>),
    /// It wrote or printed more than it may, and was killed.
    TooLong,
}

/// Blocks: writes the picture, starts the program.
fn start(program: &Program, request: &Request, format: PictureFormat) -> io::Result<Running> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("crucible-");
    let scratch = match &program.scratch {
        Some(folder) => builder.tempdir_in(folder)?,
        None => builder.tempdir()?,
    };
    let image = scratch.path().join(format!("image.{}", format.ending()));
    if program.names("image") {
        fs_err::write(&image, &request.picture)?;
    }
    let stem = if program.names("stem") { request.stem() } else { "model".to_owned() };
    let output = scratch.path().join(format!("{stem}.{}", request.kind.ending()));
    let filled = Filled::new(|place| match place {
        "image" => image.display().to_string(),
        "output" => output.display().to_string(),
        "seed" => request.seed.to_string(),
        "seed_u32" => (request.seed.bits() & u64::from(u32::MAX)).to_string(),
        "stem" => stem.clone(),
        "kind" => request.kind.to_string(),
        _ => scratch.path().display().to_string(),
    });
    let mut arguments = program.arguments.iter().map(|argument| argument.fill(&filled));
    let first = arguments.next().unwrap_or_default();
    // From another folder a path would mean another file.
    let first = if first.contains('/') { std::path::absolute(&first)? } else { first.into() };
    let mut command = std::process::Command::new(first);
    command
        .args(arguments)
        .current_dir(program.folder.as_deref().unwrap_or_else(|| scratch.path()))
        .envs(&program.env)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    for name in &program.without_env {
        command.env_remove(name);
    }
    let mut child = command.spawn()?;
    let ended = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("a process without a number"))
        .and_then(|group| Ok((group, rustix::process::pidfd_open(group, PidfdFlags::NONBLOCK)?)));
    match ended {
        Ok((group, ended)) => Ok(Running {
            child: Some(child),
            group,
            ended,
            output,
            scratch: Some(scratch),
            tail: Vec::new(),
        }),
        Err(error) => {
            child.kill().and_then(|()| child.wait()).ok();
            Err(error)
        }
    }
}

impl Running {
    /// Waits for its end, reading what it prints.
    async fn watch(
        &mut self,
        max: usize,
        is_printed: bool,
        progress: &Progress,
    ) -> io::Result<Ended> {
        #[expect(
            deprecated,
            reason = "fit for what owns its descriptor, as this does; the other way is unsafe"
        )]
        let ended = AsyncFd::new(self.ended.try_clone()?)?;
        let pipes = self.child.as_mut().and_then(|c| Some((c.stdout.take()?, c.stderr.take()?)));
        let (stdout, stderr) = pipes.ok_or_else(|| io::Error::other("no pipes"))?;
        let stdout = pipe::Receiver::from_owned_fd(stdout.into())?;
        let stderr = pipe::Receiver::from_owned_fd(stderr.into())?;
        let (mut out_open, mut err_open) = (true, true);
        let mut printed = Vec::new();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut print = |part: &[u8]| {
            if is_printed {
                let room = max.saturating_add(1).saturating_sub(printed.len());
                printed.extend_from_slice(&part[..part.len().min(room)]);
            }
            printed.len() > max
        };
        loop {
            tokio::select! {
                ready = stderr.readable(), if err_open => {
                    ready?;
                    let before = self.tail.len();
                    err_open = drain(&stderr, |part| self.tail.extend_from_slice(part))?;
                    tell(&self.tail[before.min(self.tail.len())..], progress);
                    let excess = self.tail.len().saturating_sub(TAIL_BYTES);
                    self.tail.drain(..excess);
                }
                ready = stdout.readable(), if out_open => {
                    ready?;
                    let mut is_too_long = false;
                    out_open = drain(&stdout, |part| is_too_long = print(part))?;
                    if is_too_long {
                        return Ok(Ended::TooLong);
                    }
                }
                ready = ended.readable() => {
                    ready?.retain_ready();
                    break;
                }
                _ = looks.tick() => {
                    let length = fs_err::metadata(&self.output).map_or(0, |found| found.len());
                    if length > max as u64 {
                        return Ok(Ended::TooLong);
                    }
                }
            }
        }
        // Its children, if it left any; it is not waited for yet, so nobody else has its number.
        rustix::process::kill_process_group(self.group, Signal::KILL).ok();
        let Some(mut child) = self.child.take() else { return Err(io::Error::other("no process")) };
        let status = child.wait()?;
        if err_open {
            drain(&stderr, |part| self.tail.extend_from_slice(part))?;
        }
        // A pipe holds less than what is read at once, so this is all that is left.
        let mut is_too_long = false;
        if out_open {
            drain(&stdout, |part| is_too_long = print(part))?;
        }
        Ok(if is_too_long { Ended::TooLong } else { Ended::Exited(status, printed) })
    }

    /// What happened, and the end of what it printed as an error.
    fn last_words(&self, what: &str) -> String {
        let tail = text::tail(&self.tail);
        if tail.is_empty() { what.to_owned() } else { format!("{what}: {tail}") }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        rustix::process::kill_process_group(self.group, Signal::KILL).ok();
        let mut poll = [PollFd::new(&self.ended, PollFlags::IN)];
        let has_ended = rustix::event::poll(&mut poll, Some(&END_MAX)).is_ok_and(|n| n > 0);
        if has_ended {
            child.wait().ok();
            return;
        }
        // It holds on to something, such as a graphics card. Nobody here has to wait for that.
        let scratch = self.scratch.take();
        std::thread::spawn(move || {
            child.wait().ok();
            drop(scratch);
        });
    }
}

/// Reads at once: twice what a pipe holds.
const READS: usize = 8;

/// What there is, without waiting. False at the end.
fn drain(pipe: &pipe::Receiver, mut each: impl FnMut(&[u8])) -> io::Result<bool> {
    let mut part = [0; 16 << 10];
    for _ in 0..READS {
        match pipe.try_read(&mut part) {
            Ok(0) => return Ok(false),
            Ok(n) => each(&part[..n]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// Passes the last whole line on.
fn tell(part: &[u8], progress: &Progress) {
    let Some(end) = part.iter().rposition(|byte| *byte == b'\n') else { return };
    let line = part[..end].rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = text::head(&String::from_utf8_lossy(line));
    let mut words = line.strip_prefix("progress ").unwrap_or_default().splitn(2, ' ');
    let share = words.next().and_then(|share| share.parse::<f32>().ok());
    match share.filter(|share| share.is_finite()) {
        Some(share) => progress(Some(share.clamp(0.0, 1.0)), words.next().unwrap_or_default()),
        None if !line.is_empty() => progress(None, &line),
        None => {}
    }
}

/// The whole file; none if it is longer than it may be.
fn read(path: &Path, max: usize) -> io::Result<Option<Bytes>> {
    let found = fs_err::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("not a file"));
    }
    if found.len() > max as u64 {
        return Ok(None);
    }
    Ok(Some(fs_err::read(path)?.into()))
}
