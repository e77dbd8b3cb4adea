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
    assert_snapshot!(outcome(ply(&few), Kind::Splats), @"the model made breaks the rules: SPLAT_COUNT: 0 splats, at least 100 are needed");
    assert_snapshot!(outcome(Bytes::new(), Kind::Splats), @"the model made breaks the rules: the model is empty");
    assert_snapshot!(outcome(&b"ply\nnonsense"[..], Kind::Splats), @"the model made breaks the rules: PLY_READABLE: ply header: the file ends at byte 12, before end_header");
    assert_snapshot!(outcome(&b"{}"[..], Kind::Mesh), @"the model made breaks the rules: not a GLB file of version 2");
    assert_snapshot!(outcome(&b"glTF\x02\0\0\0\xff\0\0\0"[..], Kind::Mesh), @"the model made breaks the rules: the GLB file is cut off");
    assert_snapshot!(outcome(&b"glTF\x02\0\0\0\x0c\0\0\0"[..], Kind::Mesh), @"the model made breaks the rules: GLB_READABLE: glb, byte 12: the file ends; it has 12 bytes");
    assert_snapshot!(outcome(&b"export default function () { fetch('x'); }"[..], Kind::Module), @"the model made breaks the rules: static_analysis/FORBIDDEN_IDENTIFIER: fetch at line 1, column 30");
    assert_snapshot!(outcome(&b"\xff\xfe"[..], Kind::Module), @"the model made breaks the rules: the module is not UTF-8");
    assert_snapshot!(outcome(ply(&splats()), Kind::Splats), @r#"fine ["warning SPLAT_COUNT_USUAL: 200 splats, at least 7000 are usual"]"#);
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
