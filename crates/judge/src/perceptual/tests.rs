//! Tests of the perceptual judge: its rules on made-up figures, its verdicts on a few objects of ours.

// The objects and faults of the calibration, which sees this crate from outside.
#[allow(dead_code, reason = "the example makes more duels")]
#[path = "../../examples/calibrate/duels.rs"]
mod duels;
#[path = "../../examples/calibrate/faults.rs"]
mod faults;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use generate::truth::{Kind, Sampling};
use insta::assert_snapshot;
use ledger::files::duels::DuelWinner;
use ledger::json::{Style, write};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::recheck::recheck;
use crate::{Budget, Pictures, Sleep};
use duels::{About, Duels, measured};
use faults::Fault;

fn duel() -> Duel {
    Duel {
        stem: "vase".to_owned(),
        prompt: "https://prompts/vase.png".to_owned(),
        left: Some(Shown { prefix: "https://blobs/l/vase".to_owned() }),
        right: Some(Shown { prefix: "https://blobs/r/vase".to_owned() }),
        seed: 7,
    }
}

fn side(value: i64) -> SideFigures {
    SideFigures {
        views: vec![vec![value; FEATURES.len()]; FRONT],
        embedding: vec![value; FRONT],
        loose: 0,
        soft: 0,
        body: 600_000,
        stands_out: true,
    }
}

fn evidence(figures: &Figures) -> Evidence {
    let judge = Perceptual::default();
    let verdict = judge.verdict(&duel(), BTreeMap::new(), figures).expect("sound figures");
    verdict.evidence.expect("there is some")
}

/// Before a prompt as simple as a book.
fn outcome(left: Option<SideFigures>, right: Option<SideFigures>) -> String {
    outcome_before(1_000_000, left, right)
}

fn outcome_before(convex: i64, left: Option<SideFigures>, right: Option<SideFigures>) -> String {
    let figures = Figures { prompt: Seen::Cut, convex, left, right };
    let (winner, detail) = decide(&evidence(&figures)).expect("sound figures");
    let detail = detail.as_object().expect("an object").clone();
    let why = ["decided_by", "reason"]
        .iter()
        .find_map(|key| detail.get(*key)?.as_str().map(str::to_owned));
    format!("{winner:?}: {}", why.unwrap_or_default())
}

#[test]
fn rules() {
    let sheet = |value| SideFigures { body: 50_000, ..side(value) };
    let thin = |value| SideFigures { body: 140_000, ..side(value) };
    let pale = |value| SideFigures { stands_out: false, ..sheet(value) };
    let loose = |value| SideFigures { loose: 300_000, ..side(value) };
    let said = [
        outcome(Some(side(100_000)), Some(side(300_000))),
        outcome(Some(side(300_000)), Some(side(100_000))),
        outcome(Some(side(100_000)), Some(side(100_001))),
        outcome(Some(loose(100_000)), Some(side(100_000))),
        outcome(Some(sheet(100_000)), Some(side(300_000))),
        outcome(Some(sheet(95_000)), Some(side(100_000))),
        outcome(Some(side(100_000)), Some(sheet(95_000))),
        outcome(Some(sheet(100_000)), Some(sheet(300_000))),
        outcome(Some(sheet(100_000)), Some(thin(300_000))),
        outcome(Some(pale(100_000)), Some(side(300_000))),
        outcome(None, Some(side(300_000))),
        outcome(Some(side(300_000)), None),
        outcome(None, None),
    ];
    assert_snapshot!(said.join("\n"), @r"
    Left: distance
    Right: distance
    Draw: draw band
    Right: distance
    Draw: side guard
    Right: side guard
    Left: side guard
    Left: distance
    Left: distance
    Left: distance
    Right: no whole views from left
    Left: no whole views from right
    Draw: no whole views on either side
    ");
}

/// A plate whose front is nearer to the prompt wins if that may be a book, and loses if it can hardly be.
#[test]
fn a_plate_beside_a_body() {
    let plate = SideFigures { body: 300_000, ..side(80_000) };
    let pale = SideFigures { stands_out: false, ..plate.clone() };
    let beside = |convex, plate: &SideFigures| {
        outcome_before(convex, Some(plate.clone()), Some(side(100_000)))
    };
    let said = [
        beside(500_000, &plate),
        beside(900_000, &plate),
        beside(1_000_000, &plate),
        beside(500_000, &pale),
        outcome_before(500_000, Some(plate.clone()), Some(plate.clone())),
    ];
    assert_snapshot!(said.join("\n"), @r"
    Right: distance
    Draw: draw band
    Left: distance
    Left: distance
    Draw: draw band
    ");
}

#[test]
fn what_is_told() {
    let figures = Figures {
        prompt: Seen::Cut,
        convex: 500_000,
        left: Some(side(100_000)),
        right: Some(side(300_000)),
    };
    let (_, detail) = recheck(&evidence(&figures)).expect("sound figures");
    assert_snapshot!(write(&detail, Style::Indented), @r#"
    {
      "decided_by": "distance",
      "distance_left": 0.71,
      "distance_right": 2.13,
      "draw_band": 0.03,
      "features": {
        "outline": {
          "left": 0.1,
          "right": 0.3
        },
        "colours": {
          "left": 0.1,
          "right": 0.3
        },
        "light": {
          "left": 0.1,
          "right": 0.3
        },
        "places": {
          "left": 0.1,
          "right": 0.3
        },
        "edges": {
          "left": 0.1,
          "right": 0.3
        },
        "detail": {
          "left": 0.1,
          "right": 0.3
        },
        "embedding": {
          "left": 0.1,
          "right": 0.3
        },
        "loose": {
          "left": 0.0,
          "right": 0.0
        },
        "soft": {
          "left": 0.0,
          "right": 0.0
        },
        "flat": {
          "left": 0.0,
          "right": 0.0
        }
      },
      "side_guard": {
        "left": "ok",
        "right": "ok"
      },
      "swap": {
        "asked": 1,
        "agreed": 1
      }
    }
    "#);
}

/// What cannot be is refused by name, and never a verdict.
#[test]
fn figures_that_cannot_be() {
    let good =
        Figures { prompt: Seen::Cut, convex: 500_000, left: Some(side(1)), right: Some(side(2)) };
    let with = |change: &dyn Fn(&mut Evidence)| {
        let mut evidence = evidence(&good);
        change(&mut evidence);
        decide(&evidence)
            .map_or_else(|error| error.to_string(), |(winner, _)| format!("{winner:?}"))
    };
    let said = [
        with(&|evidence| evidence.judge.version = 9),
        with(&|evidence| evidence.judge.settings = json!({"draw": 1})),
        with(&|evidence| evidence.figures = json!(null)),
        with(&|evidence| evidence.figures["left"]["views"] = json!([])),
        with(&|evidence| evidence.figures["left"]["views"][3][0] = json!(-1)),
        with(&|evidence| evidence.figures["right"]["loose"] = json!(i64::MAX)),
        with(&|evidence| evidence.figures["right"]["loose"] = json!(0.5)),
        with(&|evidence| evidence.figures["right"]["embedding"] = json!([])),
        with(&|evidence| evidence.figures["left"]["embedding"] = json!([1])),
        with(&|evidence| evidence.figures["convex"] = json!(1_000_001)),
        with(&|evidence| evidence.figures["prompt"] = json!("unreadable")),
    ];
    assert_snapshot!(said.join("\n"), @r"
    no judge perceptual of version 9 is known here
    settings of the judge: unknown field `draw`, expected `draw_millionths`
    figure figures: invalid type: null, expected struct Figures
    figure left: views are not 4 lists of 6 numbers from 0 to 10
    figure left: views are not 4 lists of 6 numbers from 0 to 10
    figure right: loose, soft or body is not from 0 to 10
    figure figures: invalid type: floating point `0.5`, expected i64
    figure embedding: only one side has descriptors
    figure left: embedding is not 4 numbers from 0 to 10, nor none
    figure convex: not from 0 to 1
    Draw
    ");
}

fn any_side() -> impl Strategy<Value = Option<SideFigures>> {
    let figure = || 0..2_000_000_i64;
    let views = prop::collection::vec(prop::collection::vec(figure(), FEATURES.len()), FRONT);
    let side = (views, figure(), figure(), 0..600_000_i64, any::<bool>());
    let side = side.prop_map(|(views, loose, soft, body, stands_out)| SideFigures {
        views,
        embedding: Vec::new(),
        loose,
        soft,
        body,
        stands_out,
    });
    prop::option::weighted(0.95, side)
}

proptest! {
    /// Who is left and who is right changes the names only.
    #[test]
    fn sides_are_treated_alike(left in any_side(), right in any_side(), whole: bool) {
        let prompt = if whole { Seen::Whole } else { Seen::Cut };
        let of = |left: &Option<SideFigures>, right: &Option<SideFigures>| {
            let figures = Figures { prompt, convex: 900_000, left: left.clone(), right: right.clone() };
            decide(&evidence(&figures)).expect("sound figures").0
        };
        let mirrored = match of(&right, &left) {
            DuelWinner::Left => DuelWinner::Right,
            DuelWinner::Right => DuelWinner::Left,
            other => other,
        };
        prop_assert_eq!(of(&left, &right), mirrored);
    }

    #[test]
    fn any_files_get_figures(prompt: Vec<u8>, png: Vec<u8>, npz: Vec<u8>, count in 0..10_usize) {
        let files = Files {
            white: vec![png.clone().into(); count],
            gray: vec![png.into(); FRONT],
            embeddings: Some(npz.into()),
        };
        let figures = measure(&prompt, [&files, &Files::default()]);
        prop_assert!(figures.left.is_none() && figures.right.is_none());
    }
}

/// Files by URL; counts what is read.
#[derive(Debug, Default)]
struct Web {
    files: BTreeMap<String, Bytes>,
    read: AtomicUsize,
    down: Mutex<Option<String>>,
}

impl Pictures for Web {
    fn get<'a>(&'a self, url: &'a str) -> Pending<'a, Result<Option<Bytes>, Outage>> {
        self.read.fetch_add(1, Ordering::Relaxed);
        let down = self.down.lock().expect("nobody panicked").as_deref() == Some(url);
        let file = if down {
            Err(Outage(format!("{url} is down")))
        } else {
            Ok(self.files.get(url).cloned())
        };
        Box::pin(async move { file })
    }
}

struct Never;

impl Sleep for Never {
    fn sleep(&self, _: Duration) -> Pending<'_, ()> {
        Box::pin(std::future::pending())
    }
}

impl Web {
    fn judge(&self, duel: &Duel, earlier: Option<&Evidence>) -> Result<Verdict, JudgeError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let parts = Parts {
            pictures: self,
            sleep: &Never,
            budget: &Budget::new(1),
            earlier,
            insist: false,
            notebook: None,
        };
        runtime.block_on(Perceptual::default().judge(duel, parts))
    }
}

/// Two assets on the web: a sound one, and the same with a fault.
fn web() -> Web {
    let kind = Kind::named("toadstool").expect("ours");
    let whole = kind.splats(0, Sampling { target_splats: 6_000, shading: 1.0 });
    let mut dice = generate::truth::Dice::new(1, "web");
    let prompt = faults::prompt(&whole, &mut dice, generate::eval::Backdrop::Transparent);
    let prompt = prompt.expect("it shows");
    let faulty = Fault::Colour.of(kind, &whole, &mut dice, 1.0).expect("it shows");
    let mut web = Web::default();
    let duel = duel();
    for (shown, splats) in [(&duel.left, &faulty), (&duel.right, &whole)] {
        let shown = shown.as_ref().expect("both");
        let files = faults::files(splats, &prompt);
        let named = |of: &dyn Fn(&str) -> String, files: Vec<Bytes>| {
            WHITE.iter().map(|view| of(view)).zip(files).collect::<Vec<_>>()
        };
        web.files.extend(named(&|view| shown.white(view), files.white));
        web.files.extend(named(&|view| shown.gray(view), files.gray));
        web.files.extend(files.embeddings.map(|npz| (shown.embeddings(), npz)));
    }
    web.files.insert(duel.prompt, prompt.into());
    web
}

#[test]
fn a_duel_and_again_from_its_evidence() {
    let (mut web, mut duel) = (web(), duel());
    let verdict = web.judge(&duel, None).expect("a verdict");
    assert_eq!(verdict.winner, DuelWinner::Right);
    let evidence = verdict.evidence.expect("there is some");
    assert_eq!(evidence.inputs.len(), 27, "the prompt, and thirteen files of each side");
    assert_eq!(recheck(&evidence), Ok((verdict.winner, verdict.detail.clone())));
    let text = serde_json::to_string(&evidence).expect("JSON");
    assert_eq!(serde_json::from_str::<Evidence>(&text).expect("JSON"), evidence);

    let read = web.read.load(Ordering::Relaxed);
    let again = web.judge(&duel, Some(&evidence)).expect("a verdict");
    assert_eq!((again.winner, again.detail), (verdict.winner, verdict.detail));
    assert_eq!(web.read.load(Ordering::Relaxed), read, "nothing was read again");
    duel.seed += 1;
    web.judge(&duel, Some(&evidence)).expect("a verdict");
    assert_eq!(web.read.load(Ordering::Relaxed), 2 * read, "of another duel everything is");

    let right = duel.right.clone().expect("both");
    *web.down.lock().expect("nobody panicked") = Some(right.gray(WHITE[2]));
    let outage = Outage(format!("{} is down", right.gray(WHITE[2])));
    assert_eq!(web.judge(&duel, None).err(), Some(JudgeError::Outage(outage)));
    *web.down.lock().expect("nobody panicked") = None;
    web.files.remove(&right.white("top_down"));
    let verdict = web.judge(&duel, None).expect("a verdict");
    assert_eq!(verdict.winner, DuelWinner::Left, "no whole views");
    duel.left = None;
    let verdict = web.judge(&duel, None).expect("a verdict");
    assert_eq!((verdict.winner, verdict.evidence), (DuelWinner::Right, None));
    let duel = super::tests::duel();
    web.files.insert(duel.prompt.clone(), Bytes::from_static(b"no picture"));
    let verdict = web.judge(&duel, None).expect("a verdict");
    assert_snapshot!(write(&verdict.detail, Style::Line), @r#"{"reason": "the prompt is no picture"}"#);
}

/// Objects that weights were neither found nor measured on.
#[test]
fn the_better_one_wins() {
    let kinds = ["bear", "car"].map(|name| Kind::named(name).expect("ours"));
    let duels = measured(Duels::Faults, &kinds, 3..4);
    let judge = Perceptual::default();
    let mut wrong = Vec::new();
    for duel in &duels {
        let verdict = judge.verdict(&super::tests::duel(), BTreeMap::new(), &duel.figures);
        let winner = verdict.expect("sound figures").winner;
        let right = if duel.about == About::Equal { DuelWinner::Draw } else { DuelWinner::Left };
        if winner != right {
            wrong.push(format!("{:?} {}: {winner:?}", duel.about, duel.name));
        }
    }
    assert!(duels.len() >= 33, "{} duels", duels.len());
    assert_snapshot!(wrong.join("\n"), @"Sound(Missing) bear 3: Draw");
}

#[test]
fn the_same_files_are_a_draw() {
    let kind = Kind::named("vase").expect("ours");
    let whole = kind.splats(0, Sampling { target_splats: 3_000, shading: 1.0 });
    let mut dice = generate::truth::Dice::new(2, "same");
    let prompt =
        faults::prompt(&whole, &mut dice, generate::eval::Backdrop::Studio).expect("it shows");
    let files = faults::files(&whole, &prompt);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| measure(&prompt, [&files, &files]))
    };
    let figures = on(1);
    assert_eq!(figures, on(3));
    assert_eq!((figures.prompt, &figures.left), (Seen::Cut, &figures.right));
    let (winner, _) = decide(&evidence(&figures)).expect("sound figures");
    assert_eq!(winner, DuelWinner::Draw);
}
