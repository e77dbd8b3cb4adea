//! How long verify takes for a long competition of the original's last era: `cargo run --release -p arena --example verify_time`.
//!
//! `-- ROUNDS MINERS PROMPTS` for another size, and a folder behind them to keep the files.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "an example that measures")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use arena::selection::{Choice, Rule, select};
use arena::verify::{FolderRepository, Settings, Subject, verify};
use ledger::files::prompts::stem;
use ledger::repository::Repository as _;
use serde_json::json;

type Failure = Box<dyn std::error::Error>;

struct Size {
    rounds: u32,
    miners: usize,
    prompts: usize,
}

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, usual: u32| args.get(at).map_or(Ok(usual), |text| text.parse());
    let size = Size {
        rounds: number(0, 60)?,
        miners: number(1, 20)? as usize,
        prompts: number(2, 128)? as usize,
    };
    let kept = args.get(3).map(PathBuf::from);
    let temporary = tempfile::tempdir()?;
    let folder = kept.as_deref().unwrap_or(temporary.path());
    let bytes = write_all(folder, &size)?;
    let repository = FolderRepository::open(folder)?;
    let at = repository.head()?.ok_or("no commit")?;
    let subject =
        Subject { repository: &repository, at, has_history: false, blobs: None, redraw: None };
    let start = Instant::now();
    let report = verify(&subject, &Settings::default())?;
    let seconds = start.elapsed().as_secs_f64();
    let agree: u64 = report.agree.values().sum();
    println!(
        "{} rounds of {} miners and {} prompts, {:.0} MB: {seconds:.1} s, {agree} things agree, {} do not",
        size.rounds,
        size.miners,
        size.prompts,
        bytes as f64 / 1e6,
        report.findings.len() as u64 + report.more,
    );
    for finding in report.findings.iter().take(5) {
        println!("{finding}");
    }
    Ok(())
}

fn hotkey(miner: usize) -> String {
    format!("5M{miner:04}{miner:042}")
}

fn write_all(folder: &Path, size: &Size) -> Result<u64, Failure> {
    let mut written = 0;
    let mut put = |path: &str, text: String| -> Result<(), Failure> {
        let path = folder.join(path);
        fs_err::create_dir_all(path.parent().unwrap_or(folder))?;
        written += text.len() as u64;
        Ok(fs_err::write(path, text)?)
    };
    let pool: Vec<String> =
        (0..20_000).map(|n| format!("https://pictures.example/prompts/p{n:05}.png")).collect();
    let pool: Vec<&str> = pool.iter().map(String::as_str).collect();
    put("prompts.txt", pool.join("\n"))?;
    put("config.json", json!({
        "name": "long", "description": "", "first_evaluation_date": "2031-03-01", "last_competition_date": "2039-12-01",
        "generation_stage_minutes": 240, "win_margin": 0.05, "weight_decay": 0.1, "weight_floor": 0.1,
        "prompts_per_round": size.prompts, "carryover_prompts": size.prompts / 4, "round_duration_days": 3
    }).to_string())?;
    put("state.json", json!({"current_round": size.rounds, "stage": "open"}).to_string())?;
    let leader = json!({"hotkey": hotkey(0), "repo": "a/b", "commit": "0", "docker": "x", "weight": 0.1, "effective_block": 1});
    put("leader.json", json!([leader]).to_string())?;
    let mut previous: Vec<String> = Vec::new();
    for round in 0..=size.rounds {
        let at = |rest: &str| format!("rounds/{round}/{rest}");
        let latest = 1000 + 21_600 * u64::from(round);
        let earliest = if round == 0 { 0 } else { latest - 21_599 };
        put(&at("schedule.json"), json!({"earliest_reveal_block": earliest, "latest_reveal_block": latest, "generation_deadline_block": latest + 1200}).to_string())?;
        if round == size.rounds {
            break;
        }
        put(&at("seed.json"), format!("{{\"seed\": {round}}}"))?;
        let before: Vec<&str> = previous.iter().map(String::as_str).collect();
        let picked = select(&Choice {
            pool: &pool,
            previous: &before,
            seed: round,
            prompts_per_round: i64::try_from(size.prompts)?,
            carryover_prompts: i64::try_from(size.prompts / 4)?,
            rule: Rule::Distinct,
        })?;
        put(&at("prompts.txt"), picked.join("\n"))?;
        let (mut submissions, mut builds) = (serde_json::Map::new(), serde_json::Map::new());
        let mut matrix = "left,right,margin".to_owned();
        let by_stem: BTreeMap<&str, &str> = picked.iter().map(|url| (stem(url), *url)).collect();
        let base =
            |who: &str, below: &str| format!("https://cdn.example/rounds/{round}/{who}/{below}");
        put(&at("leader/generated_1.json"), rows(&by_stem, &base("leader", "generated_1")))?;
        for miner in 1..=size.miners {
            let who = hotkey(miner);
            let commit = format!("{miner:040x}");
            let (repo, block) = (format!("miner{miner}/gen"), latest - 100 + miner as u64);
            submissions.insert(who.clone(), json!({"repo": repo, "commit": commit, "cdn_url": "https://a.example/", "revealed_at_block": block, "round": format!("long-{round}")}));
            builds.insert(who.clone(), json!({"repo": repo, "commit": commit, "revealed_at_block": block, "tag": format!("{}-long-{round}", &commit[..7]), "status": "success", "docker_image": format!("registry.example/{miner}")}));
            put(&at(&format!("{who}/submitted.json")), rows(&by_stem, &base(&who, "submitted")))?;
            // Nobody beats the leader; all the others are met too, as spare matches of the original are.
            let mut defenders = vec![("leader".to_owned(), base("leader", "generated_1"))];
            defenders.extend(
                (1..=2)
                    .filter(|other| *other < miner)
                    .map(|other| (hotkey(other), base(&hotkey(other), "submitted"))),
            );
            for (left, of_left) in defenders {
                let name = format!("{who}/duels_{}.json", ledger::hotkey10(&left));
                put(&at(&name), duels(&left, &who, &by_stem, &of_left, &base(&who, "submitted")))?;
                write!(matrix, "\n{left},{who},0.0")?;
            }
        }
        put(&at("submissions.json"), serde_json::Value::Object(submissions).to_string())?;
        put(&at("builds.json"), serde_json::Value::Object(builds).to_string())?;
        put(&at("matches_matrix.csv"), matrix)?;
        put(
            &at("winner.json"),
            json!({"winner_hotkey": "leader", "repo": "a/b", "commit": "0", "docker_image": "x"})
                .to_string(),
        )?;
        previous = picked.into_iter().map(str::to_owned).collect();
    }
    Ok(written)
}

fn rows(stems: &BTreeMap<&str, &str>, base: &str) -> String {
    let row = |stem: &&str| {
        (
            stem.to_string(),
            json!({"js": format!("{base}/{stem}.js"), "views": format!("{base}/{stem}"), "failure_reason": null, "size": 8120}),
        )
    };
    let rows: serde_json::Map<_, _> = stems.keys().map(row).collect();
    format!("{:#}", serde_json::Value::Object(rows))
}

fn duels(
    left: &str,
    right: &str,
    stems: &BTreeMap<&str, &str>,
    of_left: &str,
    of_right: &str,
) -> String {
    let duel = |(stem, url): (&&str, &&str)| {
        json!({
            "name": stem, "prompt": url, "left_js": format!("{of_left}/{stem}.js"), "left_png": format!("{of_left}/{stem}/grid.png"),
            "right_js": format!("{of_right}/{stem}.js"), "right_png": format!("{of_right}/{stem}/grid.png"), "winner": "draw",
            "detail": {"decided_by": "S1", "penalties": [1.0, 1.5]}
        })
    };
    let duels: Vec<_> = stems.iter().map(duel).collect();
    format!(
        "{:#}",
        json!({"left": left, "right": right, "score": 0, "margin": 0.0, "duels": duels})
    )
}
