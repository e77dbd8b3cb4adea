//! Ground truth: small painted solids of our own, several classes, to measure generators on without any download.
//!
//! An [`sdf`] vocabulary makes [`Solid`]s, and [`sample`] makes splats of their surfaces. Everything is a function of
//! a seed. The pictures that the project ships are rendered from the same solids.

pub mod boxy;
pub mod dice;
pub mod flat;
pub mod organic;
pub mod paint;
pub mod revolved;
pub mod sample;
pub mod sdf;
pub mod solid;
pub mod thin;

use asset::Splats;

pub use dice::Dice;
pub use paint::Paint;
pub use sample::Sampling;
pub use solid::{Near, Solid};

/// What makes an object hard or easy to guess from one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A surface of revolution.
    Revolved,
    /// Flat, seen from its printed side.
    Flat,
    /// Flat walls, seen at three quarters.
    Boxy,
    /// Rounded blobs.
    Organic,
    /// Thin parts and gaps.
    Thin,
}

/// One kind of ground-truth object; a seed chooses its proportions, colours and pattern.
#[derive(Clone, Copy)]
pub struct Kind {
    /// For example `vase`.
    pub name: &'static str,
    /// Its class.
    pub class: Class,
    build: fn(&mut Dice) -> Solid,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kind").field("name", &self.name).field("class", &self.class).finish()
    }
}

const fn kind(name: &'static str, class: Class, build: fn(&mut Dice) -> Solid) -> Kind {
    Kind { name, class, build }
}

impl Kind {
    /// All kinds, class by class.
    pub const ALL: [Self; 18] = [
        kind("vase", Class::Revolved, revolved::vase),
        kind("goblet", Class::Revolved, revolved::goblet),
        kind("bottle", Class::Revolved, revolved::bottle),
        kind("bell", Class::Revolved, revolved::bell),
        kind("clock", Class::Flat, flat::clock),
        kind("sign", Class::Flat, flat::sign),
        kind("book", Class::Flat, flat::book),
        kind("house", Class::Boxy, boxy::house),
        kind("car", Class::Boxy, boxy::car),
        kind("crate", Class::Boxy, boxy::crate_box),
        kind("toadstool", Class::Organic, organic::toadstool),
        kind("pumpkin", Class::Organic, organic::pumpkin),
        kind("bear", Class::Organic, organic::bear),
        kind("chair", Class::Thin, thin::chair),
        kind("lamp", Class::Thin, thin::lamp),
        kind("tree", Class::Thin, thin::tree),
        kind("mug", Class::Thin, thin::mug),
        kind("balloon", Class::Thin, thin::balloon),
    ];

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name == name)
    }

    /// The object that the seed chooses: +Y up, facing +Z, in its own units.
    #[must_use]
    pub fn solid(self, seed: u64) -> Solid {
        (self.build)(&mut Dice::new(seed, self.name))
    }

    /// Splats of [`Self::solid`]: centred, largest extent 1 between splat centres, plain colour (SH degree 0).
    #[must_use]
    pub fn splats(self, seed: u64, sampling: Sampling) -> Splats {
        sample::splats(&self.solid(seed), sampling)
    }
}

#[cfg(test)]
mod tests;
