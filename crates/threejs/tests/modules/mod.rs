//! The module files beside this one, with what is expected of each. Any crate's tests may include this file by path.
//!
//! The first line of a file that begins with `// expect: ` says `pass`, or a stage and a rule: the first failure of the
//! whole pipeline. `// @vertices 24`, `@drawCalls`, `@maxDepth`, `@instances` and `@textureBytes` say what a passing
//! module measures, as a number or a range `4-8`. A line `//* 300 text` stands for 300 times that text, without the
//! end of the line, so that large files stay small here.

use std::path::PathBuf;

/// One module.
pub(crate) struct Module {
    /// `hostile/endless_loop`.
    pub(crate) name: String,
    /// The bytes a miner would send.
    pub(crate) bytes: Vec<u8>,
    /// Stage and rule of the first failure; `None` when it passes.
    pub(crate) expected: Option<(String, String)>,
    /// Name of a measure, least and most.
    pub(crate) measures: Vec<(String, u64, u64)>,
}

/// All modules, by name.
pub(crate) fn all() -> Vec<Module> {
    let root = PathBuf::from("../threejs/tests/modules");
    let mut modules = Vec::new();
    for kind in ["valid", "invalid", "hostile"] {
        for entry in fs_err::read_dir(root.join(kind)).expect("modules") {
            let path = entry.expect("a file").path();
            let stem = path.file_stem().expect("a name").to_string_lossy();
            let file = fs_err::read(&path).expect("a module");
            modules.push(read(format!("{kind}/{stem}"), &file));
        }
    }
    modules.sort_by(|a, b| a.name.cmp(&b.name));
    modules
}

fn read(name: String, file: &[u8]) -> Module {
    let text = String::from_utf8_lossy(file);
    let lines = || text.lines().map(|line| line.trim_start_matches('\u{feff}'));
    let mut expectations = lines().filter_map(|line| line.strip_prefix("// expect: "));
    let expected = expectations.next().unwrap_or_else(|| panic!("{name}: nothing expected"));
    let expected = (expected != "pass").then(|| {
        let (stage, rule) = expected.split_once(' ').expect("stage and rule");
        (stage.to_owned(), rule.to_owned())
    });
    let measures = lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("// @")?.split_once(' ')?;
        let (least, most) = value.split_once('-').unwrap_or((value, value));
        Some((name.to_owned(), least.parse().ok()?, most.parse().ok()?))
    });
    let measures = measures.collect();
    Module { name, bytes: expand(file), expected, measures }
}

fn expand(file: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        let repeated = std::str::from_utf8(line).ok().and_then(|line| {
            let (count, text) =
                line.strip_prefix("//* ")?.trim_end_matches('\n').split_once(' ')?;
            Some(text.repeat(count.parse().ok()?))
        });
        match repeated {
            Some(text) => bytes.extend(text.bytes()),
            None => bytes.extend(line),
        }
    }
    bytes
}
