//! Pictures for judges, from the store and from a web that has its moods.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use arena::judging::pictures::Pictures;
use arena::ports::{Web, WebError, WebLimits};
use bytes::Bytes;
use chain::Pending;
use judge::Pictures as _;
use store::Store;

use super::world::World;

/// Answers in this order.
#[derive(Debug)]
struct Moods(Mutex<VecDeque<Result<&'static str, WebError>>>);

impl Web for Moods {
    fn get<'a>(&'a self, _: &'a str, _: &'a WebLimits) -> Pending<'a, Result<Bytes, WebError>> {
        let answer = self.0.lock().unwrap().pop_front().unwrap();
        Box::pin(async move { answer.map(Bytes::from) })
    }
}

/// What comes of asking for a picture of the web.
fn asked(answers: &[Result<&'static str, WebError>]) -> String {
    let world = World::new(&[], 1, "", "");
    let web = Arc::new(Moods(Mutex::new(answers.iter().cloned().collect())));
    let store = Store::memory("https://cdn.example");
    let pictures = Pictures::new(store, web.clone(), world.ports.clock.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let got = runtime.block_on(pictures.get("https://img.example/p0.png"));
    assert!(web.0.lock().unwrap().is_empty(), "every answer was needed");
    match got {
        Ok(Some(bytes)) => String::from_utf8(bytes.to_vec()).unwrap(),
        Ok(None) => "none".to_owned(),
        Err(outage) => format!("outage: {outage}"),
    }
}

#[test]
fn what_may_work_later_is_asked_for_again_and_is_no_missing_picture() {
    let down = || Err(WebError::Status(503));
    assert_eq!(asked(&[Ok("png")]), "png");
    assert_eq!(asked(&[down(), Err(WebError::Kind("timeout")), Ok("png")]), "png");
    assert_eq!(asked(&[down(), down(), down()]), "outage: https://img.example/p0.png: HTTP 503");
    assert_eq!(asked(&[Err(WebError::Status(404))]), "none");
    assert_eq!(asked(&[down(), Err(WebError::Kind("refused_address"))]), "none");
    assert_eq!(asked(&[Err(WebError::TooLarge)]), "none");
}

#[test]
fn what_is_stored_is_read_from_the_store() {
    let world = World::new(&[], 1, "", "");
    let store = world.ports.store.clone();
    let web = Arc::new(Moods(Mutex::new(VecDeque::new())));
    let pictures = Pictures::new(store.clone(), web, world.ports.clock.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let key = "rounds/0/A/submitted/a b/grid.png";
    runtime.block_on(store.put(key, Bytes::from_static(b"png"), "image/png")).unwrap();
    let got = |url: &str| runtime.block_on(pictures.get(url)).unwrap();
    assert_eq!(got(&store.url(key)).as_deref(), Some(&b"png"[..]));
    assert_eq!(got(&store.url("rounds/0/A/none.png")), None);
}
