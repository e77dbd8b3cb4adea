//! A competition against its development chain: what the collector wrote down of it, and what a validator set.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arena::collector::{Observed, observed, seed};
use arena::verify::{NoBlobs, OnChain, Settings};
use chain::dev::{DevChain, Genesis, Lock, Member};
use chain::{Account, Chain as _, Keypair, ManualClock};
use futures_util::FutureExt as _;
use insta::assert_snapshot;
use ledger::files::schedule::Schedule;
use ledger::{JsonFile as _, Layout, Round};
use serde_json::json;

use super::every::read_without_history;
use super::world::findings;

const NETUID: u16 = 17;

fn pair(name: &str) -> Keypair {
    Keypair::from_uri(&format!("//{name}")).unwrap()
}

fn account(name: &str) -> Account {
    pair(name).account()
}

/// A round that Bob wanted to enter without a lock, then a second leader's share; Alice paid as she had to.
struct Place {
    chain: DevChain,
    clock: Arc<ManualClock>,
    files: BTreeMap<String, String>,
}

/// The chain is in memory: nothing has to be waited for.
fn now<T>(answer: impl Future<Output = T>) -> T {
    answer.now_or_never().expect("an answer at once")
}

impl Place {
    fn new() -> Self {
        let member = |name: &str, stake| Member {
            hotkey: account(name),
            coldkey: account(&format!("{name}//cold")),
            stake,
        };
        let start = "2031-03-01T00:00:00Z".parse().unwrap();
        let mut genesis = Genesis::new(NETUID, start, member("Owner", 0), [3; 32]);
        genesis.members.extend([member("Alice", 5000), member("Bob", 10)]);
        genesis.permit_stake = 1000;
        genesis.sealed = false;
        genesis.locks = vec![Lock { coldkey: account("Bob//cold"), amount: 7 }];
        let clock = Arc::new(ManualClock::at(genesis.start));
        let chain = DevChain::in_memory(genesis, clock.clone()).unwrap();
        let mut place = Self { chain, clock, files: BTreeMap::new() };
        place.play();
        place
    }

    fn blocks(&self, count: u64) {
        self.clock.advance(Duration::from_secs(12 * count));
    }

    fn pay(&self, leader: f64) {
        let weights = [(0, 1.0 - leader), (2, leader)];
        now(self.chain.set_weights(&pair("Alice"), NETUID, &weights)).unwrap();
    }

    fn play(&mut self) {
        self.blocks(10);
        let text = br#"{"repo": "bob/gen", "commit": "89abcdef0123456789abcdef0123456789abcdef", "cdn_url": "https://bob.example"}"#;
        now(self.chain.commit(&pair("Bob"), NETUID, text, 10)).unwrap();
        self.blocks(40);
        self.pay(0.8);
        self.blocks(53);
        let schedule = Schedule {
            earliest_reveal_block: 0,
            latest_reveal_block: 100,
            generation_deadline_block: Some(1300),
            planned_start: None,
            layout: Layout::default(),
        };
        let start = now(self.chain.block(100)).unwrap().unwrap();
        let revealed = now(self.chain.revealed(start, NETUID)).unwrap();
        let neurons = now(self.chain.neurons(start, NETUID)).unwrap();
        let seen = Observed {
            netuid: NETUID,
            start,
            read: start,
            published_block: 103,
            required_lock: 100,
            hotkeys: observed::entries(&revealed, &neurons, &schedule),
            locks: BTreeMap::from([(account("Bob//cold"), 7)]),
        };
        assert_eq!(seen.hotkeys.len(), 1);
        self.blocks(217);
        self.pay(0.6);
        self.blocks(100);
        let mut put = |path: &str, text: String| self.files.insert(path.to_owned(), text);
        put("config.json", json!({
            "name": "demo", "description": "", "first_evaluation_date": "2031-03-01", "last_competition_date": "2031-12-01",
            "generation_stage_minutes": 240, "win_margin": 0.05, "weight_decay": 0.2, "weight_floor": 0.2,
            "prompts_per_round": 1, "carryover_prompts": 0, "crucible": {}
        }).to_string());
        put("state.json", json!({"current_round": 1, "stage": "open"}).to_string());
        let entry = |weight: f64, block: u64| {
            json!({
                "hotkey": account("Bob").to_string(), "repo": "bob/gen", "commit": "0", "docker": "x", "weight": weight, "effective_block": block
            })
        };
        put("leader.json", json!([entry(0.8, 1), entry(0.6, 300)]).to_string());
        put("rounds/0/schedule.json", schedule.to_text());
        put("rounds/0/commitments.json", seen.to_text());
        put("rounds/0/seed.json", json!({"seed": seed(NETUID, Round(0), &start.hash)}).to_string());
        put("rounds/0/prompts.txt", "https://pictures.example/p.png".to_owned());
        put("prompts.txt", "https://pictures.example/p.png".to_owned());
        put("rounds/0/submissions.json", "{}".to_owned());
        put(
            "rounds/0/winner.json",
            json!({
                "winner_hotkey": "leader", "repo": "bob/gen", "commit": "0", "docker_image": "x"
            })
            .to_string(),
        );
        let next = json!({"earliest_reveal_block": 101, "latest_reveal_block": 300, "generation_deadline_block": 1500});
        put("rounds/1/schedule.json", next.to_string());
    }

    /// The first disagreement after a change of a file.
    fn after(&self, path: &str, from: &str, to: &str) -> String {
        let mut files = self.files.clone();
        let text = files.get_mut(path).unwrap();
        assert!(text.contains(from), "{text}");
        *text = text.replacen(from, to, 1);
        self.said(&files)
    }

    fn said(&self, files: &BTreeMap<String, String>) -> String {
        let on = OnChain { chain: &self.chain, netuid: NETUID, owner: account("Owner") };
        let settings = Settings { chain: Some(on), ..Settings::default() };
        let report = read_without_history(files, &NoBlobs, &settings);
        findings(&report).into_iter().next().unwrap_or_else(|| "sound".to_owned())
    }
}

#[test]
fn the_chain_is_asked() {
    let place = Place::new();
    assert_snapshot!(place.said(&place.files), @"sound");
    let path = "rounds/0/commitments.json";
    let read = place.files[path]
        .find("read_hash")
        .map(|at| place.files[path][at..at + 16].to_owned())
        .unwrap();
    assert!(place.after(path, &read, &format!("{}00", &read[..14])).contains("read_hash"));
    assert_snapshot!(place.after(path, "\"block\": 20", "\"block\": 21"), @"rounds/0/commitments.json:10: hotkeys[0]: 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty revealed something else [submissions]");
    assert_snapshot!(place.after(path, ": 7\n", ": 8\n"), @"rounds/0/commitments.json:22: locks.5DRUZLgg59jWvH6nV1UCAUuYagfNyB9kpxzGykiA12TXr4nc: 8, but the chain says 7 [submissions]");
    assert_snapshot!(place.after(path, "\"netuid\": 17", "\"netuid\": 18"), @"rounds/0/commitments.json:2: netuid: 18, but the chain's subnet is 17 [submissions]");
    // Weights: another share, and another hotkey.
    assert_snapshot!(place.after("leader.json", "0.8", "0.9"), @"leader.json:1: [1].weight: 0.6, but the round went to the leader, who defended: 0.7 [leader]");
    place.pay(0.5);
    place.blocks(2);
    assert_snapshot!(place.said(&place.files), @"leader.json:1: [1].weight: 0.6, and validator 1 had set 0: 65535, 2: 65535 at block 421, where 0: 43690, 2: 65535 follows [leader]");
}

#[test]
fn without_a_chain_it_is_said() {
    let place = Place::new();
    let report = read_without_history(&place.files, &NoBlobs, &Settings::default());
    assert_eq!(findings(&report), [""; 0]);
    assert_eq!(report.unchecked.iter().filter(|one| one.what.contains("chain")).count(), 2);
}
