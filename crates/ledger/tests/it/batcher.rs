//! The write batcher: intervals, conflicts, and crashes at every step.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use ledger::batcher::{BatchError, Batcher, FileJournal, Journal, Now, Row, Settings, Version};
use ledger::json::Json;
use ledger::repository::{
    Advance, Author, CommitInfo, Draft, Expected, Id, MemoryRepository, PublishError, Repository,
    RepositoryError, publish,
};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::repository::draft;

fn settings() -> Settings {
    Settings::new(Author { name: "Collector".to_owned(), email: "collector@localhost".to_owned() })
}

fn at(seconds: u64) -> Now {
    Now {
        elapsed: Duration::from_secs(seconds),
        time: Timestamp::from_second(1_930_000_000).unwrap(),
    }
}

/// A journal that outlives its batcher, and whose disk fails when told to.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<(Vec<u8>, Faults)>>);

/// Which of the steps to come fail, and how. Steps of repository and journal are counted together.
#[derive(Debug, Clone, Default)]
struct Faults {
    /// Steps that are left before each fault.
    plan: Vec<(usize, Fault)>,
    step: usize,
    /// The process is dead: nothing works until it is started again.
    dead: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// Nothing happens, and an error.
    Before,
    /// It happens, and an error all the same.
    After,
    /// Half of it happens, and the process dies.
    Torn,
    /// It happens, and the process dies.
    Dead,
}

impl Faults {
    fn next(&mut self) -> Option<Fault> {
        if self.dead {
            return Some(Fault::Before);
        }
        self.step += 1;
        let fault = self.plan.iter().find(|(step, _)| *step == self.step).map(|(_, fault)| *fault);
        self.dead = matches!(fault, Some(Fault::Torn | Fault::Dead));
        fault
    }
}

impl Disk {
    fn fault(&self) -> Option<Fault> {
        self.0.lock().unwrap().1.next()
    }

    fn plan(&self, plan: &[(usize, Fault)]) {
        self.0.lock().unwrap().1 = Faults { plan: plan.to_vec(), ..Faults::default() };
    }

    fn is_dead(&self) -> bool {
        self.0.lock().unwrap().1.dead
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().0.clone()
    }
}

impl Journal for Disk {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.bytes())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fault = self.fault();
        let len = match fault {
            Some(Fault::Before) => 0,
            Some(Fault::Torn) => bytes.len() / 2,
            _ => bytes.len(),
        };
        self.0.lock().unwrap().0.extend_from_slice(&bytes[..len]);
        fault.map_or(Ok(()), |_| Err(io::ErrorKind::StorageFull.into()))
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let fault = self.fault();
        if !matches!(fault, Some(Fault::Before | Fault::Torn)) {
            self.0.lock().unwrap().0.truncate(len as usize);
        }
        fault.map_or(Ok(()), |_| Err(io::ErrorKind::StorageFull.into()))
    }
}

/// A repository whose writes fail when the disk says so.
#[derive(Debug)]
struct Faulty {
    inner: Arc<MemoryRepository>,
    disk: Disk,
}

impl Faulty {
    fn step<T>(
        &self,
        act: impl FnOnce() -> Result<T, RepositoryError>,
    ) -> Result<T, RepositoryError> {
        let error = || RepositoryError::new("testing", "a fault");
        match self.disk.fault() {
            None => act(),
            Some(Fault::Before | Fault::Torn) => Err(error()),
            Some(Fault::After | Fault::Dead) => act().and(Err(error())),
        }
    }
}

impl Repository for Faulty {
    fn head(&self) -> Result<Option<Id>, RepositoryError> {
        self.step(|| self.inner.head())
    }

    fn file_id(&self, at: Id, path: &str) -> Result<Option<Id>, RepositoryError> {
        self.inner.file_id(at, path)
    }

    fn content_id(&self, content: &[u8]) -> Id {
        self.inner.content_id(content)
    }

    fn read(&self, at: Id, path: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        self.inner.read(at, path)
    }

    fn list(&self, at: Id, folder: &str) -> Result<Vec<String>, RepositoryError> {
        self.inner.list(at, folder)
    }

    fn commit(&self, id: Id) -> Result<CommitInfo, RepositoryError> {
        self.inner.commit(id)
    }

    fn write_commit(&self, parent: Option<Id>, draft: &Draft) -> Result<Id, RepositoryError> {
        self.step(|| self.inner.write_commit(parent, draft))
    }

    fn advance(&self, from: Option<Id>, to: Id) -> Result<Advance, RepositoryError> {
        self.step(|| self.inner.advance(from, to))
    }
}

/// A repository with a start, its disk, and a batcher on both.
struct World {
    inner: Arc<MemoryRepository>,
    disk: Disk,
}

impl World {
    fn new() -> Self {
        let inner = Arc::new(MemoryRepository::new());
        publish(
            &*inner,
            &draft("start", &[("state.json", "open"), ("theirs", "0")]),
            &Expected::new(),
        )
        .unwrap();
        Self { inner, disk: Disk::default() }
    }

    fn open(&self) -> Result<Batcher, BatchError> {
        let repository = Faulty { inner: Arc::clone(&self.inner), disk: self.disk.clone() };
        Batcher::open(Arc::new(repository), Box::new(self.disk.clone()), settings())
    }

    fn others(&self, path: &str, text: &str) {
        publish(&*self.inner, &draft("others", &[(path, text)]), &Expected::new()).unwrap();
    }

    fn text(&self, path: &str) -> Option<String> {
        let head = self.inner.head().unwrap().unwrap();
        self.inner.read(head, path).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
    }

    fn messages(&self) -> Vec<String> {
        let mut messages = Vec::new();
        let mut next = self.inner.head().unwrap();
        while let Some(id) = next {
            let info = self.inner.commit(id).unwrap();
            messages.push(info.message);
            next = info.parents.first().copied();
        }
        messages.reverse();
        messages
    }
}

#[test]
fn the_first_commit_is_due_at_once_and_the_next_after_the_interval() {
    let world = World::new();
    let mut batcher = world.open().unwrap();
    assert_eq!(batcher.next_commit_at(), None);
    assert_eq!(batcher.tick(at(5)).unwrap(), None);
    batcher.put("b", "1", "write b").unwrap();
    assert_eq!(batcher.next_commit_at(), Some(Duration::ZERO));
    assert!(batcher.tick(at(5)).unwrap().is_some());
    batcher.put("b", "2", "write b").unwrap();
    batcher.put("a", "1", "write a").unwrap();
    assert_eq!(batcher.next_commit_at(), Some(Duration::from_secs(605)));
    assert_eq!(batcher.tick(at(604)).unwrap(), None);
    assert_eq!(
        (world.text("b").as_deref(), batcher.read("b").unwrap()),
        (Some("1"), Some(b"2".to_vec()))
    );
    assert_eq!(batcher.pending().collect::<Vec<_>>(), ["b", "a"]);
    assert!(batcher.tick(at(605)).unwrap().is_some());
    assert_eq!(world.messages(), ["start", "write b", "write a\nwrite b"]);
    assert_eq!((batcher.next_commit_at(), world.disk.bytes()), (None, Vec::new()));
    assert_eq!(batcher.flush(at(606)).unwrap(), None);
    assert_eq!(batcher.read("theirs").unwrap(), Some(b"0".to_vec()));
}

#[test]
fn failures_wait_longer_each_time_and_lose_nothing() {
    let world = World::new();
    let mut batcher = world.open().unwrap();
    batcher.put("a", "1", "write a").unwrap();
    let always: Vec<_> = (1..100).map(|step| (step, Fault::Before)).collect();
    world.disk.plan(&always);
    let mut waits = Vec::new();
    let mut now = 0;
    for _ in 0..6 {
        batcher.tick(at(now)).unwrap_err();
        let next = batcher.next_commit_at().unwrap().as_secs();
        waits.push(next - now);
        now = next;
    }
    assert_eq!(waits, [60, 120, 240, 480, 600, 600]);
    world.disk.plan(&[]);
    // A new file does not make it sooner.
    batcher.put("b", "1", "write b").unwrap();
    assert_eq!(batcher.tick(at(now - 1)).unwrap(), None);
    batcher.tick(at(now)).unwrap();
    assert_eq!(world.messages(), ["start", "write a\nwrite b"]);
}

#[test]
fn others_files_are_kept_and_ours_are_not_overwritten_unasked() {
    let world = World::new();
    let mut batcher = world.open().unwrap();
    batcher.put("a", "1", "write a").unwrap();
    batcher.flush(at(0)).unwrap();
    batcher.put("a", "2", "write a").unwrap();
    batcher.put("b", "2", "write b").unwrap();
    world.others("theirs", "1");
    world.others("a", "by hand");
    let error = batcher.flush(at(1)).unwrap_err();
    assert!(
        matches!(&error, BatchError::Publish(PublishError::Conflict { paths, .. }) if *paths == ["a"]),
        "{error}"
    );
    assert_eq!((world.text("a").as_deref(), world.text("b")), (Some("by hand"), None));
    // It stays so, over a crash too.
    let mut batcher = {
        drop(batcher);
        world.open().unwrap()
    };
    batcher.flush(at(2)).unwrap_err();
    batcher.overwrite("a").unwrap();
    batcher.flush(at(3)).unwrap();
    assert_eq!(["a", "b", "theirs"].map(|path| world.text(path).unwrap()), ["2", "2", "1"]);

    batcher.put("a", "3", "write a").unwrap();
    world.others("a", "by hand again");
    batcher.flush(at(4)).unwrap_err();
    batcher.drop_pending("a").unwrap();
    assert_eq!(batcher.flush(at(5)).unwrap(), None);
    assert_eq!(world.text("a").as_deref(), Some("by hand again"));
    assert_eq!(world.disk.bytes(), b"");
}

#[test]
fn files_that_belong_together_are_taken_together() {
    let world = World::new();
    let mut batcher = world.open().unwrap();
    let pair = [("matrix", "1"), ("report", "1")];
    world.disk.plan(&[(1, Fault::Torn)]);
    batcher.put_all(&pair, "match").unwrap_err();
    world.disk.plan(&[]);
    let mut batcher = {
        drop(batcher);
        world.open().unwrap()
    };
    assert_eq!(batcher.pending().count(), 0);
    assert!(batcher.put_all(&[("fine", "1"), ("../bad", "1")], "match").is_err());
    batcher.put_all(&[], "nothing").unwrap();
    assert_eq!(batcher.pending().count(), 0);
    batcher.put_all(&pair, "match").unwrap();
    batcher.flush(at(0)).unwrap();
    assert_eq!(world.messages(), ["start", "match"]);
    assert_eq!((world.text("matrix"), world.text("report")), (Some("1".into()), Some("1".into())));
}

fn row<'a>(path: &'a str, key: &'a str, value: i128) -> Row<'a> {
    Row { path, key, value: Json::int(value) }
}

#[test]
fn rows_are_added_to_what_a_file_has() {
    let world = World::new();
    world.others("rows", "{\"a\": 1.50,\"b\":2}\n");
    let mut batcher = world.open().unwrap();
    let committed = batcher.version("rows").unwrap();
    assert!(matches!(committed, Version::Committed(_)));
    batcher.put_rows(vec![row("rows", "b", 3), row("new", "x", 1)], "rows").unwrap();
    let first = world.disk.bytes().len();
    batcher.put_parts(&[("whole", "text")], vec![row("rows", "c", 4)], "more").unwrap();
    assert!(matches!(batcher.version("rows").unwrap(), Version::Pending(2)));
    assert!(matches!(batcher.version("new").unwrap(), Version::Pending(1)));
    let text = "{\n  \"a\": 1.50,\n  \"b\": 3,\n  \"c\": 4\n}";
    assert_eq!(batcher.read("rows").unwrap().unwrap(), text.as_bytes());
    // A row costs what it is long, not what its file is.
    for n in 0..1000 {
        batcher.put_rows(vec![row("rows", &format!("many{n}"), n)], "rows").unwrap();
    }
    let each = (world.disk.bytes().len() - first) / 1000;
    assert!(each < 150, "{each} bytes of the journal for each row");
    // After a crash all of it is there, in the same order.
    let before = batcher.read("rows").unwrap();
    drop(batcher);
    let mut batcher = world.open().unwrap();
    assert_eq!(batcher.read("rows").unwrap(), before);
    batcher.flush(at(0)).unwrap();
    assert_eq!(world.text("rows").map(String::into_bytes), before);
    assert_eq!(
        (world.text("new").as_deref(), world.text("whole").as_deref()),
        (Some("{\n  \"x\": 1\n}"), Some("text"))
    );
    // A text that was put whole takes rows, too.
    batcher.put("rows", "{}", "anew").unwrap();
    batcher.put_rows(vec![row("rows", "z", 1)], "rows").unwrap();
    assert_eq!(batcher.read("rows").unwrap().unwrap(), b"{\n  \"z\": 1\n}");
    assert_eq!(batcher.version("nothing").unwrap(), Version::Missing);
}

#[test]
fn what_is_no_object_takes_no_rows() {
    let world = World::new();
    world.others("list", "[1]");
    let mut batcher = world.open().unwrap();
    batcher.put("pending", "no JSON", "text").unwrap();
    for path in ["list", "pending"] {
        let error = batcher.put_rows(vec![row("fine", "a", 1), row(path, "a", 1)], "rows");
        let error = error.unwrap_err();
        assert!(matches!(&error, BatchError::NoObject { .. }), "{error:?}");
        assert!(error.to_string().starts_with(&format!("{path} is no JSON object")), "{error}");
    }
    assert_eq!(batcher.pending().collect::<Vec<_>>(), ["pending"]);
    assert_eq!(batcher.read("list").unwrap().unwrap(), b"[1]");
}

#[test]
fn nothing_lands_when_a_guarded_file_changed() {
    let world = World::new();
    let mut batcher = world.open().unwrap();
    batcher.guard("state.json").unwrap();
    assert_eq!(world.disk.bytes(), b"");
    batcher.put("a", "1", "write a").unwrap();
    batcher.flush(at(0)).unwrap();
    batcher.put("a", "2", "write a").unwrap();
    world.others("state.json", "paused");
    batcher.flush(at(1)).unwrap_err();
    // The guard outlives the process.
    let mut batcher = {
        drop(batcher);
        world.open().unwrap()
    };
    batcher.flush(at(2)).unwrap_err();
    batcher.refresh().unwrap();
    batcher.flush(at(3)).unwrap_err();
    batcher.guard("state.json").unwrap();
    batcher.flush(at(4)).unwrap();
    assert_eq!(world.text("a").as_deref(), Some("2"));
    // A guarded file of our own is guarded as we leave it.
    batcher.put("state.json", "duels", "state").unwrap();
    batcher.flush(at(5)).unwrap();
    batcher.put("a", "3", "write a").unwrap();
    batcher.flush(at(6)).unwrap();
    world.others("state.json", "paused");
    batcher.unguard("state.json").unwrap();
    batcher.put("a", "4", "write a").unwrap();
    batcher.flush(at(7)).unwrap();
    assert_eq!(world.text("a").as_deref(), Some("4"));
}

#[test]
fn a_full_disk_is_told_and_nothing_is_half_taken() {
    let world = World::new();
    let mut batcher = world.open().unwrap();
    batcher.put("a", "1", "write a").unwrap();
    world.disk.plan(&[(1, Fault::After)]);
    assert!(matches!(batcher.put("b", "1", "write b").unwrap_err(), BatchError::Journal(_)));
    assert_eq!(batcher.pending().collect::<Vec<_>>(), ["a"]);
    batcher.put("c", "1", "write c").unwrap();
    let mut batcher = {
        drop(batcher);
        world.open().unwrap()
    };
    assert_eq!(batcher.pending().collect::<Vec<_>>(), ["a", "c"]);
    assert!(matches!(batcher.put("../a", "", ""), Err(BatchError::Path { .. })));
}

#[test]
fn damage_in_the_middle_is_told_and_a_torn_end_is_cut_off() {
    let world = World::new();
    let mut batcher = world.open().unwrap();
    for path in ["a", "b", "c"] {
        batcher.put(path, "1", "write").unwrap();
    }
    drop(batcher);
    let whole = world.disk.bytes();
    let lines: Vec<usize> = (0..whole.len()).filter(|&at| whole[at] == b'\n').collect();
    for cut in 0..=whole.len() {
        world.disk.0.lock().unwrap().0 = whole[..cut].to_vec();
        let whole_lines = lines.iter().filter(|&&end| end < cut).count();
        assert_eq!(world.open().unwrap().pending().count(), whole_lines);
    }
    for at in 0..lines[1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        world.disk.0.lock().unwrap().0 = damaged;
        let line = if at <= lines[0] { 1 } else { 2 };
        let error = world.open().unwrap_err();
        assert!(
            matches!(error, BatchError::Damaged { line: found } if found == line),
            "{at}: {error}"
        );
    }
}

/// A process that is killed between moving the branch and clearing its journal must not write the same again.
#[test]
fn what_landed_before_a_crash_is_not_written_over_later_changes() {
    let world = World::new();
    let mut batcher = world.open().unwrap();
    batcher.put("a", "1", "write a").unwrap();
    // Steps: head, head, write, intent, advance, truncate.
    world.disk.plan(&[(5, Fault::Dead)]);
    batcher.flush(at(0)).unwrap_err();
    assert!(world.disk.is_dead());
    drop(batcher);
    assert_eq!(world.text("a").as_deref(), Some("1"));
    world.others("a", "mended by hand");
    world.disk.plan(&[]);
    let mut batcher = world.open().unwrap();
    assert_eq!(batcher.flush(at(1)).unwrap(), None);
    assert_eq!(world.text("a").as_deref(), Some("mended by hand"));
}

#[test]
fn a_file_put_again_while_a_commit_is_in_doubt_lands_after_it() {
    let world = World::new();
    let mut batcher = world.open().unwrap();
    batcher.put("a", "1", "write a").unwrap();
    batcher.put("b", "1", "write b").unwrap();
    world.disk.plan(&[(5, Fault::After)]);
    batcher.flush(at(0)).unwrap_err();
    batcher.put("a", "2", "write a again").unwrap();
    let reopened = world.open().unwrap();
    assert_eq!(reopened.pending().collect::<Vec<_>>(), ["a"]);
    drop(reopened);
    batcher.flush(at(1)).unwrap();
    assert_eq!((world.text("a").as_deref(), world.text("b").as_deref()), (Some("2"), Some("1")));
    assert_eq!(world.messages(), ["start", "write a\nwrite b", "write a again"]);
}

#[test]
fn journals_on_disk_are_kept_and_locked() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pending.journal");
    let inner = Arc::new(MemoryRepository::new());
    let open = || {
        let journal = FileJournal::open(&path).unwrap();
        let repository: Arc<dyn Repository> = Arc::<MemoryRepository>::clone(&inner);
        Batcher::open(repository, Box::new(journal), settings()).unwrap()
    };
    let mut batcher = open();
    batcher.put("a", "é\n\"\\\u{0}", "write a").unwrap();
    let taken = FileJournal::open(&path).unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::WouldBlock);
    drop(batcher);
    let mut batcher = open();
    assert_eq!(batcher.read("a").unwrap(), Some("é\n\"\\\u{0}".as_bytes().to_vec()));
    batcher.flush(at(0)).unwrap();
    assert_eq!(fs_err::metadata(&path).unwrap().len(), 0);
}

/// What happens to a batcher in a simulation.
#[derive(Debug, Clone)]
enum Act {
    /// Our file of this number gets the next text.
    Put(u8),
    /// Our table of this number gets a row.
    Row(u8),
    Tick,
    Flush,
    Refresh,
    /// The process is killed and started again.
    Restart,
    /// Others write a file of theirs.
    Others(u8),
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..4_u8).prop_map(Act::Put),
        6 => (0..2_u8).prop_map(Act::Row),
        2 => Just(Act::Tick),
        2 => Just(Act::Flush),
        1 => Just(Act::Refresh),
        1 => Just(Act::Restart),
        2 => (0..3_u8).prop_map(Act::Others),
    ]
}

fn any_fault() -> impl Strategy<Value = (usize, Fault)> {
    let fault = prop::sample::select(vec![Fault::Before, Fault::After, Fault::Torn, Fault::Dead]);
    (1..60_usize, fault)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// Whatever fails and whenever the process dies: what was acknowledged is there in the end, never something older; what was
    /// not may be there; and others' files are as they left them.
    #[test]
    fn what_was_acknowledged_is_never_lost(acts in prop::collection::vec(any_act(), 1..40), faults in prop::collection::vec(any_fault(), 0..8)) {
        let world = World::new();
        let mut batcher = world.open().unwrap();
        world.disk.plan(&faults);
        let mut now = 0;
        let mut acknowledged: BTreeMap<String, usize> = BTreeMap::new();
        let mut tried: BTreeMap<String, usize> = BTreeMap::new();
        let mut rows: Vec<(String, String)> = Vec::new();
        let has_rows = |world: &World, rows: &[(String, String)]| {
            rows.iter().all(|(path, key)| world.text(path).is_some_and(|text| text.contains(key)))
        };
        let mut theirs: BTreeMap<String, String> = BTreeMap::new();
        for (n, act) in acts.iter().enumerate() {
            now += 70;
            match act {
                Act::Put(file) => {
                    let path = format!("ours/{file}");
                    tried.insert(path.clone(), n);
                    if batcher.put(&path, &n.to_string(), &format!("write {file}")).is_ok() {
                        acknowledged.insert(path, n);
                    }
                }
                Act::Row(table) => {
                    let (path, key) = (format!("table/{table}"), format!("row{n:03}"));
                    if batcher.put_rows(vec![row(&path, &key, n as i128)], "a row").is_ok() {
                        rows.push((path, key));
                    }
                }
                Act::Tick => drop(batcher.tick(at(now))),
                Act::Flush => {
                    if batcher.flush(at(now)).is_ok() {
                        prop_assert_eq!(batcher.pending().count(), 0);
                        prop_assert!(has_rows(&world, &rows));
                        for (path, n) in &acknowledged {
                            prop_assert!(world.text(path).is_some_and(|text| text.parse::<usize>().unwrap() >= *n));
                        }
                    }
                }
                Act::Refresh => drop(batcher.refresh()),
                Act::Restart => world.disk.0.lock().unwrap().1.dead = true,
                Act::Others(file) => {
                    let (path, text) = (format!("theirs/{file}"), n.to_string());
                    world.others(&path, &text);
                    theirs.insert(path, text);
                }
            }
            while world.disk.is_dead() {
                world.disk.0.lock().unwrap().1.dead = false;
                match world.open() {
                    Ok(fresh) => batcher = fresh,
                    // It failed at its start, and is started again.
                    Err(_) => world.disk.0.lock().unwrap().1.dead = true,
                }
            }
        }
        world.disk.plan(&[]);
        batcher.flush(at(now + 10_000)).unwrap();
        prop_assert_eq!(batcher.pending().count(), 0);
        prop_assert!(has_rows(&world, &rows), "{:?}", rows);
        for (path, n) in &acknowledged {
            let text: usize = world.text(path).unwrap().parse().unwrap();
            prop_assert!(*n <= text && text <= tried[path], "{} is {}, acknowledged {}", path, text, n);
        }
        for (path, text) in &theirs {
            prop_assert_eq!(&world.text(path).unwrap(), text);
        }
        prop_assert_eq!(world.disk.bytes(), b"");
    }
}
