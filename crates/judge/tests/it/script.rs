//! A model that answers by a script, pictures of memory, and duels between assets whose names say what they are.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use judge::vlm::{Chat, Reply, Request};
use judge::{
    Budget, Duel, DuelJudge, Evidence, JudgeError, Notebook, Outage, Outcome, Parts, Pending,
    Pictures, Shown, Sleep, Verdict,
};
use serde_json::{Value, json};

/// What a request asks, as a model sees it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) label: String,
    pub(crate) attempt: u32,
    /// `s1_prompt_match`, `s2bv` …; of a control that of the question that it stands in for.
    pub(crate) kind: String,
    /// Name of the answer's format.
    pub(crate) format: String,
    pub(crate) pictures: Vec<String>,
    pub(crate) seed: u64,
    pub(crate) temperature: f64,
}

impl Asked {
    pub(crate) fn of(request: &Request) -> Self {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let format = body["response_format"]["json_schema"]["name"].as_str().unwrap();
        let parts = body["messages"][1]["content"].as_array().unwrap();
        let picture = |part: &Value| part["image_url"]["url"].as_str().map(str::to_owned);
        assert!(parts.last().unwrap()["text"].as_str().is_some_and(|text| text.contains("JSON")));
        Self {
            label: request.label.clone(),
            attempt: request.attempt,
            kind: {
                let name = format.strip_suffix("-response").unwrap();
                let orders = ["s2bv", "s2ac", "s3_gray"];
                let kind = name.strip_suffix("_ab").or_else(|| name.strip_suffix("_ba"));
                kind.filter(|kind| orders.contains(kind)).unwrap_or(name).to_owned()
            },
            format: format.to_owned(),
            pictures: parts.iter().filter_map(picture).collect(),
            seed: body["seed"].as_u64().unwrap(),
            temperature: body["temperature"].as_f64().unwrap(),
        }
    }

    /// Whether it is about nobody's asset.
    pub(crate) fn is_control(&self) -> bool {
        self.label.starts_with("control_") || self.label.starts_with("plain_")
    }

    /// The word in an asset's name that begins with `key`, for the picture at a place: `…/front-7/…` is 7.
    fn trait_of(&self, picture: usize, key: &str) -> Option<i64> {
        let words = self.pictures[picture].split(['/', '+']);
        let found = words.filter_map(|word| word.strip_prefix(key)?.strip_prefix('-')).next();
        found.and_then(|value| value.parse().ok())
    }
}

/// A model whose answers follow from the request alone: assets' prefixes hold words such as `front-2` (a penalty), `best-4`,
/// `neat-3`, `list-1` (features there are), `gray-5`, `trick-3` (sides that are garbage), joined by `+`.
pub(crate) fn honest(asked: &Asked) -> Outcome {
    let grades = |key: &str| {
        let grade = |picture| asked.trait_of(picture, key).unwrap_or(3);
        json!({ "penalty_1": grade(1), "penalty_2": grade(2), "issues": "as they are" })
    };
    let answer = match asked.kind.as_str() {
        "s1_prompt_match" => grades("front"),
        "s2bv" => grades("best"),
        "s2ac" => grades("neat"),
        "s3_gray" => grades("gray"),
        "judge" => grades("sheet"),
        "s2cl_decompose" => {
            let features = ["four legs", "a round seat", "a tall back", "red paint"];
            let feature = |words: &&str| json!({ "description": words, "category": "shape" });
            let features: Vec<_> = features.iter().map(feature).collect();
            json!({ "main_object": "a chair", "features": features })
        }
        "s2cl_verify" => {
            let there = asked.trait_of(1, "list").unwrap_or(2);
            let check = |number: i64| {
                let found = if number <= there { "yes" } else { "no" };
                json!({ "number": number, "match": found, "note": "" })
            };
            let checks: Vec<_> = (1..=4).map(check).collect();
            json!({ "checks": checks, "main_object_correct": true })
        }
        "s4_per_angle" => {
            let tricks = asked.trait_of(0, "trick").unwrap_or(0);
            let angles = ["right", "back", "left", "top_down"];
            let at = angles.iter().position(|angle| asked.label.ends_with(angle));
            let is_trick = at.is_some_and(|at| (at as i64) < tricks);
            let verdict = if is_trick { "garbage" } else { "ok" };
            json!({ "verdict": verdict, "addresses_judge": false, "reason": "" })
        }
        "explain" => json!({ "issues": "The first is fine, the second too." }),
        other => panic!("nobody asks {other}"),
    };
    Outcome::Answer(answer.to_string())
}

type Answers = dyn Fn(&Asked) -> Result<Outcome, JudgeError> + Send + Sync;

/// A model that answers by a function, and remembers what it was asked.
pub(crate) struct Script {
    answers: Box<Answers>,
    asked: Mutex<Vec<Asked>>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script").finish_non_exhaustive()
    }
}

impl Script {
    pub(crate) fn new(
        answers: impl Fn(&Asked) -> Result<Outcome, JudgeError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { answers: Box::new(answers), asked: Mutex::default() })
    }

    pub(crate) fn honest() -> Arc<Self> {
        Self::new(|asked| Ok(honest(asked)))
    }

    /// What it was asked since the last time, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// How often, by kind.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        self.asked().into_iter().fold(BTreeMap::new(), |mut counts, asked| {
            *counts.entry(asked.kind).or_default() += 1;
            counts
        })
    }
}

impl Chat for Script {
    fn ask<'a>(&'a self, request: &'a Request) -> Pending<'a, Result<Reply, JudgeError>> {
        let asked = Asked::of(request);
        let outcome = (self.answers)(&asked);
        self.asked.lock().unwrap().push(asked);
        Box::pin(async move { Ok(Reply { outcome: outcome?, latency: Duration::from_millis(7) }) })
    }
}

/// Pictures by URL. Gray ones are pale for assets with the word `pale`; descriptors favour the view that the word `best_view=` names.
#[derive(Debug, Default)]
pub(crate) struct Album {
    pub(crate) without_descriptors: bool,
    pub(crate) is_down: bool,
    pub(crate) without: Vec<String>,
}

impl Pictures for Album {
    fn get<'a>(&'a self, url: &'a str) -> Pending<'a, Result<Option<Bytes>, Outage>> {
        Box::pin(async move {
            if self.is_down {
                return Err(Outage("no blobs today".into()));
            }
            if self.without.iter().any(|part| url.contains(part)) {
                return Ok(None);
            }
            if url.ends_with(".npz") {
                return Ok((!self.without_descriptors).then(|| descriptors(url)));
            }
            let colour = if url.contains("pale") { [235, 235, 230] } else { [200, 30, 30] };
            Ok(Some(picture(colour)))
        })
    }
}

fn picture([r, g, b]: [u8; 3]) -> Bytes {
    let mut picture = RgbaImage::from_pixel(16, 16, Rgba([128, 128, 128, 255]));
    for y in 4..12 {
        for x in 4..12 {
            picture.put_pixel(x, y, Rgba([r, g, b, 255]));
        }
    }
    let mut png = Cursor::new(Vec::new());
    DynamicImage::ImageRgba8(picture).write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner().into()
}

fn descriptors(url: &str) -> Bytes {
    let views = ["front_left", "back", "left"];
    let view = |name: &&str| {
        let likeness = if url.contains(&format!("like={name}")) { 0.9 } else { 0.5 };
        (format!("view_{name}"), vec![likeness, 0.1])
    };
    let all: Vec<_> =
        [("prompt".to_owned(), vec![1.0, 0.0])].into_iter().chain(views.iter().map(view)).collect();
    vision::descriptor::npz::write(&all).unwrap().into()
}

/// Waits for nothing.
#[derive(Debug, Default)]
pub(crate) struct Naps(pub(crate) Mutex<Vec<Duration>>);

impl Sleep for Naps {
    fn sleep(&self, time: Duration) -> Pending<'_, ()> {
        self.0.lock().unwrap().push(time);
        Box::pin(async {})
    }
}

pub(crate) fn duel(left: &str, right: &str) -> Duel {
    let shown = |name: &str| {
        (!name.is_empty()).then(|| Shown { prefix: format!("https://cdn.example/{name}") })
    };
    Duel {
        stem: "chair".into(),
        prompt: "https://img.example/chair.png".into(),
        left: shown(left),
        right: shown(right),
        seed: 4242,
    }
}

pub(crate) fn mirrored(duel: &Duel) -> Duel {
    Duel { left: duel.right.clone(), right: duel.left.clone(), ..duel.clone() }
}

/// Judges a duel here and now.
pub(crate) async fn judged(
    judge: &dyn DuelJudge,
    duel: &Duel,
    album: &Album,
    earlier: Option<&Evidence>,
) -> Result<Verdict, JudgeError> {
    noted(judge, duel, album, earlier, None).await
}

/// Judges a duel, and has its calls written down.
pub(crate) async fn noted(
    judge: &dyn DuelJudge,
    duel: &Duel,
    album: &Album,
    earlier: Option<&Evidence>,
    notebook: Option<&dyn Notebook>,
) -> Result<Verdict, JudgeError> {
    let (naps, budget) = (Naps::default(), Budget::new(32));
    let parts =
        Parts { pictures: album, sleep: &naps, budget: &budget, earlier, insist: false, notebook };
    judge.judge(duel, parts).await
}

/// Runs what waits for nothing.
pub(crate) fn now<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// The detail as JSON.
pub(crate) fn detail(verdict: &Verdict) -> Value {
    let text = ledger::json::write(&verdict.detail, ledger::json::Style::Line);
    serde_json::from_str(&text).unwrap()
}

/// What a duel is judged with, if nothing was asked before and nobody takes notes.
pub(crate) fn parts<'a>(album: &'a Album, naps: &'a Naps, budget: &'a Budget) -> Parts<'a> {
    Parts { pictures: album, sleep: naps, budget, earlier: None, insist: false, notebook: None }
}
