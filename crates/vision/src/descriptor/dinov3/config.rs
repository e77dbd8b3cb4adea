//! `config.json`: fields, defaults and limits. Fields and defaults are those of `transformers` 5.0.0,
//! `DINOv3ViTConfig`; what only training needs is not looked at.

use serde::Deserialize;

use super::super::kernel::Activation;
use super::{CONFIG_BYTES_MAX, ModelError, SIDE_PX};

/// A model's shape, within our limits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Config {
    /// Numbers of a token.
    pub(super) width: usize,
    pub(super) n_layers: usize,
    pub(super) n_heads: usize,
    /// Numbers inside the MLP.
    pub(super) mlp_width: usize,
    pub(super) is_gated: bool,
    pub(super) activation: Activation,
    pub(super) patch_px: usize,
    pub(super) n_registers: usize,
    pub(super) rope_theta: f64,
    pub(super) norm_epsilon: f64,
    pub(super) biases: Biases,
}

/// Which matrices have something to add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Biases {
    pub(super) query: bool,
    pub(super) key: bool,
    pub(super) value: bool,
    pub(super) projection: bool,
    pub(super) mlp: bool,
}

/// As in the file.
#[derive(Debug, Deserialize)]
#[serde(default)]
struct Raw {
    model_type: Option<String>,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    use_gated_mlp: bool,
    hidden_act: String,
    patch_size: usize,
    num_channels: usize,
    num_register_tokens: usize,
    rope_theta: f64,
    layer_norm_eps: f64,
    query_bias: bool,
    key_bias: bool,
    value_bias: bool,
    proj_bias: bool,
    mlp_bias: bool,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            model_type: None,
            hidden_size: 384,
            num_hidden_layers: 12,
            num_attention_heads: 6,
            intermediate_size: 1536,
            use_gated_mlp: false,
            hidden_act: "gelu".to_owned(),
            patch_size: 16,
            num_channels: 3,
            num_register_tokens: 0,
            rope_theta: 100.0,
            layer_norm_eps: 1e-5,
            query_bias: true,
            key_bias: false,
            value_bias: true,
            proj_bias: true,
            mlp_bias: true,
        }
    }
}

/// The largest published model, ViT-7B/16, has 4096, 40, 32, 8192.
const WIDTH_MAX: usize = 8192;
const LAYERS_MAX: usize = 128;
const MLP_WIDTH_MAX: usize = 65_536;
/// Smaller patches would make tables of attention that no model of this family has.
const PATCH_PX_MIN: usize = 8;
const REGISTERS_MAX: usize = 64;

impl Config {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, ModelError> {
        if bytes.len() as u64 > CONFIG_BYTES_MAX {
            let found = bytes.len() as u64;
            return Err(ModelError::TooLong { file: "config.json", found, max: CONFIG_BYTES_MAX });
        }
        let raw: Raw = serde_json::from_slice(bytes)
            .map_err(|error| ModelError::Json { message: error.to_string() })?;
        let unsupported = |field, found: String, expected| {
            Err(ModelError::Unsupported { field, found, expected })
        };
        if raw.model_type.as_deref() != Some("dinov3_vit") {
            let found = raw.model_type.unwrap_or_else(|| "missing".to_owned());
            return unsupported("model_type", found, "dinov3_vit");
        }
        if raw.num_channels != 3 {
            return unsupported("num_channels", raw.num_channels.to_string(), "3");
        }
        let activation = match raw.hidden_act.as_str() {
            "gelu" => Activation::Gelu,
            "silu" | "swish" => Activation::Silu,
            _ => return unsupported("hidden_act", raw.hidden_act, "gelu and silu"),
        };
        let range = |field, found: usize, min: usize, max: usize| {
            let error = || ModelError::Range { field, found: found.to_string(), min, max };
            if (min..=max).contains(&found) { Ok(found) } else { Err(error()) }
        };
        let width = range("hidden_size", raw.hidden_size, 4, WIDTH_MAX)?;
        let n_heads = range("num_attention_heads", raw.num_attention_heads, 1, width / 4)?;
        if !width.is_multiple_of(4 * n_heads) {
            let found = format!("{n_heads} heads for {width} numbers");
            return unsupported("num_attention_heads", found, "heads of a multiple of 4 numbers");
        }
        let positive = |field, found: f64| {
            let is_good = found.is_finite() && found > 0.0;
            if is_good { Ok(found) } else { unsupported_number(field, found) }
        };
        Ok(Self {
            width,
            n_layers: range("num_hidden_layers", raw.num_hidden_layers, 1, LAYERS_MAX)?,
            n_heads,
            mlp_width: range("intermediate_size", raw.intermediate_size, 1, MLP_WIDTH_MAX)?,
            is_gated: raw.use_gated_mlp,
            activation,
            patch_px: range("patch_size", raw.patch_size, PATCH_PX_MIN, SIDE_PX)?,
            n_registers: range("num_register_tokens", raw.num_register_tokens, 0, REGISTERS_MAX)?,
            rope_theta: positive("rope_theta", raw.rope_theta)?,
            norm_epsilon: positive("layer_norm_eps", raw.layer_norm_eps)?,
            biases: Biases {
                query: raw.query_bias,
                key: raw.key_bias,
                value: raw.value_bias,
                projection: raw.proj_bias,
                mlp: raw.mlp_bias,
            },
        })
    }

    /// A text that is the same for, and only for, equal configurations.
    pub(super) fn canonical(&self) -> String {
        format!("{self:?}")
    }
}

fn unsupported_number(field: &'static str, found: f64) -> Result<f64, ModelError> {
    let expected = "finite numbers above 0";
    Err(ModelError::Unsupported { field, found: found.to_string(), expected })
}
