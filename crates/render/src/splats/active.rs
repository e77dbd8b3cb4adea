//! What drawing needs of each splat whatever the view: activated once, then used for every view.
//! Source: rendering specification §B.2 and steps 2 and 6 of §B.5.

use asset::Splats;
use rayon::prelude::*;

use crate::{
    exp,
    simd::{Kernel, Level},
};

/// Below this opacity, and below this alpha at a pixel, a splat is not drawn.
pub(crate) const ALPHA_MIN: f32 = 1.0 / 255.0;

/// Splats that are activated, or projected, by one task.
pub(crate) const BLOCK: usize = 64;

/// A block of activated splats, one array per component so that loops over it vectorise. Lanes past the end of the
/// asset, and splats that can never be drawn, have `extent` 0 and anything elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct ActiveBlock {
    /// Centre x, y, z, metres.
    pub(crate) position: [[f32; BLOCK]; 3],
    /// Rotation matrix times diag(scale): `[3 · row + axis]`, metres. Its columns are the half-axes of the 1σ ellipsoid.
    pub(crate) axes: [[f32; BLOCK]; 9],
    /// 0 to 1.
    pub(crate) opacity: [f32; BLOCK],
    /// How many standard deviations out the alpha falls below [`ALPHA_MIN`], with a little to spare; 0: never drawn.
    pub(crate) extent: [f32; BLOCK],
}

const EMPTY: ActiveBlock = ActiveBlock {
    position: [[0.0; BLOCK]; 3],
    axes: [[0.0; BLOCK]; 9],
    opacity: [0.0; BLOCK],
    extent: [0.0; BLOCK],
};

/// Activates all splats, block by block in input order.
///
/// A splat is never drawn, whatever the view, when its opacity is below 1/255 or not a number, its quaternion is zero,
/// or its position, scale or quaternion is not finite.
pub(crate) fn activate(splats: &Splats, level: Level) -> Vec<ActiveBlock> {
    let n_blocks = splats.len().div_ceil(BLOCK);
    let mut blocks = vec![EMPTY; n_blocks];
    blocks.par_iter_mut().enumerate().with_min_len(16).for_each(|(block_idx, block)| {
        level.run(Activate { splats, first: block_idx * BLOCK, block });
    });
    blocks
}

struct Activate<'a> {
    splats: &'a Splats,
    first: usize,
    block: &'a mut ActiveBlock,
}

impl Kernel for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { splats, first, block } = self;
        let parts = splats.parts();
        let n = BLOCK.min(splats.len() - first);
        let mut log_scale = [[0.0_f32; BLOCK]; 3];
        let mut rotation = [[0.0_f32; BLOCK]; 4];
        let mut raw_opacity = [f32::NEG_INFINITY; BLOCK];
        for i in 0..n {
            for (c, (lanes, scales)) in block.position.iter_mut().zip(&mut log_scale).enumerate() {
                lanes[i] = parts.positions[first + i][c];
                scales[i] = parts.log_scales[first + i][c];
            }
            for (c, lanes) in rotation.iter_mut().enumerate() {
                lanes[i] = parts.rotations[first + i][c];
            }
            raw_opacity[i] = parts.raw_opacities[first + i];
        }
        for i in 0..BLOCK {
            let scale =
                [exp::exp(log_scale[0][i]), exp::exp(log_scale[1][i]), exp::exp(log_scale[2][i])];
            let opacity = 1.0 / (1.0 + exp::exp(-raw_opacity[i]));
            // In f64 the square of no f32 over- or underflows.
            let q = [rotation[0][i], rotation[1][i], rotation[2][i], rotation[3][i]].map(f64::from);
            let norm2 = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
            let inverse = 1.0 / norm2.sqrt();
            let [w, x, y, z] = [q[0] * inverse, q[1] * inverse, q[2] * inverse, q[3] * inverse];
            let matrix = [
                1.0 - 2.0 * (y * y + z * z),
                2.0 * (x * y - w * z),
                2.0 * (x * z + w * y),
                2.0 * (x * y + w * z),
                1.0 - 2.0 * (x * x + z * z),
                2.0 * (y * z - w * x),
                2.0 * (x * z - w * y),
                2.0 * (y * z + w * x),
                1.0 - 2.0 * (x * x + y * y),
            ];
            for (k, cell) in matrix.iter().enumerate() {
                block.axes[k][i] = *cell as f32 * scale[k % 3];
            }
            block.opacity[i] = opacity;
            // Infinity or NaN times 0 is NaN, which fails the comparison; so does a NaN opacity.
            let finite = 0.0 * block.position[0][i]
                + 0.0 * block.position[1][i]
                + 0.0 * block.position[2][i]
                + 0.0 * scale[0]
                + 0.0 * scale[1]
                + 0.0 * scale[2]
                == 0.0;
            let turned = norm2 > 0.0 && norm2 < f64::INFINITY;
            let drawn = finite && turned && opacity >= ALPHA_MIN;
            block.extent[i] = if drawn { 1.0 } else { 0.0 };
        }
        for i in 0..n {
            if block.extent[i] > 0.0 {
                block.extent[i] = extent(block.opacity[i]);
            }
        }
    }
}

/// √(2·ln(255·opacity)): where opacity · exp(−½·extent²) is 1/255, with a ten-thousandth of alpha to spare, so that
/// rounding never leaves out a pixel that blending would have taken.
#[inline(always)]
fn extent(opacity: f32) -> f32 {
    libm::sqrtf(2.0 * (libm::logf(255.0 * opacity) + 1e-4).max(1e-4))
}
