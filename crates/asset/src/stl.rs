//! STL: triangles and nothing else, as text or binary. Facts: the format of 3D Systems as printers take it.
//!
//! Values are taken as stored: STL has no unit and no up direction. Equal corners become one vertex, so that surfaces come back
//! connected; the normals of the file are not kept, since every triangle has its own and they follow from the corners.

mod read;
mod write;

pub use read::{ReadError, read};
pub use write::{WriteError, write};

/// Triangles of a file that is read or written.
pub const TRIANGLES_MAX: usize = 1 << 25;
