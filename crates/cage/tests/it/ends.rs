//! Every way for a process to end, or to answer, gets a verdict, and the pool goes on.

use std::time::Duration;

use cage::Pool;
use insta::assert_snapshot;

use crate::workplace::{GOOD, attack, check, pool};

/// What an attack comes to; the pool must work afterwards.
fn fate(pool: &Pool, name: &str) -> String {
    let fate = check(pool, &attack(name));
    assert_eq!(check(pool, GOOD), "passed", "after {name}");
    fate
}

#[test]
fn ends() {
    let pool = pool("ends", |_| {});
    assert_snapshot!(fate(&pool, "exit"), @"execution/EXECUTION_THREW: worker exited unexpectedly with code 3");
    assert_snapshot!(fate(&pool, "panic"), @"execution/EXECUTION_THREW: worker exited unexpectedly with code 101");
    assert_snapshot!(fate(&pool, "abort"), @"execution/HEAP_EXCEEDED: worker aborted (likely exceeded 256 MB heap)");
    assert_snapshot!(fate(&pool, "segv"), @"execution/EXECUTION_THREW: worker exited unexpectedly with signal 11 (segmentation fault)");
    assert_snapshot!(fate(&pool, "overflow"), @"execution/EXECUTION_THREW: worker exited unexpectedly with signal 11 (segmentation fault)");
    assert_snapshot!(fate(&pool, "allocate"), @"execution/HEAP_EXCEEDED: worker aborted (likely exceeded 256 MB heap)");
    assert_snapshot!(fate(&pool, "hoard"), @"execution/HEAP_EXCEEDED: worker aborted (likely exceeded 256 MB heap)");
    assert_snapshot!(fate(&pool, "fork"), @"execution/RUNTIME_VIOLATION: Runtime violation: the module's process made a system call that the cage forbids");
    assert_snapshot!(fate(&pool, "hang-up"), @"execution/RUNTIME_VIOLATION: Runtime violation: the module's process made a system call that the cage forbids");
    assert_snapshot!(fate(&pool, "reply-nothing"), @"execution/EXECUTION_THREW: worker exited unexpectedly with code 0");
}

#[test]
fn answers() {
    let pool = pool("answers", |config| config.reply_bytes_max = 4 << 20);
    assert_snapshot!(fate(&pool, "reply-empty"), @"execution/EXECUTION_THREW: worker gave an answer that cannot be used: 0 bytes are too few");
    assert_snapshot!(fate(&pool, "reply-garbage"), @"execution/EXECUTION_THREW: worker gave an answer that cannot be used: outcome message: does not start with COUT");
    assert_snapshot!(fate(&pool, "reply-zeros"), @"execution/EXECUTION_THREW: worker gave an answer that cannot be used: outcome message: does not start with COUT");
    assert_snapshot!(fate(&pool, "reply-long"), @"execution/EXECUTION_THREW: worker gave an answer that cannot be used: an answer of 4194305 bytes was announced, the limit is 4194304");
    assert_snapshot!(fate(&pool, "reply-claim"), @"execution/EXECUTION_THREW: worker gave an answer that cannot be used: an answer of 18446744073709551615 bytes was announced, the limit is 4194304");
    assert_snapshot!(fate(&pool, "reply-part-exit"), @"execution/EXECUTION_THREW: worker exited unexpectedly with code 0");
    assert_snapshot!(fate(&pool, "reply-flood"), @"execution/EXECUTION_THREW: worker gave an answer that cannot be used: an answer of 4702111234474983745 bytes was announced, the limit is 4194304");
    assert_snapshot!(fate(&pool, "reply-twice"), @"post_validation/INVALID_RETURN_TYPE: returned null/undefined");
}

#[test]
fn silence() {
    let pool = pool("silence", |_| {});
    assert_snapshot!(fate(&pool, "sleep"), @"execution/TIMEOUT_EXCEEDED: worker neither computed nor answered; worker ended");
    assert_snapshot!(fate(&pool, "reply-part"), @"execution/TIMEOUT_EXCEEDED: worker neither computed nor answered; worker ended");
    assert_snapshot!(fate(&pool, "reply-prefix"), @"execution/TIMEOUT_EXCEEDED: worker neither computed nor answered; worker ended");
}

#[test]
fn processor_time() {
    let pool = pool("processor-time", |config| config.cpu = Duration::from_secs(1));
    assert_snapshot!(fate(&pool, "spin"), @"execution/TIMEOUT_EXCEEDED: exceeded 1 s of processor time; worker ended");
    assert_snapshot!(fate(&pool, "spin-deaf"), @"execution/TIMEOUT_EXCEEDED: exceeded 1 s of processor time; worker ended");
}

#[test]
fn a_process_that_hangs_up_and_goes_on_is_ended() {
    let pool = pool("hangs-up", |config| config.uncaged = true);
    assert_snapshot!(fate(&pool, "hang-up"), @"execution/EXECUTION_THREW: worker exited unexpectedly: it closed its connection");
}

#[test]
fn a_machine_that_is_too_busy_gives_no_verdict() {
    let pool = pool("busy", |config| config.wall = Duration::from_millis(2000));
    assert_snapshot!(fate(&pool, "spin"), @"error: the machine is too busy: a module used less than 30s of processor time within 2s; no verdict on it");
}

#[test]
fn wall_time_fails_a_module_where_that_is_asked_for() {
    let pool = pool("wall-fails", |config| {
        config.wall = Duration::from_millis(2000);
        config.wall_fails = true;
    });
    assert_snapshot!(fate(&pool, "spin"), @"execution/TIMEOUT_EXCEEDED: exceeded 2000ms");
}
