//! The development chain in a folder: several openings of it, crashes, files that somebody changed.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chain::dev::{Call, DevChain, DevClock};
use chain::{Chain as _, ChainError, Clock as _, Keypair, ManualClock};
use tempfile::TempDir;

use crate::dev::genesis;
use crate::now;

const NETUID: u16 = 17;

fn made() -> (TempDir, Arc<ManualClock>) {
    let folder = tempfile::tempdir().unwrap();
    DevChain::create(folder.path(), &genesis()).unwrap();
    (folder, Arc::new(ManualClock::at(genesis().start)))
}

fn open(folder: &Path, clock: &Arc<ManualClock>) -> DevChain {
    DevChain::open(folder, clock.clone()).unwrap()
}

fn lock(amount: u64) -> Call {
    Call::Lock { amount }
}

#[test]
fn all_openings_see_one_chain() {
    let (folder, clock) = made();
    let (one, other) = (open(folder.path(), &clock), open(folder.path(), &clock));
    let cold = Keypair::from_uri("//Bob//cold").unwrap();
    for amount in 1..=4 {
        let chain = if amount % 2 == 0 { &one } else { &other };
        now(chain.submit(&cold, lock(amount))).unwrap();
    }
    clock.advance(Duration::from_secs(12));
    let head = now(one.head()).unwrap();
    assert_eq!(now(other.head()).unwrap(), head);
    assert_eq!(now(open(folder.path(), &clock).head()).unwrap(), head, "a third one too");
    assert_eq!(now(other.lock(head, cold.account(), NETUID)), Ok(4));
    assert!(DevChain::create(folder.path(), &genesis()).is_err(), "no chain over a chain");
}

#[test]
fn what_a_crash_left_of_a_line_is_cut() {
    let (folder, clock) = made();
    let cold = Keypair::from_uri("//Bob//cold").unwrap();
    now(open(folder.path(), &clock).submit(&cold, lock(1))).unwrap();
    let log = folder.path().join("log.jsonl");
    let whole = fs_err::read(&log).unwrap();
    let half = &whole[..whole.len() / 2];
    fs_err::OpenOptions::new().append(true).open(&log).unwrap().write_all(half).unwrap();
    clock.advance(Duration::from_secs(12));
    let chain = open(folder.path(), &clock);
    let head = now(chain.head()).unwrap();
    assert_eq!(now(chain.lock(head, cold.account(), NETUID)), Ok(1));
    now(chain.submit(&cold, lock(2))).unwrap();
    let text = fs_err::read_to_string(&log).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(text.as_bytes().starts_with(&whole) && text.ends_with('\n'));
    let again = open(folder.path(), &clock);
    assert_eq!(now(again.head()).unwrap().number, 1);
}

#[test]
fn a_line_that_somebody_changed_is_named() {
    let (folder, clock) = made();
    let cold = Keypair::from_uri("//Bob//cold").unwrap();
    let chain = open(folder.path(), &clock);
    now(chain.submit(&cold, lock(1))).unwrap();
    now(chain.submit(&cold, lock(2))).unwrap();
    let log = folder.path().join("log.jsonl");
    let text = fs_err::read_to_string(&log).unwrap();
    let problem = |text: &str| {
        fs_err::write(&log, text).unwrap();
        match now(open(folder.path(), &clock).head()) {
            Err(ChainError::Malformed(problem)) => problem,
            other => panic!("it was taken: {other:?}"),
        }
    };
    let changed = text.replace("\"amount\":2", "\"amount\":3");
    insta::assert_snapshot!(problem(&changed), @"line 2 of log.jsonl: the signature is not the signer's");
    let twice: String = text.lines().take(1).map(|line| format!("{line}\n{line}\n")).collect();
    insta::assert_snapshot!(problem(&twice), @"line 2 of log.jsonl: the nonce is 0, not 1");
    insta::assert_snapshot!(problem("{}\n"), @"line 1 of log.jsonl: missing field `block` at line 1 column 2");
    fs_err::write(&log, "").unwrap();
    let shorter = now(chain.head());
    assert!(matches!(shorter, Err(ChainError::Transient(_))), "{shorter:?}");
}

#[test]
fn a_clock_that_goes_back_takes_no_block_away() {
    let (folder, clock) = made();
    clock.advance(Duration::from_secs(1200));
    let cold = Keypair::from_uri("//Bob//cold").unwrap();
    let chain = open(folder.path(), &clock);
    now(chain.submit(&cold, lock(1))).unwrap();
    let head = now(chain.head()).unwrap();
    let early = Arc::new(ManualClock::at(genesis().start));
    let late = open(folder.path(), &early);
    assert_eq!(now(late.head()).unwrap(), head);
    now(late.submit(&cold, lock(2))).unwrap();
    assert_eq!(now(late.head()).unwrap(), head);
}

#[test]
fn another_who_holds_the_lock_is_waited_for_and_no_longer_than_half_a_minute() {
    let (folder, clock) = made();
    let chain = open(folder.path(), &clock);
    let held = fs_err::File::create(folder.path().join("lock")).unwrap();
    held.file().lock().unwrap();
    let refused = now(chain.head());
    assert!(matches!(refused, Err(ChainError::Transient(_))), "{refused:?}");
    assert_eq!(clock.elapsed(), Duration::from_secs(30));
    drop(held);
    assert!(now(chain.head()).is_ok());
}

#[test]
fn skipped_time_is_skipped_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) =
        (DevClock::open(folder.path()).unwrap(), DevClock::open(folder.path()).unwrap());
    let before = other.now();
    one.advance(Duration::from_secs(86_400)).unwrap();
    let passed = before.duration_until(other.now()).as_secs();
    assert!((86_400..86_500).contains(&passed), "{passed} s");
    assert!(other.elapsed() >= Duration::from_secs(86_400));
    assert!(DevClock::open(folder.path()).unwrap().elapsed() < Duration::from_secs(86_400));
    let then = one.now() + Duration::from_secs(3_600);
    one.advance_to(then).unwrap();
    assert!(other.now() >= then);
    one.advance_to(before).unwrap();
    assert!(one.advance(Duration::MAX).is_err());
    fs_err::write(folder.path().join("skipped"), "soon").unwrap();
    assert!(other.now() >= then, "a file that cannot be read turns no time back");
    assert!(DevClock::open(folder.path()).is_err());
}

#[tokio::test]
async fn sleepers_notice_that_time_was_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) =
        (DevClock::open(folder.path()).unwrap(), DevClock::open(folder.path()).unwrap());
    // The first part is begun before the second one.
    let ((), skipped) = tokio::join!(other.sleep(Duration::from_secs(1_000_000)), async {
        one.advance(Duration::from_secs(2_000_000))
    });
    skipped.unwrap();
}
