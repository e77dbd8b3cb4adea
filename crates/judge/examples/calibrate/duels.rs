//! Duels whose better side is known.

use generate::eval::Backdrop;
use generate::truth::{Dice, Kind, Sampling};
use judge::perceptual::{Figures, Files, measure};
use rayon::prelude::*;

use super::faults::{Fault, files, prompt, remade};

/// What a duel is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// A sound asset beside one with this fault.
    Sound(Fault),
    /// A slight fault beside a gross one of the same sort.
    Less(Fault),
    /// Two sound ones: nobody should win.
    Equal,
}

/// A duel that was measured; left is the better one, unless they are equal.
#[derive(Debug, Clone)]
pub struct Measured {
    pub about: About,
    pub name: String,
    pub figures: Figures,
}

/// All duels about the objects of these kinds and seeds, in a fixed order.
pub fn measured(kinds: &[Kind], seeds: std::ops::Range<u64>) -> Vec<Measured> {
    let objects: Vec<(Kind, u64)> =
        seeds.flat_map(|seed| kinds.iter().map(move |kind| (*kind, seed))).collect();
    objects.par_iter().flat_map_iter(|&(kind, seed)| of_object(kind, seed)).collect()
}

fn of_object(kind: Kind, seed: u64) -> Vec<Measured> {
    let name = format!("{} {seed}", kind.name);
    let mut dice = Dice::new(seed, &format!("faults of {}", kind.name));
    let whole = kind.splats(seed, Sampling { target_splats: 18_000, shading: 1.0 });
    let backdrop = if seed.is_multiple_of(2) { Backdrop::Studio } else { Backdrop::Transparent };
    let Some(prompt) = prompt(&whole, &mut dice, backdrop) else { return Vec::new() };
    let sound = files(&remade(kind, seed, &mut dice), &prompt);
    let other = files(&remade(kind, seed, &mut dice), &prompt);
    let duel = |about, left: &Files, right: &Files| {
        let figures = measure(&prompt, [left, right]);
        Measured { about, name: name.clone(), figures }
    };
    let mut duels = vec![duel(About::Equal, &sound, &other)];
    for fault in Fault::ALL {
        let made = remade(kind, seed, &mut dice);
        // The same dice for both, so that only the strength differs.
        let die = format!("{fault:?} of {}", kind.name);
        let of = |strength| fault.of(kind, &made, &mut Dice::new(seed, &die), strength);
        let Some(faulty) = of(1.0) else { continue };
        let faulty = files(&faulty, &prompt);
        duels.push(duel(About::Sound(fault), &sound, &faulty));
        let has_grades = !matches!(fault, Fault::Pose | Fault::Facade);
        if let Some(slight) = of(0.4).filter(|_| has_grades) {
            duels.push(duel(About::Less(fault), &files(&slight, &prompt), &faulty));
        }
    }
    duels
}
