//! `model.safetensors` to a transformer. Names are those of `transformers`, shapes follow from the configuration; nothing
//! is allocated for a tensor that the file does not hold.

use std::collections::BTreeSet;

use safetensors::{Dtype, SafeTensors};

use super::super::kernel::{Linear, Norm, Panels};
use super::config::Config;
use super::transformer::{Attention, Layer, Mlp, Transformer};
use super::{ModelError, WEIGHTS_BYTES_MAX};

/// In the file, but for training only or made from the configuration.
const UNUSED: [&str; 2] = ["embeddings.mask_token", "rope_embeddings.inv_freq"];

pub(super) fn transformer(config: &Config, bytes: &[u8]) -> Result<Transformer, ModelError> {
    let found = bytes.len() as u64;
    if found > WEIGHTS_BYTES_MAX {
        let max = WEIGHTS_BYTES_MAX;
        return Err(ModelError::TooLong { file: "model.safetensors", found, max });
    }
    let tensors = SafeTensors::deserialize(bytes)
        .map_err(|error| ModelError::Container { message: error.to_string() })?;
    let mut file = File { tensors, taken: BTreeSet::new() };
    let Config { width, patch_px, n_registers, biases, .. } = *config;
    let class_token = file.take("embeddings.cls_token", &[1, 1, width])?;
    let registers = match n_registers {
        0 => file.take_if_there("embeddings.register_tokens", &[1, 0, width])?,
        _ => file.take("embeddings.register_tokens", &[1, n_registers, width])?,
    };
    let patch = file.take("embeddings.patch_embeddings.weight", &[width, 3, patch_px, patch_px])?;
    let patch_bias = file.take("embeddings.patch_embeddings.bias", &[width])?;
    let patch = Linear {
        weight: Panels::of_transposed(&patch, 3 * patch_px * patch_px),
        bias: Some(patch_bias),
    };
    let mut layers = Vec::new();
    for layer_idx in 0..config.n_layers {
        let name = |part: &str| format!("layer.{layer_idx}.{part}");
        let mut square = |part: &str, has_bias| file.linear(&name(part), [width, width], has_bias);
        let attention = Attention {
            query: square("attention.q_proj", biases.query)?,
            key: square("attention.k_proj", biases.key)?,
            value: square("attention.v_proj", biases.value)?,
            output: square("attention.o_proj", biases.projection)?,
        };
        let (into, out) = ([config.mlp_width, width], [width, config.mlp_width]);
        let gate = if config.is_gated {
            Some(file.linear(&name("mlp.gate_proj"), into, biases.mlp)?)
        } else {
            None
        };
        let mlp = Mlp {
            gate,
            up: file.linear(&name("mlp.up_proj"), into, biases.mlp)?,
            down: file.linear(&name("mlp.down_proj"), out, biases.mlp)?,
            activation: config.activation,
        };
        layers.push(Layer {
            before_attention: file.norm(&name("norm1"), config)?,
            attention,
            attention_scale: file.take(&name("layer_scale1.lambda1"), &[width])?,
            before_mlp: file.norm(&name("norm2"), config)?,
            mlp,
            mlp_scale: file.take(&name("layer_scale2.lambda1"), &[width])?,
        });
    }
    let norm = file.norm("norm", config)?;
    file.is_all_taken()?;
    Ok(Transformer {
        n_heads: config.n_heads,
        patch_px,
        rope_theta: config.rope_theta,
        class_token,
        registers,
        patch,
        layers,
        norm,
    })
}

/// A file of tensors, and which were taken out of it.
struct File<'a> {
    tensors: SafeTensors<'a>,
    taken: BTreeSet<String>,
}

impl File<'_> {
    fn take(&mut self, name: &str, expected: &[usize]) -> Result<Vec<f32>, ModelError> {
        let missing =
            |_| ModelError::Missing { tensor: name.to_owned(), expected: expected.to_vec() };
        let tensor = self.tensors.tensor(name).map_err(missing)?;
        if tensor.shape() != expected {
            let (found, expected) = (tensor.shape().to_vec(), expected.to_vec());
            return Err(ModelError::Shape { tensor: name.to_owned(), found, expected });
        }
        if tensor.dtype() != Dtype::F32 {
            let found = format!("{:?}", tensor.dtype());
            return Err(ModelError::Type { tensor: name.to_owned(), found });
        }
        self.taken.insert(name.to_owned());
        let (words, _) = tensor.data().as_chunks::<4>();
        Ok(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
    }

    fn take_if_there(&mut self, name: &str, expected: &[usize]) -> Result<Vec<f32>, ModelError> {
        let is_there = self.tensors.tensor(name).is_ok();
        if is_there { self.take(name, expected) } else { Ok(Vec::new()) }
    }

    /// Weights are stored `[output][input]`.
    fn linear(
        &mut self,
        name: &str,
        [outputs, inputs]: [usize; 2],
        has_bias: bool,
    ) -> Result<Linear, ModelError> {
        let weight = self.take(&format!("{name}.weight"), &[outputs, inputs])?;
        let bias = format!("{name}.bias");
        let bias = if has_bias { Some(self.take(&bias, &[outputs])?) } else { None };
        Ok(Linear { weight: Panels::of_transposed(&weight, inputs), bias })
    }

    fn norm(&mut self, name: &str, config: &Config) -> Result<Norm, ModelError> {
        let mut part = |part: &str| self.take(&format!("{name}.{part}"), &[config.width]);
        Ok(Norm { weight: part("weight")?, bias: part("bias")?, epsilon: config.norm_epsilon })
    }

    /// What is left over would be left out silently: more layers, or a bias.
    fn is_all_taken(&self) -> Result<(), ModelError> {
        let mut names = self.tensors.names();
        names.sort();
        let is_unknown = |name: &&&str| !self.taken.contains(**name) && !UNUSED.contains(*name);
        match names.iter().find(is_unknown) {
            Some(name) => Err(ModelError::Unknown { tensor: (*name).to_owned() }),
            None => Ok(()),
        }
    }
}
