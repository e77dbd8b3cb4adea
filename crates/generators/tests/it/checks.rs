//! Nobody sees a model that breaks a rule.

use bytes::Bytes;
use generators::Failure;
use generators::check::{Checks, Level, Modules, unrun};
use insta::assert_snapshot;
use pod::wire::Kind;

use crate::things::{ply, splats};

fn checks() -> Checks {
    Checks { modules: Modules::new(unrun()), ..Checks::strict() }
}

fn outcome(bytes: impl Into<Bytes>, kind: Kind) -> String {
    match checks().look(bytes.into(), kind) {
        Ok((_, notes)) => format!("fine {notes:?}"),
        Err(failure) => failure.to_string(),
    }
}

#[test]
fn the_first_broken_rule_is_named() {
    let few = asset::Splats::default();
    assert_snapshot!(outcome(ply(&few), Kind::Splats), @"");
    assert_snapshot!(outcome(Bytes::new(), Kind::Splats), @"");
    assert_snapshot!(outcome(&b"ply\nnonsense"[..], Kind::Splats), @"");
    assert_snapshot!(outcome(&b"{}"[..], Kind::Mesh), @"");
    assert_snapshot!(outcome(&b"glTF\x02\0\0\0\xff\0\0\0"[..], Kind::Mesh), @"");
    assert_snapshot!(outcome(&b"glTF\x02\0\0\0\x0c\0\0\0"[..], Kind::Mesh), @"");
    assert_snapshot!(outcome(&b"export default function () { fetch('x'); }"[..], Kind::Module), @"");
    assert_snapshot!(outcome(&b"\xff\xfe"[..], Kind::Module), @"");
    assert_snapshot!(outcome(ply(&splats()), Kind::Splats), @"");
}

#[test]
fn too_long_is_seen_before_anything_is_parsed() {
    let long = Checks { bytes_max: 10, ..checks() }.look(ply(&splats()).into(), Kind::Splats);
    assert_eq!(long.expect_err("long"), Failure::TooLong { max: 10 });
    let max = Kind::Module.bytes_max();
    let module = checks().look(vec![b' '; max + 1].into(), Kind::Module);
    assert_eq!(module.expect_err("long"), Failure::TooLong { max });
}

#[test]
fn the_quick_look_reads_first_bytes_only() {
    let quick = Checks { level: Level::Format, ..checks() };
    assert!(quick.look(Bytes::from_static(b"ply\nnonsense"), Kind::Splats).is_ok());
    assert!(quick.look(Bytes::from_static(b"nonsense"), Kind::Splats).is_err());
}
