//! The hand-over format: scenes survive bit for bit, and any bytes get an answer.

use std::fmt::Write;

use asset::Scene;
use asset::scene::wire::{self, WireError};
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::{scene_check, scenes};

fn encode(scene: &Scene) -> Vec<u8> {
    let mut message = Vec::new();
    wire::encode(scene, &mut message).expect("a good scene");
    message
}

/// Asks everything that can be asked of a message. What is read has exactly one encoding: this one.
fn ask(message: &[u8]) -> Result<Scene, WireError> {
    let scene = wire::decode(message)?;
    assert_eq!(scene.check(), Ok(()));
    assert!(encode(&scene) == message, "another encoding of the same scene");
    Ok(scene)
}

fn outcome(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut message = encode(&scene_check::triangle());
    change(&mut message);
    ask(&message).map_or_else(|error| error.to_string(), |_| "good".to_owned())
}

#[test]
fn errors_name_the_byte() {
    let put = |at: usize, bytes: &'static [u8]| {
        outcome(move |message| message[at..at + bytes.len()].copy_from_slice(bytes))
    };
    let list = [
        outcome(|_| ()),
        outcome(Vec::clear),
        put(0, b"NGSP"),
        put(4, b"\x02"),
        put(8, b"GEOM"),
        put(12, b"\xff\xff\xff\xff"),
        put(12, b"\x03"),
        put(12, b"\x01"),
        put(16, b"\xff\xff\xff\xff\xff\xff\xff\xff"),
        put(24, b"\0\0\0\0"),
        put(32, b"\xff\xff\xff\xff"),
        put(292, b"\x02"),
        outcome(|message| message.push(0)),
        outcome(|message| message.truncate(message.len() - 1)),
    ];
    assert_snapshot!(list.join("\n"), @"
    good
    scene message, byte 0, header: 4 bytes are needed, 0 are left
    scene message: does not start with CSCN
    scene message: version 2, we read 1
    scene message, byte 8, nodes: section 1297040711 is not defined
    scene message, byte 8: 4294967295 nodes, our limit is 65536
    scene message, byte 24, nodes: 852 bytes are needed, 578 are left
    scene message, byte 308: 294 bytes behind the nodes
    scene message, byte 24, nodes: 18446744073709551615 bytes are needed, 1000 are left
    scene, node 0: the first node has to be the root, and every other one comes after its parent
    scene message, byte 36, nodes: 4294967295 bytes are needed, 566 are left
    scene message, byte 292, nodes: truth value 2 is not defined
    scene message, byte 1024: 1 bytes behind the sections
    scene message, byte 901, textures: 123 bytes are needed, 122 are left
    ");
}

/// A change here is a change of the format: give it another version.
#[test]
fn the_format_is_pinned() {
    let message = encode(&scene_check::triangle());
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for scene in
        [scene_check::triangle(), scenes::random(1, 9), scenes::random(2, 9), scenes::random(3, 9)]
    {
        for byte in encode(&scene) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    let mut text =
        format!("version {}, {} bytes, hash {hash:016x}, starts", wire::VERSION, message.len());
    for byte in &message[..32] {
        write!(text, " {byte:02x}").expect("memory");
    }
    assert_snapshot!(text, @"version 1, 1024 bytes, hash 5629cc457188319d, starts 43 53 43 4e 01 00 00 00 4e 4f 44 45 02 00 00 00 42 02 00 00 00 00 00 00 ff ff ff ff 00 00 00 00");
}

#[test]
fn every_cut_is_refused() {
    let message = encode(&scenes::random(5, 5));
    for length in 0..message.len() {
        assert!(wire::decode(&message[..length]).is_err(), "cut at {length} of {}", message.len());
    }
}

#[test]
fn random_scenes_have_something_of_everything() {
    let scenes: Vec<_> = (0..200).map(|seed| scenes::random(seed, 8)).collect();
    let text = format!("{scenes:?}");
    for word in
        ["InstancedMesh", "LineSegments", "Array", "Physical", "LineDashed", "Custom", "F16", "NaN"]
    {
        assert!(text.contains(word), "{word}");
    }
}

proptest! {
    #[test]
    fn scenes_survive(seed: u64, size in 0..12_usize) {
        let scene = scenes::random(seed, size);
        prop_assert_eq!(scene.check(), Ok(()));
        let message = encode(&scene);
        let back = ask(&message).expect("our own message");
        // NaN is not equal to itself, its text is.
        prop_assert_eq!(format!("{back:?}"), format!("{scene:?}"));
    }

    #[test]
    fn changed_bytes_get_an_answer(
        seed in 0..64_u64,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut message = encode(&scenes::random(seed, 6));
        for (at, byte) in changes {
            let at = at.index(message.len());
            message[at] = byte;
        }
        if let Some(cut) = cut {
            message.truncate(cut.index(message.len()));
        }
        ask(&message).ok();
    }

    #[test]
    fn any_bytes_get_an_answer(bytes: Vec<u8>, count: u32) {
        ask(&bytes).ok();
        let length = (bytes.len() as u64).to_le_bytes();
        ask(&[b"CSCN\x01\0\0\0NODE", &count.to_le_bytes()[..], &length, &bytes].concat()).ok();
    }
}
