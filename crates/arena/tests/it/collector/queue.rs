//! Slots, shared.

use std::time::Duration;

use arena::collector::queue::Queue;
use arena::collector::{extended, usable};
use proptest::prelude::*;

use super::window;

proptest! {
    /// Everything gets its turn, once, and no lane has more slots than it may.
    #[test]
    fn all_of_it_and_never_too_much(lanes in proptest::collection::vec(0..12_usize, 1..6), per_lane in 1..4_usize, slots in 1..8_usize, times in proptest::collection::vec(0..50_u64, 80)) {
        let mut queue = Queue::new(lanes.len(), per_lane);
        for (lane, n) in lanes.iter().enumerate() {
            (0..*n).for_each(|item| queue.push(lane, item));
        }
        let mut running: Vec<(usize, usize)> = Vec::new();
        let mut started = Vec::new();
        let mut now = Duration::ZERO;
        for step in times {
            while running.len() < slots {
                let Some((lane, item)) = queue.start(now) else { break };
                running.push((lane, item));
                started.push((lane, item));
                let of_lane = running.iter().filter(|(other, _)| *other == lane).count();
                prop_assert!(of_lane <= per_lane);
            }
            now += Duration::from_millis(step);
            if running.is_empty() {
                break;
            }
            let at = usize::try_from(step).unwrap() % running.len();
            let (lane, item) = running.remove(at);
            queue.end(lane, item, now);
        }
        started.sort_unstable();
        let all: Vec<_> = lanes.iter().enumerate().flat_map(|(lane, n)| (0..*n).map(move |item| (lane, item))).collect();
        prop_assert_eq!(started, all);
        prop_assert!(!queue.is_waiting());
    }
}

#[test]
fn who_used_less_goes_first() {
    let mut queue = Queue::new(2, 4);
    let seconds = Duration::from_secs;
    (0..4).for_each(|item| queue.push(0, item));
    (0..4).for_each(|item| queue.push(1, item));
    assert_eq!(queue.start(seconds(0)), Some((0, 0)));
    assert_eq!(queue.start(seconds(0)), Some((1, 0)));
    queue.end(1, 0, seconds(1));
    // Lane 0 still holds its slot, so it has used more.
    assert_eq!(queue.start(seconds(2)), Some((1, 1)));
    queue.end(1, 1, seconds(5));
    assert_eq!(queue.used(0, seconds(5)), seconds(5));
    assert_eq!(queue.used(1, seconds(5)), seconds(4));
    assert_eq!(queue.start(seconds(5)), Some((1, 2)));
    queue.end(1, 2, seconds(9));
    assert_eq!(queue.start(seconds(9)), Some((1, 3)));
    assert_eq!(queue.start(seconds(9)), Some((0, 1)));
}

#[test]
fn stems_that_cannot_be_told_apart_are_left_out() {
    let urls = [
        "http://i/a.png",
        "http://j/a.jpg",
        "http://i/",
        "http://i/..",
        "http://i/b#1",
        "http://i/c?x=1",
    ];
    let stems: Vec<_> = usable(&urls).into_iter().map(|(stem, _)| stem).collect();
    assert_eq!(stems, ["a", "c?x=1"]);
}

#[test]
fn a_deadline_moves_only_when_a_round_is_late() {
    assert_eq!(extended(&window(), 250, 50), None);
    let late = extended(&window(), 251, 50).unwrap();
    assert_eq!(late.generation_deadline_block, Some(351));
    assert_eq!(extended(&window(), 150, 50), None, "before the window is over");
}
