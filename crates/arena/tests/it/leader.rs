//! Changes and decay of the leader.

use arena::leader::{Ending, Transition, transition};
use ledger::JsonFile;
use ledger::files::config::Config;
use ledger::files::leader::{LeaderEntry, Leaders};
use ledger::files::winner::Winner;

use crate::{config, layout};

fn entry(weight: f64) -> LeaderEntry {
    LeaderEntry {
        hotkey: "5Alice".to_owned(),
        repo: Some("alice/gen3d".to_owned()),
        commit: Some("c0".to_owned()),
        docker: Some("image:a".to_owned()),
        weight,
        effective_block: 100,
        layout: layout(),
    }
}

fn winner(hotkey: &str, repo: &str, commit: &str) -> Winner {
    Winner {
        winner_hotkey: hotkey.to_owned(),
        repo: repo.to_owned(),
        commit: commit.to_owned(),
        docker_image: "image:w".to_owned(),
        layout: layout(),
    }
}

/// Weights after each defence, until nothing is added any more.
fn decay(config: &Config) -> Vec<String> {
    let mut last = entry(1.0);
    let mut weights = Vec::new();
    while let Transition::Decayed(next) = transition(&last, Ending::NoSubmissions, config, 7) {
        weights.push(next.weight.to_string());
        last = next;
    }
    weights
}

#[test]
fn weights_decay_to_the_floor_in_ten_decimals() {
    assert_eq!(decay(&config()), ["0.85", "0.7", "0.55", "0.4"]);
    let fifths = Config { weight_decay: 0.2, weight_floor: 0.2, ..config() };
    assert_eq!(decay(&fifths), ["0.8", "0.6", "0.4", "0.2"]);
    let big = Config { weight_decay: 0.7, weight_floor: 0.2, ..config() };
    assert_eq!(decay(&big), ["0.3", "0.2"]);
}

#[test]
fn a_weight_below_the_floor_stays() {
    let kept = transition(&entry(0.3), Ending::NoSubmissions, &config(), 7);
    assert_eq!(kept, Transition::Unchanged);
    assert_eq!(kept.entry(), None);
}

#[test]
fn another_winner_leads_with_full_weight() {
    let won = winner("5Bob", "bob/forge", "c1");
    let Transition::Changed(new) = transition(&entry(0.4), Ending::Won(&won), &config(), 121_600)
    else {
        panic!("no change");
    };
    assert_eq!((new.hotkey.as_str(), new.weight, new.effective_block), ("5Bob", 1.0, 121_600));
    assert_eq!(new.docker.as_deref(), Some("image:w"));
    // The same miner with other code is another leader.
    let again = winner("5Alice", "alice/gen3d", "c9");
    assert!(matches!(
        transition(&entry(0.4), Ending::Won(&again), &config(), 7),
        Transition::Changed(_)
    ));
}

#[test]
fn the_leaders_code_under_another_hotkey_defends() {
    let copy = winner("5Mallory", "alice/gen3d", "c0");
    let after = transition(&entry(0.8), Ending::Won(&copy), &config(), 7);
    let kept = after.entry().unwrap();
    assert_eq!((kept.hotkey.as_str(), kept.weight), ("5Alice", 0.65));
    let word = winner("leader", "", "");
    assert_eq!(transition(&entry(0.8), Ending::Won(&word), &config(), 7), after);
    // An old entry that does not say its code is not taken for it.
    let bare = LeaderEntry { repo: None, commit: None, ..entry(0.8) };
    assert!(matches!(transition(&bare, Ending::Won(&copy), &config(), 7), Transition::Changed(_)));
}

#[test]
fn a_decayed_entry_keeps_what_we_do_not_know() {
    let text = r#"[{"hotkey": "5A", "hardware": ["4xH200"], "weight": 1.0, "effective_block": 3}]"#;
    let mut leaders = Leaders::from_text("leader.json", text).unwrap();
    let after = transition(leaders.latest().unwrap(), Ending::NoSubmissions, &config(), 9);
    leaders.append(after.entry().unwrap().clone()).unwrap();
    insta::assert_snapshot!(leaders.to_text(), @r#"
    [
      {
        "hotkey": "5A",
        "hardware": [
          "4xH200"
        ],
        "weight": 1.0,
        "effective_block": 3
      },
      {
        "hotkey": "5A",
        "hardware": [
          "4xH200"
        ],
        "weight": 0.85,
        "effective_block": 9
      }
    ]
    "#);
}
