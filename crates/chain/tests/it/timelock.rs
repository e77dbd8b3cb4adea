//! Seals against drand's published signatures, and texts that `bittensor-drand` 1.3.0 sealed.

use chain::timelock::{Beacon, BeaconKey, OVERHEAD, TimelockError, framed, is_pulse, open, seal};
use proptest::prelude::*;

use crate::unhex;

const QUICKNET: &str = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a";
const ROUND_1000: &str = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39";
const ROUND_2000: &str = "b6cb8f482a0b15d45936a4c4ea08e98a087e71787caee3f4d07a8a9843b1bc5423c6b3c22f446488b3137eaca799c77e";
const SEALED_X: &str = "8a5fa5d248aef709c4e6283c63fb29caa690f4b5a299769ff02cf37c2da725263cafe71cd2a68ecf7bcb34401f6d4db0075471c4a3fc37d37d61e2aa7191327e7b406c5c52811576ed58b98fb1324461d897a700186d1775daa2de5b3c70f3242000000000000000bbe1880c68e5ed11eb868773c96fda645513eca7f1c3b778bd828c488aa4d5112000000000000000cabd35c42f6f998ea659a317f5fa0c9ddad401cd9a1bd4a66174477bfa24ed602d000000000000001100000000000000b8eac9cc4f682e055777cf2cf6c0a796ec0c000000000000006f5b9fe99788b605cbf9b64c08000000000000004145535f47434d5f";

fn quicknet() -> BeaconKey {
    BeaconKey(unhex(QUICKNET).try_into().unwrap())
}

fn pulse(text: &str) -> [u8; 48] {
    unhex(text).try_into().unwrap()
}

#[test]
fn published_signatures_are_of_their_rounds() {
    assert!(is_pulse(&quicknet(), 1000, &pulse(ROUND_1000)));
    assert!(is_pulse(&quicknet(), 2000, &pulse(ROUND_2000)));
    assert!(!is_pulse(&quicknet(), 1001, &pulse(ROUND_1000)));
    assert!(!is_pulse(&quicknet(), 1000, &[0; 48]));
}

#[test]
fn what_another_program_sealed_opens() {
    assert_eq!(open(&unhex(SEALED_X), &pulse(ROUND_1000)), Ok(b"x".to_vec()));
    assert_eq!(open(&unhex(SEALED_X), &pulse(ROUND_2000)), Err(TimelockError::WrongPulse));
}

#[test]
fn what_is_sealed_opens_with_its_round_only() {
    let sealed = seal(&quicknet(), 1000, b"a text", &[7; 32]).unwrap();
    assert_eq!(sealed.len(), 6 + OVERHEAD);
    assert_eq!(open(&sealed, &pulse(ROUND_1000)), Ok(b"a text".to_vec()));
    assert_eq!(open(&sealed, &pulse(ROUND_2000)), Err(TimelockError::WrongPulse));
    assert_eq!(seal(&BeaconKey([0; 96]), 1, b"", &[7; 32]), Err(TimelockError::Point));
}

#[test]
fn a_beacon_of_ones_own() {
    let beacon = Beacon::from_seed(&[1; 32]);
    assert!(is_pulse(&beacon.key(), 5, &beacon.pulse(5)));
    let sealed = seal(&beacon.key(), 5, b"later", &[2; 32]).unwrap();
    assert_eq!(open(&sealed, &beacon.pulse(5)), Ok(b"later".to_vec()));
    assert_eq!(open(&sealed, &beacon.pulse(4)), Err(TimelockError::WrongPulse));
    assert_ne!(Beacon::from_seed(&[2; 32]).key(), beacon.key());
}

#[test]
fn lengths_before_texts() {
    let head = |length: usize| {
        framed(&vec![b'a'; length])[..framed(&vec![b'a'; length]).len() - length].to_vec()
    };
    assert_eq!(head(0), [0]);
    assert_eq!(head(14), [56]);
    assert_eq!(head(63), [252]);
    assert_eq!(head(64), [1, 1]);
    assert_eq!(head(120), [0xe1, 1]);
    assert_eq!(head(16_383), [0xfd, 0xff]);
    assert_eq!(head(16_384), [2, 0, 1, 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any change of a sealed text is noticed, and none of them is a panic.
    #[test]
    fn broken_seals_do_not_open(at in 0_usize..245, bit in 0_u8..8, cut in 0_usize..246) {
        let mut sealed = unhex(SEALED_X);
        let signature = pulse(ROUND_1000);
        prop_assert!(cut == sealed.len() + 1 || open(&sealed[..cut.min(244)], &signature).is_err());
        sealed[at] ^= 1 << bit;
        prop_assert!(open(&sealed, &signature).is_err());
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(open(&bytes, &pulse(ROUND_1000)).is_err());
    }
}
