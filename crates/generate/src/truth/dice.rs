//! Seeded choices for the parameters of an object.

use glam::Vec3;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::paint::hsv;

/// A stream of choices; the same seed and stream name give the same choices on every machine.
#[derive(Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream called `name` of a seed, so that objects do not share their choices.
    #[must_use]
    pub fn new(seed: u64, name: &str) -> Self {
        // FNV-1a, 64 bits.
        let stream = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(ChaCha8Rng::seed_from_u64(seed ^ stream))
    }

    /// Evenly between `low` and `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * ((self.0.next_u32() >> 8) as f32 / 16_777_216.0)
    }

    /// `value` give or take the share `by` of it.
    pub fn about(&mut self, value: f32, by: f32) -> f32 {
        value * self.between(1.0 - by, 1.0 + by)
    }

    /// One of the choices.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.next_u32() as usize % choices.len()]
    }

    /// A strong colour close to the given hue in turns (give or take `spread`), linear.
    pub fn colour(&mut self, hue: f32, spread: f32) -> Vec3 {
        let hue = self.between(hue - spread, hue + spread);
        let (saturation, value) = (self.between(0.65, 0.85), self.between(0.7, 0.9));
        hsv(hue, saturation, value)
    }
}
