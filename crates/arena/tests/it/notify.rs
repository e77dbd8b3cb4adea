//! Discord: a stub of its webhooks on loopback, with what it may do wrong.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arena::notify::notices::AuditVerdict;
use arena::notify::{Discord, Settings, notices};
use arena::owner::TurnError;
use arena::ports::{Notice, Notify as _};
use chain::ManualClock;
use ledger::Round;
use ledger::files::leader::LeaderEntry;

use crate::layout;

const PATIENCE: Duration = Duration::from_secs(20);

fn quick() -> Settings {
    Settings { wait_s: 0.001, wait_max_s: 0.05, ..Settings::default() }
}

/// A server that answers each request with the next of its answers, and hands out the bodies.
fn server(answers: Vec<&'static str>) -> (String, Receiver<serde_json::Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/webhooks/1/secret-token", listener.local_addr().unwrap());
    let (bodies, seen) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            answer_one(stream, answer, &bodies);
        }
    });
    (url, seen)
}

fn answer_one(mut stream: TcpStream, answer: &str, bodies: &Sender<serde_json::Value>) {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    let body = loop {
        let count = stream.read(&mut part).unwrap();
        bytes.extend(&part[..count]);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str(body)
        {
            break body;
        }
    };
    let _ = bodies.send(body);
    write!(stream, "HTTP/1.1 {answer}Content-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
}

/// A sender, and what it reports.
fn discord(url: &str, settings: &Settings) -> (Discord, Arc<Mutex<Vec<String>>>) {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&reports);
    let clock = Arc::new(ManualClock::at("2031-03-01T08:00:00Z".parse().unwrap()));
    let report = move |text: &str| kept.lock().unwrap().push(text.to_owned());
    let discord = Discord::start(&url.to_owned().into(), settings, clock, report).unwrap();
    (discord, reports)
}

fn titled(title: &str) -> Notice {
    Notice { title: title.to_owned(), colour: 0, text: String::new(), fields: Vec::new() }
}

#[test]
fn notices_are_sent_in_order() {
    let (url, seen) = server(vec!["204 No Content\r\n"; 3]);
    let (discord, reports) = discord(&url, &quick());
    for title in ["one", "two", "three"] {
        discord.tell(titled(title));
    }
    assert!(discord.close(PATIENCE));
    let titles: Vec<_> = seen.iter().map(|body| body["embeds"][0]["title"].clone()).collect();
    assert_eq!(titles, ["one", "two", "three"]);
    assert!(reports.lock().unwrap().is_empty());
    discord.tell(titled("too late"));
    assert!(discord.close(PATIENCE), "closing twice does nothing");
}

#[test]
fn a_server_that_wants_to_be_left_alone_is_asked_again() {
    let answers = vec![
        "429 Too Many Requests\r\nRetry-After: 0.001\r\n",
        "502 Bad Gateway\r\n",
        "429 Too Many Requests\r\nRetry-After: 86400\r\n",
        "200 OK\r\n",
    ];
    let (url, seen) = server(answers);
    let (discord, reports) = discord(&url, &quick());
    discord.tell(titled("one"));
    assert!(discord.close(PATIENCE), "a day is longer than anybody waits");
    assert_eq!(seen.iter().count(), 4);
    assert!(reports.lock().unwrap().is_empty());
}

#[test]
fn what_is_not_sent_is_reported_without_the_address() {
    let (url, _seen) = server(vec!["400 Bad Request\r\n", "500 Error\r\n", "500 Error\r\n"]);
    let (discord, reports) = discord(&url, &Settings { tries: 2, ..quick() });
    discord.tell(titled("refused"));
    discord.tell(titled("failed"));
    discord.tell(titled("nobody there"));
    assert!(discord.close(PATIENCE));
    let reports = reports.lock().unwrap().join("\n");
    insta::assert_snapshot!(reports, @r#"
    the notice "refused" was not sent: HTTP 400
    the notice "failed" was not sent: HTTP 500
    the notice "nobody there" was not sent: no connection
    "#);
}

#[test]
fn a_full_queue_drops_and_nobody_waits() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let settings = Settings { queue: 2, ..quick() };
    let (discord, reports) = discord(&url, &settings);
    discord.tell(titled("stuck"));
    // The thread has it, and waits for an answer.
    let (stream, _) = listener.accept().unwrap();
    for _ in 0..10 {
        discord.tell(titled("more"));
    }
    assert!(format!("{discord:?}").contains("dropped: 8"), "{discord:?}");
    assert!(!discord.close(Duration::from_millis(1)), "it still waits");
    let (bodies, _seen) = channel();
    answer_one(stream, "204 No Content\r\n", &bodies);
    for _ in 0..2 {
        answer_one(listener.accept().unwrap().0, "204 No Content\r\n", &bodies);
    }
    assert!(discord.close(PATIENCE));
    assert_eq!(*reports.lock().unwrap(), ["8 notices were dropped: the queue was full"]);
}

#[test]
fn addresses_that_are_not_taken() {
    let clock = Arc::new(ManualClock::at("2031-03-01T08:00:00Z".parse().unwrap()));
    for url in ["http://discord.com/api", "file:///etc/passwd", "discord", ""] {
        let started = Discord::start(&url.to_owned().into(), &quick(), clock.clone(), |_| {});
        let error = started.unwrap_err().to_string();
        assert_eq!(error, "the webhook is no https address (http is taken for loopback only)");
    }
}

fn shown(notice: &Notice) -> String {
    let field = |(name, value, beside): &(String, String, bool)| {
        format!("{name}{} {value}\n", if *beside { ":" } else { " =" })
    };
    let fields: String = notice.fields.iter().map(field).collect();
    format!("#{:06X} {}\n{}\n{fields}", notice.colour, notice.title, notice.text)
}

fn entry(hotkey: &str, repo: &str) -> LeaderEntry {
    LeaderEntry {
        hotkey: hotkey.to_owned(),
        repo: Some(repo.to_owned()),
        commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        docker: None,
        weight: 0.85,
        effective_block: 1,
        layout: layout(),
    }
}

#[test]
fn what_people_read() {
    let links = notices::Links::github("owner/state", "main");
    let deadline = "2031-03-01T12:00:00Z".parse().unwrap();
    insta::assert_snapshot!(shown(&notices::submissions_collected(Round(3), 5, 4, deadline, &links)), @r"
    #2ECC71 Round 3 Submissions Collected

    Committed: 5
    No lock: 1
    Accepted: 4
    Generation Deadline: <t:1930132800:f>
    Prompts: [prompts.txt](https://github.com/owner/state/blob/main/rounds/3/prompts.txt)
    Seed: [seed.json](https://github.com/owner/state/blob/main/rounds/3/seed.json)
    ");
    let (was, is) = (entry("5Alice", "alice/gen3d"), entry("5Bob", "bob/forge"));
    insta::assert_snapshot!(shown(&notices::leader_changed(Round(3), Some(&was), &is)), @"
    #E67E22 Leader Changed — Round 3

    Previous Leader = [alice/gen3d@01234567](https://github.com/alice/gen3d/commit/0123456789abcdef0123456789abcdef01234567) · weight: 0.85
    ||5Alice||
    New Leader = [bob/forge@01234567](https://github.com/bob/forge/commit/0123456789abcdef0123456789abcdef01234567) · weight: 0.85
    ||5Bob||
    ");
    let seen = notices::Downloads { miners: 3, perfect: 2, without: 1, render_failures: 0 };
    insta::assert_snapshot!(shown(&notices::downloads_complete(Round(3), seen)), @"
    #2ECC71 Round 3 Downloads Complete

    Miners: 3
    Perfect (100%): 2 (66%)
    No submission: 1 (33%)
    Render failures: 0
    ");
    let repeats = [(1, -0.0625, 0.125), (2, -0.0, 0.0)];
    let told = |verdict| {
        let shown = shown(&notices::audit_completed(Round(3), "5HotkeyExample", &repeats, verdict));
        let (colour, verdict) = (shown.split(' ').next(), shown.lines().last());
        format!("{} {}", colour.unwrap_or_default(), verdict.unwrap_or_default())
    };
    insta::assert_snapshot!(told(AuditVerdict::Verified), @"#2ECC71 Verdict = VERIFIED");
    insta::assert_snapshot!(told(AuditVerdict::MarginsPassed), @"#2ECC71 Verdict = margins passed, not yet verified");
    insta::assert_snapshot!(told(AuditVerdict::Deferred("the defender is not verified yet")), @"#E67E22 Verdict = DEFERRED: the defender is not verified yet");
    let verdict = AuditVerdict::Rejected("too far");
    insta::assert_snapshot!(shown(&notices::audit_completed(Round(3), "5HotkeyExample", &repeats, verdict)), @"
    #E67E22 Round 3 Audit Completed

    Miner: 5HotkeyExa
    Repeat 1 = submitted -6.25%, defeated +12.50%
    Repeat 2 = submitted +0.00%, defeated +0.00%
    Verdict = REJECTED: too far
    ");
    let error = TurnError::operator("closing round 3", "leader.json is empty");
    insta::assert_snapshot!(shown(&notices::owner_error("rounds", &error)), @"
    #E74C3C Round Manager Error
    ```
    closing round 3: leader.json is empty
    ```
    To do = Only a person can mend this.
    ");
}

#[test]
fn texts_of_strangers_are_harmless() {
    let nasty = "``` @everyone [click](http://evil) <@1> ||x||\u{0}";
    let notice = notices::round_won(Round(1), "5Bob", nasty);
    assert_eq!(notice.fields[1].1, r"\`\`\` \@everyone \[click\]\(http://evil\) \<\@1\> \|\|x\|\|");
    let in_code = notices::timeline(Round(1), nasty).text;
    assert_eq!(in_code.matches("```").count(), 2, "{in_code}");
    let bad = notices::leader_changed(Round(1), None, &entry("5B", "a/b) [x](http://evil"));
    assert!(!bad.fields[1].1.contains("](http"), "{}", bad.fields[1].1);
}
