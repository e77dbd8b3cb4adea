//! One suite for every kind of repository, and what plain `git` says of ours.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use jiff::Timestamp;
use ledger::files::state::State;
use ledger::repository::{
    Advance, Author, Draft, Expected, GitRepository, Id, MemoryRepository, PublishError,
    Repository, Snapshot, expected_at, path_problem, publish, publish_watched,
};
use ledger::{Place, Stage};
use tempfile::TempDir;

/// A commit of some files; `-` deletes.
pub(crate) fn draft(message: &str, files: &[(&str, &str)]) -> Draft {
    let change =
        |(path, text): &(&str, &str)| (path.to_string(), (*text != "-").then(|| text.to_string()));
    Draft {
        message: message.to_owned(),
        changes: files.iter().map(change).collect(),
        author: Author { name: "Test".to_owned(), email: "test@localhost".to_owned() },
        time: Timestamp::from_second(1_930_000_000).unwrap(),
    }
}

/// Runs a test on every kind.
fn on_each(test: impl Fn(Arc<dyn Repository>)) {
    test(Arc::new(MemoryRepository::new()));
    let folder = TempDir::new().unwrap();
    test(Arc::new(GitRepository::create(folder.path(), "main").unwrap()));
}

fn put(repository: &dyn Repository, message: &str, files: &[(&str, &str)]) -> Id {
    publish(repository, &draft(message, files), &Expected::new()).unwrap()
}

fn text(repository: &dyn Repository, at: Id, path: &str) -> Option<String> {
    repository.read(at, path).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn many_files_land_at_once_and_snapshots_never_change() {
    on_each(|repository| {
        let r = &*repository;
        assert_eq!(r.head().unwrap(), None);
        let first = put(
            r,
            "first\nsecond line",
            &[("state.json", "1"), ("rounds/0/seed.json", "{}"), ("rounds/0/a/b.json", "é")],
        );
        let second = put(
            r,
            "second",
            &[("state.json", "2"), ("rounds/0/seed.json", "-"), ("rounds/1/x", "")],
        );
        assert_eq!(r.head().unwrap(), Some(second));
        assert_eq!(text(r, first, "state.json").as_deref(), Some("1"));
        assert_eq!(text(r, second, "state.json").as_deref(), Some("2"));
        assert_eq!(text(r, second, "rounds/0/seed.json"), None);
        assert_eq!(text(r, second, "rounds/1/x").as_deref(), Some(""));
        assert_eq!(text(r, second, "rounds/0"), None);
        assert_eq!(text(r, second, "nothing/at/all"), None);
        assert_eq!(
            r.list(first, "").unwrap(),
            ["rounds/0/a/b.json", "rounds/0/seed.json", "state.json"]
        );
        assert_eq!(r.list(second, "rounds").unwrap(), ["rounds/0/a/b.json", "rounds/1/x"]);
        assert_eq!(r.list(second, "round").unwrap(), [""; 0]);
        let info = r.commit(second).unwrap();
        assert_eq!(
            (info.parents, info.message.as_str(), info.time.as_second()),
            (vec![first], "second", 1_930_000_000)
        );
        assert_eq!(r.commit(first).unwrap().message, "first\nsecond line");
        assert_eq!(
            r.file_id(first, "rounds/0/a/b.json").unwrap(),
            Some(r.content_id("é".as_bytes()))
        );
        assert!(r.contains(second, first).unwrap() && !r.contains(first, second).unwrap());
    });
}

#[test]
fn changes_are_what_differs_between_two_commits() {
    on_each(|repository| {
        let r = &*repository;
        let first = put(r, "1", &[("a", "1"), ("b/c", "1"), ("b/d/e", "1"), ("f/g", "1")]);
        let second = put(r, "2", &[("a", "2"), ("b/d/e", "-"), ("b/d/h", "1"), ("f/g", "-")]);
        let third = put(r, "3", &[("f", "a file where a folder was"), ("b/c", "1")]);
        assert_eq!(r.changes(None, first).unwrap(), ["a", "b/c", "b/d/e", "f/g"]);
        assert_eq!(r.changes(Some(first), second).unwrap(), ["a", "b/d/e", "b/d/h", "f/g"]);
        assert_eq!(r.changes(Some(second), third).unwrap(), ["f"]);
        assert_eq!(r.changes(Some(first), third).unwrap(), ["a", "b/d/e", "b/d/h", "f", "f/g"]);
        assert_eq!(r.changes(Some(third), third).unwrap(), [""; 0]);
    });
}

#[test]
fn reading_changes_nothing_in_the_folder() {
    let folder = TempDir::new().unwrap();
    let repository = GitRepository::create(folder.path(), "main").unwrap();
    let first = put(&repository, "first", &[("state.json", "1")]);
    let names = || {
        let entries = fs_err::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    fs_err::remove_file(folder.path().join("crucible.lock")).unwrap();
    let before = names();
    for branch in [None, Some("main")] {
        let read = GitRepository::open_to_read(folder.path(), branch).unwrap();
        assert_eq!(read.head().unwrap(), Some(first));
        assert_eq!(text(&read, first, "state.json").as_deref(), Some("1"));
    }
    assert_eq!(names(), before);
    assert!(GitRepository::open_to_read(&folder.path().join("none"), None).is_err());

    // A working copy, as `git clone` makes it: all of the repository is in `.git`.
    let copy = TempDir::new().unwrap();
    let inside = copy.path().join(".git");
    fs_err::rename(folder.path(), &inside).unwrap();
    fs_err::create_dir(folder.path()).unwrap();
    let read = GitRepository::open_to_read(copy.path(), None).unwrap();
    assert_eq!(read.head().unwrap(), Some(first));
}

#[test]
fn a_commit_that_is_checked_out_is_read() {
    let folder = TempDir::new().unwrap();
    let repository = GitRepository::create(folder.path(), "main").unwrap();
    let first = put(&repository, "first", &[("state.json", "1")]);
    put(&repository, "second", &[("state.json", "2")]);
    fs_err::write(folder.path().join("HEAD"), format!("{first}\n")).unwrap();
    let read = GitRepository::open_to_read(folder.path(), None).unwrap();
    assert_eq!(read.head().unwrap(), Some(first));
}

#[test]
fn the_branch_moves_only_from_where_it_should_be() {
    on_each(|repository| {
        let r = &*repository;
        let first = r.write_commit(None, &draft("a", &[("x", "1")])).unwrap();
        assert_eq!(r.head().unwrap(), None);
        assert_eq!(r.advance(Some(first), first).unwrap(), Advance::Moved);
        assert_eq!(r.advance(None, first).unwrap(), Advance::Done);
        assert_eq!(r.advance(None, first).unwrap(), Advance::Moved);
        let second = r.write_commit(Some(first), &draft("b", &[("x", "2")])).unwrap();
        let other = r.write_commit(Some(first), &draft("c", &[("x", "3")])).unwrap();
        assert_eq!(r.advance(Some(first), second).unwrap(), Advance::Done);
        assert_eq!(r.advance(Some(first), other).unwrap(), Advance::Moved);
        assert_eq!(r.head().unwrap(), Some(second));
        assert!(!r.contains(second, other).unwrap());
    });
}

#[test]
fn others_commits_of_other_files_are_built_upon() {
    on_each(|repository| {
        let r = &*repository;
        let base = put(r, "start", &[("mine", "1"), ("theirs", "1")]);
        let expected = expected_at(r, Some(base), ["mine"]).unwrap();
        put(r, "theirs", &[("theirs", "2"), ("new", "1")]);
        let landed = publish(r, &draft("mine", &[("mine", "2")]), &expected).unwrap();
        assert_eq!(
            ["mine", "theirs", "new"].map(|path| text(r, landed, path)),
            ["2", "2", "1"].map(|t| Some(t.to_owned()))
        );
    });
}

#[test]
fn others_commits_of_our_files_are_conflicts() {
    on_each(|repository| {
        let r = &*repository;
        let base = put(r, "start", &[("mine", "1"), ("state.json", "1")]);
        let paths = ["mine", "state.json", "fresh"];
        let expected = expected_at(r, Some(base), paths).unwrap();
        let ours = draft("mine", &[("mine", "2"), ("fresh", "1")]);
        let head = put(r, "pause", &[("state.json", "2"), ("fresh", "0")]);
        let error = publish(r, &ours, &expected).unwrap_err();
        assert_eq!(
            error,
            PublishError::Conflict {
                paths: vec!["fresh".into(), "state.json".into()],
                head: Some(head)
            }
        );
        assert_eq!(r.head().unwrap(), Some(head));
        // The same content is no conflict, and nothing to commit.
        let head = put(r, "same", &[("mine", "2"), ("fresh", "1")]);
        let expected = expected_at(r, Some(base), ["mine", "fresh"]).unwrap();
        assert_eq!(publish(r, &ours, &expected).unwrap(), head);
    });
}

#[test]
fn a_branch_that_moves_meanwhile_is_followed() {
    on_each(|repository| {
        let r = &*repository;
        put(r, "start", &[("mine", "1")]);
        let mut moves = 0;
        let mut watch = |_| {
            moves += 1;
            if moves < 4 {
                let message = format!("other {moves}");
                let head = r.head()?;
                let other = r.write_commit(head, &draft(&message, &[("other", &message)]))?;
                assert_eq!(r.advance(head, other)?, Advance::Done);
            }
            Ok(())
        };
        let landed =
            publish_watched(r, &draft("mine", &[("mine", "2")]), &Expected::new(), &mut watch)
                .unwrap();
        assert_eq!((moves, text(r, landed, "other").as_deref()), (4, Some("other 3")));
    });
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    on_each(|repository| {
        put(&*repository, "start", &[("start", "1")]);
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let repository = Arc::clone(&repository);
                scope.spawn(move || {
                    for n in 0..5 {
                        let path = format!("{writer}/{n}");
                        let ours = draft(&path, &[(&path, &path)]);
                        let nothing = BTreeMap::from([(path.clone(), None)]);
                        while publish(&*repository, &ours, &nothing) == Err(PublishError::Busy) {}
                    }
                });
            }
        });
        let head = repository.head().unwrap().unwrap();
        assert_eq!(repository.list(head, "").unwrap().len(), 21);
    });
}

#[test]
fn bad_paths_are_refused() {
    for path in [
        "",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/./b",
        ".git/config",
        "a/.GIT",
        "a\\b",
        "a\nb",
        "a\0b",
        &"a".repeat(513),
    ] {
        assert!(path_problem(path).is_some(), "{path}");
        on_each(|repository| {
            assert!(repository.write_commit(None, &draft("", &[(path, "")])).is_err());
        });
    }
    assert_eq!(path_problem("rounds/0/5é/a b.json"), None);
}

#[test]
fn snapshots_read_typed_files() {
    on_each(|repository| {
        let r = &*repository;
        assert!(Snapshot::of_head(r).unwrap().is_none());
        put(
            r,
            "start",
            &[
                ("state.json", "{\"current_round\": 3, \"stage\": \"duels\"}"),
                ("config.json", "{\n\"name\": 3}"),
            ],
        );
        let snapshot = Snapshot::of_head(r).unwrap().unwrap();
        let state: State = snapshot.require(&Place::State).unwrap();
        assert_eq!(state.stage, Stage::Duels);
        assert!(snapshot.find::<ledger::files::leader::Leaders>(&Place::Leader).unwrap().is_none());
        let missing = snapshot
            .require::<ledger::files::leader::Leaders>(&Place::Leader)
            .unwrap_err()
            .to_string();
        assert!(
            missing.starts_with("leader.json:1:1: the file is missing at commit "),
            "{missing}"
        );
        let wrong = snapshot.require::<ledger::files::config::Config>(&Place::Config).unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "config.json:2:9: name: the number 3 where a string belongs; write it like \"…\""
        );
    });
}

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
    assert!(
        output.status.success(),
        "git {arguments:?}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(text)
}

#[test]
fn plain_git_reads_and_writes_the_same_repository() {
    let folder = TempDir::new().unwrap();
    let (bare, work) = (folder.path().join("state.git"), folder.path().join("work"));
    let repository = GitRepository::create(&bare, "state").unwrap();
    put(&repository, "first", &[("state.json", "1"), ("rounds/0/5é/submitted.json", "{}")]);
    let ours = put(&repository, "second", &[("state.json", "2")]);
    if git(folder.path(), &["--version"]).is_none() {
        return;
    }
    assert_eq!(git(&bare, &["fsck", "--strict", "--full"]).unwrap(), "");
    assert_eq!(git(&bare, &["rev-parse", "HEAD"]).unwrap().trim(), ours.to_string());
    assert_eq!(git(&bare, &["show", "HEAD:rounds/0/5é/submitted.json"]).unwrap(), "{}");
    let log = git(&bare, &["log", "--format=%an <%ae> %at %s"]).unwrap();
    assert_eq!(
        log,
        "Test <test@localhost> 1930000000 second\nTest <test@localhost> 1930000000 first\n"
    );

    // An operator edits by hand, and packs.
    git(folder.path(), &["clone", "--quiet", "state.git", "work"]);
    fs_err::write(work.join("state.json"), "by hand\n").unwrap();
    git(&work, &["commit", "--quiet", "--all", "--message", "pause"]);
    git(&work, &["push", "--quiet", "origin", "state"]);
    git(&bare, &["gc", "--quiet"]);
    git(&bare, &["pack-refs", "--all"]);
    let expected = expected_at(&repository, Some(ours), ["state.json"]).unwrap();
    let refused = publish(&repository, &draft("late", &[("state.json", "3")]), &expected);
    assert!(matches!(refused, Err(PublishError::Conflict { .. })), "{refused:?}");
    let head = put(&repository, "third", &[("leader.json", "[]")]);
    assert_eq!(text(&repository, head, "state.json").as_deref(), Some("by hand\n"));
    assert_eq!(repository.commit(head).unwrap().parents.len(), 1);
    assert_eq!(git(&bare, &["fsck", "--strict", "--full"]).unwrap(), "");
    assert_eq!(git(&bare, &["log", "--format=%s"]).unwrap(), "third\npause\nsecond\nfirst\n");
}

#[test]
fn folders_that_have_each_other_many_times_are_refused() {
    let folder = TempDir::new().unwrap();
    let bare = folder.path().join("state.git");
    let repository = GitRepository::create(&bare, "state").unwrap();
    let first = put(&repository, "first", &[("state.json", "1")]);
    if git(folder.path(), &["--version"]).is_none() {
        return;
    }
    // Each has the one before twice: 2^30 folders, and no file.
    let file = folder.path().join("tree");
    let mut tree = Vec::new();
    for _ in 0..30 {
        fs_err::write(&file, &tree).unwrap();
        let id = git(&bare, &["hash-object", "-t", "tree", "-w", file.to_str().unwrap()]).unwrap();
        let id = Id::from_hex(id.trim()).unwrap();
        tree = [b"40000 a\0", &id.0[..], b"40000 b\0", &id.0[..]].concat();
    }
    fs_err::write(&file, &tree).unwrap();
    let root = git(&bare, &["hash-object", "-t", "tree", "-w", file.to_str().unwrap()]).unwrap();
    let commit = git(&bare, &["commit-tree", root.trim(), "-m", "bomb"]).unwrap();
    let commit = Id::from_hex(commit.trim()).unwrap();
    for error in [
        repository.list(commit, "").unwrap_err(),
        repository.list(commit, "a/b").unwrap_err(),
        repository.changes(Some(first), commit).unwrap_err(),
    ] {
        let text = format!("{error:?}");
        assert!(text.contains("folders, the limit is 65536"), "{text}");
    }
}

#[test]
fn names_of_content_are_gits() {
    let folder = TempDir::new().unwrap();
    let repository = GitRepository::create(folder.path(), "main").unwrap();
    // `printf 'hello\n' | git hash-object --stdin`
    assert_eq!(
        repository.content_id(b"hello\n").to_string(),
        "ce013625030ba8dba906f756967f9e9ca394464a"
    );
    assert_eq!(
        Id::from_hex("ce013625030ba8dba906f756967f9e9ca394464a"),
        Some(repository.content_id(b"hello\n"))
    );
    for wrong in [
        "",
        "ce01",
        "ze013625030ba8dba906f756967f9e9ca394464a",
        "+e013625030ba8dba906f756967f9e9ca394464",
        &"é".repeat(20),
    ] {
        assert_eq!(Id::from_hex(wrong), None);
    }
}

#[test]
fn a_lock_left_by_a_crash_is_removed_once_it_is_old() {
    let folder = TempDir::new().unwrap();
    let repository = GitRepository::create(folder.path(), "main").unwrap();
    let first = put(&repository, "first", &[("a", "1")]);
    let lock = folder.path().join("refs/heads/main.lock");
    fs_err::write(&lock, "").unwrap();
    // Somebody may be at work.
    let error = publish(&repository, &draft("second", &[("a", "2")]), &Expected::new())
        .unwrap_err()
        .to_string();
    assert!(error.contains("delete refs/heads/main.lock"), "{error}");
    GitRepository::open(folder.path(), "main").unwrap();
    assert!(lock.exists());
    // Nobody is.
    let file = fs_err::File::options().write(true).open(&lock).unwrap();
    let hour_ago =
        file.metadata().unwrap().modified().unwrap() - std::time::Duration::from_secs(3600);
    file.set_modified(hour_ago).unwrap();
    let repository = GitRepository::open(folder.path(), "main").unwrap();
    assert_eq!(repository.head().unwrap(), Some(first));
    put(&repository, "second", &[("a", "2")]);
}

#[test]
fn what_is_no_repository_is_refused() {
    let folder = TempDir::new().unwrap();
    let error = GitRepository::open(folder.path(), "main").unwrap_err().to_string();
    assert!(
        error.starts_with("opening the repository ") && !error.contains(['\n', '{']),
        "{error}"
    );
    GitRepository::create(&folder.path().join("new/folder"), "main").unwrap();
    assert!(GitRepository::create(folder.path(), "no..name").is_err());
}
