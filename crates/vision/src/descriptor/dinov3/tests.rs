//! Against `transformers`, and against files that are wrong. Data: `xtask/dinov3/make.py`.

use std::collections::BTreeMap;

use image::{DynamicImage, RgbImage};
use insta::assert_snapshot;
use proptest::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};

use super::super::Descriptor;
use super::{DinoV3, pixels};

const PLAIN: [&[u8]; 2] = [
    include_bytes!("../../../tests/data/dinov3/plain/config.json"),
    include_bytes!("../../../tests/data/dinov3/plain/model.safetensors"),
];
const GATED: [&[u8]; 2] = [
    include_bytes!("../../../tests/data/dinov3/gated/config.json"),
    include_bytes!("../../../tests/data/dinov3/gated/model.safetensors"),
];
const PICTURES: [(&str, &[u8]); 3] = [
    ("large", include_bytes!("../../../tests/data/dinov3/large.png")),
    ("tall", include_bytes!("../../../tests/data/dinov3/tall.png")),
    ("wide", include_bytes!("../../../tests/data/dinov3/wide.png")),
];

fn expected(kind: &str, picture: &str) -> Vec<f32> {
    let text = include_str!("../../../tests/data/dinov3/expected.json");
    let all: BTreeMap<String, BTreeMap<String, Vec<f32>>> =
        serde_json::from_str(text).expect("JSON");
    all[kind][picture].clone()
}

fn pictures() -> Vec<RgbImage> {
    PICTURES
        .map(|(_, bytes)| DynamicImage::from(crate::decode(bytes).expect("a picture")).into_rgb8())
        .into()
}

fn worst(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    std::iter::zip(found, expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn what_goes_in_is_what_torchvision_makes() {
    for ((name, _), picture) in std::iter::zip(PICTURES, pictures()) {
        let found: Vec<f32> = pixels(&picture).into_iter().step_by(1009).collect();
        let off = worst(&found, &expected("pixels", name));
        assert!(off < 3e-6, "{name}: {off:e} off, at most 3e-6");
    }
}

#[test]
fn what_comes_out_is_what_transformers_says() {
    for (kind, [config, weights], dimension) in [("plain", PLAIN, 24), ("gated", GATED, 24)] {
        let model = DinoV3::read(config, weights).expect("a model");
        assert_eq!(model.dimension(), dimension);
        let vectors = model.describe(&pictures()).expect("vectors");
        for ((name, _), vector) in std::iter::zip(PICTURES, vectors) {
            let off = worst(&vector, &expected(kind, name));
            assert!(off < 5e-6, "{kind}, {name}: {off:e} off, at most 5e-6");
        }
    }
}

#[test]
fn threads_change_nothing() {
    let model = DinoV3::read(PLAIN[0], PLAIN[1]).expect("a model");
    let pictures = pictures();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| model.describe(&pictures).expect("vectors"))
    };
    assert_eq!(with(1), with(2));
    assert_eq!(with(1), with(5));
    assert_eq!(with(1)[1], model.describe(&pictures[1..2]).expect("vectors")[0], "alone");
}

#[test]
fn the_id_tells_models_apart_by_what_they_do() {
    let id =
        |config: &[u8], weights| DinoV3::read(config, weights).expect("a model").id().to_owned();
    assert_snapshot!(id(PLAIN[0], PLAIN[1]), @"dinov3:925dcf02b944ed5f");
    let mut config: Value = serde_json::from_slice(PLAIN[0]).expect("JSON");
    config["transformers_version"] = json!("9");
    assert_eq!(id(&serde_json::to_vec(&config).expect("JSON"), PLAIN[1]), id(PLAIN[0], PLAIN[1]));
    config["rope_theta"] = json!(99.0);
    assert_ne!(id(&serde_json::to_vec(&config).expect("JSON"), PLAIN[1]), id(PLAIN[0], PLAIN[1]));
    assert_ne!(id(GATED[0], GATED[1]), id(PLAIN[0], PLAIN[1]));
}

/// What is said of a configuration with one field changed.
fn with_config(field: &str, value: Value) -> String {
    let mut config: Value = serde_json::from_slice(PLAIN[0]).expect("JSON");
    config[field] = value;
    outcome(&serde_json::to_vec(&config).expect("JSON"), PLAIN[1])
}

fn outcome(config: &[u8], weights: &[u8]) -> String {
    DinoV3::read(config, weights)
        .map_or_else(|error| error.to_string(), |model| model.id().to_owned())
}

#[test]
fn a_configuration_that_lies_is_told() {
    let said = [
        with_config("model_type", json!("dinov2")),
        with_config("hidden_act", json!("relu")),
        with_config("num_channels", json!(4)),
        with_config("hidden_size", json!(1_000_000_000_u64)),
        with_config("hidden_size", json!(-1)),
        with_config("hidden_size", json!(28)),
        with_config("num_attention_heads", json!(5)),
        with_config("num_attention_heads", json!(0)),
        with_config("num_hidden_layers", json!(3)),
        with_config("num_hidden_layers", json!(1)),
        with_config("num_hidden_layers", json!(99_999)),
        with_config("num_register_tokens", json!(5)),
        with_config("num_register_tokens", json!(0)),
        with_config("patch_size", json!(1)),
        with_config("key_bias", json!(true)),
        with_config("query_bias", json!(false)),
        with_config("use_gated_mlp", json!(true)),
        with_config("rope_theta", json!(0.0)),
        with_config("layer_norm_eps", json!("small")),
        outcome(b"[]", PLAIN[1]),
        outcome(b"{}", PLAIN[1]),
        outcome(b"\xff", PLAIN[1]),
        outcome(&vec![b' '; (1 << 20) + 1], PLAIN[1]),
    ];
    assert_snapshot!(said.join("\n"), @r#"
    config.json, model_type: dinov2; we run dinov3_vit
    config.json, hidden_act: relu; we run gelu and silu
    config.json, num_channels: 4; we run 3
    config.json, hidden_size: 1000000000 is not within our limits, 4 and 8192
    config.json: invalid value: integer `-1`, expected usize at line 1 column 140
    config.json, num_attention_heads: 2 heads for 28 numbers; we run heads of a multiple of 4 numbers
    config.json, num_attention_heads: 5 heads for 24 numbers; we run heads of a multiple of 4 numbers
    config.json, num_attention_heads: 0 is not within our limits, 1 and 6
    model.safetensors, tensor layer.2.attention.q_proj.weight: missing; config.json asks for one of shape [24, 24]
    model.safetensors, tensor layer.1.attention.k_proj.weight: a model as config.json describes has none of this name
    config.json, num_hidden_layers: 99999 is not within our limits, 1 and 128
    model.safetensors, tensor embeddings.register_tokens: shape [1, 4, 24]; config.json says [1, 5, 24]
    model.safetensors, tensor embeddings.register_tokens: shape [1, 4, 24]; config.json says [1, 0, 24]
    config.json, patch_size: 1 is not within our limits, 8 and 224
    model.safetensors, tensor layer.0.attention.k_proj.bias: missing; config.json asks for one of shape [24]
    model.safetensors, tensor layer.0.attention.q_proj.bias: a model as config.json describes has none of this name
    model.safetensors, tensor layer.0.mlp.gate_proj.weight: missing; config.json asks for one of shape [64, 24]
    config.json, rope_theta: 0; we run finite numbers above 0
    config.json: invalid type: string "small", expected f64 at line 1 column 247
    config.json, model_type: missing; we run dinov3_vit
    config.json, model_type: missing; we run dinov3_vit
    config.json: expected value at line 1 column 1
    config.json: 1048577 bytes, our limit is 1048576
    "#);
}

/// The plain model's file with one tensor changed; `None` leaves it out.
fn with_tensor(name: &str, change: Option<(Dtype, Vec<usize>)>) -> Vec<u8> {
    let file = SafeTensors::deserialize(PLAIN[1]).expect("a file");
    let zeros = vec![0; 1 << 16];
    let mut tensors: Vec<(String, TensorView<'_>)> =
        file.tensors().into_iter().filter(|(found, _)| found != name).collect();
    if let Some((dtype, shape)) = change {
        let bytes = shape.iter().product::<usize>() * dtype.bitsize() / 8;
        let view = TensorView::new(dtype, shape, &zeros[..bytes]).expect("a tensor");
        tensors.push((name.to_owned(), view));
    }
    safetensors::serialize(tensors, None).expect("a file")
}

#[test]
fn weights_that_are_wrong_are_told() {
    let said = |name: &str, change| outcome(PLAIN[0], &with_tensor(name, change));
    let header = |json: &str| {
        let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(json.as_bytes());
        outcome(PLAIN[0], &bytes)
    };
    let said = [
        said("norm.weight", None),
        said("norm.weight", Some((Dtype::F32, vec![25]))),
        said("norm.weight", Some((Dtype::F32, vec![24, 1]))),
        said("norm.weight", Some((Dtype::BF16, vec![24]))),
        said("layer.0.attention.k_proj.bias", Some((Dtype::F32, vec![24]))),
        outcome(PLAIN[0], b""),
        outcome(PLAIN[0], &PLAIN[1][..PLAIN[1].len() - 1]),
        outcome(PLAIN[0], &[0xff; 64]),
        header("{}"),
        header(
            r#"{"norm.weight":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#,
        ),
        header(r#"{"norm.weight":{"dtype":"F32","shape":[24],"data_offsets":[0,96]}}"#),
    ];
    assert_snapshot!(said.join("\n"), @r"
    model.safetensors, tensor norm.weight: missing; config.json asks for one of shape [24]
    model.safetensors, tensor norm.weight: shape [25]; config.json says [24]
    model.safetensors, tensor norm.weight: shape [24, 1]; config.json says [24]
    model.safetensors, tensor norm.weight: type BF16; save the model as float32 (F32)
    model.safetensors, tensor layer.0.attention.k_proj.bias: a model as config.json describes has none of this name
    model.safetensors: header too small
    model.safetensors: incomplete metadata, file not fully covered
    model.safetensors: header too large
    model.safetensors, tensor embeddings.cls_token: missing; config.json asks for one of shape [1, 1, 24]
    model.safetensors: overflow computing buffer size from shape and/or element type
    model.safetensors: incomplete metadata, file not fully covered
    ");
}

#[test]
fn weights_that_overflow_are_told() {
    let mut weights = PLAIN[1].to_vec();
    let end = weights.len();
    weights[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let model = DinoV3::read(PLAIN[0], &weights).expect("a model");
    let error = model.describe(&pictures()).expect_err("it is not finite").to_string();
    assert!(error.starts_with("picture 0: the vector that dinov3:"), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(config: Vec<u8>, weights: Vec<u8>) {
        DinoV3::read(&config, &weights).ok();
        DinoV3::read(PLAIN[0], &weights).ok();
        DinoV3::read(&config, PLAIN[1]).ok();
    }

    #[test]
    fn changed_files_get_an_answer(at in 0_usize..9000, byte: u8, end in 0_usize..20_000) {
        let mut weights = PLAIN[1].to_vec();
        weights[at] = byte;
        DinoV3::read(PLAIN[0], &weights).ok();
        DinoV3::read(PLAIN[0], &PLAIN[1][..end]).ok();
        let mut config = PLAIN[0].to_vec();
        let at = at % config.len();
        config[at] = byte;
        DinoV3::read(&config, PLAIN[1]).ok();
    }
}
