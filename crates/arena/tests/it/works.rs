//! Orders on pods: sessions with real HTTP and real files, on a provider of this test.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arena::notify::notices::PodTrouble;
use arena::ports::{
    Keep, Made, Order, OrderEnd, RepeatDone, Sink, Stop, Web, WebError, WebLimits, Works as _,
};
use arena::works::{Fleet, Settings};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use bytes::Bytes;
use chain::Pending;
use fleet::cost::Caps;
use fleet::names::LABEL_NAME;
use fleet::provider::{Phase, Provider, ProviderError, Seen, Spec};
use fleet::session::Limits;
use ledger::files::pod_stats::AllPodStats;
use ledger::{JsonFile as _, Round};
use pod::wire::Usd;
use pod::wire::batch::{Accepted, Batch};
use tempfile::TempDir;
use views::Kind;

type Shared = Arc<Mutex<Option<Batch>>>;

/// A service that makes modules at once; a picture whose address has `bad` in it fails.
async fn service() -> String {
    async fn generate(State(shared): State<Shared>, body: Bytes) -> String {
        let batch: Batch = serde_json::from_slice(&body).unwrap();
        let (accepted, batch_id) = (batch.prompts.len() as u64, batch.batch_id.clone());
        *shared.lock().unwrap() = Some(batch);
        serde_json::to_string(&Accepted { accepted, batch_id }).unwrap()
    }
    async fn status(State(shared): State<Shared>) -> String {
        let state = if shared.lock().unwrap().is_some() { "complete" } else { "ready" };
        format!(r#"{{"status": "{state}"}}"#)
    }
    async fn results(State(shared): State<Shared>) -> Result<Vec<u8>, StatusCode> {
        let batch = shared.lock().unwrap().clone().ok_or(StatusCode::CONFLICT)?;
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        let (bad, good): (Vec<_>, Vec<_>) =
            batch.prompts.iter().partition(|prompt| prompt.image_url.contains("bad"));
        for prompt in good {
            zip.start_file(format!("{}.js", prompt.stem), options).unwrap();
            zip.write_all(prompt.image_url.as_bytes()).unwrap();
        }
        let bad: BTreeMap<_, _> = bad.iter().map(|prompt| (&prompt.stem, "cannot")).collect();
        zip.start_file("_failed.json", options).unwrap();
        zip.write_all(serde_json::to_string(&bad).unwrap().as_bytes()).unwrap();
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

/// A service of the single-shot contract: the same bytes for every picture, 500 while it is told to fail.
async fn single() -> String {
    async fn generate(body: Bytes) -> Result<Bytes, StatusCode> {
        let has = |word: &[u8]| body.windows(word.len()).any(|part| part == word);
        let is_asked = has(b"name=\"prompt_image_file\"") && has(b"name=\"seed\"");
        match (is_asked, has(b"bad.png")) {
            (true, false) => Ok(Bytes::from_static(b"glTF")),
            (true, true) => Err(StatusCode::UNPROCESSABLE_ENTITY),
            (false, _) => Err(StatusCode::BAD_REQUEST),
        }
    }
    let router =
        Router::new().route("/health", get(|| async { "ok" })).route("/generate", post(generate));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// The address of a picture is the picture.
#[derive(Debug)]
struct Pictures;

impl Web for Pictures {
    fn get<'a>(&'a self, url: &'a str, _: &'a WebLimits) -> Pending<'a, Result<Bytes, WebError>> {
        let found = if url.contains("gone") {
            Err(WebError::Status(404))
        } else {
            Ok(Bytes::from(url.to_owned()))
        };
        Box::pin(std::future::ready(found))
    }
}

/// Pods that are all there at once, each a service of its own.
#[derive(Debug, Default)]
struct Machines {
    pods: Mutex<BTreeMap<String, Seen>>,
    deployed: AtomicUsize,
    most: AtomicUsize,
    /// Dollars an hour.
    price: Option<f64>,
    exits: bool,
    /// The provider says that it cannot run them.
    fails: bool,
    /// They never get an address.
    is_hidden: bool,
    is_single: bool,
}

impl Machines {
    fn left(&self) -> usize {
        self.pods.lock().unwrap().len()
    }
}

impl Provider for Machines {
    fn name(&self) -> &'static str {
        "machines"
    }

    fn list(&self) -> Pending<'_, Result<Vec<Seen>, ProviderError>> {
        let all = self.pods.lock().unwrap().values().cloned().collect();
        Box::pin(std::future::ready(Ok(all)))
    }

    fn get<'a>(&'a self, id: &'a str) -> Pending<'a, Result<Option<Seen>, ProviderError>> {
        Box::pin(std::future::ready(Ok(self.pods.lock().unwrap().get(id).cloned())))
    }

    fn deploy<'a>(&'a self, spec: &'a Spec) -> Pending<'a, Result<Seen, ProviderError>> {
        Box::pin(async move {
            let number = self.deployed.fetch_add(1, Ordering::SeqCst);
            assert_eq!(spec.labels[LABEL_NAME], spec.name);
            let url = if self.is_single { single().await } else { service().await };
            let seen = Seen {
                id: format!("{number}"),
                name: spec.name.clone(),
                url: Some(url).filter(|_| !self.is_hidden),
                phase: match (self.exits, self.fails) {
                    (true, _) => Phase::Exited { code: Some(1) },
                    (_, true) => Phase::Failed,
                    _ => Phase::Running,
                },
                detail: None,
                price_per_hour: self.price.map(Usd::from_dollars),
                created_at: None,
                labels: spec.labels.clone(),
            };
            let mut pods = self.pods.lock().unwrap();
            pods.insert(seen.id.clone(), seen.clone());
            self.most.fetch_max(pods.len(), Ordering::SeqCst);
            Ok(seen)
        })
    }

    fn delete<'a>(&'a self, id: &'a str) -> Pending<'a, Result<(), ProviderError>> {
        self.pods.lock().unwrap().remove(id);
        Box::pin(std::future::ready(Ok(())))
    }

    fn logs<'a>(&'a self, _: &'a str, _: usize) -> Pending<'a, Result<Vec<String>, ProviderError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// Remembers what it was given; takes each thing at the second time only.
#[derive(Default)]
struct Shelf {
    made: Mutex<BTreeMap<String, String>>,
    refused: Mutex<BTreeMap<String, u32>>,
    done: Mutex<Vec<String>>,
    troubles: Mutex<Vec<String>>,
    puts: AtomicUsize,
}

impl Shelf {
    fn made(&self) -> Vec<String> {
        let made = self.made.lock().unwrap();
        made.iter().map(|(key, value)| format!("{key}: {value}")).collect()
    }
}

impl Sink for Shelf {
    fn put(&self, made: Made) -> Pending<'_, Result<(), String>> {
        let key = format!("{}/{}", made.repeat, made.stem);
        self.puts.fetch_add(1, Ordering::SeqCst);
        let is_first = made.stem == "stubborn" && {
            let mut refused = self.refused.lock().unwrap();
            let times = refused.entry(key.clone()).or_default();
            *times += 1;
            *times == 1
        };
        let kept = if is_first {
            Err("the disk is full".to_owned())
        } else {
            let text = made.asset.map(|asset| String::from_utf8(asset.to_vec()).unwrap());
            self.made
                .lock()
                .unwrap()
                .insert(key, text.unwrap_or_else(|reason| format!("({reason})")));
            Ok(())
        };
        Box::pin(std::future::ready(kept))
    }

    fn repeat_done(&self, report: RepeatDone) -> Pending<'_, Result<(), String>> {
        let RepeatDone { repeat, generated, failed, seconds } = report;
        assert!(seconds >= 0.0);
        self.done.lock().unwrap().push(format!("{repeat}: {generated} + {failed}"));
        Box::pin(std::future::ready(Ok(())))
    }

    fn trouble(&self, trouble: PodTrouble, reason: &str) {
        self.troubles.lock().unwrap().push(format!("{trouble:?}: {reason}"));
    }
}

fn fleet(folder: &Path, machines: &Arc<Machines>, caps: Caps, pods_max: usize) -> Fleet {
    let limits =
        Limits { look: 20, poll: 10, batch_size: 2, acquisition_pause: 50, ..Limits::default() };
    let settings = Settings { folder: folder.to_owned(), pods_max, limits, ..Settings::default() };
    let provider: Arc<dyn Provider> = machines.clone();
    let fleet = fleet::providers::Fleet::new(vec![provider], "test1".parse().unwrap(), caps);
    Fleet::with_web(settings, &fleet, Some(Arc::new(Pictures))).unwrap()
}

fn order(hotkey: &str, stems: &[&str]) -> Order {
    let prompt = |stem: &&str| ((*stem).to_owned(), format!("https://img.example/{stem}.png"));
    Order {
        round: Round(3),
        hotkey: hotkey.to_owned(),
        image: "image:1".to_owned(),
        kind: Kind::Module,
        prompts: stems.iter().map(prompt).collect(),
        seed: 7,
        repeats: 2,
    }
}

#[tokio::test]
async fn an_order_is_carried_out_once() {
    let (folder, machines) = (TempDir::new().unwrap(), Arc::new(Machines::default()));
    let works = fleet(folder.path(), &machines, Caps::default(), 4);
    let order = order("5OneAbCdEfGhIj", &["a", "bad", "stubborn"]);
    let (shelf, stop) = (Shelf::default(), Stop::new());
    let (end, stats) = works.run(&order, &shelf, &stop).await.unwrap();
    assert_eq!(end, OrderEnd::Completed);
    let all = shelf.made();
    insta::assert_snapshot!(all[..3].join("\n"), @r#"
    1/a: https://img.example/a.png
    1/bad: (cannot)
    1/stubborn: https://img.example/stubborn.png
    "#);
    assert_eq!(
        (all.len(), shelf.done.lock().unwrap().join(", ").as_str()),
        (6, "1: 2 + 1, 2: 2 + 1")
    );
    let stats = AllPodStats::from_text("pod_stats.json", &stats.unwrap()).unwrap();
    let names: Vec<&String> = stats.keys().collect();
    insta::assert_snapshot!(format!("{names:?}"), @r#"["miner-03-5oneabcdef3063-0-test1-r1", "miner-03-5oneabcdef3063-0-test1-r2"]"#);
    assert_eq!((machines.left(), machines.deployed.load(Ordering::SeqCst)), (0, 1));
    let book = fs_err::read_to_string(folder.path().join("cost.json")).unwrap();
    assert!(
        book.contains("\"account\":\"5OneAbCdEfGhIj\"") && !book.contains("\"ended_at\":null"),
        "{book}"
    );
    // Once more: all of it is handed on again, by another process too, and no pod is asked for.
    drop(works);
    let works = fleet(folder.path(), &machines, Caps::default(), 4);
    let again = Shelf::default();
    assert_eq!(works.run(&order, &again, &stop).await.unwrap().0, OrderEnd::Completed);
    assert_eq!((again.made(), machines.deployed.load(Ordering::SeqCst)), (all, 1));
    // Another image is another order.
    let other = Order { image: "image:2".to_owned(), ..order };
    assert_eq!(works.run(&other, &again, &stop).await.unwrap().0, OrderEnd::Completed);
    assert_eq!(machines.deployed.load(Ordering::SeqCst), 2);
    works.clear(Keep::Round(Round(3))).await.unwrap();
    assert!(folder.path().join("round-3").is_dir());
    // A pause keeps what was made: afterwards no pod is asked for.
    works.clear(Keep::Made(Round(3))).await.unwrap();
    let later = Shelf::default();
    assert_eq!(works.run(&other, &later, &stop).await.unwrap().0, OrderEnd::Completed);
    assert_eq!((later.made().len(), machines.deployed.load(Ordering::SeqCst)), (6, 2));
    works.clear(Keep::Nothing).await.unwrap();
    assert!(!folder.path().join("round-3").exists());
}

#[tokio::test]
async fn stems_that_pods_do_not_take_are_called_something_else() {
    let (folder, machines) = (TempDir::new().unwrap(), Arc::new(Machines::default()));
    let works = fleet(folder.path(), &machines, Caps::default(), 4);
    let shelf = Shelf::default();
    let order = order("leader", &["chair_01", "Vase"]);
    works.run(&order, &shelf, &Stop::new()).await.unwrap();
    assert_eq!(shelf.made()[0], "1/Vase: https://img.example/Vase.png");
    assert_eq!(shelf.made().len(), 4);
}

/// Dropped after any number of assets, the order is taken up where it was; what was made is not made again.
#[tokio::test]
async fn taken_up_after_a_crash() {
    let stems = ["a", "b", "c", "d", "e"];
    for puts in [0, 1, 4, 7] {
        let (folder, machines) = (TempDir::new().unwrap(), Arc::new(Machines::default()));
        let order = order("5One", &stems);
        let shelf = Shelf::default();
        let stop = Stop::new();
        {
            let works = fleet(folder.path(), &machines, Caps::default(), 4);
            let enough = async {
                while shelf.puts.load(Ordering::SeqCst) < puts
                    || machines.deployed.load(Ordering::SeqCst) == 0
                {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                () = enough => {}
                _ = works.run(&order, &shelf, &stop) => {}
            }
        }
        let works = fleet(folder.path(), &machines, Caps::default(), 4);
        let (end, _) = works.run(&order, &shelf, &stop).await.unwrap();
        assert_eq!((end, shelf.made().len()), (OrderEnd::Completed, 10), "after {puts}");
        assert_eq!(
            (machines.left(), machines.deployed.load(Ordering::SeqCst)),
            (0, 1),
            "after {puts}"
        );
    }
}

#[tokio::test]
async fn a_stop_leaves_no_pod_and_what_was_made() {
    let (folder, machines) = (TempDir::new().unwrap(), Arc::new(Machines::default()));
    let works = fleet(folder.path(), &machines, Caps::default(), 4);
    let order = order("5One", &["a", "b", "c", "d", "e"]);
    let (shelf, stop) = (Shelf::default(), Stop::new());
    let stopping = async {
        while shelf.puts.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        stop.set();
    };
    let (end, ()) = tokio::join!(works.run(&order, &shelf, &stop), stopping);
    assert_eq!((end.unwrap().0, machines.left()), (OrderEnd::Stopped, 0));
    // One that is to stop from the beginning asks for no pod.
    assert_eq!(works.run(&order, &shelf, &stop).await.unwrap().0, OrderEnd::Stopped);
    let deployed = machines.deployed.load(Ordering::SeqCst);
    assert_eq!(deployed, 1);
    let (end, stats) = works.run(&order, &shelf, &Stop::new()).await.unwrap();
    assert_eq!((end, shelf.made().len(), machines.left()), (OrderEnd::Completed, 10, 0));
    // Pods of both sessions have names of their own.
    assert!(stats.unwrap().matches("pod_id").count() >= 2);
}

#[tokio::test]
async fn an_order_without_a_pod_takes_no_place() {
    let (folder, machines) = (TempDir::new().unwrap(), Arc::new(Machines::default()));
    let works = fleet(folder.path(), &machines, Caps::default(), 1);
    let stop = Stop::new();
    let orders = ["5One", "5Two", "leader"].map(|who| order(who, &["a", "b", "c"]));
    let shelves = [(); 3].map(|()| Shelf::default());
    let [one, two, three] = [0, 1, 2].map(|n| works.run(&orders[n], &shelves[n], &stop));
    let (one, two, three) = tokio::join!(one, two, three);
    for end in [one, two, three] {
        assert_eq!(end.unwrap().0, OrderEnd::Completed);
    }
    assert_eq!((machines.left(), machines.most.load(Ordering::SeqCst)), (0, 1));
}

#[tokio::test]
async fn caps_end_pods_and_are_nobody_s_verdict() {
    let folder = TempDir::new().unwrap();
    let machines = Arc::new(Machines { price: Some(1e9), ..Machines::default() });
    let caps = Caps { account: Some(Usd::from_dollars(1.0)), ..Caps::default() };
    let works = fleet(folder.path(), &machines, caps, 4);
    // More than could be done before anybody looks at what it costs.
    let order = Order {
        repeats: 500,
        ..order("5One", &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"])
    };
    let shelf = Shelf::default();
    let why = works.run(&order, &shelf, &Stop::new()).await.unwrap_err();
    assert!(why.contains("the cap is $1"), "{why}");
    assert_eq!(machines.left(), 0);
}

#[tokio::test]
async fn an_image_that_does_not_run_is_rejected() {
    let folder = TempDir::new().unwrap();
    let machines = Arc::new(Machines { exits: true, ..Machines::default() });
    let works = fleet(folder.path(), &machines, Caps::default(), 4);
    let shelf = Shelf::default();
    let (end, _) = works.run(&order("5One", &["a"]), &shelf, &Stop::new()).await.unwrap();
    assert_eq!(end, OrderEnd::Rejected("Failed to deploy a docker image".to_owned()));
    assert_eq!((machines.left(), shelf.made().len()), (0, 0));
    insta::assert_snapshot!(shelf.troubles.lock().unwrap().join("\n"), @"
    Deploy: miner-03-5onebbbd-0-test1: exited: exit code 1
    Deploy: miner-03-5onebbbd-1-test1: exited: exit code 1
    ");
}

#[tokio::test]
async fn nobody_is_told_of_pods_that_do_what_they_should() {
    let (folder, machines) = (TempDir::new().unwrap(), Arc::new(Machines::default()));
    let works = fleet(folder.path(), &machines, Caps::default(), 1);
    let (shelf, stop) = (Shelf::default(), Stop::new());
    works.run(&order("5One", &["a", "bad"]), &shelf, &stop).await.unwrap();
    stop.set();
    works.run(&order("5Three", &["a"]), &shelf, &stop).await.unwrap();
    assert!(shelf.troubles.lock().unwrap().is_empty());
}

/// A process died and its round is over: pods go, those of others stay.
#[tokio::test]
async fn pods_that_nobody_needs_go() {
    let (folder, machines) = (TempDir::new().unwrap(), Arc::new(Machines::default()));
    let order = order("5One", &["a", "b", "c"]);
    let shelf = Shelf::default();
    {
        let works = fleet(folder.path(), &machines, Caps::default(), 4);
        let there = async {
            while machines.left() == 0 {
                tokio::task::yield_now().await;
            }
        };
        let stop = Stop::new();
        tokio::select! {
            biased;
            () = there => {}
            _ = works.run(&order, &shelf, &stop) => {}
        }
    }
    let stray = |id: &str, name: &str| {
        let mut pods = machines.pods.lock().unwrap();
        let mut seen = pods.values().next().unwrap().clone();
        (seen.id, seen.name) = (id.to_owned(), name.to_owned());
        seen.labels.clear();
        pods.insert(id.to_owned(), seen);
    };
    stray("stray", "miner-03-5stray-0-test1");
    stray("other", "miner-03-5stray-0-test2");
    stray("hand", "pod-mine-0-test1");
    let works = fleet(folder.path(), &machines, Caps::default(), 4);
    works.clear(Keep::Round(Round(3))).await.unwrap();
    let names =
        || machines.pods.lock().unwrap().values().map(|pod| pod.name.clone()).collect::<Vec<_>>();
    assert_eq!(names().len(), 3, "{:?}", names());
    works.clear(Keep::Round(Round(4))).await.unwrap();
    assert_eq!(names(), ["pod-mine-0-test1", "miner-03-5stray-0-test2"]);
}

#[tokio::test]
async fn what_a_provider_does_not_do_is_no_fault_of_an_image() {
    for (fails, is_hidden, word) in [(true, false, "provider_failed"), (false, true, "not_visible")]
    {
        let folder = TempDir::new().unwrap();
        let machines = Machines { is_single: true, fails, is_hidden, ..Machines::default() };
        let machines = Arc::new(machines);
        let provider: Arc<dyn Provider> = machines.clone();
        let providers = vec![provider];
        let all =
            fleet::providers::Fleet::new(providers, "test1".parse().unwrap(), Caps::default());
        let limits = Limits { look: 5, visible: 20, infrastructure: 2, ..Limits::default() };
        let settings = Settings { folder: folder.path().to_owned(), limits, ..Settings::default() };
        let works = Fleet::with_web(settings, &all, Some(Arc::new(Pictures))).unwrap();
        let order = Order { kind: Kind::Splats, ..order("5One", &["a"]) };
        let shelf = Shelf::default();
        let end = works.run(&order, &shelf, &Stop::new()).await;
        // Ours: the order is tried again later.
        assert_eq!(end, Err("3 pods were taken away or never came".to_owned()));
        assert_eq!((machines.left(), shelf.made().len()), (0, 0));
        let troubles = shelf.troubles.lock().unwrap().join("\n");
        assert_eq!(troubles.matches(word).count(), 3, "{troubles}");
    }
}

#[tokio::test]
async fn meshes_are_made_one_after_another() {
    let folder = TempDir::new().unwrap();
    let machines = Arc::new(Machines { is_single: true, ..Machines::default() });
    let order = Order { kind: Kind::Mesh, ..order("5One", &["a", "bad", "chair_01", "gone"]) };
    let shelf = Shelf::default();
    let stop = Stop::new();
    // A process that dies after some of them.
    {
        let works = fleet(folder.path(), &machines, Caps::default(), 1);
        let enough = async {
            while shelf.puts.load(Ordering::SeqCst) < 5 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = enough => {}
            _ = works.run(&order, &shelf, &stop) => {}
        }
    }
    let before = shelf.puts.load(Ordering::SeqCst);
    let works = fleet(folder.path(), &machines, Caps::default(), 1);
    let (end, stats) = works.run(&order, &shelf, &stop).await.unwrap();
    assert_eq!(end, OrderEnd::Completed);
    insta::assert_snapshot!(shelf.made()[4..].join("\n"), @r#"
    2/a: glTF
    2/bad: (status 422)
    2/chair_01: glTF
    2/gone: (prompt_image_missing)
    "#);
    assert_eq!(shelf.done.lock().unwrap().last().unwrap(), "2: 2 + 2");
    // Handed on again, not made again.
    assert_eq!(shelf.puts.load(Ordering::SeqCst), before + 8);
    assert_eq!((machines.left(), machines.deployed.load(Ordering::SeqCst)), (0, 2));
    let stats = AllPodStats::from_text("pod_stats.json", &stats.unwrap()).unwrap();
    assert_eq!(stats.len(), 2);
    let machines = Arc::new(Machines { is_single: true, exits: true, ..Machines::default() });
    let works = fleet(&folder.path().join("other"), &machines, Caps::default(), 1);
    let (end, _) = works.run(&order, &shelf, &stop).await.unwrap();
    assert_eq!(end, OrderEnd::Rejected("Failed to deploy a docker image".to_owned()));
    assert_eq!((machines.left(), machines.deployed.load(Ordering::SeqCst)), (0, 2));
    insta::assert_snapshot!(shelf.troubles.lock().unwrap().join("\n"), @"
    Deploy: miner-03-5onebbbd-0-test1: exited
    Deploy: miner-03-5onebbbd-1-test1: exited
    ");
}
