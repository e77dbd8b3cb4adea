//! Git repositories as strangers have them: packed, with links, submodules, odd names, and broken.

use std::path::{Path, PathBuf};
use std::process::Command;

use arena::verify::{Report, Settings, Subject, verify};
use ledger::repository::{GitRepository, Repository as _};

use super::eras::modules;
use super::ours::ours;
use super::world::{World, findings, unchecked};

/// Runs `git` on a repository; nothing where there is no `git`.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "Operator")
        .env("GIT_AUTHOR_EMAIL", "operator@localhost")
        .env("GIT_COMMITTER_NAME", "Operator")
        .env("GIT_COMMITTER_EMAIL", "operator@localhost")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {text}{problem}");
    Some(text)
}

/// A working copy of two commits: a world's files without the last round's, then all of them.
fn working_copy(world: &World, folder: &Path) -> Option<()> {
    git(folder, &["init", "--quiet", "--initial-branch", "state"])?;
    for (path, text) in &world.files {
        let path = folder.join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    git(folder, &["add", "config.json", "leader.json", "prompts.txt"])?;
    git(folder, &["commit", "--quiet", "-m", "the beginning"])?;
    git(folder, &["add", "."])?;
    git(folder, &["commit", "--quiet", "-m", "everything"])?;
    Some(())
}

/// What verify says; nothing if the repository cannot be read at all, which it says too.
fn read(folder: &Path) -> Option<Report> {
    let repository = GitRepository::open_to_read(folder, None).ok()?;
    let at = repository.head().ok()??;
    let subject =
        Subject { repository: &repository, at, has_history: true, blobs: None, redraw: None };
    verify(&subject, &Settings::default()).ok()
}

#[test]
fn packed_repositories_with_odd_entries() {
    for world in [modules(), ours()] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        if working_copy(&world, folder).is_none() {
            return;
        }
        assert_eq!(findings(&read(folder).unwrap()), [""; 0]);
        let id = git(folder, &["rev-parse", "HEAD"]).unwrap();
        let blob = git(folder, &["rev-parse", "HEAD:config.json"]).unwrap();
        for (mode, id, path) in [
            ("160000", &id, "rounds/0/submodule"),
            ("120000", &blob, "rounds/0/link"),
            ("100644", &blob, "rounds/0/Seed.json"),
            ("100644", &blob, "ROUNDS/0/seed.json"),
            ("100644", &blob, "rounds/007/seed.json"),
        ] {
            let entry = format!("{mode},{},{path}", id.trim());
            git(folder, &["update-index", "--add", "--cacheinfo", &entry]).unwrap();
        }
        git(folder, &["commit", "--quiet", "-m", "odd entries"]).unwrap();
        git(folder, &["gc", "--quiet"]).unwrap();
        git(folder, &["pack-refs", "--all"]).unwrap();
        let report = read(folder).unwrap();
        assert_eq!(findings(&report), [""; 0]);
        assert!(unchecked(&report).contains("files of rounds that no rule is about"));
        // A link in the place of a file, and a name that is no text.
        let entry = format!("120000,{},rounds/0/winner.json", blob.trim());
        git(folder, &["update-index", "--cacheinfo", &entry]).unwrap();
        git(folder, &["commit", "--quiet", "-m", "a link"]).unwrap();
        let told = findings(&read(folder).unwrap());
        assert!(told[0].contains("rounds/0/winner.json:1: is not there"), "{told:?}");
    }
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn broken_objects_are_named() {
    for pack in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        if working_copy(&modules(), folder).is_none() {
            return;
        }
        if pack {
            git(folder, &["gc", "--quiet"]).unwrap();
        }
        let mut objects = Vec::new();
        files(&folder.join(".git/objects"), &mut objects);
        objects.sort();
        let mut unsound = 0;
        for path in &objects {
            let whole = fs_err::read(path).unwrap();
            let mut permissions = fs_err::metadata(path).unwrap().permissions();
            #[allow(clippy::permissions_set_readonly_false, reason = "a folder of the test")]
            permissions.set_readonly(false);
            fs_err::set_permissions(path, permissions).unwrap();
            let mut changed = whole.clone();
            if let Some(byte) = changed.get_mut(whole.len() / 2) {
                *byte ^= 0x55;
            }
            for broken in [&whole[..whole.len() / 2], &[], &changed] {
                fs_err::write(path, broken).unwrap();
                let told = read(folder).is_none_or(|report| {
                    !report.is_sound() || unchecked(&report) != unchecked(&modules().verify())
                });
                unsound += usize::from(told);
            }
            fs_err::write(path, whole).unwrap();
        }
        // Of a pack there are files beside it that only make it faster.
        let least = if pack { 3 } else { 2 * objects.len() };
        assert!(unsound >= least, "{unsound} of {}", 3 * objects.len());
        assert_eq!(findings(&read(folder).unwrap()), [""; 0]);
    }
}
