//! The development chain in memory: blocks, reveals, members, weights.

use std::sync::Arc;
use std::time::Duration;

use chain::dev::{Call, DevChain, Genesis, Lock, Member};
use chain::{Account, Block, Chain as _, ChainError, Clock as _, Keypair, ManualClock, Receipt};

use crate::now;

const NETUID: u16 = 17;

fn pair(name: &str) -> Keypair {
    Keypair::from_uri(&format!("//{name}")).unwrap()
}

fn account(name: &str) -> Account {
    pair(name).account()
}

pub(crate) fn genesis() -> Genesis {
    let member = |name: &str, stake| Member {
        hotkey: account(name),
        coldkey: account(&format!("{name}//cold")),
        stake,
    };
    let mut genesis =
        Genesis::new(NETUID, "2031-03-01T00:00:00Z".parse().unwrap(), member("Owner", 0), [3; 32]);
    genesis.members.extend([member("Alice", 5_000), member("Bob", 10)]);
    genesis.permit_stake = 1_000;
    genesis.locks = vec![Lock { coldkey: account("Alice//cold"), amount: 100_000_000_000 }];
    genesis
}

struct World {
    clock: Arc<ManualClock>,
    chain: DevChain,
}

impl World {
    fn new() -> Self {
        Self::with(genesis())
    }

    fn with(genesis: Genesis) -> Self {
        let clock = Arc::new(ManualClock::at(genesis.start));
        let chain = DevChain::in_memory(genesis, clock.clone()).unwrap();
        Self { clock, chain }
    }

    fn blocks(&self, count: u64) {
        self.clock.advance(Duration::from_secs(12 * count));
    }

    fn head(&self) -> Block {
        now(self.chain.head()).unwrap()
    }

    fn commit(&self, name: &str, text: &str, after: u64) -> Result<Receipt, ChainError> {
        now(self.chain.commit(&pair(name), NETUID, text.as_bytes(), after))
    }

    fn submit(&self, name: &str, call: Call) -> Result<Receipt, ChainError> {
        now(self.chain.submit(&pair(name), call))
    }

    /// What everybody's commitments say at the head: texts, their framing left out, with their blocks.
    fn revealed(&self) -> Vec<(Account, Vec<(String, u64)>)> {
        let all = now(self.chain.revealed(self.head(), NETUID)).unwrap();
        let text = |(bytes, block): &(Vec<u8>, u64)| {
            (String::from_utf8_lossy(&bytes[1..]).into_owned(), *block)
        };
        all.iter().map(|one| (one.hotkey, one.entries.iter().map(text).collect())).collect()
    }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, ChainError>) -> String {
    match result {
        Err(ChainError::Refused(why)) => why,
        other => panic!("it was not refused: {other:?}"),
    }
}

#[test]
fn blocks_follow_from_the_clock() {
    let world = World::new();
    assert_eq!(world.head().number, 0);
    world.clock.advance(Duration::from_millis(11_999));
    assert_eq!(world.head().number, 0);
    world.clock.advance(Duration::from_millis(1));
    let first = world.head();
    assert_eq!(first.number, 1);
    world.blocks(100_000);
    assert_eq!(world.head().number, 100_001);
    assert_eq!(now(world.chain.finalized()).unwrap().number, 99_999);
    assert_eq!(now(world.chain.block(1)).unwrap(), Some(first), "what was seen stays");
    assert_eq!(now(world.chain.block(100_002)).unwrap(), None);
    let next = now(world.chain.next_block(100_001)).unwrap();
    assert_eq!(next.number, 100_002, "who waits sleeps until the block is there");
    assert_eq!(world.clock.elapsed(), Duration::from_secs(12 * 100_002));
    let far = now(world.chain.next_block(100_100));
    assert!(matches!(far, Err(ChainError::Transient(_))), "two minutes are the most: {far:?}");
}

#[test]
fn a_text_is_revealed_in_its_block() {
    let world = World::new();
    world.blocks(5);
    let receipt = world.commit("Alice", "hello", 3).unwrap();
    assert_eq!(receipt.at, 5);
    world.blocks(2);
    assert_eq!(world.revealed(), []);
    world.blocks(1);
    let known = vec![(account("Alice"), vec![("hello".to_owned(), 8)])];
    assert_eq!(world.revealed(), known);
    world.blocks(1000);
    assert_eq!(world.revealed(), known);
    let before = now(world.chain.block(7)).unwrap().unwrap();
    assert_eq!(now(world.chain.revealed(before, NETUID)), Ok(vec![]), "as of a block");
}

#[test]
fn raw_bytes_have_their_length_before_them_unless_a_miner_left_it_out() {
    let world = World::new();
    world.commit("Alice", "abc", 0).unwrap();
    now(world.chain.commit_bytes(&pair("Bob"), NETUID, b"\xff{", 0)).unwrap();
    world.blocks(2);
    let all = now(world.chain.revealed(world.head(), NETUID)).unwrap();
    let mut bytes: Vec<_> = all.into_iter().map(|one| one.entries[0].clone()).collect();
    bytes.sort();
    assert_eq!(bytes, [(b"\x0cabc".to_vec(), 2), (b"\xff{".to_vec(), 2)]);
}

#[test]
fn a_later_commitment_replaces_one_that_is_not_revealed() {
    let world = World::new();
    world.commit("Alice", "first", 10).unwrap();
    world.blocks(9);
    world.commit("Alice", "second", 2).unwrap();
    world.blocks(20);
    // The first was due in block 10, where the second came in: reveals come first.
    let both = vec![("first".to_owned(), 10), ("second".to_owned(), 11)];
    assert_eq!(world.revealed(), [(account("Alice"), both.clone())]);
    world.commit("Alice", "third", 10).unwrap();
    world.blocks(1);
    world.commit("Alice", "fourth", 2).unwrap();
    world.blocks(20);
    let four = both.into_iter().chain([("fourth".to_owned(), 32)]).collect();
    assert_eq!(world.revealed(), [(account("Alice"), four)]);
}

#[test]
fn the_chain_keeps_the_last_ten_reveals() {
    let world = World::new();
    for n in 0..13 {
        world.commit("Alice", &n.to_string(), 2).unwrap();
        // There is room for twelve in an epoch.
        world.blocks(40);
    }
    let (_, kept) = world.revealed().pop().unwrap();
    assert_eq!(kept.len(), 10);
    assert_eq!((kept[0].0.as_str(), kept[9].0.as_str()), ("3", "12"));
}

#[test]
fn commitments_that_are_refused() {
    let world = World::new();
    assert!(refusal(world.commit("Eve", "hi", 2)).ends_with("is not registered"));
    let long = "x".repeat(779);
    insta::assert_snapshot!(
        refusal(world.commit("Alice", &long, 2)),
        @"the text has 781 bytes, not up to 780"
    );
    world.commit("Alice", &long[1..], 2).unwrap();
    let elsewhere = now(world.chain.commit(&pair("Alice"), 18, b"", 2));
    insta::assert_snapshot!(refusal(elsewhere), @"there is no subnet 18");
    let past = world.submit("Alice", Call::Commit { text: vec![], reveal: 1 });
    insta::assert_snapshot!(refusal(past), @"block 1 is over before the text is in");
    // What nobody can open is dropped.
    world.submit("Bob", Call::Commit { text: vec![1; 300], reveal: 3 }).unwrap();
    world.blocks(9);
    assert_eq!(world.revealed().len(), 1);
}

#[test]
fn members_come_and_are_there_from_their_block_on() {
    let world = World::new();
    world.blocks(3);
    let dave = account("Dave");
    world.submit("Dave//cold", Call::Register { hotkey: dave }).unwrap();
    world.submit("Dave//cold", Call::Stake { hotkey: dave, amount: 7 }).unwrap();
    let before = world.head();
    world.blocks(1);
    assert_eq!(now(world.chain.neurons(before, NETUID)).unwrap().len(), 3);
    let neurons = now(world.chain.neurons(world.head(), NETUID)).unwrap();
    let last = neurons.last().unwrap();
    assert_eq!((last.uid, last.hotkey, last.stake), (3, dave, 7));
    assert_eq!(last.coldkey, account("Dave//cold"));
    let permits: Vec<bool> = neurons.iter().map(|neuron| neuron.validator_permit).collect();
    assert_eq!(permits, [false, true, false, false]);
    let again = world.submit("Eve", Call::Register { hotkey: dave });
    assert!(refusal(again).ends_with("is registered already"));
    let stolen = world.submit("Eve", Call::Stake { hotkey: dave, amount: 1 });
    assert!(refusal(stolen).contains("is not owned by"));
}

#[test]
fn locks_as_of_a_block() {
    let world = World::new();
    let cold = account("Alice//cold");
    let lock = |at| now(world.chain.lock(at, cold, NETUID));
    let begin = world.head();
    world.submit("Alice//cold", Call::Lock { amount: 1 }).unwrap();
    assert_eq!(lock(begin), Ok(100_000_000_000));
    world.blocks(1);
    assert_eq!(lock(world.head()), Ok(1));
    assert_eq!(lock(begin), Ok(100_000_000_000));
    assert_eq!(now(world.chain.lock(begin, account("Bob"), NETUID)), Ok(0));
}

#[test]
fn weights_land_and_have_a_rate() {
    let world = World::new();
    world.blocks(10);
    let alice = pair("Alice");
    now(world.chain.set_weights(&alice, NETUID, &[(0, 0.25), (2, 0.75)])).unwrap();
    assert_eq!(now(world.chain.weights(world.head(), NETUID, 1)), Ok(vec![]));
    world.blocks(1);
    assert_eq!(
        now(world.chain.weights(world.head(), NETUID, 1)),
        Ok(vec![(0, 21_845), (2, 65_535)])
    );
    assert_eq!(now(world.chain.neurons(world.head(), NETUID)).unwrap()[1].last_update, 11);
    let soon = now(world.chain.set_weights(&alice, NETUID, &[(0, 1.0)]));
    insta::assert_snapshot!(refusal(soon), @"weights are set too fast: 99 blocks left");
    world.blocks(99);
    now(world.chain.set_weights(&alice, NETUID, &[(0, 1.0)])).unwrap();
}

#[test]
fn weights_that_are_refused() {
    let world = World::new();
    let set = |name: &str, weights: &[(u16, f64)]| {
        refusal(now(world.chain.set_weights(&pair(name), NETUID, weights)))
    };
    assert!(set("Eve", &[(0, 1.0)]).ends_with("is not registered"));
    assert!(set("Bob", &[(0, 1.0)]).ends_with("its stake is 10 rao"));
    // The owner needs no permit, and nobody needs one for a weight of its own.
    now(world.chain.set_weights(&pair("Owner"), NETUID, &[(1, 1.0)])).unwrap();
    now(world.chain.set_weights(&pair("Bob"), NETUID, &[(2, 1.0)])).unwrap();
    insta::assert_snapshot!(set("Alice", &[(9, 1.0)]), @"there is no member at place 9");
    insta::assert_snapshot!(set("Alice", &[(0, 0.0)]), @"all shares are zero");
    let by_hand = |weights: &[(u16, u16)]| Call::SetWeights { weights: weights.to_vec() };
    insta::assert_snapshot!(refusal(world.submit("Alice", by_hand(&[(0, 9), (0, 8)]))), @"a place comes twice");
    insta::assert_snapshot!(refusal(world.submit("Alice", by_hand(&[]))), @"0 weights, not 1 or more");
    // Nobody asks for a greatest of 65535.
    world.submit("Alice", by_hand(&[(0, 9), (1, 0)])).unwrap();
}

#[test]
fn few_weights_are_refused() {
    let least = |min_allowed_weights| {
        let world = World::with(Genesis { min_allowed_weights, ..genesis() });
        let set = |weights: &[(u16, f64)]| {
            now(world.chain.set_weights(&pair("Alice"), NETUID, weights)).map(drop)
        };
        let two = set(&[(0, 0.5), (2, 0.5)]).map_err(|error| error.to_string());
        world.blocks(200);
        set(&[(1, 1.0)]).unwrap();
        two
    };
    assert_eq!(least(2), Ok(()));
    assert!(least(3).unwrap_err().contains("2 weights, not 3 or more"));
    assert!(least(99).is_err(), "there are no 99 members");
    assert!(!genesis().to_text().contains("min_allowed_weights"), "the chain's hash stays");
}

#[test]
fn commitments_have_so_much_space_in_an_epoch() {
    let world = World::new();
    // Blocks 343 to 703 are an epoch of subnet 17.
    world.blocks(344);
    let mut written = 0;
    let full = loop {
        match world.commit("Alice", "a little", 2) {
            Ok(_) => written += 1,
            Err(error) => break error.to_string(),
        }
        world.blocks(1);
    };
    assert!(full.contains("left in this epoch"), "{full}");
    assert!((3..=31).contains(&written), "{written}");
    world.commit("Bob", "has a space of its own", 2).unwrap();
    world.blocks(361);
    world.commit("Alice", "a little", 2).unwrap();
}

#[test]
fn hashes_say_what_was_before() {
    let (one, other) = (World::new(), World::new());
    for world in [&one, &other] {
        world.blocks(5);
        world.commit("Alice", "same", 2).unwrap();
        world.blocks(5);
    }
    assert_eq!(one.head(), other.head(), "the same calls make the same chain");
    one.commit("Bob", "more", 2).unwrap();
    assert_eq!(one.head(), other.head(), "it is in the next block only");
    one.blocks(1);
    other.blocks(1);
    assert_ne!(one.head(), other.head());
    let foreign = now(one.chain.revealed(other.head(), NETUID));
    assert_eq!(foreign, Err(ChainError::UnknownBlock(11)));
}

#[test]
fn genesis_files() {
    let text = r#"{"netuid": 3, "start": "2031-03-01T00:00:00Z", "beacon_seed": "SEED", "owner": "//Owner",
        "members": [{"hotkey": "//Owner", "coldkey": "//Cold"}]}"#;
    let text = text.replace("SEED", &"ab".repeat(32));
    let genesis = Genesis::from_text(&text).unwrap();
    assert_eq!((genesis.block_ms, genesis.weights_rate_limit, genesis.sealed), (12_000, 100, true));
    assert_eq!(Genesis::from_text(&genesis.to_text()), Ok(genesis));
    let wrong =
        |from: &str, to: &str| Genesis::from_text(&text.replace(from, to)).unwrap_err().to_string();
    insta::assert_snapshot!(wrong("\"owner\": \"//Owner", "\"owner\": \"//Eve"), @"genesis.json: owner: 5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw is no member's hotkey");
    insta::assert_snapshot!(wrong("\"netuid\": 3", "\"block_ms\": 1, \"netuid\": 3"), @"genesis.json: block_ms: 1 ms; use 10 to 600000");
    assert!(wrong("abab", "xy").contains("not hex digits"));
    insta::assert_snapshot!(wrong("netuid", "net"), @"genesis.json: file: unknown field `net`, expected one of `netuid`, `start`, `block_ms`, `finality_blocks`, `beacon_seed`, `sealed`, `weights_rate_limit`, `min_allowed_weights`, `permit_stake`, `seats`, `owner`, `members`, `locks` at line 1 column 6");
}
