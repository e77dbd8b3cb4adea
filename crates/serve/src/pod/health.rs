//! Whether the machine under a pod is fit: what a benchmark measured, held against what it must reach.

mod cpu;
mod program;

use std::fmt;

use serde_json::{Map, Value, json};

pub use cpu::Cpu;
pub use program::Program;

/// Measures the machine. For GPUs there is [`Program`]; [`Cpu`] needs nothing.
pub trait Benchmark: Send + Sync + fmt::Debug {
    /// `gpu_health`, `cpu_health`: the name in the payload.
    fn name(&self) -> &'static str;

    /// Every device and what it does. Takes its time; called on a thread that may block.
    ///
    /// # Errors
    ///
    /// Why nothing was measured. That proves nothing about the machine.
    fn measure(&self) -> Result<Vec<Device>, String>;
}

/// A device that computes, as measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// From 0.
    pub id: u64,
    /// For people.
    pub name: String,
    /// 10^12 single-precision operations a second, of a matrix product.
    pub tflops: f64,
    /// Its memory, in units of 2^30 bytes.
    pub vram_gb: f64,
}

/// What every device must reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Devices there must be.
    pub devices: usize,
    /// As [`Device::tflops`].
    pub tflops: f64,
    /// As [`Device::vram_gb`].
    pub vram_gb: f64,
}

impl Thresholds {
    /// A pod of the third competition: four H200, of whose 141 GB 95 % must be there.
    pub const GPU: Self = Self { devices: 4, tflops: 30.0, vram_gb: 134.0 };

    /// Any machine passes; what it does is told.
    pub const ANY: Self = Self { devices: 1, tflops: 0.0, vram_gb: 0.0 };
}

/// What a benchmark says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Report {
    pub(super) has_passed: bool,
    /// In the words of the reference service.
    pub(super) payload: Map<String, Value>,
}

/// Devices against thresholds.
pub(super) fn report(name: &str, devices: &[Device], thresholds: Thresholds) -> Report {
    let passes = |found: f64, least: f64| found >= least;
    let is_fit = |device: &Device| {
        passes(device.tflops, thresholds.tflops) && passes(device.vram_gb, thresholds.vram_gb)
    };
    let has_passed = devices.len() >= thresholds.devices && devices.iter().all(is_fit);
    let device = |device: &Device| {
        json!({
            "gpu_id": device.id,
            "gpu_name": super::words::cut(&device.name, 60),
            "tflops": rounded(device.tflops, 100.0),
            "compute_passed": passes(device.tflops, thresholds.tflops),
            "vram_gb": rounded(device.vram_gb, 10.0),
            "vram_passed": passes(device.vram_gb, thresholds.vram_gb),
            "passed": is_fit(device),
        })
    };
    let mut payload = Map::new();
    payload.insert("benchmark".to_owned(), name.into());
    payload.insert("threshold_tflops".to_owned(), json!(thresholds.tflops));
    payload.insert("threshold_vram_gb".to_owned(), json!(thresholds.vram_gb));
    payload.insert("all_passed".to_owned(), has_passed.into());
    payload.insert("gpus".to_owned(), devices.iter().map(device).collect());
    if devices.len() < thresholds.devices {
        payload.insert("gpus_expected".to_owned(), thresholds.devices.into());
    }
    Report { has_passed, payload }
}

/// To 1 / `scale`.
fn rounded(value: f64, scale: f64) -> f64 {
    (value * scale).round_ties_even() / scale
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn line(devices: &[Device], thresholds: Thresholds) -> String {
        let Report { has_passed, payload } = report("gpu_health", devices, thresholds);
        format!("{has_passed} {}", Value::Object(payload))
    }

    #[test]
    fn devices_against_thresholds() {
        let device = |id, tflops, vram_gb| Device { id, name: "H200".to_owned(), tflops, vram_gb };
        let two = Thresholds { devices: 2, ..Thresholds::GPU };
        assert_snapshot!(line(&[device(0, 45.123, 140.0), device(1, 30.0, 134.0)], two), @r#"true {"all_passed":true,"benchmark":"gpu_health","gpus":[{"compute_passed":true,"gpu_id":0,"gpu_name":"H200","passed":true,"tflops":45.12,"vram_gb":140.0,"vram_passed":true},{"compute_passed":true,"gpu_id":1,"gpu_name":"H200","passed":true,"tflops":30.0,"vram_gb":134.0,"vram_passed":true}],"threshold_tflops":30.0,"threshold_vram_gb":134.0}"#);
        assert_snapshot!(line(&[device(0, 45.0, 140.0), device(1, 29.999, 140.0)], two), @r#"false {"all_passed":false,"benchmark":"gpu_health","gpus":[{"compute_passed":true,"gpu_id":0,"gpu_name":"H200","passed":true,"tflops":45.0,"vram_gb":140.0,"vram_passed":true},{"compute_passed":false,"gpu_id":1,"gpu_name":"H200","passed":false,"tflops":30.0,"vram_gb":140.0,"vram_passed":true}],"threshold_tflops":30.0,"threshold_vram_gb":134.0}"#);
        assert_snapshot!(line(&[device(0, 45.0, 140.0)], two), @r#"false {"all_passed":false,"benchmark":"gpu_health","gpus":[{"compute_passed":true,"gpu_id":0,"gpu_name":"H200","passed":true,"tflops":45.0,"vram_gb":140.0,"vram_passed":true}],"gpus_expected":2,"threshold_tflops":30.0,"threshold_vram_gb":134.0}"#);
        assert_snapshot!(line(&[device(0, f64::NAN, 140.0)], Thresholds::ANY), @r#"false {"all_passed":false,"benchmark":"gpu_health","gpus":[{"compute_passed":false,"gpu_id":0,"gpu_name":"H200","passed":false,"tflops":null,"vram_gb":140.0,"vram_passed":true}],"threshold_tflops":0.0,"threshold_vram_gb":0.0}"#);
        assert_snapshot!(line(&[device(0, 0.01, 4.0)], Thresholds::ANY), @r#"true {"all_passed":true,"benchmark":"gpu_health","gpus":[{"compute_passed":true,"gpu_id":0,"gpu_name":"H200","passed":true,"tflops":0.01,"vram_gb":4.0,"vram_passed":true}],"threshold_tflops":0.0,"threshold_vram_gb":0.0}"#);
    }
}
