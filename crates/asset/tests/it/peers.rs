//! Other implementations of splat formats, for tests: see `xtask/peers`.
//!
//! `make test` installs them and sets `CRUCIBLE_PEERS`. Without it a test that needs them says so and checks nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

const SCRIPTS: &str = "../../xtask/peers";

/// The installed peers and a folder for the files that go to and fro.
pub(crate) struct Peers {
    installed: PathBuf,
    files: tempfile::TempDir,
}

impl Peers {
    /// `None` when they are not installed; says so on standard error.
    #[track_caller]
    #[expect(clippy::print_stderr, reason = "nobody should think that this was tested")]
    pub(crate) fn find() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "where the peers are depends on the machine")]
        let Ok(installed) = std::env::var("CRUCIBLE_PEERS") else {
            let place = std::panic::Location::caller();
            eprintln!(
                "SKIPPED at {place}: CRUCIBLE_PEERS is not set (`make peers` prints its value)"
            );
            return None;
        };
        let installed = PathBuf::from(installed);
        assert!(
            installed.join("node_modules").is_dir(),
            "CRUCIBLE_PEERS: nothing is installed there"
        );
        Some(Self { installed, files: tempfile::tempdir().expect("a folder") })
    }

    /// A path for a file of this name.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// splat-transform makes a file named `to` out of one named `from`, which has `bytes`.
    pub(crate) fn convert(&self, bytes: &[u8], from: &str, to: &str, options: &[&str]) -> Vec<u8> {
        let (from, to) = (self.path(from), self.path(to));
        fs_err::write(&from, bytes).expect("written");
        let mut words = vec![path_str(&from), path_str(&to)];
        words.extend(options);
        self.run("convert.mjs", &words);
        fs_err::read(&to).expect("a file")
    }

    /// Runs a script of `xtask/peers`; it has to succeed.
    pub(crate) fn run(&self, script: &str, words: &[&str]) {
        let output = Command::new("node")
            .arg(Path::new(SCRIPTS).join(script))
            .args(words)
            .env("CRUCIBLE_PEERS", &self.installed)
            .output()
            .expect("node");
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{script} {words:?}: {}", String::from_utf8_lossy(&said));
    }
}

fn path_str(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
