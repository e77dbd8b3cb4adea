//! Duels whose better side is known.

use asset::Splats;
use generate::eval::Backdrop;
use generate::truth::{Class, Dice, Kind, Sampling};
use generate::{Options, Quality, ShapeKind, Unobserved, generate};
use judge::perceptual::{Figures, Ready, SideFigures};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::faults::{Fault, files, prompt, remade};

/// What a duel is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum About {
    /// A sound asset beside one with this fault.
    Sound(Fault),
    /// A slight fault beside a gross one of the same sort.
    Less(Fault),
    /// What the generator makes of the prompt when it is told the right shape, beside the plate it makes.
    Body,
    /// A flat thing as the plate that the generator makes, beside its cushion.
    Thin,
    /// Two sound ones: nobody should win.
    Equal,
}

/// A duel that was measured; left is the better one, unless they are equal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) about: About,
    pub(crate) name: String,
    pub(crate) figures: Figures,
}

/// Which duels there are about an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duels {
    /// Sound ones and such with faults.
    Faults,
    /// What the generator makes of the picture.
    Shapes,
}

/// All duels about the objects of these kinds and seeds, in a fixed order.
pub(crate) fn measured(which: Duels, kinds: &[Kind], seeds: std::ops::Range<u64>) -> Vec<Measured> {
    let objects: Vec<(Kind, u64)> =
        seeds.flat_map(|seed| kinds.iter().map(move |kind| (*kind, seed))).collect();
    let of = |&(kind, seed): &(Kind, u64)| match which {
        Duels::Faults => of_object(kind, seed),
        Duels::Shapes => of_shapes(kind, seed).into_iter().collect(),
    };
    objects.par_iter().flat_map_iter(of).collect()
}

/// The generator's shapes for one object, where it makes both.
fn of_shapes(kind: Kind, seed: u64) -> Option<Measured> {
    let mut dice = Dice::new(seed, &format!("shapes of {}", kind.name));
    let whole = kind.splats(seed, Sampling { target_splats: 18_000, shading: 1.0 });
    let picture = prompt(&whole, &mut dice, Backdrop::Transparent)?;
    let ready = Ready::new(&picture)?;
    let seen = |shape| {
        let options = Options { quality: Quality::Draft, shape: Some(shape), ..Options::default() };
        let made = generate(&vision::decode(&picture).ok()?, &options, &mut Unobserved).ok()?;
        ready.side(&files(&made.splats, &picture))
    };
    let (about, better, worse) = match kind.class {
        Class::Flat => (About::Thin, ShapeKind::Slab, ShapeKind::Inflated),
        Class::Revolved => (About::Body, ShapeKind::Revolved, ShapeKind::Slab),
        Class::Boxy => (About::Body, ShapeKind::Block, ShapeKind::Slab),
        Class::Organic | Class::Thin => (About::Body, ShapeKind::Inflated, ShapeKind::Slab),
    };
    let (left, right) = (Some(seen(better)?), Some(seen(worse)?));
    let name = format!("{} {seed}", kind.name);
    Some(Measured {
        about,
        name,
        figures: Figures { prompt: ready.seen(), convex: ready.convex(), left, right },
    })
}

fn of_object(kind: Kind, seed: u64) -> Vec<Measured> {
    let name = format!("{} {seed}", kind.name);
    let mut dice = Dice::new(seed, &format!("faults of {}", kind.name));
    let whole = kind.splats(seed, Sampling { target_splats: 18_000, shading: 1.0 });
    let backdrop = if seed.is_multiple_of(2) { Backdrop::Studio } else { Backdrop::Transparent };
    let Some(prompt) = prompt(&whole, &mut dice, backdrop) else { return Vec::new() };
    let Some(ready) = Ready::new(&prompt) else { return Vec::new() };
    let seen = |splats: &Splats| ready.side(&files(splats, &prompt));
    let sound = seen(&remade(kind, seed, &mut dice));
    let duel = |about, left: &Option<SideFigures>, right: &Option<SideFigures>| {
        let figures = Figures {
            prompt: ready.seen(),
            convex: ready.convex(),
            left: left.clone(),
            right: right.clone(),
        };
        Measured { about, name: name.clone(), figures }
    };
    let mut duels = vec![duel(About::Equal, &sound, &seen(&remade(kind, seed, &mut dice)))];
    for fault in Fault::ALL {
        let made = remade(kind, seed, &mut dice);
        // The same dice for both, so that only the strength differs.
        let die = format!("{fault:?} of {}", kind.name);
        let of = |strength| fault.of(kind, &made, &mut Dice::new(seed, &die), strength);
        let Some(faulty) = of(1.0).map(|faulty| seen(&faulty)) else { continue };
        duels.push(duel(About::Sound(fault), &sound, &faulty));
        if let Some(slight) = fault.has_grades().then(|| of(0.4)).flatten() {
            duels.push(duel(About::Less(fault), &seen(&slight), &faulty));
        }
    }
    duels
}
