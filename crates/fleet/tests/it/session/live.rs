//! The runner, with real HTTP and real files.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use fleet::provider::Provider;
use fleet::session::{
    Attached, Event, Folder, Journal, JournalError, Limits, Outcome, Parts, Plan, Session, run,
};
use pod::client::BatchLimits;
use pod::wire::batch::{Accepted, Batch};
use serde_json::json;
use tempfile::TempDir;

use super::world::plan;

/// A pod that makes modules out of the identity of the batch, at once.
async fn pod() -> String {
    type Shared = Arc<Mutex<Option<Batch>>>;
    async fn generate(State(shared): State<Shared>, body: Bytes) -> String {
        let batch: Batch = serde_json::from_slice(&body).unwrap();
        let accepted = batch.prompts.len() as u64;
        let batch_id = batch.batch_id.clone();
        *shared.lock().unwrap() = Some(batch);
        serde_json::to_string(&Accepted { accepted, batch_id }).unwrap()
    }
    async fn status(State(shared): State<Shared>) -> String {
        let state = if shared.lock().unwrap().is_some() { "complete" } else { "ready" };
        json!({ "status": state }).to_string()
    }
    async fn results(State(shared): State<Shared>) -> Result<Vec<u8>, StatusCode> {
        let batch = shared.lock().unwrap().clone().ok_or(StatusCode::CONFLICT)?;
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for prompt in &batch.prompts {
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(format!("{}.js", prompt.stem), options).unwrap();
            zip.write_all(batch.batch_id.clone().unwrap_or_default().as_bytes()).unwrap();
        }
        Ok(zip.finish().unwrap().into_inner())
    }
    let router = Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/status", get(status))
        .route("/generate", post(generate))
        .route("/results", get(results))
        .with_state(Shared::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn quick() -> Plan {
    let limits = Limits { look: 20, poll: 10, batch_size: 2, ..Limits::default() };
    let providers = vec![Attached::NAME.to_owned()];
    Plan { providers, is_attached: true, limits, ..plan(3, 2) }
}

fn clock() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

async fn hold(folder: &Path, url: &str, plan: &Plan, events: Option<usize>) -> Option<Session> {
    let (journal, session) = Journal::open(&folder.join("session.jsonl"), plan).unwrap();
    let attached: Arc<dyn Provider> = Arc::new(Attached::new(url.to_owned(), None));
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let parts = Parts {
        providers: BTreeMap::from([(Attached::NAME.to_owned(), attached)]),
        limits: BatchLimits::default(),
        keep: Arc::new(Folder(folder.to_owned())),
        journal,
        clock,
        stop: Box::pin(std::future::pending()),
        watch: Box::new(move |_: Event<'_>| sender.send(()).unwrap()),
    };
    let enough = async {
        let Some(events) = events else { return std::future::pending().await };
        for _ in 0..events {
            receiver.recv().await;
        }
    };
    // Dropping the future is the crash: whatever was on its way is gone.
    tokio::select! {
        biased;
        () = enough => None,
        held = run(session, parts) => Some(held.unwrap()),
    }
}

#[tokio::test]
async fn to_the_end_and_again() {
    let url = pod().await;
    let folder = TempDir::new().unwrap();
    let session = hold(folder.path(), &url, &quick(), None).await.unwrap();
    assert_eq!(session.outcome(), Some(&Outcome::Finished));
    let module = |repeat: u32, stem: &str| {
        let path = folder.path().join(format!("generated_{repeat}/{stem}.js"));
        std::fs::read_to_string(path).unwrap()
    };
    assert_eq!(module(1, "p000"), "round1-miner/r1/b0");
    assert_eq!(module(1, "p002"), "round1-miner/r1/b1");
    assert_eq!(module(2, "p000"), "round1-miner/r2/b2");
    // The journal has it all; nothing is done again.
    let again = hold(folder.path(), "http://127.0.0.1:1", &quick(), None).await.unwrap();
    assert_eq!(again, session);
}

#[tokio::test]
async fn taken_up_after_a_crash_at_any_event() {
    let url = pod().await;
    for events in 1..40 {
        let folder = TempDir::new().unwrap();
        let first = hold(folder.path(), &url, &quick(), Some(events)).await;
        let last = hold(folder.path(), &url, &quick(), None).await.unwrap();
        assert_eq!(last.outcome(), Some(&Outcome::Finished), "after {events} events");
        if first.is_some() {
            return;
        }
    }
}

#[test]
fn journals() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("session.jsonl");
    let (mut journal, mut session) = Journal::open(&path, &quick()).unwrap();
    assert!(matches!(Journal::open(&path, &quick()), Err(JournalError::Busy { .. })));
    journal.append(5, &fleet::session::Observation::Began).unwrap();
    session.step(5, fleet::session::Observation::Began);
    drop(journal);
    let whole = std::fs::read(&path).unwrap();
    // Half a line is what a crash leaves.
    std::fs::write(&path, [&whole[..], b"{\"at\": 6, \"obs"].concat()).unwrap();
    let (journal, replayed) = Journal::open(&path, &quick()).unwrap();
    assert_eq!(replayed, session);
    drop(journal);
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    // A crash at any byte: a session, or none yet.
    for end in 0..whole.len() {
        std::fs::write(&path, &whole[..end]).unwrap();
        Journal::open(&path, &quick()).unwrap();
    }
    std::fs::write(&path, &whole).unwrap();
    let other = Journal::open(&path, &plan(3, 2));
    assert!(matches!(other, Err(JournalError::Other { .. })));
    std::fs::write(&path, b"{}\n").unwrap();
    assert!(matches!(Journal::open(&path, &quick()), Err(JournalError::Line { line: 1, .. })));
}
