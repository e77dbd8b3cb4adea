//! Paths of files.

use ledger::{MinerFile, Place, Round, RoundFile};

#[test]
fn paths_are_read_and_written() {
    let mut paths: Vec<String> =
        ["state.json", "config.json", "leader.json", "prompts.txt"].map(str::to_owned).into();
    paths.extend(RoundFile::ALL.iter().map(|file| Place::Round(Round(12), *file).to_string()));
    let files = [
        MinerFile::Submitted,
        MinerFile::Generated,
        MinerFile::GeneratedRepeat(2),
        MinerFile::Generations,
        MinerFile::DuelsWithLeader,
        MinerFile::duels("5HotkeyExampleAAAA"),
        MinerFile::audit("submitted", 3),
        MinerFile::audit("5HotkeyExampleAAAA", 1),
        MinerFile::PodStats,
    ];
    paths.extend(files.map(|file| Place::Miner(Round(0), "5Miner".to_owned(), file).to_string()));
    for path in &paths {
        assert_eq!(Place::parse(path).map(|place| place.to_string()).as_ref(), Some(path));
    }
    insta::assert_snapshot!(paths[17..].join("\n"), @"
    rounds/0/5Miner/submitted.json
    rounds/0/5Miner/generated.json
    rounds/0/5Miner/generated_2.json
    rounds/0/5Miner/generations.json
    rounds/0/5Miner/duels.json
    rounds/0/5Miner/duels_5HotkeyExa.json
    rounds/0/5Miner/audit_submitted_3.json
    rounds/0/5Miner/audit_5HotkeyExa_1.json
    rounds/0/5Miner/pod_stats.json
    ");
}

#[test]
fn other_paths_are_none() {
    for path in [
        "",
        "README.md",
        "state.json/",
        "rounds/07/seed.json",
        "rounds/-1/seed.json",
        "rounds/4294967296/seed.json",
        "rounds/1/seeds.json",
        "rounds/1//submitted.json",
        "rounds/1/5A/generated_01.json",
        "rounds/1/5A/audit_x.json",
        "rounds/1/5A/b/submitted.json",
    ] {
        assert_eq!(Place::parse(path), None, "{path}");
    }
}
