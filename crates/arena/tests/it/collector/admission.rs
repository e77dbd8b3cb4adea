//! Who takes part.

use arena::collector::observed::{self, Entries};
use arena::collector::{Earlier, Observed, Refusal, admit, place, seed, tie_break};
use chain::{Account, Block, Neuron, Revealed};
use ledger::{JsonFile as _, Round};

use super::{stored, window};

fn account(n: u8) -> Account {
    Account([n; 32])
}

/// A whole submission of hotkey `n`, owned by coldkey `100 + n`.
fn miner(n: u8, code: u8, place: u8, block: u64) -> Entries {
    let text = format!(
        r#"{{"repo": "m/r", "commit": "{}", "cdn_url": "http://h{place}/"}}"#,
        format!("{code:02x}").repeat(20)
    );
    Entries { hotkey: account(n), coldkey: account(100 + n), entries: vec![(stored(&text), block)] }
}

fn observed(hotkeys: Vec<Entries>) -> Observed {
    let locks = hotkeys.iter().map(|who| (who.coldkey, 100)).collect();
    let block = Block { number: 200, hash: [7; 32] };
    Observed {
        netuid: 17,
        start: block,
        read: block,
        published_block: 203,
        required_lock: 100,
        hotkeys,
        locks,
    }
}

/// Numbers of those who take part, in order, and why others do not.
fn outcome(observed: &Observed) -> (Vec<u8>, Vec<(u8, Refusal)>) {
    outcome_after(observed, &Earlier::default())
}

fn outcome_after(observed: &Observed, earlier: &Earlier) -> (Vec<u8>, Vec<(u8, Refusal)>) {
    let admission = admit(observed, &crate::config(), &window(), Round(3), earlier);
    let number = |account: &Account| account.0[0];
    let accepted = admission.submissions.keys().map(|hotkey| number(&hotkey.parse().unwrap()));
    let refused = admission.refused.iter().map(|(who, why)| (number(who), why.clone()));
    (accepted.collect(), refused.collect())
}

#[test]
fn submissions_are_those_of_the_file() {
    let admission = admit(
        &observed(vec![miner(1, 1, 1, 150)]),
        &crate::config(),
        &window(),
        Round(3),
        &Earlier::default(),
    );
    insta::assert_snapshot!(admission.submissions.to_text(), @r#"
    {
      "5C62Ck4UrFPiBtoCmeSrgF7x9yv9mn38446dhCpsi2mLHiFT": {
        "repo": "m/r",
        "commit": "0101010101010101010101010101010101010101",
        "cdn_url": "http://h1/",
        "revealed_at_block": 150,
        "round": "demo-3"
      }
    }
    "#);
    assert_eq!((admission.committed(), admission.unlocked()), (1, 0));
}

#[test]
fn a_coldkey_must_lock_for_all_of_its_submissions() {
    let mut seen = observed(vec![miner(1, 1, 1, 150), miner(2, 2, 2, 140), miner(3, 3, 3, 130)]);
    seen.locks.insert(account(103), 99);
    let lack = |locked, required| Refusal::Lock { locked, required };
    assert_eq!(outcome(&seen), (vec![2, 1], vec![(3, lack(99, 100))]));
    // Two of one coldkey need twice as much.
    seen.hotkeys[1].coldkey = account(101);
    let both = vec![(1, lack(100, 200)), (2, lack(100, 200)), (3, lack(99, 100))];
    assert_eq!(outcome(&seen), (vec![], both));
    seen.locks.insert(account(101), 200);
    assert_eq!(outcome(&seen).0, [2, 1]);
    seen.locks.clear();
    assert_eq!(outcome(&seen).0, [0; 0]);
    seen.required_lock = 0;
    assert_eq!(outcome(&seen).0, [3, 2, 1]);
    // One that says nothing of worth needs no lock.
    seen.required_lock = 100;
    seen.locks.insert(account(101), 100);
    seen.hotkeys[1].entries = vec![(b"5".to_vec(), 150)];
    assert_eq!(outcome(&seen).0, [1]);
}

#[test]
fn ties_fall_by_hash() {
    let miners: Vec<Entries> = (1..=9).map(|n| miner(n, n, n, 150)).collect();
    let seen = observed(miners.clone());
    let seed = seed(17, Round(3), &[7; 32]);
    let mut order: Vec<u8> = (1..=9).collect();
    order.sort_by_key(|&n| tie_break(&account(n).to_string(), seed));
    assert_eq!(outcome(&seen).0, order);
    // In whatever order the chain has them.
    let backwards = observed(miners.into_iter().rev().collect());
    assert_eq!(outcome(&backwards).0, order);
    // Another round, another order.
    let other = Observed { start: Block { number: 200, hash: [8; 32] }, ..seen };
    assert_ne!(outcome(&other).0, order);
}

#[test]
fn of_copies_the_first_stays() {
    // 2 has the code of 1, 3 the place of 1, later; 4 has both of its own.
    let seen = observed(vec![
        miner(1, 1, 1, 150),
        miner(2, 1, 2, 151),
        miner(3, 3, 1, 152),
        miner(4, 4, 4, 153),
    ]);
    let refused = vec![(2, Refusal::SameCode(account(1))), (3, Refusal::SamePlace(account(1)))];
    assert_eq!(outcome(&seen), (vec![1, 4], refused));
}

/// 2 has the code of 1, and so no place to block.
#[test]
fn who_is_refused_for_its_code_takes_nobodys_place() {
    let seen = observed(vec![miner(1, 1, 1, 150), miner(2, 1, 7, 151), miner(3, 3, 7, 152)]);
    assert_eq!(outcome(&seen), (vec![1, 3], vec![(2, Refusal::SameCode(account(1)))]));
}

/// Other ways to write an address lead to the same files.
#[test]
fn of_one_place_there_are_many_names() {
    let same = [
        "http://h1/a-b/c",
        "https://h1/a-b/c",
        "http://H1/a-b/c/",
        "http://h1./a-b/c",
        "http://h1:80/a-b/c",
        "https://h1:443/a-b/c",
        "http://h1:443/a-b/c",
        "http://h1/a%2Db/%63",
        "http://h1//a-b///c",
        "http://h1/x/../a-b/./c",
    ];
    for other in same {
        assert_eq!(place(other), "h1/a-b/c", "{other}");
    }
    let others = [
        "http://h1/a-B/c",
        "http://h1:81/a-b/c",
        "http://h1/a-b/c?x",
        "http://h1/a-b%2Fc",
        "http://h1/a-b/c#x",
        "http://h2/a-b/c",
        "http://h1",
    ];
    let keys: std::collections::BTreeSet<_> =
        others.into_iter().chain([same[0]]).map(place).collect();
    assert_eq!(keys.len(), others.len() + 1, "{keys:?}");
    assert_eq!(place("http://h1/%e4%2f%zz%"), "h1/%E4%2F%zz%");
    let mut copier = miner(2, 2, 2, 151);
    copier.entries.push((stored(r#"{"cdn_url": "https://h1.:443//"}"#), 160));
    let seen = observed(vec![miner(1, 1, 1, 150), copier]);
    assert_eq!(outcome(&seen), (vec![1], vec![(2, Refusal::SamePlace(account(1)))]));
    // Also of an earlier round.
    let mut earlier = Earlier::default();
    let had = observed(vec![miner(1, 1, 1, 150)]);
    let had = admit(&had, &crate::config(), &window(), Round(1), &Earlier::default());
    earlier.add(Round(1), &had.submissions);
    let mut copier = miner(2, 2, 2, 120);
    copier.entries.push((stored(r#"{"cdn_url": "https://h1"}"#), 121));
    let seen = observed(vec![miner(1, 1, 1, 150), copier]);
    assert_eq!(outcome_after(&seen, &earlier).0, [1]);
}

#[test]
fn a_place_is_claimed_when_it_is_revealed_not_with_an_earlier_commit() {
    // 2 reveals early, and takes the place of 1 only after 1 revealed it.
    let mut copier = miner(2, 2, 2, 110);
    copier.entries.push((stored(r#"{"cdn_url": "http://H1"}"#), 160));
    let seen = observed(vec![miner(1, 1, 1, 150), copier]);
    assert_eq!(outcome(&seen), (vec![1], vec![(2, Refusal::SamePlace(account(1)))]));
}

/// Code and address of an earlier round are public; who reveals them first in this one does not get them for that.
#[test]
fn what_was_public_in_an_earlier_round_stays_with_who_had_it() {
    let admission = |seen: &Observed, round| {
        admit(seen, &crate::config(), &window(), Round(round), &Earlier::default()).submissions
    };
    let mut earlier = Earlier::default();
    earlier.add(Round(1), &admission(&observed(vec![miner(1, 1, 1, 150)]), 1));
    earlier.add(Round(0), &admission(&observed(vec![miner(5, 5, 5, 150)]), 0));
    // 2 takes the code of 1, 3 its place, both before it; 6 and 5 fight for what 5 had.
    let seen = observed(vec![
        miner(1, 1, 1, 150),
        miner(2, 1, 2, 110),
        miner(3, 3, 1, 111),
        miner(5, 5, 5, 160),
        miner(6, 6, 5, 112),
    ]);
    let refused = vec![
        (2, Refusal::SameCode(account(1))),
        (3, Refusal::SamePlace(account(1))),
        (6, Refusal::SamePlace(account(5))),
    ];
    assert_eq!(outcome_after(&seen, &earlier), (vec![1, 5], refused));
    // Who had it later comes after who had it first.
    earlier.add(Round(2), &admission(&observed(vec![miner(2, 1, 2, 150)]), 2));
    assert_eq!(outcome_after(&seen, &earlier).0, [1, 5]);
    // Who does not take part holds nothing.
    let gone = observed(vec![miner(2, 1, 2, 110), miner(6, 6, 5, 112)]);
    assert_eq!(outcome_after(&gone, &earlier).0, [2, 6]);
}

#[test]
fn nobody_without_a_lock_puts_another_out() {
    let mut seen = observed(vec![miner(1, 1, 1, 150), miner(2, 1, 1, 110)]);
    seen.locks.insert(account(102), 0);
    assert_eq!(outcome(&seen).0, [1]);
}

#[test]
fn seeds_follow_from_block_and_round() {
    assert_eq!(seed(17, Round(3), &[7; 32]), seed(17, Round(3), &[7; 32]));
    assert_ne!(seed(17, Round(3), &[7; 32]), seed(17, Round(4), &[7; 32]));
    assert_ne!(seed(17, Round(3), &[7; 32]), seed(18, Round(3), &[7; 32]));
    assert_ne!(seed(17, Round(3), &[7; 32]), seed(17, Round(3), &[8; 32]));
    assert_eq!(seed(17, Round(0), &[0; 32]), 23_513_460);
}

#[test]
fn only_members_and_the_window_are_seen() {
    let neuron = |n: u8| Neuron {
        uid: u16::from(n),
        hotkey: account(n),
        coldkey: account(100 + n),
        stake: 0,
        validator_permit: false,
        last_update: 0,
    };
    let entry = |block| (vec![4, b'5'], block);
    let revealed = [
        Revealed {
            hotkey: account(2),
            entries: vec![entry(99), entry(100), entry(200), entry(201)],
        },
        Revealed { hotkey: account(1), entries: vec![entry(150), (vec![0; 5000], 151)] },
        Revealed { hotkey: account(3), entries: vec![entry(99)] },
        Revealed { hotkey: account(9), entries: vec![entry(150)] },
    ];
    let found = observed::entries(&revealed, &[neuron(1), neuron(2), neuron(3)], &window());
    let found: Vec<_> = found.iter().map(|who| (who.hotkey.0[0], who.entries.len())).collect();
    assert_eq!(found, [(1, 1), (2, 2)]);
}

#[test]
fn what_was_seen_is_written_and_read_again() {
    let mut seen = observed(vec![miner(1, 1, 1, 150)]);
    seen.hotkeys[0].entries = vec![(vec![4, b'5'], 150)];
    let text = seen.to_text();
    insta::assert_snapshot!(text, @r#"
    {
      "netuid": 17,
      "start_block": 200,
      "start_hash": "0707070707070707070707070707070707070707070707070707070707070707",
      "read_block": 200,
      "read_hash": "0707070707070707070707070707070707070707070707070707070707070707",
      "published_block": 203,
      "required_lock": 100,
      "hotkeys": [
        {
          "hotkey": "5C62Ck4UrFPiBtoCmeSrgF7x9yv9mn38446dhCpsi2mLHiFT",
          "coldkey": "5EMepC39b7E2zfM9g6CkPp8KCAxGTh7D4w4T2tFjmjpd4tPw",
          "entries": [
            {
              "block": 150,
              "bytes": "0435"
            }
          ]
        }
      ],
      "locks": {
        "5EMepC39b7E2zfM9g6CkPp8KCAxGTh7D4w4T2tFjmjpd4tPw": 100
      }
    }
    "#);
    assert_eq!(Observed::from_text("commitments.json", &text), Ok(seen));
    let wrong = |from: &str, to: &str| {
        Observed::from_text("commitments.json", &text.replacen(from, to, 1))
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(wrong("\"0435\"", "\"043\""), @"commitments.json:16:20: hotkeys[0].entries[0].bytes: a string where bytes as hex digits belongs; restore the file from an earlier commit");
    insta::assert_snapshot!(wrong("\"netuid\": 17", "\"netuid\": 70000"), @"commitments.json:2:13: netuid: a number where a number up to 65535 belongs; restore the file from an earlier commit");
    insta::assert_snapshot!(wrong("required_lock", "lock"), @r#"commitments.json:1:1: "required_lock" is missing; restore the file from an earlier commit"#);
}
