//! Builds out of repositories of this machine.

use std::path::Path;

use arena::builds::{Local, Settings};
use arena::ports::{BuildSeen, Builds as _};
use ledger::files::builds::BuildStatus;
use ledger::files::submissions::{Submission, Submissions};
use ledger::repository::{Author, Draft, GitRepository, Repository as _};
use ledger::{JsonFile as _, Round};
use tempfile::TempDir;

const MANIFEST: &str = r#"[pod]
command = ["{crucible}", "serve", "pod", "--port", "{port}", "--generators", "{repo}/my generators.toml"]
"#;

fn submission(repo: &str, commit: &str) -> Submission {
    let text = format!(
        r#"{{"x": {{"repo": "{repo}", "commit": "{commit}", "revealed_at_block": 7, "round": "Demo-1"}}}}"#
    );
    let mut all = Submissions::from_text("submissions.json", &text).unwrap();
    all.swap_remove("x").unwrap()
}

fn settings(folder: &Path) -> Settings {
    Settings {
        repositories: folder.join("repositories"),
        folder: folder.join("builds"),
        ..Settings::default()
    }
}

/// A bare repository with one commit; gives its name.
fn repository(folder: &Path, files: &[(&str, &str)]) -> String {
    let repository = GitRepository::create(folder, "main").unwrap();
    let draft = Draft {
        message: "all".to_owned(),
        changes: files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())))
            .collect(),
        author: Author { name: "miner".to_owned(), email: "miner@example".to_owned() },
        time: "2031-03-01T08:00:00Z".parse().unwrap(),
    };
    let commit = repository.write_commit(None, &draft).unwrap();
    repository.advance(None, commit).unwrap();
    commit.to_string()
}

fn built(settings: &Settings, repo: &str, commit: &str) -> BuildSeen {
    Local::new(settings.clone()).build("5HotkeyOfAMiner", &submission(repo, commit)).unwrap()
}

#[test]
fn a_commit_is_checked_out_and_started() {
    let folder = TempDir::new().unwrap();
    let settings = settings(folder.path());
    let home = settings.repositories.join("alice");
    let files = [("crucible.toml", MANIFEST), ("my generators.toml", "x"), ("a/b/c.txt", "deep")];
    let commit = repository(&home.join("gen3d.git"), &files);
    let seen = built(&settings, "alice/gen3d", &commit);
    assert_eq!(seen.status, BuildStatus::Success);
    let image = seen.image.clone().unwrap();
    let hash = image.split("{builds}/").nth(1).unwrap()[..32].to_owned();
    assert_eq!(
        image.replace(&hash, "HASH"),
        "process:'{crucible}' serve pod --port '{port}' --generators '{builds}/HASH/my generators.toml'"
    );
    let read = |path: &str| fs_err::read_to_string(settings.folder.join(&hash).join(path)).unwrap();
    assert_eq!(
        (read("a/b/c.txt"), read("crucible.toml")),
        ("deep".to_owned(), MANIFEST.to_owned())
    );
    // The same again, also when the repository is gone; nothing half-made is left.
    fs_err::remove_dir_all(&home).unwrap();
    assert_eq!(built(&settings, "alice/gen3d", &commit), seen);
    assert_eq!(fs_err::read_dir(&settings.folder).unwrap().count(), 1);
}

#[test]
fn plain_folders_and_working_copies() {
    let folder = TempDir::new().unwrap();
    let settings = settings(folder.path());
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let plain = settings.repositories.join("bob/forge").join(commit);
    fs_err::create_dir_all(plain.join("x")).unwrap();
    fs_err::write(plain.join("crucible.toml"), "[pod]\ncommand = \"sh 'run it.sh' {port}\"")
        .unwrap();
    std::os::unix::fs::symlink("/etc/passwd", plain.join("x/link")).unwrap();
    let seen = built(&settings, "bob/forge", commit);
    assert_eq!(seen.image.as_deref(), Some("process:sh 'run it.sh' '{port}'"));
    let commit =
        repository(&settings.repositories.join("bob/copy/.git"), &[("crucible.toml", MANIFEST)]);
    assert_eq!(built(&settings, "bob/copy", &commit).status, BuildStatus::Success);
}

#[test]
fn what_is_no_build() {
    let folder = TempDir::new().unwrap();
    let settings = settings(folder.path());
    let home = settings.repositories.join("alice");
    let docker = repository(&home.join("docker.git"), &[("docker/Dockerfile", "FROM scratch")]);
    let wrong = repository(&home.join("wrong.git"), &[("crucible.toml", "[pod]\ncommand = []")]);
    let large = repository(
        &home.join("large.git"),
        &[("crucible.toml", MANIFEST), ("big", &"x".repeat(5000))],
    );
    let long = repository(
        &home.join("long.git"),
        &[("crucible.toml", MANIFEST), (&"n".repeat(300), "no disk takes such a name")],
    );
    let none = "f".repeat(40);
    let small = Settings { bytes_max: 4000, ..settings.clone() };
    for (settings, repo, commit) in [
        (&settings, "alice/docker", docker.as_str()),
        (&settings, "alice/wrong", &wrong),
        (&settings, "alice/wrong", &none),
        (&settings, "alice/wrong", "main"),
        (&settings, "alice/none", &none),
        (&settings, "../alice/wrong", &wrong),
        (&settings, "alice/..", &wrong),
        (&settings, "alice", &wrong),
        (&small, "alice/large", &large),
        (&settings, "alice/long", &long),
    ] {
        let seen = built(settings, repo, commit);
        assert_eq!((seen.status, seen.image), (BuildStatus::Failure, None), "{repo} {commit}");
    }
    assert_eq!(built(&settings, "alice/large", &large).status, BuildStatus::Success);
    // An operator with a builder of images.
    let docker_image = Some("registry.example/{hotkey10}:{tag}".to_owned());
    let seen = built(&Settings { docker_image, ..settings }, "alice/docker", &docker);
    let tag = format!("registry.example/5hotkeyofa:{}-demo-1", &docker[..7]);
    assert_eq!(seen.image, Some(tag));
}

#[tokio::test]
async fn all_at_once() {
    let folder = TempDir::new().unwrap();
    let settings = settings(folder.path());
    let commit =
        repository(&settings.repositories.join("alice/gen3d.git"), &[("crucible.toml", MANIFEST)]);
    let all = [("5One", commit.as_str()), ("5Two", &"0".repeat(40))]
        .map(|(hotkey, commit)| (hotkey.to_owned(), submission("alice/gen3d", commit)));
    let seen = Local::new(settings).look(Round(1), &all).await.unwrap().unwrap();
    let statuses: Vec<BuildStatus> = seen.values().map(|seen| seen.status).collect();
    assert_eq!(statuses, [BuildStatus::Success, BuildStatus::Failure]);
}
