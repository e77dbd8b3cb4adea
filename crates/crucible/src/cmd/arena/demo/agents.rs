//! The miners of the demo: what each makes, where each serves it, and what each does wrong.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::try_join_all;
use generators::{Catalogue, Generator, Request};
use ledger::files::prompts;
use ledger::files::schedule::SeedFile;
use ledger::repository::Snapshot;
use ledger::{Place as File, Round, RoundFile};
use pod::wire::{Kind, Seed};
use store::Store;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

use super::super::init::{Somebody, somebody};
use super::super::place::Place;
use super::super::pods;
use super::super::run::Running;
use super::super::submit::{self, Submission};
use crate::failure::Failure;
use crate::output;

/// Who they are.
pub(super) const CAST: [(&str, &str); 5] = [
    ("mallory", "submits good outputs that her code cannot make"),
    ("alice", "makes boxes: whatever it is, its picture goes on the sides of one"),
    ("dave", "sends rubbish, and in the second round nothing at all"),
    ("bob", "comes in the second round, with the shape that fits each prompt"),
    ("carol", "comes in the second round too, with Bob's outputs"),
];

/// The configuration of each one's generator, as its repository has it.
const BOXES: &str = "type = \"builtin\"\nquality = \"draft\"\nshape = \"block\"";
const FITTING: &str = "type = \"builtin\"\nquality = \"draft\"";

/// What no judge should see: cut off, a page, what leaves its bounds.
const fn rubbish(kind: Kind) -> [&'static [u8]; 3] {
    const PAGE: &[u8] = b"<!doctype html><title>404</title>";
    match kind {
        Kind::Module => [
            b"export default function make(THREE) { return new THREE.Gro",
            PAGE,
            b"export default function make(THREE) { for (;;) {} }",
        ],
        Kind::Mesh => [
            b"glTF\x02\0\0\0\x14\0\0\0\xff\xff\xff\x7fJSON",
            PAGE,
            b"glTF\x02\0\0\0\x18\0\0\0\x04\0\0\0JSON{}  ",
        ],
        Kind::Splats => [
            b"ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\nproperty float x\nend_header\n",
            PAGE,
            b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\nnan\n",
        ],
    }
}

fn uri(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    format!("//{}{}", first.unwrap_or('X'), letters.as_str())
}

/// All of them, for the chain.
pub(super) fn people() -> Result<Vec<Somebody>, Failure> {
    let one = |(name, _): &(&str, &str)| {
        // The reference collector asks for 100 of the subnet's token for each hotkey.
        Ok(Somebody { locked: 100, ..somebody(&uri(name))? })
    };
    CAST.iter().map(one).collect()
}

/// Someone's name by the hotkey; the leader's and the owner's too.
pub(super) fn name_of(hotkey: &str) -> String {
    let cast = CAST.iter().map(|(name, _)| *name).chain(["owner", "validator"]);
    let found = cast.into_iter().find(|name| {
        somebody(&uri(name)).is_ok_and(|it| it.hotkey.account().to_string() == hotkey)
    });
    found.unwrap_or(hotkey).to_owned()
}

/// Longest file that is copied.
const BYTES_MAX: u64 = 64 << 20;

/// A miner's files, served.
struct Cdn {
    store: Store,
    url: String,
    service: AbortHandle,
}

/// The miners.
pub(super) struct Agents<'a> {
    place: &'a Place,
    running: &'a Running,
    repositories: BTreeMap<&'static str, pods::Repository>,
    cdns: BTreeMap<&'static str, Cdn>,
    tasks: JoinSet<()>,
    kind: Kind,
    boxes: Arc<dyn Generator>,
    fitting: Arc<dyn Generator>,
}

impl<'a> Agents<'a> {
    /// Writes their repositories and starts their servers.
    pub(super) async fn new(
        place: &'a Place,
        running: &'a Running,
        kind: Kind,
    ) -> Result<Self, Failure> {
        let mut repositories = BTreeMap::new();
        let mut cdns = BTreeMap::new();
        let mut tasks = JoinSet::new();
        for (name, _) in CAST {
            let files = match name {
                "alice" => pods::generator(kind, BOXES),
                "bob" | "carol" => pods::generator(kind, FITTING),
                // As the first leader, whatever was submitted.
                _ => pods::always_the_same(kind)?,
            };
            let repository = pods::write(place, &format!("{name}/gen3d"), &files)?;
            repositories.insert(name, repository);
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
            let listener = listener.map_err(|error| Failure::usage(error.to_string()))?;
            let address = listener.local_addr();
            let address = address.map_err(|error| Failure::usage(error.to_string()))?;
            let url = format!("http://{address}");
            let store = Store::memory(&url);
            let service = serve::blobs::serve(listener, store.clone(), std::future::pending());
            let service = tasks.spawn(async move {
                service.await.ok();
            });
            cdns.insert(name, Cdn { store, url, service });
        }
        Ok(Self {
            place,
            running,
            repositories,
            cdns,
            tasks,
            kind,
            boxes: generator(kind, BOXES)?,
            fitting: generator(kind, FITTING)?,
        })
    }

    /// Who takes part in a round, in the order in which they submit.
    const fn entrants(round: u32) -> &'static [&'static str] {
        match round {
            0 => &["mallory", "alice", "dave"],
            _ => &["bob", "carol", "dave"],
        }
    }

    /// They commit to what they will deliver.
    pub(super) async fn submit(&mut self, round: u32) -> Result<(), Failure> {
        let chain = self.place.chain(&self.running.clock)?;
        let netuid = self.place.settings.chain.netuid;
        for (rank, &name) in Self::entrants(round).iter().enumerate() {
            let repository = &self.repositories[name];
            let submission = Submission {
                repo: repository.name.clone(),
                commit: repository.commit.clone(),
                cdn_url: format!("{}/{round}", self.cdns[name].url),
            };
            let hotkey = somebody(&uri(name))?.hotkey;
            submit::submit(&chain, netuid, &hotkey, &submission, 2 + rank as u64).await?;
            output::line(format!("  {name} submits {} at {}", submission.repo, submission.cdn_url));
        }
        Ok(())
    }

    /// They make what they will deliver, or do not.
    pub(super) async fn generate(&mut self, round: Round) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
        let books = &*self.running.ports.books;
        let snapshot = Snapshot::of_head(books).map_err(|error| failed(&error))?;
        let snapshot = snapshot.ok_or_else(|| failed(&"no commits"))?;
        let seed: SeedFile = snapshot
            .require(&File::Round(round, RoundFile::Seed))
            .map_err(|error| failed(&error))?;
        let text = snapshot
            .text(&File::Round(round, RoundFile::Prompts))
            .map_err(|error| failed(&error))?
            .unwrap_or_default();
        let urls = prompts::of_round(&text);
        for &name in Self::entrants(round.0) {
            if name == "dave" && round.0 > 0 {
                self.cdns[name].service.abort();
            } else {
                let all = urls.iter().enumerate();
                try_join_all(all.map(|(idx, url)| self.deliver(name, round, idx, url, seed.seed)))
                    .await?;
            }
            output::line(format!("  {name} {}", did(name, round.0)));
        }
        Ok(())
    }

    /// One output, made or taken, on its miner's server.
    async fn deliver(
        &self,
        name: &str,
        round: Round,
        idx: usize,
        url: &str,
        seed: u32,
    ) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
        let extension = self.kind.ending();
        let key = format!("{}/{}.{extension}", round.0, prompts::stem(url));
        let made = match name {
            "alice" => self.make(&self.boxes, url, seed).await?,
            "carol" => {
                let bobs = self.cdns["bob"].store.get(&key, BYTES_MAX).await;
                bobs.map_err(|error| failed(&error))?.unwrap_or_default()
            }
            "dave" => Bytes::from_static(rubbish(self.kind)[idx % 3]),
            _ => self.make(&self.fitting, url, seed).await?,
        };
        let put = self.cdns[name].store.put(&key, made, "application/octet-stream").await;
        put.map_err(|error| failed(&error))?;
        Ok(())
    }

    async fn make(
        &self,
        generator: &Arc<dyn Generator>,
        url: &str,
        seed: u32,
    ) -> Result<Bytes, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
        let store = &self.running.ports.store;
        let key = store.key_of(url).ok_or_else(|| failed(&"a prompt elsewhere"))?;
        let picture = store.get(&key, 16 << 20).await.map_err(|error| failed(&error))?;
        let picture = picture.ok_or_else(|| failed(&format!("{url} is not there")))?;
        let request = Request::new(picture, Seed::from(seed), self.kind);
        Ok(generator.generate(request).await.map_err(|error| failed(&error))?.bytes)
    }
}

impl Drop for Agents<'_> {
    fn drop(&mut self) {
        self.tasks.abort_all();
    }
}

fn did(name: &str, round: u32) -> &'static str {
    match (name, round) {
        ("mallory" | "bob", _) => "made the shape that fits",
        ("alice", _) => "made boxes",
        ("carol", _) => "fetched what Bob made and calls it hers",
        ("dave", 0) => "wrote rubbish",
        _ => "switches the server off",
    }
}

fn generator(kind: Kind, rest: &str) -> Result<Arc<dyn Generator>, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
    let text = pods::configuration(kind, rest);
    let catalogue = Catalogue::read(&text, &|_| None).map_err(|error| wrong(&error))?;
    catalogue.get("mine").ok_or_else(|| wrong(&"no generator"))
}
