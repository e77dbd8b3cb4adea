//! Numbers of many fragments side by side, so that one instruction works on several.

use glam::{Vec2, Vec3};

/// Fragments of a batch.
pub const LANES: usize = 32;

/// Lanes worked on together; a batch is rounded up to a multiple.
pub(crate) const GROUP: usize = 8;

/// One number per fragment.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(32))]
pub struct Lanes(pub [f32; LANES]);

impl Lanes {
    /// The same number in every lane.
    pub const fn splat(value: f32) -> Self {
        Self([value; LANES])
    }
}

/// A pair per fragment.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct Lanes2 {
    /// First numbers.
    pub x: Lanes,
    /// Second numbers.
    pub y: Lanes,
}

impl Lanes2 {
    /// The same pair in every lane.
    pub const fn splat(value: Vec2) -> Self {
        Self { x: Lanes::splat(value.x), y: Lanes::splat(value.y) }
    }

    /// The pair of a lane.
    #[inline(always)]
    pub fn get(&self, lane: usize) -> Vec2 {
        Vec2::new(self.x.0[lane], self.y.0[lane])
    }

    /// Changes the pair of a lane.
    #[inline(always)]
    pub fn set(&mut self, lane: usize, value: Vec2) {
        (self.x.0[lane], self.y.0[lane]) = (value.x, value.y);
    }
}

/// A vector or colour per fragment.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
pub struct Lanes3 {
    /// First numbers, or red.
    pub x: Lanes,
    /// Second numbers, or green.
    pub y: Lanes,
    /// Third numbers, or blue.
    pub z: Lanes,
}

impl Lanes3 {
    /// The same vector in every lane.
    pub const fn splat(value: Vec3) -> Self {
        Self { x: Lanes::splat(value.x), y: Lanes::splat(value.y), z: Lanes::splat(value.z) }
    }

    /// The vector of a lane.
    #[inline(always)]
    pub fn get(&self, lane: usize) -> Vec3 {
        Vec3::new(self.x.0[lane], self.y.0[lane], self.z.0[lane])
    }

    /// Changes the vector of a lane.
    #[inline(always)]
    pub fn set(&mut self, lane: usize, value: Vec3) {
        (self.x.0[lane], self.y.0[lane], self.z.0[lane]) = (value.x, value.y, value.z);
    }
}
