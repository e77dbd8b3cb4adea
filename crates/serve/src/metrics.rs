//! Figures of a service in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::slots::Slots;

/// Upper ends of the buckets of a histogram, in seconds.
const BUCKETS_S: [f64; 10] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// Counts and times since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    durations: Mutex<BTreeMap<&'static str, Histogram>>,
}

/// One number that a service tells besides those every service has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure {
    name: &'static str,
    /// `counter` or `gauge`.
    kind: &'static str,
    help: &'static str,
    value: u64,
}

impl Figure {
    /// What only grows.
    pub(crate) const fn counter(name: &'static str, help: &'static str, value: u64) -> Self {
        Self { name, kind: "counter", help, value }
    }

    /// What is so now.
    pub(crate) const fn gauge(name: &'static str, help: &'static str, value: u64) -> Self {
        Self { name, kind: "gauge", help, value }
    }

    /// How many requests were let in and are not answered.
    pub(crate) fn requests(slots: &Slots) -> Self {
        let help = "Requests being answered or waiting.";
        Self::gauge("crucible_requests", help, slots.requests() as u64)
    }
}

#[derive(Debug, Default, Clone)]
struct Histogram {
    /// Of each bucket alone; the last one has no end.
    counts: [u64; BUCKETS_S.len() + 1],
    sum_s: f64,
}

impl Metrics {
    pub(crate) fn count_request(&self, route: &'static str, status: u16) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((route, status)).or_default() += 1;
    }

    /// How long a stage of a request took; `request` is all of it.
    pub(crate) fn time(&self, stage: &'static str, took: Duration) {
        let took_s = took.as_secs_f64();
        let bucket = BUCKETS_S.iter().position(|end_s| took_s <= *end_s);
        let mut durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        let histogram = durations.entry(stage).or_default();
        histogram.counts[bucket.unwrap_or(BUCKETS_S.len())] += 1;
        histogram.sum_s += took_s;
    }

    pub(crate) fn text(&self, figures: &[Figure]) -> String {
        let mut text = String::new();
        let head = |text: &mut String, name: &str, kind: &str, help: &str| {
            // Writing to a string cannot fail.
            writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}").ok();
        };
        head(&mut text, "crucible_requests_total", "counter", "Requests answered.");
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for ((route, status), count) in requests {
            writeln!(
                text,
                "crucible_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}"
            )
            .ok();
        }
        head(&mut text, "crucible_stage_seconds", "histogram", "Time of a stage of a request.");
        let durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (stage, histogram) in durations {
            let mut count = 0;
            let ends = BUCKETS_S.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
            for (end, in_bucket) in ends.zip(histogram.counts) {
                count += in_bucket;
                writeln!(
                    text,
                    "crucible_stage_seconds_bucket{{stage=\"{stage}\",le=\"{end}\"}} {count}"
                )
                .ok();
            }
            writeln!(text, "crucible_stage_seconds_sum{{stage=\"{stage}\"}} {}", histogram.sum_s)
                .ok();
            writeln!(text, "crucible_stage_seconds_count{{stage=\"{stage}\"}} {count}").ok();
        }
        let memory = resident_bytes().map(|bytes| {
            Figure::gauge("process_resident_memory_bytes", "Memory of this process.", bytes)
        });
        for Figure { name, kind, help, value } in figures.iter().copied().chain(memory) {
            head(&mut text, name, kind, help);
            writeln!(text, "{name} {value}").ok();
        }
        text
    }
}

/// From the kernel; `None` where it does not tell.
fn resident_bytes() -> Option<u64> {
    let status = fs_err::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn buckets_add_up() {
        let metrics = Metrics::default();
        metrics.count_request("/render", 200);
        metrics.count_request("/render", 200);
        metrics.count_request("/render", 422);
        for took_ms in [5, 20, 20, 60_000] {
            metrics.time("draw", Duration::from_millis(took_ms));
        }
        let text = metrics.text(&[
            Figure::counter("crucible_views_total", "Pictures drawn.", 0),
            Figure::gauge("crucible_scene_bytes", "Checked modules kept in memory.", 7),
        ]);
        let lines =
            text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("process"));
        assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
        crucible_requests_total{route="/render",status="200"} 2
        crucible_requests_total{route="/render",status="422"} 1
        crucible_stage_seconds_bucket{stage="draw",le="0.01"} 1
        crucible_stage_seconds_bucket{stage="draw",le="0.025"} 3
        crucible_stage_seconds_bucket{stage="draw",le="0.05"} 3
        crucible_stage_seconds_bucket{stage="draw",le="0.1"} 3
        crucible_stage_seconds_bucket{stage="draw",le="0.25"} 3
        crucible_stage_seconds_bucket{stage="draw",le="0.5"} 3
        crucible_stage_seconds_bucket{stage="draw",le="1"} 3
        crucible_stage_seconds_bucket{stage="draw",le="2.5"} 3
        crucible_stage_seconds_bucket{stage="draw",le="10"} 3
        crucible_stage_seconds_bucket{stage="draw",le="30"} 3
        crucible_stage_seconds_bucket{stage="draw",le="+Inf"} 4
        crucible_stage_seconds_sum{stage="draw"} 60.045
        crucible_stage_seconds_count{stage="draw"} 4
        crucible_views_total 0
        crucible_scene_bytes 7
        "#);
    }
}
