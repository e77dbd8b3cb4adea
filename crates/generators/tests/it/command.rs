//! Local programs: what they are given, how they end, and that nothing of them stays.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use generators::{Bounds, Failure, Generator, Program, Request};
use pod::wire::{Kind, Seed};

use crate::things::{card, file, guarded, picture, ply, request, script, splats};

async fn outcome(script_text: &str) -> String {
    match script(script_text).generate(request(Kind::Splats)).await {
        Ok(made) => format!("made {:?}", String::from_utf8_lossy(&made.bytes)),
        Err(failure) => format!("{failure:?}"),
    }
}

#[tokio::test]
async fn a_program_sees_the_picture_and_the_seed_and_writes_a_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.png");
    let text = format!("cat \"$1\" > {}; echo \"$1 $2 $PWD\" > \"$3\"", copy.display());
    let made = script(&text).generate(request(Kind::Splats)).await.expect("a model");
    assert_eq!(fs_err::read(&copy).expect("a copy"), picture());
    let text = String::from_utf8(made.bytes.to_vec()).expect("text");
    let words: Vec<&str> = text.split_whitespace().collect();
    assert!(words[0].ends_with("/image.png"), "{text}");
    assert_eq!(words[1], "7");
    assert!(words[0].starts_with(words[2]), "it is started in its scratch folder: {text}");
    assert!(!Path::new(words[2]).exists(), "its folder stayed");
    assert_eq!(made.licence, "MIT");
}

#[tokio::test]
async fn places_are_filled_without_a_shell() {
    let arguments = ["echo", "{kind} {seed} {seed_u32} {stem} $(id) {{}}", "{image}"];
    let program = Program::new(&arguments).expect("arguments");
    let command = generators::Command::new(card(Kind::Mesh), program);
    let mut request = Request::new(picture(), Seed::from(-2_i64), Kind::Mesh);
    let hashed = command.generate(request.clone()).await.expect("a model").bytes;
    request.stem = Some("abc12".to_owned());
    let named = command.generate(request).await.expect("a model").bytes;
    assert!(named.starts_with(b"mesh -2 4294967294 abc12 $(id) {} /"), "{named:?}");
    let stem = String::from_utf8_lossy(&hashed).split(' ').nth(3).unwrap_or_default().to_owned();
    assert!(stem.len() == 16 && pod::wire::batch::is_stem(&stem), "{hashed:?}");
}

#[tokio::test]
async fn the_ways_to_fail() {
    let wrong = [
        ("echo no luck >&2; exit 3", "Failed(\"test: exit status 3: no luck\")"),
        ("echo one; echo two >&2; exit 65", "BadPicture(\"refused: two\")"),
        ("echo later >&2; exit 75", "Transient(\"test: busy: later\")"),
        ("kill -9 $$", "Failed(\"test: ended by signal 9\")"),
        ("true", "Failed(\"test: wrote no {output}\")"),
        ("mkdir \"$3\"", "Failed(\"test: {output}: not a file\")"),
        ("ln -s /dev/zero \"$3\"", "Failed(\"test: {output}: not a file\")"),
        ("mkfifo \"$3\"", "Failed(\"test: {output}: not a file\")"),
        ("echo fine > \"$3\"", "made \"fine\\n\""),
    ];
    for (text, meant) in wrong {
        assert_eq!(outcome(text).await, meant, "{text}");
    }
    let long =
        outcome("yes 'no luck' | head -c 1000000 >&2; printf 'end\\033[0m' >&2; exit 1").await;
    assert!(long.len() < 260 && long.ends_with("end[0m\")"), "{long}");
    let missing = Program::new(&["/no/such/program", "{image}"]).expect("arguments");
    let missing = generators::Command::new(card(Kind::Splats), missing);
    assert!(missing.ready().await.is_err());
    let failure = missing.generate(request(Kind::Splats)).await.expect_err("nothing to start");
    assert!(matches!(&failure, Failure::Failed(text) if text.starts_with("test: ")), "{failure:?}");
    let mut garbage = request(Kind::Splats);
    garbage.picture = bytes::Bytes::from_static(b"GIF89a");
    let failure = script("true").generate(garbage).await.expect_err("no picture");
    assert!(matches!(failure, Failure::BadPicture(_)), "{failure:?}");
}

#[tokio::test]
async fn what_is_too_long_is_ended() {
    let limited = |arguments: &[&str]| {
        let mut program = Program::new(arguments).expect("arguments");
        program.bytes_max = 1000;
        generators::Command::new(card(Kind::Splats), program)
    };
    for arguments in [
        &["sh", "-c", "yes", "{image}"][..],
        &["sh", "-c", "yes > \"$1\"", "sh", "{output}", "{image}"],
        &["sh", "-c", "head -c 1001 /dev/zero > \"$1\"", "sh", "{output}", "{image}"],
        &["sh", "-c", "head -c 1001 /dev/zero", "{image}"],
    ] {
        let failure = limited(arguments).generate(request(Kind::Splats)).await.expect_err("long");
        assert_eq!(failure, Failure::TooLong { max: 1000 }, "{arguments:?}");
    }
    let exact = limited(&["sh", "-c", "head -c 1000 /dev/zero", "{image}"]);
    assert_eq!(exact.generate(request(Kind::Splats)).await.expect("fits").bytes.len(), 1000);
    let file =
        limited(&["sh", "-c", "yes | head -c 99999; echo x > $1", "sh", "{output}", "{image}"]);
    assert_eq!(&file.generate(request(Kind::Splats)).await.expect("fits").bytes[..], b"x\n");
}

/// Whether a process is there and not a zombie.
fn lives(pid: &str) -> bool {
    let status = fs_err::read_to_string(format!("/proc/{}/stat", pid.trim()));
    status.is_ok_and(|stat| !stat.contains(") Z "))
}

/// Waits until a file has a whole line.
async fn line_of(path: &Path) -> String {
    loop {
        match fs_err::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text,
            _ => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
}

#[tokio::test]
async fn time_out_and_drop_end_the_whole_group_and_remove_the_folder() {
    for is_timed in [true, false] {
        let folder = tempfile::tempdir().expect("a folder");
        let notes = folder.path().join("notes");
        // The shell and a child of it that ignores the soft signals.
        let text = format!(
            "(trap '' TERM HUP INT; sleep 60) & echo \"$$ $! $PWD\" > {}; wait",
            notes.display()
        );
        let time = if is_timed { Duration::from_millis(300) } else { Duration::from_secs(60) };
        let generator = guarded(script(&text), Bounds { time, ..Bounds::default() });
        let call = generator.generate(request(Kind::Splats));
        let line = if is_timed {
            let (failure, line) = tokio::join!(call, line_of(&notes));
            assert_eq!(failure.expect_err("too slow"), Failure::Time(time));
            line
        } else {
            tokio::select! {
                _ = call => panic!("it sleeps for a minute"),
                line = line_of(&notes) => line,
            }
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        let [shell, child, scratch] = words[..] else { panic!("{line}") };
        assert!(!lives(shell), "the shell stayed (time-out: {is_timed})");
        assert!(!Path::new(scratch).exists(), "{scratch} stayed (time-out: {is_timed})");
        // Nobody waits for the child but init, so it may take a moment.
        while lives(child) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

#[tokio::test]
async fn what_a_program_leaves_running_ends_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let pid = folder.path().join("pid");
    let text = format!("sleep 60 & echo $! > {}; echo x > \"$3\"", pid.display());
    let made = script(&text).generate(request(Kind::Splats)).await.expect("a model");
    assert!(made.took < Duration::from_secs(30), "it waited for the pipe");
    let pid = line_of(&pid).await;
    while lives(&pid) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn progress_is_passed_on() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut request = request(Kind::Splats);
    let onlooker = Arc::clone(&told);
    request.progress = Arc::new(move |share, words| {
        onlooker.lock().expect("alone").push((share, words.to_owned()));
    });
    let text = "echo progress 0.25 coarse shape >&2; while [ ! -e go ]; do sleep 0.01; done; echo x > \"$3\"";
    // The program goes on only once its word was heard.
    let go = {
        let told = Arc::clone(&told);
        async move {
            while told.lock().expect("alone").is_empty() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    };
    let generator = script(text);
    let call = generator.generate(request);
    tokio::select! {
        made = call => panic!("it should have waited: {made:?}"),
        () = go => {}
    }
    assert_eq!(*told.lock().expect("alone"), [(Some(0.25), "coarse shape".to_owned())]);
}

#[tokio::test]
async fn the_environment_is_passed_on_but_for_secrets() {
    let mut program =
        Program::new(&["sh", "-c", "echo \"[$GREETING][$HOME]\"", "{image}"]).expect("arguments");
    program.env.insert("GREETING".to_owned(), "hello".to_owned());
    program.without_env.push("HOME".to_owned());
    let command = generators::Command::new(card(Kind::Splats), program);
    let made = command.generate(request(Kind::Splats)).await.expect("a model");
    assert_eq!(&made.bytes[..], b"[hello][]\n");
}

#[tokio::test]
async fn twenty_at_once_do_not_meet() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = file(folder.path(), "model.ply", &ply(&splats()));
    let text = format!("cat {} > \"$3\"", model.display());
    let generator = Arc::new(script(&text));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let generator = Arc::clone(&generator);
        calls.spawn(async move { generator.generate(request(Kind::Splats)).await });
    }
    while let Some(made) = calls.join_next().await {
        assert_eq!(made.expect("no panic").expect("a model").bytes, ply(&splats()));
    }
}
