//! Flags, and what they do to a verdict.

use super::*;

const A: Option<Side> = Some(Side::A);
const B: Option<Side> = Some(Side::B);
const OK: Option<Flag> = Some(Flag::Ok);
const GARBAGE: Option<Flag> = Some(Flag::Garbage);
const UNKNOWN: Option<Flag> = Some(Flag::Unknown);

#[test]
fn step_downs() {
    for (primary, flags, expected) in [
        (A, [OK, OK], (A, Step::None)),
        (A, [GARBAGE, OK], (None, Step::Down)),
        (A, [OK, GARBAGE], (A, Step::None)),
        (A, [GARBAGE, GARBAGE], (A, Step::None)),
        (B, [OK, OK], (B, Step::None)),
        (B, [GARBAGE, OK], (B, Step::None)),
        (B, [OK, GARBAGE], (None, Step::Down)),
        (B, [GARBAGE, GARBAGE], (B, Step::None)),
        (None, [OK, OK], (None, Step::None)),
        (None, [GARBAGE, OK], (B, Step::Down)),
        (None, [OK, GARBAGE], (A, Step::Down)),
        (None, [GARBAGE, GARBAGE], (None, Step::None)),
        // Ours: an unanswered guard is no pass, and no blame.
        (A, [UNKNOWN, OK], (None, Step::Unanswered)),
        (A, [UNKNOWN, UNKNOWN], (None, Step::Unanswered)),
        (A, [UNKNOWN, GARBAGE], (A, Step::None)),
        (A, [GARBAGE, UNKNOWN], (None, Step::Down)),
        (B, [OK, UNKNOWN], (None, Step::Unanswered)),
        (None, [UNKNOWN, OK], (None, Step::None)),
        // Nobody wins a draw who is not known to be sound.
        (None, [UNKNOWN, GARBAGE], (None, Step::Unanswered)),
        (None, [GARBAGE, UNKNOWN], (None, Step::Unanswered)),
        (None, [UNKNOWN, UNKNOWN], (None, Step::None)),
    ] {
        assert_eq!(step(primary, flags), expected, "{primary:?} {flags:?}");
        if primary.is_none() || flags[usize::from(primary == B)] == OK {
            continue;
        }
        // Nothing depends on the other's flag where the winner is sound.
        let sound = if primary == A { [OK, None] } else { [None, OK] };
        assert_eq!(step(primary, sound), (primary, Step::None));
    }
}

#[test]
fn three_of_four_make_a_trick_and_two_sound_sides_exclude_it() {
    use Found::{Garbage as G, Ok as O, Unavailable as U};
    for (found, expected) in [
        (&[][..], Flag::Unknown),
        (&[O, O], Flag::Ok),
        (&[G, O], Flag::Unknown),
        (&[G, G], Flag::Unknown),
        (&[G, G, G, O], Flag::Garbage),
        (&[G, G, O, O], Flag::Ok),
        (&[U, U, U, U], Flag::Unknown),
        (&[U, U, O, O], Flag::Ok),
        (&[G, G, U, O], Flag::Unknown),
        (&[G, U, O, O], Flag::Ok),
        (&[G, G, G, U], Flag::Garbage),
    ] {
        assert_eq!(flag(found, 3), expected, "{found:?}");
    }
}
