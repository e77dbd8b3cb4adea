//! A program that measures: for GPUs, whose libraries are those of the miner's image.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::{Benchmark, Device};

/// Bytes of the program's answer.
const ANSWER_BYTES_MAX: u64 = 64 << 10;
/// Devices of one machine.
const DEVICES_MAX: usize = 64;

/// Runs a program that prints `{"gpus": [{"gpu_id": 0, "gpu_name": "…", "tflops": 45.1, "vram_gb": 140.0}, …]}`.
#[derive(Debug, Clone)]
pub struct Program {
    /// Path or name.
    pub program: String,
    /// What it is given.
    pub args: Vec<String>,
    /// For all of it.
    pub time_max: Duration,
}

#[derive(Deserialize)]
struct Answer {
    gpus: Vec<Gpu>,
}

#[derive(Deserialize)]
struct Gpu {
    gpu_id: u64,
    #[serde(default)]
    gpu_name: String,
    tflops: f64,
    vram_gb: f64,
}

impl Benchmark for Program {
    fn name(&self) -> &'static str {
        "gpu_health"
    }

    fn measure(&self) -> Result<Vec<Device>, String> {
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| format!("{}: {error}", self.program))?;
        let (done, answer) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            // Not joined: what the program started may hold the pipe for ever.
            std::thread::spawn(move || {
                let mut answer = Vec::new();
                stdout.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).ok();
                done.send(answer).ok();
            });
        }
        let ended = self.wait(&mut child);
        // It may have left, or not; nobody else has this child.
        child.kill().ok();
        child.wait().ok();
        ended?;
        let answer = answer.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
        read(&answer).map_err(|error| format!("{}: {error}", self.program))
    }
}

impl Program {
    fn wait(&self, child: &mut Child) -> Result<(), String> {
        let end = Instant::now() + self.time_max;
        loop {
            match child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("{}: {status}", self.program)),
                Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(20)),
                Ok(None) => {
                    let limit = self.time_max.as_secs();
                    return Err(format!("{}: not done within {limit} s", self.program));
                }
                Err(error) => return Err(format!("{}: {error}", self.program)),
            }
        }
    }
}

fn read(answer: &[u8]) -> Result<Vec<Device>, String> {
    let Answer { gpus } = serde_json::from_slice(answer)
        .map_err(|error| super::super::words::short(&format!("its answer: {error}")))?;
    if gpus.len() > DEVICES_MAX {
        return Err(format!("{} devices, our limit is {DEVICES_MAX}", gpus.len()));
    }
    let device = |gpu: Gpu| {
        let Gpu { gpu_id: id, gpu_name: name, tflops, vram_gb } = gpu;
        Device { id, name, tflops, vram_gb }
    };
    Ok(gpus.into_iter().map(device).collect())
}

#[cfg(all(test, unix))]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn run(script: &str) -> String {
        let args = vec!["-c".to_owned(), script.to_owned()];
        let time_max = Duration::from_secs(1);
        let program = Program { program: "sh".to_owned(), args, time_max };
        match program.measure() {
            Ok(devices) => format!("{devices:?}"),
            Err(error) => error,
        }
    }

    #[test]
    fn programs() {
        assert_snapshot!(run(r#"echo '{"gpus":[{"gpu_id":1,"gpu_name":"A","tflops":31.5,"vram_gb":140}]}'"#), @r#"[Device { id: 1, name: "A", tflops: 31.5, vram_gb: 140.0 }]"#);
        assert_snapshot!(run("exit 3"), @"sh: exit status: 3");
        assert_snapshot!(run("echo no"), @"sh: its answer: expected ident at line 1 column 2");
        assert_snapshot!(run("sleep 5 & echo '{}'"), @"sh: its answer: EOF while parsing a value at line 1 column 0");
        assert_snapshot!(run("exec sleep 60"), @"sh: not done within 1 s");
        let missing = Program {
            program: "no-such-program-here".to_owned(),
            args: Vec::new(),
            time_max: Duration::from_secs(1),
        };
        assert!(missing.measure().is_err());
    }
}
