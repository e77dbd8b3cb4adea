//! What the system lets a pod's processes have. A process takes them on itself and then becomes the pod: there is no moment
//! without them, and no way back.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

/// Limits of a pod's processes; none where nothing is given. All but the count of processes hold for each process alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Bytes of address space, not of memory in use: CUDA programs reserve far more than they use, leave it out for them.
    #[serde(default)]
    pub memory_bytes: Option<u64>,
    /// Seconds of processor time.
    #[serde(default)]
    pub cpu_s: Option<u64>,
    /// Open files, sockets included.
    #[serde(default)]
    pub open_files: Option<u64>,
    /// Processes and threads of the user, ours included; the system does not hold root to it.
    #[serde(default)]
    pub processes: Option<u64>,
    /// Bytes of the longest file.
    #[serde(default)]
    pub file_bytes: Option<u64>,
}

impl Limits {
    /// Starting a program needs this many.
    pub const OPEN_FILES_MIN: u64 = 32;
    /// Our own program is mapped when it becomes the pod.
    pub const MEMORY_BYTES_MIN: u64 = 512 << 20;

    /// What is wrong with them.
    pub(super) fn complaint(&self) -> Option<String> {
        let below = |value: Option<u64>, min| value.filter(|value| *value < min);
        if let Some(found) = below(self.open_files, Self::OPEN_FILES_MIN) {
            let min = Self::OPEN_FILES_MIN;
            return Some(format!("open_files: {found}, at least {min} are needed"));
        }
        if let Some(found) = below(self.memory_bytes, Self::MEMORY_BYTES_MIN) {
            let min = Self::MEMORY_BYTES_MIN;
            return Some(format!("memory_bytes: {found}, at least {min} are needed"));
        }
        None
    }

    /// For this process and what it becomes, for good. No core dumps in any case: they may be huge, and are of no use.
    pub(super) fn apply(&self) -> std::io::Result<()> {
        let wanted = [
            (Resource::As, self.memory_bytes),
            (Resource::Cpu, self.cpu_s),
            (Resource::Nofile, self.open_files),
            (Resource::Nproc, self.processes),
            (Resource::Fsize, self.file_bytes),
            (Resource::Core, Some(0)),
        ];
        for (resource, value) in wanted {
            let Some(value) = value else { continue };
            // Never more than we may have ourselves.
            let value = getrlimit(resource).maximum.map_or(value, |most| most.min(value));
            setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })?;
        }
        Ok(())
    }
}
