//! The random numbers against those of Python 3.11, drawn with `random.Random(seed)`.

use arena::random::Mt19937;
use proptest::prelude::*;

fn first(seed: u32, n: usize) -> Vec<u32> {
    let mut rng = Mt19937::new(seed);
    (0..n).map(|_| rng.next_u32()).collect()
}

fn sample(seed: u32, n: u32, k: u32) -> Vec<u32> {
    Mt19937::new(seed).sample(n, k)
}

#[test]
fn outputs_are_those_of_python() {
    assert_eq!(first(0, 3), [3_626_764_237, 1_654_615_998, 3_255_389_356]);
    assert_eq!(first(42, 3), [2_746_317_213, 478_163_327, 107_420_369]);
    assert_eq!(first(3_274_970_996, 1), [3_452_383_436]);
}

#[test]
fn the_state_is_turned_again_after_624_outputs() {
    assert_eq!(first(7, 2000)[1990..], TURNED);
}

/// `[random.getrandbits(32) for _ in range(2000)][1990:]` after `random.seed(7)`.
const TURNED: [u32; 10] = [
    3_339_921_553,
    3_094_066_390,
    2_196_797_341,
    343_459_769,
    233_066_085,
    3_230_068_307,
    2_164_337_366,
    3_843_426_609,
    1_622_907_630,
    2_803_521_222,
];

#[test]
fn samples_are_those_of_python() {
    assert_eq!(sample(0, 8, 3), [6, 7, 3]);
    assert_eq!(sample(42, 8, 3), [1, 0, 5]);
    assert_eq!(sample(u32::MAX, 8, 3), [3, 1, 4]);
    assert_eq!(sample(7, 80, 6), [41, 19, 50, 6, 9, 68]);
    // The last size at which a list is cheaper than a set, and the first at which it is not.
    assert_eq!(sample(7, 85, 6), [41, 19, 50, 6, 9, 68]);
    assert_eq!(sample(7, 86, 6), [41, 19, 50, 83, 6, 9]);
    let long = sample(42, 128, 32);
    assert_eq!(long[..8], [28, 3, 94, 35, 31, 127, 17, 125]);
    assert_eq!((long.len(), long[31]), (32, 122));
}

#[test]
fn a_second_sample_goes_on_where_the_first_ended() {
    let mut rng = Mt19937::new(3_035_696_319);
    assert_eq!(rng.sample(10, 4), [3, 1, 5, 7]);
    assert_eq!(rng.sample(100_000, 6), [63_429, 7868, 53_020, 12_099, 37_618, 22_906]);

    let mut rng = Mt19937::new(42);
    rng.sample(128, 32);
    let new = rng.sample(139_990, 96);
    assert_eq!(new[..4], [117_757, 72_926, 1703, 41_853]);
    assert_eq!((new.len(), new[95]), (96, 118_940));
}

/// Samples of many sizes, folded into one number, as the same Python does it:
/// `h = (h * 1000003 + x) % 2**64` over `random.Random(s).sample(range(n), k)` for s, n, k below.
#[test]
fn many_samples_are_those_of_python() {
    let mut hash = 0_u64;
    for seed in [0, 1, 2, 1000, 123_456_789, u32::MAX] {
        for n in [1, 2, 3, 7, 21, 22, 23, 64, 84, 85, 86, 277, 278, 300, 1045, 1046, 5000] {
            for k in [1, 2, 5, 6, 20, 21, 22, 80, 85, 86, 250] {
                if k < n {
                    let all = sample(seed, n, k).into_iter();
                    hash = all.fold(hash, |h, x| h.wrapping_mul(1_000_003).wrapping_add(x.into()));
                }
            }
        }
    }
    assert_eq!(hash, 15_379_126_294_723_456_054);
}

#[test]
fn no_draw_is_made_when_all_are_taken() {
    let mut rng = Mt19937::new(1);
    assert_eq!(rng.sample(3, 3), [0, 1, 2]);
    assert_eq!(rng.sample(0, 5), [0_u32; 0]);
    assert_eq!(rng.next_u32(), first(1, 1)[0]);
    assert_eq!(rng.below(0), 0);
}

proptest! {
    #[test]
    fn a_sample_has_no_doubles_and_stays_in_range(seed: u32, n in 0_u32..3000, k in 0_u32..400) {
        let mut drawn = sample(seed, n, k);
        prop_assert_eq!(drawn.len(), k.min(n) as usize);
        prop_assert!(drawn.iter().all(|&one| one < n));
        drawn.sort_unstable();
        drawn.dedup();
        prop_assert_eq!(drawn.len(), k.min(n) as usize);
    }
}
