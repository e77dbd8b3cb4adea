//! Figures of a service in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of the buckets of a histogram, in seconds.
const BUCKETS_S: [f64; 10] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// Counts and times since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    durations: Mutex<BTreeMap<&'static str, Histogram>>,
    pub(crate) views: AtomicU64,
    pub(crate) scene_hits: AtomicU64,
    pub(crate) scene_misses: AtomicU64,
}

/// What is so now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// Requests that were let in and are not answered.
    pub(crate) requests: usize,
    /// Bytes of verdicts that are kept.
    pub(crate) scene_bytes: usize,
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

    /// How long a stage of a request took: `check`, `draw`, `request`.
    pub(crate) fn time(&self, stage: &'static str, took: Duration) {
        let took_s = took.as_secs_f64();
        let bucket = BUCKETS_S.iter().position(|end_s| took_s <= *end_s);
        let mut durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        let histogram = durations.entry(stage).or_default();
        histogram.counts[bucket.unwrap_or(BUCKETS_S.len())] += 1;
        histogram.sum_s += took_s;
    }

    pub(crate) fn text(&self, now: Now) -> String {
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
        head(
            &mut text,
            "crucible_stage_seconds",
            "histogram",
            "Time of a stage: check, draw, request.",
        );
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
        let counters = [
            ("crucible_views_total", "Pictures drawn.", &self.views),
            (
                "crucible_scene_hits_total",
                "Requests whose module had been checked before.",
                &self.scene_hits,
            ),
            (
                "crucible_scene_misses_total",
                "Requests whose module was checked.",
                &self.scene_misses,
            ),
        ];
        for (name, help, counter) in counters {
            head(&mut text, name, "counter", help);
            writeln!(text, "{name} {}", counter.load(Ordering::Relaxed)).ok();
        }
        let gauges = [
            ("crucible_requests", "Requests being answered or waiting.", Some(now.requests)),
            ("crucible_scene_bytes", "Checked modules kept in memory.", Some(now.scene_bytes)),
            ("process_resident_memory_bytes", "Memory of this process.", resident_bytes()),
        ];
        for (name, help, value) in gauges {
            if let Some(value) = value {
                head(&mut text, name, "gauge", help);
                writeln!(text, "{name} {value}").ok();
            }
        }
        text
    }
}

/// From the kernel; `None` where it does not tell.
fn resident_bytes() -> Option<usize> {
    let status = fs_err::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
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
        let text = metrics.text(Now { requests: 3, scene_bytes: 7 });
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
        crucible_scene_hits_total 0
        crucible_scene_misses_total 0
        crucible_requests 3
        crucible_scene_bytes 7
        "#);
    }
}
