//! The documents say what is there.

use std::path::Path;

use crate::workplace::Workplace;

fn read(name: &str) -> String {
    let root = Path::new("../..");
    std::fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_room_is_on_the_map() {
    let map = read("ARCHITECTURE.md");
    let crates = Path::new("..");
    for entry in std::fs::read_dir(crates).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(map.contains(&format!("─ {name} ")) || name == "crucible", "{name} is missing");
    }
}

#[test]
fn every_option_is_in_the_reference() {
    let place = Workplace::new();
    let reference = read("docs/cli.md");
    for command in [
        "generate",
        "render",
        "inspect",
        "validate",
        "convert",
        "distance",
        "duel",
        "eval generator",
        "eval descriptor",
        "pod deploy",
        "pod list",
        "pod logs",
        "pod delete",
        "pod sweep",
        "pod run",
        "serve render",
        "serve distance",
        "pod check",
        "serve pod",
        "serve generator",
        "arena init",
        "arena run",
        "arena step",
        "arena status",
        "arena pause",
        "arena resume",
        "arena source-audit",
        "arena submit",
        "arena demo",
        "arena verify",
    ] {
        assert!(reference.contains(&format!("## crucible {command}\n")), "{command}");
        let help = place.ok(&format!("{command} --help"));
        let section =
            reference.split("\n## crucible ").find(|part| part.starts_with(command)).unwrap();
        for word in help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
            let common = ["--help", "--threads"].contains(&word);
            let known = common || section.contains(&format!("`{word}"));
            assert!(!word.starts_with("--") || known, "{command} {word} is not in docs/cli.md");
        }
    }
}
