//! The transformer itself. Tokens are rows: the class token, the registers, then the patches row by row.

use rayon::prelude::*;

use super::super::kernel::{Activation, Linear, Norm, Panels, softmax};

#[derive(Debug, Clone)]
pub(super) struct Transformer {
    pub(super) n_heads: usize,
    pub(super) patch_px: usize,
    pub(super) rope_theta: f64,
    pub(super) class_token: Vec<f32>,
    /// `[register][number]`.
    pub(super) registers: Vec<f32>,
    /// From the pixels of a patch, `[channel][y][x]`.
    pub(super) patch: Linear,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: Norm,
}

#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) before_attention: Norm,
    pub(super) attention: Attention,
    pub(super) attention_scale: Vec<f32>,
    pub(super) before_mlp: Norm,
    pub(super) mlp: Mlp,
    pub(super) mlp_scale: Vec<f32>,
}

#[derive(Debug, Clone)]
pub(super) struct Attention {
    pub(super) query: Linear,
    pub(super) key: Linear,
    pub(super) value: Linear,
    pub(super) output: Linear,
}

#[derive(Debug, Clone)]
pub(super) struct Mlp {
    /// With one, its activation gates the other.
    pub(super) gate: Option<Linear>,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) activation: Activation,
}

/// Cosines and sines of where each patch is, `[patch][number of a head]`.
struct Rotation {
    cosines: Vec<f32>,
    sines: Vec<f32>,
}

impl Transformer {
    /// Numbers of a token.
    pub(super) fn width(&self) -> usize {
        self.class_token.len()
    }

    /// The class token after the last normalisation. Pixels are `[channel][y][x]`; what is beyond whole patches is not
    /// looked at.
    pub(super) fn class_token(&self, pixels: &[f32], [width, height]: [usize; 2]) -> Vec<f32> {
        let grid = [width / self.patch_px, height / self.patch_px];
        let patches = patches(pixels, [width, height], grid, self.patch_px);
        let mut tokens = self.class_token.clone();
        tokens.extend_from_slice(&self.registers);
        tokens.extend(self.patch.apply(&patches));
        let rotation = Rotation::new(grid, self.width() / self.n_heads, self.rope_theta);
        for layer in &self.layers {
            let attended = layer.attention.apply(
                &layer.before_attention.apply(&tokens),
                self.n_heads,
                self.width(),
                &rotation,
            );
            add_scaled(&mut tokens, &attended, &layer.attention_scale);
            let thought = layer.mlp.apply(&layer.before_mlp.apply(&tokens));
            add_scaled(&mut tokens, &thought, &layer.mlp_scale);
        }
        self.norm.apply(&tokens[..self.width()])
    }
}

/// Pixels of each patch, `[patch][channel][y][x]`.
fn patches(pixels: &[f32], [width, height]: [usize; 2], grid: [usize; 2], side: usize) -> Vec<f32> {
    let mut patches = Vec::with_capacity(grid[0] * grid[1] * 3 * side * side);
    for (row, column) in (0..grid[1]).flat_map(|row| (0..grid[0]).map(move |column| (row, column)))
    {
        for (channel, y) in (0..3).flat_map(|channel| (0..side).map(move |y| (channel, y))) {
            let start = (channel * height + row * side + y) * width + column * side;
            patches.extend_from_slice(&pixels[start..start + side]);
        }
    }
    patches
}

fn add_scaled(tokens: &mut [f32], added: &[f32], scale: &[f32]) {
    for (tokens, added) in tokens.chunks_exact_mut(scale.len()).zip(added.chunks_exact(scale.len()))
    {
        for ((token, added), scale) in tokens.iter_mut().zip(added).zip(scale) {
            *token += added * scale;
        }
    }
}

impl Rotation {
    /// A quarter of a head's numbers turns with the height of the patch's middle, a quarter with its width, at
    /// frequencies from 1 down to 1 / theta; the other half repeats them.
    fn new([columns, rows]: [usize; 2], head_width: usize, theta: f64) -> Self {
        let quarter = head_width / 4;
        let frequency = |idx: usize| {
            let exponent = idx as f32 * (4.0 / head_width as f32);
            1.0 / libm::pow(theta, exponent.into()) as f32
        };
        let frequencies: Vec<f32> = (0..quarter).map(frequency).collect();
        let middle = |idx: usize, count: usize| 2.0 * ((idx as f32 + 0.5) / count as f32) - 1.0;
        let mut rotation = Self { cosines: Vec::new(), sines: Vec::new() };
        for patch in 0..rows * columns {
            let place = [middle(patch / columns, rows), middle(patch % columns, columns)];
            for _ in 0..2 {
                for place in place {
                    for frequency in &frequencies {
                        let angle = std::f32::consts::TAU * place * frequency;
                        rotation.cosines.push(libm::cosf(angle));
                        rotation.sines.push(libm::sinf(angle));
                    }
                }
            }
        }
        rotation
    }

    /// Turns the patches of a head, the last of its tokens; each number pairs with the one half a head on.
    fn apply(&self, tokens: &mut [f32], head_width: usize) {
        let first = tokens.len() - self.cosines.len();
        let patches = tokens[first..].chunks_exact_mut(head_width);
        let angles = self.cosines.chunks_exact(head_width).zip(self.sines.chunks_exact(head_width));
        let half = head_width / 2;
        for (patch, (cosines, sines)) in patches.zip(angles) {
            for at in 0..half {
                let (low, high) = (patch[at], patch[at + half]);
                patch[at] = low * cosines[at] - high * sines[at];
                patch[at + half] = high * cosines[at + half] + low * sines[at + half];
            }
        }
    }
}

impl Attention {
    fn apply(&self, tokens: &[f32], n_heads: usize, width: usize, rotation: &Rotation) -> Vec<f32> {
        let (queries, keys, values) =
            (self.query.apply(tokens), self.key.apply(tokens), self.value.apply(tokens));
        let head_width = width / n_heads;
        let scale = 1.0 / (head_width as f32).sqrt();
        let heads = (0..n_heads).into_par_iter().map(|head| {
            let of = |rows: &[f32]| -> Vec<f32> {
                let rows = rows.chunks_exact(width);
                rows.flat_map(|row| &row[head * head_width..(head + 1) * head_width])
                    .copied()
                    .collect()
            };
            let (mut queries, mut keys) = (of(&queries), of(&keys));
            rotation.apply(&mut queries, head_width);
            rotation.apply(&mut keys, head_width);
            let mut shares = Panels::of_transposed(&keys, head_width).multiply(&queries);
            softmax(&mut shares, tokens.len() / width, scale);
            Panels::of(&of(&values), head_width).multiply(&shares)
        });
        let heads: Vec<Vec<f32>> = heads.collect();
        let mut joined = Vec::with_capacity(tokens.len());
        for token in 0..tokens.len() / width {
            for head in &heads {
                joined.extend_from_slice(&head[token * head_width..(token + 1) * head_width]);
            }
        }
        self.output.apply(&joined)
    }
}

impl Mlp {
    fn apply(&self, tokens: &[f32]) -> Vec<f32> {
        let mut inner = self.up.apply(tokens);
        match &self.gate {
            None => self.activation.apply(&mut inner),
            Some(gate) => {
                let mut gates = gate.apply(tokens);
                self.activation.apply(&mut gates);
                std::iter::zip(&mut inner, gates).for_each(|(value, gate)| *value *= gate);
            }
        }
        self.down.apply(&inner)
    }
}
