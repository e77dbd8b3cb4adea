//! The processor as the one device: matrix products on all cores.

use std::time::Duration;

use rayon::prelude::*;
use tokio::time::Instant;

use super::{Benchmark, Device};

/// Products of random square matrices, three to warm up, then for `duration`.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    /// Rows and columns.
    pub size: usize,
    /// How long it is measured.
    pub duration: Duration,
}

impl Default for Cpu {
    fn default() -> Self {
        Self { size: 512, duration: Duration::from_secs(1) }
    }
}

impl Benchmark for Cpu {
    fn name(&self) -> &'static str {
        "cpu_health"
    }

    fn measure(&self) -> Result<Vec<Device>, String> {
        let size = self.size.clamp(1, 4096);
        let (a, b) = (noise(size * size, 1), noise(size * size, 2));
        let mut c = vec![0.0; size * size];
        for _ in 0..3 {
            multiply(&a, &b, &mut c, size);
        }
        let start = Instant::now();
        let mut products = 0_u64;
        while products == 0 || start.elapsed() < self.duration {
            multiply(&a, &b, &mut c, size);
            products += 1;
        }
        // So that nobody leaves the work out.
        std::hint::black_box(&c);
        let operations = products as f64 * 2.0 * (size as f64) * (size as f64) * (size as f64);
        let tflops = operations / start.elapsed().as_secs_f64() / 1e12;
        let name = format!("CPU, {} threads", rayon::current_num_threads());
        Ok(vec![Device { id: 0, name, tflops, vram_gb: memory_gb() }])
    }
}

/// `c = a · b`, row by row.
fn multiply(a: &[f32], b: &[f32], c: &mut [f32], size: usize) {
    c.par_chunks_mut(size).zip(a.par_chunks(size)).for_each(|(row, factors)| {
        row.fill(0.0);
        for (factor, other) in factors.iter().zip(b.chunks(size)) {
            for (sum, value) in row.iter_mut().zip(other) {
                *sum += factor * value;
            }
        }
    });
}

/// Numbers between -1 and 1 (xorshift).
fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// Of this machine, as the kernel tells; 0 where it does not.
fn memory_gb() -> f64 {
    let info = fs_err::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = info.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1_048_576.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product() {
        let mut c = vec![9.0; 4];
        multiply(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0], &mut c, 2);
        assert_eq!(c, [19.0, 22.0, 43.0, 50.0]);
    }

    #[test]
    fn one_device() {
        let devices = Cpu { size: 16, duration: Duration::ZERO }.measure().expect("a processor");
        assert_eq!(devices.len(), 1);
        assert!(devices[0].tflops > 0.0, "{devices:?}");
    }
}
