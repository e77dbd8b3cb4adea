//! The tables of the contract, row by row, and what holds whatever happens.

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn order(stems: &str, batch_id: Option<&str>) -> Order {
    let prompt = |stem: &str| Prompt { stem: stem.to_owned(), image_url: String::new() };
    let prompts: Vec<_> = stems.split(' ').map(prompt).collect();
    let accepted = prompts.len() as u64;
    Order { prompts, accepted, seed: Seed::default(), batch_id: batch_id.map(str::to_owned) }
}

fn unfit() -> Option<Map<String, Value>> {
    json!({ "all_passed": false }).as_object().cloned()
}

/// A machine in a state, with the stems a and b if it has a batch.
fn machine(state: State) -> Machine {
    let mut machine = Machine::default();
    if state == State::WarmingUp {
        return machine;
    }
    machine.warm();
    if state != State::Ready {
        machine.start(1, order("a b", None), BTreeMap::new());
    }
    if state == State::Complete {
        machine.give_up(1, "no");
        machine.complete(1);
    }
    if state == State::Replace {
        machine.judge(unfit());
        machine.polled(Some(3));
    }
    assert_eq!(machine.state(), state);
    machine
}

#[test]
fn answers_by_state_and_stems() {
    use State::{Complete, Generating, Ready, Replace, WarmingUp};
    let row = |state: State| {
        let machine = machine(state);
        let same = machine.answer(&order("b a", None));
        let other = machine.answer(&order("a c", None));
        format!("{state}: {same:?}, {other:?}")
    };
    let rows = [WarmingUp, Ready, Generating, Complete, Replace].map(row).join("\n");
    assert_snapshot!(rows, @"
    warming_up: Refused(WarmingUp), Refused(WarmingUp)
    ready: Start, Start
    generating: Same { accepted: 2 }, Refused(Generating)
    complete: Same { accepted: 2 }, Start
    replace: Refused(Replace), Refused(Replace)
    ");
}

#[test]
fn an_identity_decides() {
    let mut machine = machine(State::Ready);
    machine.start(1, order("a b", Some("r1")), BTreeMap::new());
    let ask = |machine: &Machine, stems: &str, id: Option<&str>| {
        format!("{:?}", machine.answer(&order(stems, id)))
    };
    assert_snapshot!(ask(&machine, "a b", Some("r1")), @"Same { accepted: 2 }");
    assert_snapshot!(ask(&machine, "a b", Some("r2")), @"Refused(Generating)");
    assert_snapshot!(ask(&machine, "a c", Some("r1")), @"IdentityTaken");
    assert_snapshot!(ask(&machine, "a b", None), @"Same { accepted: 2 }");
    machine.complete(1);
    assert_snapshot!(ask(&machine, "a b", Some("r1")), @"Same { accepted: 2 }");
    assert_snapshot!(ask(&machine, "a b", Some("r2")), @"Start");
    assert_snapshot!(ask(&machine, "a b", None), @"Same { accepted: 2 }");
    assert_snapshot!(ask(&machine, "a c", None), @"Start");
}

#[test]
fn replace_only_while_a_replacement_is_left() {
    use State::{Complete, Generating, Ready, WarmingUp};
    for state in [WarmingUp, Ready, Generating, Complete] {
        let mut machine = machine(state);
        assert_eq!(machine.polled(Some(3)), state);
        machine.judge(unfit());
        assert_eq!(machine.polled(Some(1)), State::Replace);
        assert_eq!(machine.polled(None), state, "who says nothing has none");
        assert_eq!(machine.answer(&order("x", None)), Answer::Refused(State::Replace));
        assert_eq!(machine.polled(Some(0)), state);
        assert_eq!(machine.polled(Some(-1)), state);
        assert_eq!(machine.work(), state, "the work goes on");
        machine.judge(None);
        assert_eq!(machine.polled(Some(3)), state, "fit again");
    }
}

#[test]
fn only_the_first_outcome_of_an_asked_prompt_counts() {
    let mut machine = machine(State::Generating);
    assert!(!machine.finish(2, "a", Outcome::Made), "another batch");
    assert!(!machine.finish(1, "c", Outcome::Made), "not asked for");
    assert!(machine.finish(1, "a", Outcome::Made));
    assert!(!machine.finish(1, "a", Outcome::Failed("late".to_owned())), "the second time");
    assert_eq!(machine.open_stems(1), ["b"]);
    assert_eq!(machine.count(), Some(Count { total: 2, made: 1, failed: 0 }));
    machine.give_up(1, "over");
    machine.complete(1);
    assert!(!machine.finish(1, "b", Outcome::Made), "too late");
    let reasons = machine.outcomes(1);
    assert_eq!(reasons["b"], Outcome::Failed("over".to_owned()));
}

#[derive(Debug, Clone)]
enum Event {
    Warm,
    Judge(bool),
    Poll(Option<i64>),
    Order(Vec<u8>, Option<u8>),
    Finish(u64, u8, bool),
    Complete(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Warm),
        any::<bool>().prop_map(Event::Judge),
        proptest::option::of(-1..3_i64).prop_map(Event::Poll),
        (proptest::collection::vec(0..4_u8, 1..4), proptest::option::of(0..2_u8))
            .prop_map(|(stems, id)| Event::Order(stems, id)),
        (0..4_u64, 0..4_u8, any::<bool>()).prop_map(|(n, s, ok)| Event::Finish(n, s, ok)),
        (0..4_u64).prop_map(Event::Complete),
    ]
}

proptest! {
    #[test]
    fn whatever_happens(events in proptest::collection::vec(event(), 0..60)) {
        let mut machine = Machine::default();
        let mut number = 0;
        for event in events {
            let before = machine.work();
            match event {
                Event::Warm => machine.warm(),
                Event::Judge(is_unfit) => machine.judge(is_unfit.then(|| unfit().expect("a map"))),
                Event::Poll(left) => {
                    let told = machine.polled(left);
                    let may_replace = left.unwrap_or(0) > 0 && machine.unfit().is_some();
                    prop_assert_eq!(told == State::Replace, may_replace);
                }
                Event::Order(mut stems, id) => {
                    stems.sort_unstable();
                    stems.dedup();
                    let stems: Vec<_> = stems.iter().map(u8::to_string).collect();
                    let id = id.map(|id| id.to_string());
                    let order = order(&stems.join(" "), id.as_deref());
                    let answer = machine.answer(&order);
                    prop_assert_eq!(machine.answer(&order), answer.clone(), "asking changes nothing");
                    match answer {
                        Answer::Start => {
                            prop_assert!(matches!(before, State::Ready | State::Complete));
                            number += 1;
                            machine.start(number, order.clone(), BTreeMap::new());
                            prop_assert_eq!(machine.work(), State::Generating);
                            if machine.state() != State::Replace {
                                let is_same = matches!(machine.answer(&order), Answer::Same { .. });
                                prop_assert!(is_same);
                            }
                        }
                        Answer::Refused(state) => prop_assert_ne!(state, State::Complete),
                        Answer::Same { .. } | Answer::IdentityTaken => {}
                    }
                }
                Event::Finish(number, stem, is_made) => {
                    let outcome = if is_made { Outcome::Made } else { Outcome::Failed(String::new()) };
                    machine.finish(number, &stem.to_string(), outcome);
                }
                Event::Complete(number) => {
                    machine.give_up(number, "over");
                    machine.complete(number);
                }
            }
            if let Some(Count { total, made, failed }) = machine.count() {
                prop_assert!(made + failed <= total);
                let is_over = machine.work() == State::Complete;
                prop_assert!(!is_over || made + failed == total, "every stem has its outcome");
            }
        }
    }
}
