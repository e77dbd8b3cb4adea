//! Running one Three.js module: a fresh `QuickJS` interpreter with Three.js r183, the safe namespace, fuel and a heap
//! limit; then its scene is read once, measured, and copied. Facts: threejs-modules.md sections 2, 6, 7 and 13.
//!
//! Everything needed is built in; nothing here opens a file, so the engine runs inside a cage with no system calls to spare.
//! The job queue is never run: no promise ever settles, so nothing of a module runs after its scene was read.
//!
//! What fuel sees of built-in functions: those that walk an array or a text pay by its length, and large blocks of memory
//! by their size (`guards.js`, `heap.rs`), so an array of holes or a text of megabytes ends a run at once. What it does not
//! see: the work of one operator (big integers of up to a million bits, comparing long texts, long chains of prototypes,
//! a loop body of a megabyte). Each ends within seconds, but not all together: the caller's limit on processor time must
//! bound those. Nothing here reads a clock, so a verdict of this module never depends on how busy the machine is.

mod build;
mod bytecode;
mod fuel;
mod heap;
mod judge;
mod limits;
mod measure;
mod outcome;
mod realm;
mod snapshot;
mod space;
mod texts;
pub mod wire;

pub use bytecode::{Engine, EngineError};
pub use limits::Limits;
pub use measure::Metrics;
pub use outcome::{DETAIL_BYTES_MAX, Outcome};
pub use realm::Realm;
