//! What the judge says of measured duels, and how often it is right.

use std::collections::BTreeMap;

use judge::Duel;
use judge::perceptual::{Figures, Perceptual, Settings};
use ledger::files::duels::DuelWinner;
use ledger::json::{Json, Object};

use super::duels::{About, Measured};

/// A verdict as it is told.
pub(crate) struct Told {
    pub(crate) winner: DuelWinner,
    /// How much farther off the left one is.
    pub(crate) gap: f64,
    /// What was weighed: left and right.
    pub(crate) features: Vec<(String, [f64; 2])>,
    pub(crate) decided_by: String,
}

impl Told {
    /// Of a duel, or of the same with its sides swapped.
    pub(crate) fn of(duel: &Measured, settings: Settings, is_swapped: bool) -> Self {
        let stem = duel.name.clone();
        let about = Duel { stem, prompt: String::new(), left: None, right: None, seed: 0 };
        let Figures { prompt, convex, left, right } = duel.figures.clone();
        let [left, right] = if is_swapped { [right, left] } else { [left, right] };
        let figures = Figures { prompt, convex, left, right };
        let verdict = Perceptual::new(settings).verdict(&about, BTreeMap::new(), &figures);
        let verdict = verdict.expect("sound figures");
        let number = |object: &Object, key: &str| match object.get(key) {
            Some(Json::Number(text)) => text.parse::<f64>().unwrap_or(0.0),
            _ => 0.0,
        };
        let detail = verdict.detail.as_object().expect("an object");
        let both = |(name, value): (&String, &Json)| {
            let value = value.as_object().expect("an object");
            (name.clone(), [number(value, "left"), number(value, "right")])
        };
        let features = detail.get("features").and_then(Json::as_object);
        Self {
            winner: verdict.winner,
            gap: number(detail, "distance_left") - number(detail, "distance_right"),
            features: features.map(|all| all.iter().map(both).collect()).unwrap_or_default(),
            decided_by: detail
                .get("decided_by")
                .and_then(Json::as_str)
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

/// Prints how often the better one wins, fault by fault.
pub(crate) fn print(duels: &[Measured], lists: bool) {
    let mut rows: BTreeMap<About, [usize; 3]> = BTreeMap::new();
    let mut swapped_otherwise = 0;
    for duel in duels {
        let told = Told::of(duel, Settings::default(), false);
        let (place, mirrored) = match told.winner {
            DuelWinner::Left => (0, DuelWinner::Right),
            DuelWinner::Right => (2, DuelWinner::Left),
            other => (1, other),
        };
        rows.entry(duel.about).or_default()[place] += 1;
        let swapped = Told::of(duel, Settings::default(), true);
        swapped_otherwise += usize::from(swapped.winner != mirrored);
        if lists && is_wrong(duel.about, told.winner) {
            let Told { winner, gap, features, decided_by } = told;
            let features =
                features.iter().map(|(name, [left, right])| format!("{name} {left:.3}/{right:.3}"));
            let features: Vec<_> = features.collect();
            let about = (duel.about, &duel.name);
            let convex = duel.figures.convex;
            println!(
                "{about:?}: {winner:?} by {decided_by}, {gap:+.3}, convex {convex}: {}",
                features.join(", ")
            );
        }
    }
    println!("| Duels about | duels | better wins | draw | worse wins | right |");
    println!("|---|---|---|---|---|---|");
    for (about, [better, draw, worse]) in &rows {
        let n = better + draw + worse;
        let good = if *about == About::Equal { *draw } else { *better };
        let percent = 100.0 * good as f64 / n as f64;
        println!("| {about:?} | {n} | {better} | {draw} | {worse} | {percent:.1} % |");
    }
    println!("\nothers when sides are swapped: {swapped_otherwise} of {}\n", duels.len());
    println!("| Draw band | right where one is better | worse one wins | sound ones draw |");
    println!("|---|---|---|---|");
    for draw_millionths in [0, 10_000, 20_000, 25_000, 30_000, 40_000, 60_000] {
        let settings = Settings { draw_millionths };
        let mut counts = [[0; 2]; 2];
        let mut worse = 0;
        for duel in duels {
            let winner = Told::of(duel, settings, false).winner;
            let row = &mut counts[usize::from(duel.about == About::Equal)];
            row[0] += usize::from(!is_wrong(duel.about, winner));
            row[1] += 1;
            let is_worse = duel.about != About::Equal && winner == DuelWinner::Right;
            worse += usize::from(is_worse);
        }
        let [[right, all], [drawn, equal]] = counts;
        let percent = 100.0 * right as f64 / all.max(1) as f64;
        let band = f64::from(draw_millionths) / 1e6;
        println!("| {band} | {right} of {all}, {percent:.1} % | {worse} | {drawn} of {equal} |");
    }
}

fn is_wrong(about: About, winner: DuelWinner) -> bool {
    winner != if about == About::Equal { DuelWinner::Draw } else { DuelWinner::Left }
}
