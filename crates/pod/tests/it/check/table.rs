//! Fault by fault: which rules are found broken, and that no others are.

use std::sync::Arc;
use std::time::Duration;

use pod::check::{Config, Judge, Limits, Outcome, Report, Verdict, run};
use pod::wire::Kind;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::server::Server;
use super::{batch, single};

/// Above the 2 MiB of the service with the longest models.
pub(crate) const MODEL_BYTES_MAX: usize = 3 << 20;

/// Longer than `/health` and `/status` may take, and a body after its headers.
pub(crate) const LONG: Duration = Duration::from_millis(3600);

/// Reads what the services of these tests write.
struct Plain;

impl Judge for Plain {
    fn breaches(&self, _: Kind, model: &[u8]) -> Vec<String> {
        let breaks = model.windows(6).any(|word| word == b"BREAKS");
        if breaks { vec!["it breaks a rule".into()] } else { Vec::new() }
    }

    fn distance(&self, _: Kind, a: &[u8], b: &[u8]) -> Result<f64, String> {
        let look = |model: &[u8]| model.split(|byte| *byte == b'\n').nth(1).map(<[u8]>::to_vec);
        Ok(if look(a) == look(b) { 0.01 } else { 0.7 })
    }
}

fn config(url: String) -> Config {
    let limits = Limits {
        total: Duration::from_secs(120),
        warm_up: Duration::from_secs(4),
        generation: Duration::from_secs(60),
        batch: Duration::from_secs(10),
        patience: Duration::from_secs(6),
        endless: Duration::from_secs(8),
        answer: Duration::from_secs(3),
        stall: Duration::from_secs(3),
        poll: Duration::from_millis(60),
        model_bytes: MODEL_BYTES_MAX,
    };
    Config { limits, ..Config::of(url) }
}

async fn check(config: Config) -> Report {
    run(config, Arc::new(Plain), &|_| {}).await.expect("it can be checked")
}

/// One line: the fault, what failed, what was warned of, the verdict.
fn line(fault: &str, report: &Report) -> String {
    let failed = report.codes(Outcome::Fail).join(" ");
    let warned = report.codes(Outcome::Warn).join(" ");
    let verdict = if report.verdict == Verdict::Undecided { " undecided" } else { "" };
    format!("{fault}: {failed} | {warned}{verdict}")
}

/// Checks at the same time: most of their time is waiting.
static AT_ONCE: Semaphore = Semaphore::const_new(24);

/// Which codes must fail, and which may warn, for each fault. What is otherwise is checked again, with nothing beside it:
/// a busy machine may make a good service slow, but not a bad one good twice.
async fn compare<F, C>(table: &[(F, &str)], check: impl Fn(F) -> C + Copy + Send + 'static)
where
    F: Copy + std::fmt::Debug + Send + 'static,
    C: Future<Output = Report> + Send,
{
    let wrong = |fault: F, codes: &str, report: &Report| {
        let (wanted, found) = (format!("{fault:?}: {codes}"), line(&format!("{fault:?}"), report));
        (found.trim_end() != wanted.trim_end())
            .then(|| format!("wanted {wanted}\nfound  {found}\n{report}"))
    };
    let mut checks = JoinSet::new();
    for (at, (fault, _)) in table.iter().enumerate() {
        let fault = *fault;
        checks.spawn(async move {
            let _turn = AT_ONCE.acquire().await.unwrap();
            (at, check(fault).await)
        });
    }
    let mut again = Vec::new();
    for (at, report) in checks.join_all().await {
        let (fault, codes) = table[at];
        if wrong(fault, codes, &report).is_some() {
            again.push((fault, codes));
        }
    }
    let mut left = Vec::new();
    for (fault, codes) in again {
        left.extend(wrong(fault, codes, &check(fault).await));
    }
    assert!(left.is_empty(), "{} of {}:\n{}", left.len(), table.len(), left.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn single_shot() {
    use single::Fault;
    let table = [
        (Fault::None, " |"),
        (Fault::Chunked, " |"),
        (Fault::Wobbles, " |"),
        (Fault::NeverHealthy, "S1a |"),
        (Fault::HealthyTooSoon, "S1b |"),
        (Fault::HealthWaits, "S7 |"),
        (Fault::NoJpeg, "S2a |"),
        (Fault::Redirects, "S2a |"),
        (Fault::NoPng, "S2b |"),
        (Fault::NoAlpha, "S2c |"),
        (Fault::CrashesOnBig, "S2d |"),
        (Fault::SmallSeeds, "S3b |"),
        (Fault::NoNegativeSeeds, "S3c |"),
        (Fault::HeadersFirst, "S4a |"),
        (Fault::NoModel, "S4b | S6b"),
        (Fault::PageInstead, "S4b | S6b"),
        (Fault::BodyTooShort, "S4c |"),
        (Fault::BodyTooLong, "S4c |"),
        (Fault::ChunksWithoutEnd, "S4c |"),
        (Fault::OtherType, " | S4d"),
        (Fault::HoldsWhileStreaming, "S5 |"),
        (Fault::Busy, "S6a |"),
        (Fault::MixesUp, "S6b |"),
        (Fault::OneModelForBoth, "S6b |"),
        (Fault::OkForGarbage, "S8a |"),
        (Fault::SilentOnGarbage, "S8a |"),
        (Fault::DiesOfGarbage, "S8d |"),
        (Fault::SilentOnOdd, "S8b |"),
        (Fault::TakesAnyForm, "S8c |"),
        (Fault::Random, "S9 |"),
        (Fault::BreaksRules, "S10a |"),
        (Fault::TooLarge, "S10b |"),
        (Fault::NeedsNoToken, "S11 |"),
        (Fault::DiesOfLeaving, "S12 |"),
        (Fault::ReadsOneAtATime, "S13 |"),
    ];
    compare(&table, |fault| async move {
        let server = Server::start(Arc::new(single::Single::new(fault))).await;
        check(config(server.url())).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches() {
    use batch::Fault;
    let table = [
        (Fault::None, " |"),
        (Fault::Identities, " |"),
        (Fault::Warms, " |"),
        (Fault::IgnoresPictures, " | B13c"),
        (Fault::Readme, " | B10c"),
        (Fault::HealthAfterWarming, "B1a |"),
        (Fault::HealthFailsBusy, "B1b |"),
        (Fault::NeverReady, "B1c |"),
        (Fault::StatusNeedsParameter, "B2a |"),
        (Fault::StatusRefusesToken, "B2a |"),
        (Fault::SlowStatus, "B2b |"),
        (Fault::OtherWord, "B3a |"),
        (Fault::StatusIsText, "B1c B3a |"),
        (Fault::NoTotal, "B3b |"),
        (Fault::ProgressBeyondTotal, "B3b |"),
        (Fault::ProgressGoesBack, "B3b |"),
        (Fault::TakesWhileWarming, "B4 |"),
        (Fault::NestsWhileWarming, "B4 |"),
        (Fault::AcceptsAnother, "B5a |"),
        (Fault::Answers202, "B5a |"),
        (Fault::GeneratesLate, "B5b |"),
        (Fault::StartsOver, "B6a |"),
        (Fault::RefusesRepeat, "B6a |"),
        (Fault::StartsOverComplete, "B6b |"),
        (Fault::RefusesRepeatComplete, "B6b |"),
        (Fault::TakesOther, "B7 |"),
        (Fault::NestsRefusal, "B7 |"),
        (Fault::EarlyResults, "B8 |"),
        (Fault::OtherType, "B9a |"),
        (Fault::WithLength, "B9b |"),
        (Fault::Stored, "B9c |"),
        (Fault::LosesStem, "B10a |"),
        (Fault::BothPlaces, "B10a |"),
        (Fault::EmptyManifest, "B10b |"),
        (Fault::FreshBytes, "B11a |"),
        (Fault::ForgetsBroken, "B11b |"),
        (Fault::KeepsOld, "B12 |"),
        (Fault::OneBatch, "B12 |"),
        (Fault::WarmsAgain, "B12 |"),
        (Fault::OneBadAllBad, "B13a |"),
        (Fault::WaitsForEndless, "B13b |"),
        (Fault::CannotReach, "B13c |"),
        (Fault::NeverEnds, "B14a |"),
        (Fault::EmptyWhenAllFailed, "B14b |"),
        (Fault::HangsWhenAllFailed, "B14b |"),
        (Fault::TakesAnyStem, "B15 |"),
        (Fault::BadStemResets, "B15 |"),
        (Fault::AlwaysReplace, "B16 |"),
        (Fault::SmallSeeds, "B17 |"),
        (Fault::LongModule, "B18 |"),
        (Fault::Encrypted, "B18 |"),
        (Fault::NotAZip, "B18 |"),
        (Fault::LongManifest, "B18 |"),
        (Fault::KeepsEverything, "B19 |"),
        (Fault::EchoesOnly, "B20 |"),
        (Fault::NeedsNoSeed, "B21 |"),
        (Fault::BadBodyResets, "B21 |"),
        (Fault::BadModules, "B22 |"),
        (Fault::FailsGoodOnes, "B22 |"),
        (Fault::HoldsWhileSending, "B23 |"),
    ];
    compare(&table, |fault| async move {
        let server = Server::start(batch::Batch::new(fault)).await;
        check(config(server.url())).await
    })
    .await;
}
