//! Worked examples of the front, and what is certain before its last view.

use proptest::prelude::*;

use super::*;
use crate::vlm::Penalties;

/// A view's answers: A first, then B first.
type Answers = ((u8, u8), (u8, u8));

fn pairs(views: &[Answers]) -> Vec<Pair> {
    let penalties = |(first, second)| Some(Penalties { first, second });
    views.iter().map(|(ab, ba)| Pair::of(penalties(*ab), penalties(*ba))).collect()
}

/// One consistent view decides, as in the original.
fn original() -> Thresholds {
    Thresholds { front_views: 1, ..Thresholds::default() }
}

fn word(side: Option<Side>) -> &'static str {
    side.map_or("draw", Side::letter)
}

const SAME: Answers = ((3, 3), (3, 3));
const LATE: Answers = ((2, 5), (2, 5));

/// Number, views, the original's outcome, ours.
const WORKED: [(u8, [Answers; 4], &str, &str); 8] = [
    (1, [((2, 5), (5, 3)), ((3, 4), (5, 3)), ((2, 2), (3, 2)), ((4, 6), (6, 4))], "A", "A"),
    (2, [((1, 6), (6, 1)), ((1, 6), (6, 1)), ((1, 6), (6, 1)), ((4, 3), (3, 4))], "draw", "draw"),
    (3, [LATE, ((5, 2), (5, 2)), ((3, 6), (4, 6)), ((3, 5), (3, 5))], "draw", "draw"),
    (4, [((9, 8), (8, 9)), ((9, 8), (8, 10)), ((10, 8), (8, 9)), ((9, 8), (7, 9))], "draw", "draw"),
    // One view of four is not enough for us.
    (5, [LATE, LATE, LATE, ((3, 4), (4, 3))], "A", "draw"),
    (6, [((0, 8), (8, 0)), ((4, 3), (3, 4)), SAME, SAME], "A", "A"),
    (7, [((3, 4), (4, 3)), ((3, 4), (4, 3)), ((3, 4), (4, 3)), SAME], "A", "A"),
    (8, [((3, 4), (4, 3)), ((3, 4), (4, 3)), ((3, 3), (4, 3)), SAME], "draw", "draw"),
];

#[test]
fn worked_examples() {
    for (number, views, theirs, ours) in WORKED {
        let pairs = pairs(&views);
        assert_eq!(word(outcome(&pairs, &original())), theirs, "{number}, original");
        assert_eq!(word(outcome(&pairs, &Thresholds::default())), ours, "{number}");
    }
}

#[test]
fn means_are_those_of_the_worked_examples() {
    let grades: Vec<_> =
        pairs(&WORKED[0].1).iter().map(|pair| pair.grades().map(|g| (g.a, g.b))).collect();
    assert_eq!(grades, [(2.5, 5.0), (3.0, 4.5), (2.0, 2.5), (4.0, 6.0)].map(Some));
    assert_eq!(pairs(&[LATE])[0].grades(), None, "contradictory");
}

#[test]
fn half_a_pair_says_nothing() {
    let one = Some(Penalties { first: 0, second: 10 });
    // Others read means all the same: 5 stands for what was not said.
    assert_eq!(Pair::of(one, None), Pair::Failed(Grades { a: 2.5, b: 7.5 }));
    assert_eq!(Pair::of(None, one), Pair::Failed(Grades { a: 7.5, b: 2.5 }));
    let nothing = Pair::of(None, None);
    assert_eq!(nothing, Pair::Failed(Grades { a: 5.0, b: 5.0 }));
    assert_eq!(outcome(&[nothing; 4], &original()), None);
}

/// The smallest difference that decides, for one to four views.
#[test]
fn smallest_deciding_differences() {
    let view = |half: u8| {
        // Each half point of difference is one point in one order.
        ((3, 3 + half / 2 + half % 2), (3 + half / 2, 3))
    };
    let decides = |views: usize, halves: usize| {
        let each: Vec<_> = (0..views)
            .map(|at| view((halves / views + usize::from(at < halves % views)) as u8))
            .collect();
        outcome(&pairs(&each), &original()) == Some(Side::A)
    };
    for (views, smallest) in [(4, 0.75), (3, 5.0 / 6.0), (2, 0.75), (1, 1.0)] {
        let halves = (1..20).find(|halves| decides(views, *halves)).expect("some do");
        assert_eq!(halves as f64 / 2.0 / views as f64, smallest, "{views} views");
    }
}

fn any_view() -> impl Strategy<Value = Pair> {
    let grade = || prop_oneof![Just(None), (0..=10_u8, 0..=10_u8).prop_map(Some)];
    (grade(), grade()).prop_map(|(ab, ba)| {
        let penalties = |(first, second)| Penalties { first, second };
        Pair::of(ab.map(penalties), ba.map(penalties))
    })
}

proptest! {
    /// No view that was left out could have changed anything.
    #[test]
    fn a_front_that_stops_is_a_draw_whatever_comes(
        asked in proptest::collection::vec(any_view(), 3),
        last in any_view(),
        needed in 1..=4_usize,
    ) {
        let limits = Thresholds { front_views: needed, ..Thresholds::default() };
        let whole: Vec<_> = asked.iter().copied().chain([last]).collect();
        if is_draw_anyway(&asked, 1, &limits) {
            prop_assert_eq!(outcome(&whole, &limits), None);
            prop_assert_eq!(outcome(&asked, &limits), None, "stopping early says the same");
        }
    }

    #[test]
    fn the_mirrored_front_is_mirrored(views in proptest::collection::vec((any_pair(), any_pair()), 4)) {
        let penalties = |(first, second)| Some(Penalties { first, second });
        let one: Vec<_> = views.iter().map(|(ab, ba)| Pair::of(penalties(*ab), penalties(*ba))).collect();
        let other: Vec<_> = views.iter().map(|(ab, ba)| Pair::of(penalties(*ba), penalties(*ab))).collect();
        let limits = Thresholds::default();
        let mirrored = outcome(&other, &limits).map(|side| if side == Side::A { Side::B } else { Side::A });
        prop_assert_eq!(outcome(&one, &limits), mirrored);
    }
}

fn any_pair() -> impl Strategy<Value = (u8, u8)> {
    (0..=10_u8, 0..=10_u8)
}

/// After three views it is certain where two disagree and the third takes a side, or too few are left.
#[test]
fn three_views_can_be_enough() {
    let limits = Thresholds::default();
    let stops = |views: &[Answers]| is_draw_anyway(&pairs(views), 1, &limits);
    let (for_a, for_b) = (((1, 6), (6, 1)), ((6, 1), (1, 6)));
    assert!(stops(&[for_a, for_b, for_a]));
    assert!(!stops(&[for_a, for_b, SAME]), "the last could be without a sign: then size decides");
    assert!(!stops(&[for_a, for_a, for_a]), "the last could be for B");
    assert!(stops(&[LATE, LATE, LATE]));
    assert!(!stops(&[LATE, LATE, for_a]));
}
