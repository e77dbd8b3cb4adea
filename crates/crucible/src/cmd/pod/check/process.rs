//! A command that is the service: its own process group, a free port, its log in a file, ended when this is dropped.

use std::io::{Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::clock::Clock;
use crate::failure::Failure;

/// Between asking a service to end and ending it.
const GRACE: Duration = Duration::from_secs(3);
/// What is shown of its log.
const TAIL_BYTES: u64 = 2000;
const TAIL_LINES: usize = 20;

/// A running service.
#[derive(Debug)]
pub(super) struct Service {
    child: Mutex<Child>,
    port: u16,
    log: tempfile::NamedTempFile,
}

impl Service {
    /// Starts it in a shell.
    pub(super) fn start(command: &str) -> Result<Self, Failure> {
        let io = |error: std::io::Error| Failure::usage(format!("--image-cmd {command}: {error}"));
        // Somebody else may take the port in between; the service then says so and ends.
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(io)?;
        let port = free.local_addr().map_err(io)?.port();
        drop(free);
        let log = tempfile::NamedTempFile::new().map_err(io)?;
        // One file and one place in it for both.
        let stdout = log.reopen().map_err(io)?;
        let stderr = stdout.try_clone().map_err(io)?;
        let child = Command::new("sh")
            .arg("-c")
            .arg(command.replace("{port}", &port.to_string()))
            .env("PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0)
            .spawn()
            .map_err(io)?;
        Ok(Self { child: Mutex::new(child), port, log })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// How it ended, if it did.
    pub(super) fn ended(&self) -> Option<String> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.try_wait().ok().flatten().map(text)
    }

    /// The last lines of its log, without control characters.
    pub(super) fn tail(&self) -> String {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = self.log.reopen()?;
            let length = file.seek(SeekFrom::End(0))?;
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
            let mut bytes = Vec::new();
            file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let text = String::from_utf8_lossy(&read().unwrap_or_default()).into_owned();
        let plain = |line: &str| line.chars().filter(|c| !c.is_control()).collect::<String>();
        let lines: Vec<_> = text.lines().map(plain).collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

impl Drop for Service {
    /// The group is ended also when its first process has ended already: that may have left others behind.
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let signal = |signal| id.map(|id| kill_process_group(id, signal).ok());
        signal(Signal::TERM);
        let clock = Clock::start();
        while matches!(child.try_wait(), Ok(None)) && clock.elapsed() < GRACE {
            std::thread::sleep(Duration::from_millis(20));
        }
        signal(Signal::KILL);
        child.wait().ok();
    }
}

fn text(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "ended".into(),
    }
}
