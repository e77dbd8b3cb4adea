//! Repositories made to break verify: it always ends, and never takes them for sound.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use arena::verify::{FolderRepository, NoBlobs, Settings, Subject, verify};
use insta::assert_snapshot;
use ledger::json::{self, Json, Object};
use ledger::repository::Repository as _;
use proptest::prelude::*;

use super::eras::{modules, splats};
use super::every::{changes_to, read_bytes, read_without_history, small};
use super::ours::ours;
use super::variations::meshes;
use super::world::{findings, hotkey};

#[test]
fn a_plain_folder_is_read_without_following_links() {
    let world = ours();
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in &world.files {
        let path = folder.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    let read = || {
        let repository = FolderRepository::open(folder.path()).unwrap();
        let at = repository.head().unwrap().unwrap();
        let subject =
            Subject { repository: &repository, at, has_history: false, blobs: None, redraw: None };
        verify(&subject, &Settings::default()).unwrap()
    };
    let report = read();
    assert_eq!(findings(&report), [""; 0]);
    assert_eq!(report.commit, None);
    let winner = folder.path().join("rounds/0/winner.json");
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(outside.path(), fs_err::read(&winner).unwrap()).unwrap();
    fs_err::remove_file(&winner).unwrap();
    std::os::unix::fs::symlink(outside.path(), &winner).unwrap();
    assert_snapshot!(findings(&read())[0], @"rounds/0/winner.json:1: is not there, but the round's duels are over [winner]");
    assert!(FolderRepository::open(&winner).is_err());
}

#[test]
fn one_round_alone_can_be_checked() {
    let mut world = ours();
    let path = format!("rounds/0/{}/duels_leader.json", hotkey("Anna"));
    let text = world.files[&path].replace("\"score\": 3", "\"score\": 4");
    world.put(&path, text);
    world.commit("by hand");
    let of = |round| {
        let settings = Settings { round: Some(ledger::Round(round)), ..Settings::default() };
        findings(&world.verify_with(&settings)).len()
    };
    assert!(of(0) > 0);
    assert_eq!(of(1), 0);
}

#[test]
fn many_disagreements_are_counted_and_not_all_kept() {
    let mut world = ours();
    let path = "rounds/0/matches_matrix.csv";
    let rows: String = (0..5000).map(|n| format!("\nleader,nobody{n},1.0")).collect();
    let text = format!("{}{rows}", world.files[path]);
    world.put(path, text);
    world.commit("by hand");
    let report = world.verify();
    assert!(report.more >= 4900 && report.findings.len() <= 200, "{}", report.more);
}

/// The files of a competition of each era and of ours.
static EVERY: LazyLock<[BTreeMap<String, String>; 4]> =
    LazyLock::new(|| [small(), modules(), meshes(), splats()].map(|world| world.files));

fn anything() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        Just(Json::Bool(true)),
        prop_oneof![
            Just("-1"),
            Just("1e308"),
            Just("99999999999999999999"),
            Just("0.5"),
            Just("18446744073709551615")
        ]
        .prop_map(|text| Json::Number(text.into())),
        "\\PC{0,20}".prop_map(Json::String),
        Just(Json::Array(Vec::new())),
        Just(Json::Object(Object::new())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn bytes_of_any_kind_are_read(
        era in 0..4_usize,
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        length in 0..40_usize,
        bytes in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let files = &EVERY[era];
        let path = which.get(&files.keys().collect::<Vec<_>>()).to_string();
        let mut files: BTreeMap<_, _> =
            files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
        let text = files.get_mut(&path).unwrap();
        let at = at.index(text.len() + 1);
        let end = (at + length).min(text.len());
        text.splice(at..end, bytes);
        let report = read_bytes(files, &NoBlobs, &Settings::default());
        prop_assert!(report.findings.len() <= arena::verify::FINDINGS_MAX);
    }

    #[test]
    fn values_of_any_kind_are_read(
        era in 0..4_usize,
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        value in anything(),
    ) {
        let mut files = EVERY[era].clone();
        let paths: Vec<&String> = files.keys().filter(|path| path.ends_with(".json")).collect();
        let path = which.get(&paths).to_string();
        let root = json::read(&files[&path]).unwrap();
        // Texts of all places would be many; the ways to them are not.
        let places = std::cell::Cell::new(0);
        changes_to(&root, |_| { places.set(places.get() + 1); None });
        let chosen = place.index(places.get());
        let seen = std::cell::Cell::new(0);
        let changed = changes_to(&root, |_| {
            seen.set(seen.get() + 1);
            (seen.get() == chosen + 1).then(|| value.clone())
        });
        files.insert(path, changed[0].1.clone());
        let report = read_without_history(&files, &NoBlobs, &Settings::default());
        prop_assert!(report.findings.len() <= arena::verify::FINDINGS_MAX);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_a_file_says_verify_ends(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        cut in any::<bool>(),
        text in "(\\PC|[\\x00-\\x1f]){0,12}|\\[{100}|[0-9]{1,400}|-1|null|\"\"|1e999",
    ) {
        let mut world = ours();
        let paths: Vec<String> = world.files.keys().cloned().collect();
        let path = which.get(&paths);
        let was = world.files[path].clone();
        let places: Vec<usize> = was.char_indices().map(|(at, _)| at).chain([was.len()]).collect();
        let at = *at.get(&places);
        let rest = if cut { "" } else { &was[at..] };
        let changed = format!("{}{text}{rest}", &was[..at]);
        world.put(path, changed);
        world.commit("by hand");
        let report = world.verify();
        prop_assert!(report.findings.len() <= arena::verify::FINDINGS_MAX);
        for finding in &report.findings {
            prop_assert!(finding.line >= 1 && finding.problem.chars().count() <= 401);
        }
        world.remove(path);
        world.commit("away");
        prop_assert!(!world.verify().is_sound(), "{path} can be left out");
    }
}
