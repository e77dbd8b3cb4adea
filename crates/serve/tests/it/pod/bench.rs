//! Machines that are unfit, and generators that are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use insta::assert_snapshot;
use serve::pod::{Benchmark, Config, Device, Thresholds};

use super::{Fake, Pod, config};

/// Two GPUs, the second of which can be made slow.
#[derive(Debug, Default)]
struct Gpus {
    is_slow: AtomicBool,
    is_broken: AtomicBool,
}

impl Benchmark for Gpus {
    fn name(&self) -> &'static str {
        "gpu_health"
    }

    fn measure(&self) -> Result<Vec<Device>, String> {
        if self.is_broken.load(Ordering::SeqCst) {
            return Err("no driver".to_owned());
        }
        let slow = self.is_slow.load(Ordering::SeqCst);
        let device = |id, tflops| Device { id, name: "H200".to_owned(), tflops, vram_gb: 140.0 };
        Ok(vec![device(0, 45.0), device(1, if slow { 12.345 } else { 44.0 })])
    }
}

async fn start(folder: &std::path::Path, gpus: &Arc<Gpus>, fake: Arc<Fake>) -> Pod {
    let thresholds = Thresholds { devices: 2, ..Thresholds::GPU };
    let config = Config { benchmark: Some(gpus.clone()), thresholds, ..config(folder) };
    Pod::start_with(config, fake).await
}

#[tokio::test]
async fn an_unfit_machine_asks_to_be_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let gpus = Arc::new(Gpus::default());
    gpus.is_slow.store(true, Ordering::SeqCst);
    let pod = start(folder.path(), &gpus, Fake::cold()).await;
    let asks = "?replacements_remaining=1";
    while pod.status_with(asks).await["status"] != "replace" {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_snapshot!(pod.status_with(asks).await, @r#"{"payload":{"all_passed":false,"benchmark":"gpu_health","gpus":[{"compute_passed":true,"gpu_id":0,"gpu_name":"H200","passed":true,"tflops":45.0,"vram_gb":140.0,"vram_passed":true},{"compute_passed":false,"gpu_id":1,"gpu_name":"H200","passed":false,"tflops":12.34,"vram_gb":140.0,"vram_passed":true}],"threshold_tflops":30.0,"threshold_vram_gb":134.0},"status":"replace"}"#);
    assert_eq!(pod.status().await["status"], "warming_up");
    assert_snapshot!(pod.order("a").await, @r#"409 {"detail":"Cannot accept batch","current_status":"replace"}"#);
    // With none left it does what it can.
    pod.status_with("?replacements_remaining=0").await;
    pod.fake.warm.add_permits(1);
    pod.until_state("ready").await;
    assert_snapshot!(pod.order("a=wait").await, @r#"200 {"accepted":1}"#);
    assert_eq!(pod.status_with("?replacements_remaining=0").await["status"], "generating");
    assert_eq!(pod.status_with(asks).await["status"], "replace", "in the middle of a batch");
    assert_snapshot!(pod.order("a").await, @r#"409 {"detail":"Cannot accept batch","current_status":"replace"}"#);
    pod.fake.gate.add_permits(1);
    pod.until_state("complete").await;
    assert_eq!(pod.results().await.len(), 1);
    // Measured again before the next batch, and fit.
    gpus.is_slow.store(false, Ordering::SeqCst);
    pod.status_with("?replacements_remaining=0").await;
    assert_eq!(pod.make("b").await.len(), 1);
    let status = pod.status_with(asks).await;
    assert_eq!(status["status"], "complete");
    assert_eq!(status["payload"]["all_passed"], true, "{status}");
}

#[tokio::test]
async fn a_benchmark_that_measures_nothing_proves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let gpus = Arc::new(Gpus::default());
    gpus.is_broken.store(true, Ordering::SeqCst);
    let pod = start(folder.path(), &gpus, Fake::ready()).await;
    pod.until_state("ready").await;
    assert_eq!(pod.make("a").await.len(), 1);
    assert_eq!(pod.status_with("?replacements_remaining=3").await["status"], "complete");
}

#[tokio::test]
async fn a_generator_out_of_order_asks_to_be_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = Pod::start(folder.path(), Fake::ready()).await;
    pod.until_state("ready").await;
    // Failing alone proves nothing: the generator still says that it is ready.
    pod.make("a=fails b=fails c=fails d=fails e=fails").await;
    assert_eq!(pod.status_with("?replacements_remaining=3").await["status"], "complete");
    pod.fake.warm.close();
    pod.make("f=fails g=fails h=fails i=fails j=fails").await;
    assert_snapshot!(pod.status_with("?replacements_remaining=3").await, @r#"{"payload":{"failures_in_a_row":8,"fault":"generator","reason":"the weights are missing"},"status":"replace"}"#);
    pod.status_with("?replacements_remaining=0").await;
    pod.make("k").await;
    assert_eq!(
        pod.status_with("?replacements_remaining=3").await["status"],
        "complete",
        "it works again"
    );
}
