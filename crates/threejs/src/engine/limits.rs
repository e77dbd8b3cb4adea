//! What one module may use and build. Values: threejs-modules.md section 2; fuel is ours, see docs/decisions/0004-fuel.md.

/// Bounds of one run. A value at its limit passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps: loop turns, calls and regular-expression steps of the interpreter, charged in lots of [`Limits::FUEL_LOT`]; the
    /// work of long built-in calls and large blocks of memory, by size. A step is 25 to 75 ns; the default is 5 s of V8 for
    /// what V8 is slowest at.
    pub fuel: u64,
    /// Heap of the interpreter, Three.js (about 2 MB) and contents of typed arrays included.
    pub heap_bytes: usize,
    /// Stack the interpreter may use of the calling thread's, which must have this much and 256 KiB more.
    pub stack_bytes: usize,
    /// Vertices, summed over meshes, lines and points.
    pub vertices: u64,
    /// Meshes, lines and points.
    pub draw_calls: u64,
    /// Levels below the root group.
    pub depth: u32,
    /// Instances, summed over instanced meshes.
    pub instances: u64,
    /// Bytes of texture data, each texture once.
    pub texture_bytes: u64,
}

impl Limits {
    /// The interpreter asks for fuel once per this many steps.
    pub const FUEL_LOT: u64 = 10_000;
    /// Each axis of the bounding box lies within plus and minus this.
    pub const HALF_BOX: f64 = 0.5;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 250_000_000,
            heap_bytes: 256 << 20,
            stack_bytes: 1 << 20,
            vertices: 250_000,
            draw_calls: 200,
            depth: 32,
            instances: 50_000,
            texture_bytes: 4 << 20,
        }
    }
}
