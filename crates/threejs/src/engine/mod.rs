//! Running one Three.js module: a fresh `QuickJS` interpreter with Three.js r183, the safe namespace, fuel and a heap
//! limit; then its scene is read once, measured, and copied. Facts: threejs-modules.md sections 2, 6, 7 and 13.
//!
//! Everything needed is built in; nothing here opens a file, so the engine runs inside a cage with no system calls to spare.
//! The job queue is never run: no promise ever settles, so nothing of a module runs after its scene was read.
//!
//! What fuel does not see: work inside one built-in call (filling, copying or joining arrays, big integers) costs no fuel,
//! only calls, loop turns and regular-expression steps do. The heap limit bounds each such call; the caller's wall limit must
//! bound their number.

mod build;
mod bytecode;
mod fuel;
mod heap;
mod judge;
mod limits;
mod measure;
mod names;
mod outcome;
mod realm;
mod snapshot;
mod space;
pub mod wire;

pub use bytecode::{Engine, EngineError};
pub use limits::Limits;
pub use measure::Metrics;
pub use outcome::{DETAIL_BYTES_MAX, Outcome};
pub use realm::Realm;
