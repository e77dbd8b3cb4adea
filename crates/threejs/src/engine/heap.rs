//! The interpreter's heap: the global allocator with a limit that remembers being hit. Large blocks cost fuel.
//! The interpreter's own limit does not: when memory is gone it throws a bare `null`, as a module might.
#![expect(
    unsafe_code,
    reason = "rquickjs asks for an unsafe trait; every call goes on to its own allocator"
)]

use std::{cell::Cell, ptr, rc::Rc};

use rquickjs::allocator::{Allocator, RustAllocator};

use super::fuel::Fuel;

/// What is in use, and whether more was ever asked for than is allowed.
#[derive(Debug)]
pub(super) struct Heap {
    used: Cell<usize>,
    max: usize,
    hit: Cell<bool>,
    fuel: Rc<Fuel>,
}

/// Smaller blocks are part of the step that asks for them.
const LARGE_BYTES_MIN: usize = 4096;
/// Larger ones are filled by one step: about as many bytes as are written in the time of another.
const BYTES_PER_STEP: usize = 64;

impl Heap {
    pub(super) fn new(max: usize, fuel: Rc<Fuel>) -> Rc<Self> {
        Rc::new(Self { used: Cell::new(0), max, hit: Cell::new(false), fuel })
    }

    pub(super) fn used(&self) -> usize {
        self.used.get()
    }

    /// Whether an allocation was refused since the interpreter was made.
    pub(super) fn was_hit(&self) -> bool {
        self.hit.get()
    }

    /// Whether `size` more bytes fit when `freed` go. Nothing large fits any more once the fuel is used up: the interpreter
    /// looks at the fuel only now and then, and one step may ask for much.
    fn fits(&self, size: usize, freed: usize) -> bool {
        let rest = self.used.get().saturating_sub(freed);
        if rest.checked_add(size).is_none_or(|total| total > self.max) {
            self.hit.set(true);
            return false;
        }
        if size < LARGE_BYTES_MIN {
            // Never refused for want of fuel: the interpreter needs some to say that it stops.
            return true;
        }
        self.fuel.charge((size / BYTES_PER_STEP) as u64);
        !self.fuel.is_empty()
    }

    fn swap(&self, freed: usize, taken: usize) {
        self.used.set(self.used.get().saturating_sub(freed) + taken);
    }
}

/// The allocator of one interpreter.
pub(super) struct Bounded(pub(super) Rc<Heap>);

impl Bounded {
    fn taken(&self, block: *mut u8) -> *mut u8 {
        if !block.is_null() {
            // SAFETY: the block was just handed out by `RustAllocator`.
            self.0.swap(0, unsafe { RustAllocator::usable_size(block) });
        }
        block
    }
}

// SAFETY: every block comes from `RustAllocator` and goes back to it; a refusal is a null pointer, which the trait allows.
unsafe impl Allocator for Bounded {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if !self.0.fits(size, 0) {
            return ptr::null_mut();
        }
        self.taken(RustAllocator.alloc(size))
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        if !self.0.fits(count.saturating_mul(size), 0) {
            return ptr::null_mut();
        }
        self.taken(RustAllocator.calloc(count, size))
    }

    unsafe fn dealloc(&mut self, block: *mut u8) {
        // SAFETY: the caller's promise: the block is ours, hence `RustAllocator`'s.
        unsafe {
            self.0.swap(RustAllocator::usable_size(block), 0);
            RustAllocator.dealloc(block);
        }
    }

    unsafe fn realloc(&mut self, block: *mut u8, new_size: usize) -> *mut u8 {
        if block.is_null() {
            return self.alloc(new_size);
        }
        // SAFETY: as above; after a null answer the old block is still ours and still counted.
        unsafe {
            let old_size = RustAllocator::usable_size(block);
            if !self.0.fits(new_size, old_size) {
                return ptr::null_mut();
            }
            let moved = RustAllocator.realloc(block, new_size);
            if !moved.is_null() {
                self.0.swap(old_size, RustAllocator::usable_size(moved));
            }
            moved
        }
    }

    unsafe fn usable_size(block: *mut u8) -> usize {
        // SAFETY: the caller's promise.
        unsafe { RustAllocator::usable_size(block) }
    }
}
