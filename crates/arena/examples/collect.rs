//! How fast the collector fetches, stores and writes down: many miners, each with a server of its own on loopback, a state
//! repository and a store on disk. Nothing is drawn: the studio refuses every asset.
//!
//! `cargo run --release -p arena --example collect [MINERS] [MODULES] [BYTES]`

#[path = "../tests/it/fakes.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "it is made for tests, which use more of it")]
mod fakes;
#[path = "../tests/it/collector/world.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "it is made for tests, which use more of it")]
mod world;

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use arena::collector::{Collector, Settings};
use arena::owner::Owner as _;
use arena::ports::{Blocking, Journals, Ports, Studio};
use arena::web::Guarded;
use bytes::Bytes;
use chain::{Account, Clock as _, Pending, SystemClock};
use ledger::batcher::{FileJournal, Journal};
use ledger::files::outputs::Outputs;
use ledger::repository::{Draft, Expected, GitRepository, Snapshot, publish};
use ledger::{MinerFile, Place, Round};
use store::Store;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use views::{Bundle, Kind, ViewsError};

#[derive(Debug)]
struct NoStudio;

impl Studio for NoStudio {
    fn bundle(&self, _: Kind, _: Bytes, _: Bytes) -> Pending<'_, Result<Bundle, ViewsError>> {
        Box::pin(async { Err(ViewsError::Invalid("nothing is drawn here".to_owned())) })
    }
}

#[derive(Debug)]
struct Folder(PathBuf);

impl Journals for Folder {
    fn open(&self, name: &str) -> io::Result<Box<dyn Journal>> {
        Ok(Box::new(FileJournal::open(&self.0.join(name))?))
    }
}

/// Answers every request with the same bytes, for as long as the connection stays.
async fn answer(mut stream: TcpStream, body: Arc<[u8]>) -> io::Result<()> {
    let mut head = Vec::new();
    let mut part = [0; 2048];
    loop {
        let n = stream.read(&mut part).await?;
        if n == 0 {
            return Ok(());
        }
        head.extend_from_slice(&part[..n]);
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            let status = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(&[status.as_bytes(), &body].concat()).await?;
        }
    }
}

/// A server of its own; its address.
async fn serve(body: Arc<[u8]>) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Arc::clone(&body)));
        }
    });
    Ok(format!("http://{address}"))
}

/// The most memory this process had, in MiB.
fn memory_max() -> Option<u64> {
    let status = fs_err::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib / 1024)
}

/// The files of a round whose miners had their time.
async fn files(miners: u8, modules: usize, bytes: usize) -> io::Result<Vec<(String, String)>> {
    let mut submissions = Vec::new();
    for n in 1..=miners {
        let body: Vec<u8> = (0..bytes).map(|at| b'a' + (at as u8).wrapping_mul(n) % 26).collect();
        let server = serve(body.into()).await?;
        submissions.push(format!(
            r#""{}": {{"repo": "m/r", "commit": "{}", "cdn_url": "{server}", "revealed_at_block": {n}, "round": "figure-0"}}"#,
            Account([n; 32]),
            "0".repeat(40)
        ));
    }
    let pictures = serve(Arc::from(&b"picture"[..])).await?;
    let prompts: Vec<String> = (0..modules).map(|n| format!("{pictures}/{n:03}.png")).collect();
    let config = r#"{"name": "figure", "description": "", "first_evaluation_date": "2031-03-01",
        "last_competition_date": "2031-12-01", "generation_stage_minutes": 20, "win_margin": 0.05, "weight_decay": 0.15,
        "weight_floor": 0.4, "prompts_per_round": 128, "carryover_prompts": 0}"#;
    let schedule =
        r#"{"earliest_reveal_block": 0, "latest_reveal_block": 1, "generation_deadline_block": 2}"#;
    Ok(vec![
        ("config.json".to_owned(), config.to_owned()),
        ("rounds/0/schedule.json".to_owned(), schedule.to_owned()),
        ("rounds/0/submissions.json".to_owned(), format!("{{{}}}", submissions.join(", "))),
        ("rounds/0/prompts.txt".to_owned(), prompts.join("\n")),
        ("state.json".to_owned(), r#"{"current_round": 0, "stage": "downloading"}"#.to_owned()),
    ])
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<usize> =
        std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let number = |at: usize, default| numbers.get(at).copied().unwrap_or(default);
    let (miners, modules, bytes) =
        (u8::try_from(number(0, 64))?, number(1, 128), number(2, 20_000));

    let folder = tempfile::tempdir()?;
    let clock = Arc::new(SystemClock::start());
    let ports = Ports {
        clock: Arc::clone(&clock) as Arc<dyn chain::Clock>,
        books: Arc::new(GitRepository::create(&folder.path().join("state.git"), "main")?),
        journals: Arc::new(Folder(folder.path().to_owned())),
        store: Store::folder(&folder.path().join("blobs"), "http://cdn.test")?,
        web: Arc::new(Guarded::new(&["127.0.0.0/8"])?),
        studio: Arc::new(NoStudio),
        blocking: Blocking::Tokio,
        ..world::World::new().ports
    };
    let changes =
        files(miners, modules, bytes).await?.into_iter().map(|(path, text)| (path, Some(text)));
    let draft = Draft {
        message: "A round".to_owned(),
        changes: changes.collect(),
        author: ports.author.clone(),
        time: clock.now(),
    };
    publish(&*ports.books, &draft, &Expected::new())?;

    let began = clock.elapsed();
    Collector::new(Settings::default()).turn(&ports).await?;
    let seconds = (clock.elapsed() - began).as_secs_f64();

    let books = Snapshot::of_head(&*ports.books)?.ok_or("no commit")?;
    let mut stored = 0;
    for n in 1..=miners {
        let hotkey = Account([n; 32]).to_string();
        let rows: Outputs = books.require(&Place::Miner(Round(0), hotkey, MinerFile::Submitted))?;
        stored +=
            rows.values().filter(|row| row.asset.is_some() && row.size == bytes as u64).count();
    }
    #[expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "this is what it is for")]
    {
        let rate = stored as f64 / seconds;
        println!("{stored} of {} files of {bytes} bytes", usize::from(miners) * modules);
        println!("{seconds:.1} s, {rate:.0} files/s, servers and disk included");
        if let Some(memory) = memory_max() {
            println!("at most {memory} MiB of memory, servers included");
        }
    }
    Ok(())
}
