//! Pictures drawn again: what verify makes of them.

use std::sync::Mutex;

use arena::verify::{Redraw, Settings, Subject, verify};
use bytes::Bytes;
use insta::assert_snapshot;
use ledger::repository::Repository as _;
use serde_json::Value;
use views::{Bundle, Kind, ViewsError};

use super::every::small;
use super::world::{Kept, World, findings, hotkey, unchecked};

/// "Draws" what it is told to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Easel {
    Draws,
    NoPrompts,
    Refuses,
    Fails,
}

impl Redraw for Easel {
    fn prompt(&self, url: &str) -> Result<Bytes, String> {
        if *self == Self::NoPrompts {
            return Err("nobody has it".to_owned());
        }
        Ok(Bytes::copy_from_slice(url.as_bytes()))
    }

    fn bundle(&self, kind: Kind, asset: &[u8], prompt: &[u8]) -> Result<Bundle, ViewsError> {
        assert_eq!(kind, Kind::Module);
        assert!(!prompt.is_empty());
        match self {
            Self::Refuses => Err(ViewsError::Invalid("it has no body".to_owned())),
            Self::Fails => Err(ViewsError::Outage("no sandbox".to_owned())),
            _ => Ok(bundle(asset)),
        }
    }
}

fn bundle(asset: &[u8]) -> Bundle {
    let grid = Bytes::copy_from_slice(asset);
    Bundle { white: Vec::new(), gray: Vec::new(), grid, embeddings: Bytes::new() }
}

/// A world whose rows say what the easel draws.
fn world() -> World {
    let mut world = small();
    for (path, text) in world.files.clone() {
        let below = if path.ends_with("submitted.json") { "submitted" } else { "generated_1" };
        if !path.ends_with(&format!("{below}.json")) {
            continue;
        }
        let folder = path.rsplit_once('/').unwrap().0;
        let mut rows: Value = serde_json::from_str(&text).unwrap();
        for (stem, row) in rows.as_object_mut().unwrap() {
            let asset = &world.blobs[&format!("{folder}/{below}/{stem}.js")];
            let digest = bundle(asset).digest();
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            row["views_sha256"] = digest.into();
        }
        world.put_json(&path, &rows);
    }
    world.commit("pictures");
    world
}

/// Disagreements, or else what could not be drawn.
fn said(world: &World, easel: Easel) -> String {
    let blobs = Kept(Mutex::new(world.blobs.clone()));
    let subject = Subject {
        repository: &world.repository,
        at: world.repository.head().unwrap().unwrap(),
        has_history: true,
        blobs: Some(&blobs),
        redraw: Some(&easel),
    };
    let report = verify(&subject, &Settings::default()).unwrap();
    let lines = unchecked(&report);
    let lines = lines.lines().filter(|line| line.contains("render")).map(str::to_owned);
    let agree = report.agree.get(&arena::verify::Check::Render).copied().unwrap_or_default();
    let first = findings(&report).into_iter().take(1);
    first.chain(lines).chain([format!("{agree} agree")]).collect::<Vec<_>>().join("\n")
}

#[test]
fn pictures_are_held_against_what_is_drawn() {
    let mut world = world();
    assert_snapshot!(said(&world, Easel::Draws), @"18 agree");
    assert_snapshot!(said(&world, Easel::NoPrompts), @r"
    round 0, render: pictures whose prompt is not to be had: nobody has it (12)
    round 2, render: pictures whose prompt is not to be had: nobody has it (6)
    0 agree
    ");
    assert_snapshot!(said(&world, Easel::Refuses), @r"
    rounds/0/Bert/submitted.json:9: p000.views_sha256: has pictures, but the asset cannot be drawn: it has no body [render]
    0 agree
    ");
    assert_snapshot!(said(&world, Easel::Fails), @r"
    round 0, render: pictures: no sandbox (12)
    round 2, render: pictures: no sandbox (6)
    0 agree
    ");
    let path = format!("rounds/0/{}/submitted.json", hotkey("Bert"));
    let mut rows: Value = serde_json::from_str(&world.files[&path]).unwrap();
    let row = rows.as_object_mut().unwrap().values_mut().next().unwrap();
    row["views_sha256"] = "00".into();
    world.put_json(&path, &rows);
    world.commit("another digest");
    assert_snapshot!(said(&world, Easel::Draws), @r#"
    rounds/0/Bert/submitted.json:9: p000.views_sha256: "00", but drawn again it is 2218e65c2c487f7fd8c24bddb572a24ddb70d37d462300fc8dc5bcafa7cee253 [render]
    17 agree
    "#);
}
