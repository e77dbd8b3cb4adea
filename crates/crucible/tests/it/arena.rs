//! Competitions from the command line.

use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use ledger::repository::{Author, Draft, Expected, GitRepository, Repository as _, publish};

use crate::workplace::Workplace;

/// A competition with one prompt, on a port that is free.
fn begun() -> Workplace {
    let place = Workplace::new();
    let picture = image::RgbaImage::from_fn(64, 64, |x, y| {
        let inside = (12..52).contains(&x) && (12..52).contains(&y);
        image::Rgba([180, 60, 40, if inside { 255 } else { 0 }])
    });
    picture.save(place.path("brick.png")).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    place.ok(&format!(
        "arena init mine --prompts brick.png --prompts-per-round 1 --carryover 0 --audit-repeats 1 --port {port}"
    ));
    place
}

#[test]
fn begins_pauses_and_goes_on() {
    let place = begun();
    let status = place.ok("arena status mine");
    assert!(status.starts_with("local: round 0, open, block "), "{status}");
    let again = place.run("arena init mine");
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("has a competition already"), "{}", again.stderr);
    place.ok("arena pause mine");
    let status: serde_json::Value =
        serde_json::from_str(&place.ok("arena status mine --json")).unwrap();
    assert_eq!((&status["stage"], &status["resume_stage"]), (&"paused".into(), &"open".into()));
    let early = place.run("arena resume mine --stage duels");
    assert!(early.stderr.contains("rounds/0/seed.json"), "{}", early.stderr);
    place.ok("arena resume mine");
    assert!(place.ok("arena status mine").contains("round 0, open"));
    let nobody = place.run("arena source-audit mine 5Nobody failed");
    assert!(nobody.stderr.contains("no submission in round 0"), "{}", nobody.stderr);
    let nowhere = place.run("arena status elsewhere");
    assert!(nowhere.stderr.contains("crucible arena init"), "{}", nowhere.stderr);
}

/// Whoever runs services stops them with SIGTERM: nothing is left half-done, and it is no failure.
#[test]
fn told_to_stop_it_ends_in_order() {
    let place = begun();
    let settings = String::from_utf8(place.read("mine/arena.toml")).unwrap();
    let address = settings.lines().find_map(|line| line.strip_prefix("serve = ")).unwrap();
    let address = address.trim_matches('"');
    for signal in ["-TERM", "-INT"] {
        let mut command = place.command("arena run mine");
        let mut child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let mut waited = 0;
        while TcpStream::connect(address).is_err() {
            assert!(waited < 6000, "not started within a minute");
            std::thread::sleep(Duration::from_millis(10));
            waited += 1;
        }
        let pid = child.id().to_string();
        let kill = std::process::Command::new("kill").args([signal, &pid]).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

/// A whole round: pods, pictures, a judge, a calendar. The only miner delivers nothing, so the leader defends.
#[test]
fn a_round_is_played_and_every_decision_made_again() {
    let place = begun();
    let silent = "http://127.0.0.1:9/outputs";
    let commit = "0123456789abcdef0123456789abcdef01234567";
    place.ok(&format!(
        "arena submit mine --key //Alice --repo alice/gen3d --commit {commit} --cdn-url {silent}"
    ));
    let story = place.ok("arena run mine --skip-waits --rounds 1");
    for line in [
        "Seed, prompts and submissions for round 0",
        "Round 0: downloading",
        "Round 0 winner: leader",
        "Update state (open)",
    ] {
        assert!(story.contains(line), "no \"{line}\" in\n{story}");
    }
    let verify = "arena verify mine/state.git --blobs mine/blobs";
    let sound = place.run(verify);
    assert_eq!(sound.code, 0, "{}{}", sound.stdout, sound.stderr);
    // One number by hand, and it is named.
    let repository = GitRepository::open(&place.path("mine/state.git"), "main").unwrap();
    let head = repository.head().unwrap().unwrap();
    let path = "rounds/0/matches_matrix.csv";
    let matrix = String::from_utf8(repository.read(head, path).unwrap().unwrap()).unwrap();
    assert!(matrix.contains(",-1.0"), "{matrix}");
    let draft = Draft {
        message: "one number".to_owned(),
        changes: [(path.to_owned(), Some(matrix.replace(",-1.0", ",1.0")))].into(),
        author: Author { name: "x".to_owned(), email: "x@example".to_owned() },
        time: jiff::Timestamp::UNIX_EPOCH,
    };
    publish(&repository, &draft, &Expected::new()).unwrap();
    let broken = place.run(verify);
    assert_eq!(broken.code, 1, "{}", broken.stdout);
    assert!(broken.stdout.contains(&format!("{path}:2")), "{}", broken.stdout);
}
