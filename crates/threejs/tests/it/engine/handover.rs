//! The bytes between cage and host: whole round trips, and that nothing damaged is taken.

use insta::assert_snapshot;
use proptest::prelude::*;
use threejs::{
    Failure, Rule, Stage,
    engine::{
        Limits, Metrics, Outcome,
        wire::{FAILURES_MAX, decode, encode},
    },
};

use super::outcome_within;

fn passed() -> Outcome {
    let source = "export default (THREE) => { const g = new THREE.Group(); g.add(new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), \
        new THREE.MeshPhysicalMaterial({ map: new THREE.DataTexture(new Uint8Array(4), 1, 1) }))); return g; }";
    outcome_within(source, Limits::default())
}

fn failed(failures: Vec<Failure>, metrics: Option<Metrics>) -> Outcome {
    Outcome { failures, metrics, scene: None, module_load_fuel: 1, generate_fuel: 2 }
}

fn failure(detail: &str) -> Failure {
    let (stage, rule) = (Stage::Execution, Rule::ExecutionThrew);
    Failure { stage, rule, detail: detail.to_owned() }
}

fn told(message: &[u8]) -> String {
    decode(message).map_or_else(|error| error.to_string(), |outcome| format!("{outcome:?}"))
}

#[test]
fn a_passed_module_comes_back_whole() {
    let outcome = passed();
    assert!(outcome.scene.is_some(), "{outcome:?}");
    assert_eq!(decode(&encode(&outcome)), Ok(outcome));
}

#[test]
fn every_cut_and_every_changed_byte_gets_an_answer() {
    let message = encode(&passed());
    for end in 0..message.len() {
        assert!(decode(&message[..end]).is_err(), "cut at {end} of {}", message.len());
    }
    for at in 0..message.len() {
        for change in [1, 0x80, 0xff] {
            let mut damaged = message.clone();
            damaged[at] ^= change;
            if let Ok(outcome) = decode(&damaged) {
                assert_eq!(encode(&outcome), damaged, "byte {at} changed by {change}");
            }
        }
    }
    let longer = [message, vec![0]].concat();
    assert!(told(&longer).ends_with("1 bytes behind the end"), "{}", told(&longer));
}

#[test]
fn refusals_name_the_byte_and_the_limit() {
    let message = encode(&failed(vec![failure("why")], None));
    let changed = |at: usize, bytes: &[u8]| {
        let mut message = message.clone();
        message[at..at + bytes.len()].copy_from_slice(bytes);
        told(&message)
    };
    assert_snapshot!(told(b"CSCN"), @"outcome message: does not start with COUT");
    assert_snapshot!(changed(4, &[9]), @"outcome message: version 9, we read 1");
    assert_snapshot!(changed(24, &[17]), @"outcome message, byte 24: 17 failures, our limit is 16");
    assert_snapshot!(changed(28, &[5]), @"outcome message, byte 28: stage 5 is not defined");
    assert_snapshot!(changed(29, &[200]), @"outcome message, byte 29: rule 200 is not defined");
    assert_snapshot!(changed(30, &[1, 8]), @"outcome message, byte 30: 2049 bytes of a detail, our limit is 2048");
    assert_snapshot!(changed(34, &[255]), @"outcome message, byte 34: a detail that is not UTF-8");
    assert_snapshot!(changed(37, &[2]), @"outcome message, byte 37: truth value 2 is not defined");
    assert_snapshot!(changed(24, &[0]), @"outcome message, byte 28: truth value 3 is not defined");
}

#[test]
fn contradictions_are_neither_written_nor_read() {
    let scene = passed().scene;
    let mut both = failed(vec![failure("why")], None);
    both.scene = scene;
    assert_eq!(decode(&encode(&both)), Ok(failed(vec![failure("why")], None)));
    let neither = decode(&encode(&failed(Vec::new(), None))).expect("readable");
    assert_snapshot!(super::told(&neither), @"post_validation/EXECUTION_THREW: there is no scene");
    let mut message = encode(&failed(vec![failure("")], None));
    message.drain(28..34);
    message[24] = 0;
    assert_snapshot!(told(&message), @"outcome message: failures, metrics and scene contradict each other");
    let many = failed(vec![failure(&"x".repeat(5000)); 20], None);
    let read = decode(&encode(&many)).expect("readable");
    assert_eq!((read.failures.len(), read.failures[0].detail.len()), (FAILURES_MAX, 2048));
}

/// Metrics of every kind of number.
fn metrics() -> impl Strategy<Value = Option<Metrics>> {
    let bbox = proptest::option::of(any::<[[f64; 3]; 2]>());
    let numbers = (any::<f64>(), any::<u64>(), any::<u32>(), any::<f64>(), any::<f64>(), bbox);
    proptest::option::of(numbers.prop_map(
        |(vertices, draw_calls, depth, instances, texture_bytes, bbox)| Metrics {
            vertices,
            draw_calls,
            depth,
            instances,
            texture_bytes,
            bbox,
        },
    ))
}

proptest! {
    #[test]
    fn failures_and_metrics_come_back(
        texts in proptest::collection::vec((0..5_usize, 0..26_usize, ".{0,40}"), 1..FAILURES_MAX),
        metrics in metrics(),
        fuel: (u64, u64),
    ) {
        let failure = |(stage, rule, detail): (usize, usize, String)| Failure {
            stage: Stage::ALL[stage],
            rule: Rule::ALL[rule],
            detail,
        };
        let mut outcome = failed(texts.into_iter().map(failure).collect(), metrics);
        (outcome.module_load_fuel, outcome.generate_fuel) = fuel;
        let read = decode(&encode(&outcome)).expect("readable");
        // As text, so that NaN equals NaN.
        prop_assert_eq!(format!("{read:?}"), format!("{outcome:?}"));
    }

    #[test]
    fn any_bytes_get_an_answer(bytes: Vec<u8>) {
        decode(&bytes).ok();
        decode(&[b"COUT\x01\0\0\0".to_vec(), bytes].concat()).ok();
    }
}
