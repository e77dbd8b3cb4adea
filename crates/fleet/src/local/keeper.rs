//! The process that stands beside every local pod: starts it in a group of its own under limits, keeps what it prints, stops
//! it when asked (or when whoever owns it is gone), writes down how it ended, and leaves none of its descendants behind.
//!
//! It is this same program, started again with [`super::KEEPER_COMMAND`], because a pod may outlive the command that made it.

use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitOptions, kill_process, kill_process_group, set_child_subreaper, setsid,
    waitpid,
};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use super::files::{Exit, Home, Record, Run};
use super::log::Log;
use super::process::{Identity, children_of_main_thread};
use crate::clock;

/// The argument behind the folder with which the program is to become the pod.
const BECOME: &str = "become";
/// Longest word of why it did not.
const ERROR_BYTES_MAX: u64 = 4096;
/// How often descendants that were left to us are buried.
const BURIAL_INTERVAL: Duration = Duration::from_secs(1);
/// How long what is still in the pipe is read after the end.
const LAST_WORDS_MAX: Duration = Duration::from_millis(500);

/// What `main` does when the program is started as a keeper; the pod's folder is the argument after the command.
#[must_use]
pub fn main() -> ExitCode {
    let Some(dir) = std::env::args_os().nth(2) else { return ExitCode::from(2) };
    let home = Home(PathBuf::from(dir));
    if std::env::args_os().nth(3).is_some_and(|word| word == BECOME) {
        turn_into_pod(&home).ok();
        return ExitCode::FAILURE;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime.and_then(|runtime| runtime.block_on(keep(&home)));
    match ended {
        Ok(exit) => {
            home.write("exit.json", &exit).ok();
            ExitCode::SUCCESS
        }
        Err(error) => {
            let at = clock::now_s();
            let error = Some(error.to_string());
            home.write("exit.json", &Exit { code: None, signal: None, error, at }).ok();
            say("failed");
            ExitCode::FAILURE
        }
    }
}

/// One word for whoever started us; nobody may be listening.
fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{word}").and_then(|()| out.flush()).ok();
}

async fn keep(home: &Home) -> std::io::Result<Exit> {
    // Of no terminal and of no group of others.
    setsid().ok();
    set_child_subreaper(Some(rustix::process::getpid()))?;
    let record = home.record()?;
    let mut asked = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
    let mut owner = Owner::watch();

    let (reader, writer) = std::io::pipe()?;
    let mut reader = Receiver::from_owned_fd(reader.into())?;
    let mut child = start(home, writer).await?;
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    let unseen = || std::io::Error::other("the pod's process cannot be seen in /proc");
    let pid = pid.ok_or_else(unseen)?;
    let child_identity = Identity::of(pid).ok_or_else(unseen)?;
    let me = i32::try_from(std::process::id()).ok().and_then(Identity::of).ok_or_else(unseen)?;
    home.write("run.json", &Run { keeper: me, child: child_identity })?;
    say("started");

    let mut log = Log::new(&home.0, record.log_bytes_max);
    let mut buffer = vec![0; 4096];
    let mut silent = false;
    let mut kill_at: Option<Instant> = None;
    let mut burial = tokio::time::interval(BURIAL_INTERVAL);
    let [terminate, interrupt] = &mut asked;
    let status = loop {
        let kill = async {
            match kill_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let stop = tokio::select! {
            status = child.wait() => break status?,
            read = reader.read(&mut buffer), if !silent => {
                match read {
                    Ok(count @ 1..) => log.write(&buffer[..count]),
                    _ => silent = true,
                }
                false
            }
            _ = terminate.recv() => true,
            _ = interrupt.recv() => true,
            () = owner.gone() => true,
            () = kill => {
                signal_group(pid, Signal::KILL);
                kill_at = None;
                false
            }
            _ = burial.tick() => {
                bury(pid, false);
                false
            }
        };
        if stop && kill_at.is_none() {
            signal_group(pid, Signal::TERM);
            kill_at = Some(Instant::now() + record.grace);
        }
    };
    signal_group(pid, Signal::KILL);
    while bury(pid, true) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let rest = async {
        while let Ok(count @ 1..) = reader.read(&mut buffer).await {
            log.write(&buffer[..count]);
        }
    };
    if !silent {
        tokio::time::timeout(LAST_WORDS_MAX, rest).await.ok();
    }
    Ok(exit_of(status))
}

/// Starts this program once more, to become the pod; see [`turn_into_pod`].
async fn start(home: &Home, output: std::io::PipeWriter) -> std::io::Result<Child> {
    let (trouble, troubled) = std::io::pipe()?;
    let child = Command::new("/proc/self/exe")
        .arg(super::KEEPER_COMMAND)
        .arg(&home.0)
        .arg(BECOME)
        .env_clear()
        .stdin(troubled)
        .stdout(output.try_clone()?)
        .stderr(output)
        .process_group(0)
        .spawn();
    let mut child = child?;
    // It ends without a word when the pod begins.
    let mut error = String::new();
    let trouble = Receiver::from_owned_fd(trouble.into())?;
    trouble.take(ERROR_BYTES_MAX).read_to_string(&mut error).await?;
    if error.is_empty() {
        return Ok(child);
    }
    child.wait().await?;
    Err(std::io::Error::other(error))
}

/// Takes on the limits and becomes the pod's program. It returns only when that failed; why goes to standard input, which is
/// a pipe to the keeper and is closed by success.
fn turn_into_pod(home: &Home) -> std::io::Result<()> {
    let keeper = std::io::stdin().as_fd().try_clone_to_owned()?;
    let failed = |record: Record| -> std::io::Result<std::convert::Infallible> {
        let (program, arguments) =
            record.command.split_first().ok_or_else(|| std::io::Error::other("no command"))?;
        record.limits.apply()?;
        let error = std::process::Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(&record.env)
            .current_dir(&record.working_dir)
            .stdin(Stdio::null())
            .exec();
        Err(std::io::Error::new(error.kind(), format!("{program}: {error}")))
    };
    let Err(error) = home.record().and_then(failed);
    std::fs::File::from(keeper).write_all(error.to_string().as_bytes())
}

fn signal_group(leader: i32, signal: Signal) {
    if let Some(group) = Pid::from_raw(leader) {
        kill_process_group(group, signal).ok();
    }
}

/// Descendants whose parents ended are ours: takes note of those that ended, and ends the others if told so. Whether some are left.
fn bury(pod: i32, kill: bool) -> bool {
    let mut left = false;
    for pid in children_of_main_thread().into_iter().filter(|pid| *pid != pod) {
        let Some(pid) = Pid::from_raw(pid) else { continue };
        if kill {
            kill_process(pid, Signal::KILL).ok();
        }
        left |= matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None));
    }
    left
}

fn exit_of(status: ExitStatus) -> Exit {
    Exit { code: status.code(), signal: status.signal(), error: None, at: clock::now_s() }
}

/// Whoever holds the other end of our standard input owns the pod: the pod ends with them, however they end.
struct Owner(Option<Receiver>);

impl Owner {
    /// Nobody, if it is no pipe: then the pod lives until it ends or is deleted.
    fn watch() -> Self {
        let input = std::io::stdin().as_fd().try_clone_to_owned();
        Self(input.and_then(Receiver::from_owned_fd).ok())
    }

    async fn gone(&mut self) {
        let Some(pipe) = &mut self.0 else { return std::future::pending().await };
        let mut byte = [0; 1];
        while let Ok(1..) = pipe.read(&mut byte).await {}
        self.0 = None;
    }
}
