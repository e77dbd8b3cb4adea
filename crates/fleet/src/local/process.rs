//! Which process is meant, and whether it still is. A process id alone is not enough: the system gives it out again.

use std::collections::BTreeSet;

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

/// A process: its id and when it started, in ticks of the clock since the machine started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) pid: i32,
    pub(super) start_ticks: u64,
}

impl Identity {
    /// Of a process that runs now.
    pub(super) fn of(pid: i32) -> Option<Self> {
        Some(Self { pid, start_ticks: stat(pid)?.start_ticks })
    }

    /// Whether the same process still runs; one that waits to be buried does not.
    pub(super) fn is_alive(self) -> bool {
        stat(self.pid).is_some_and(|stat| {
            stat.start_ticks == self.start_ticks && !matches!(stat.state, b'Z' | b'X')
        })
    }

    /// Sends its group a signal, if it leads one and is the same process still.
    pub(super) fn signal_group(self, signal: Signal) {
        if let Some(group) = Pid::from_raw(self.pid)
            && self.is_alive()
        {
            kill_process_group(group, signal).ok();
        }
    }

    /// Sends it a signal, and never another process that got its id.
    pub(super) fn signal(self, signal: Signal) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        // The handle is of whoever has the id now, and stays so: look at who that is after it was taken.
        if let Ok(handle) = pidfd_open(pid, PidfdFlags::empty())
            && self.is_alive()
        {
            pidfd_send_signal(handle, signal).ok();
        }
    }
}

struct Stat {
    state: u8,
    start_ticks: u64,
}

/// From `/proc/PID/stat`: the name in brackets may hold anything, so fields are counted from the last bracket.
fn stat(pid: i32) -> Option<Stat> {
    let text = fs_err::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = *fields.next()?.as_bytes().first()?;
    // The state is field 3, the start is field 22.
    let start_ticks = fields.nth(18)?.parse().ok()?;
    Some(Stat { state, start_ticks })
}

/// Children of a thread of this process that started all of them.
pub(super) fn children_of_main_thread() -> Vec<i32> {
    let me = std::process::id();
    let text = fs_err::read_to_string(format!("/proc/{me}/task/{me}/children")).unwrap_or_default();
    text.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// TCP ports that something listens on, on any address of this machine. Asking the system disturbs no service.
pub(super) fn ports_listening() -> BTreeSet<u16> {
    let mut ports = BTreeSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = fs_err::read_to_string(table).unwrap_or_default();
        for line in text.lines().skip(1) {
            let mut fields = line.split_ascii_whitespace();
            let address = fields.nth(1).and_then(|address| address.rsplit_once(':'));
            let port = address.and_then(|(_, port)| u16::from_str_radix(port, 16).ok());
            // Field 4 is the state, 0A is `LISTEN`.
            if let (Some(port), Some("0A")) = (port, fields.nth(1)) {
                ports.insert(port);
            }
        }
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_start_is_another_process() {
        let me = Identity::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(me.is_alive());
        let before = Identity { start_ticks: me.start_ticks - 1, ..me };
        assert!(!before.is_alive());
        // It would end this test.
        before.signal(Signal::KILL);
    }

    #[test]
    fn ports() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(ports_listening().contains(&port));
        drop(listener);
        assert!(!ports_listening().contains(&port));
    }
}
