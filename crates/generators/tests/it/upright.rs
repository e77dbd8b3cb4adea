//! Models of generators with other axes are turned upright, and only that.

use bytes::Bytes;
use generators::check::{Checks, Level, Modules, unrun};
use generators::{Axes, Failure};
use pod::wire::Kind;
use serde_json::{Value, json};

use crate::things::{ply, splats};

const NAMES: [&str; 6] = ["+x", "-x", "+y", "-y", "+z", "-z"];

fn all() -> impl Iterator<Item = String> {
    NAMES.iter().flat_map(|up| NAMES.iter().map(move |front| format!("{up} up, {front} front")))
}

fn look(
    axes: &str,
    level: Level,
    bytes: Vec<u8>,
    kind: Kind,
) -> Result<(Bytes, Vec<String>), Failure> {
    let axes = axes.parse().expect("axes");
    let checks = Checks { axes, level, modules: Modules::new(unrun()), ..Checks::strict() };
    checks.look(bytes.into(), kind)
}

/// The vector in axes where `up` and `front` are +Y and +Z.
fn turned(axes: &str, v: [f64; 3]) -> [f64; 3] {
    let direction = |name: &str| {
        let mut axis = [0.0; 3];
        axis[b"xyz".iter().position(|c| *c == name.as_bytes()[1]).expect("an axis")] =
            if name.starts_with('-') { -1.0 } else { 1.0 };
        axis
    };
    let (up, front) = (direction(&axes[..2]), direction(&axes[7..9]));
    let right = [
        up[1] * front[2] - up[2] * front[1],
        up[2] * front[0] - up[0] * front[2],
        up[0] * front[1] - up[1] * front[0],
    ];
    [right, up, front].map(|axis| (0..3).map(|i| axis[i] * v[i]).sum())
}

#[test]
fn splats_are_turned_about_the_origin() {
    for axes in all().filter(|axes| axes.parse::<Axes>().is_ok()) {
        let (bytes, notes) =
            look(&axes, Level::Format, ply(&splats()), Kind::Splats).expect("upright");
        let after = asset::ply::read(&bytes[..], None).expect("a file");
        for (old, new) in splats().parts().positions.iter().zip(&after.parts().positions) {
            let meant = turned(&axes, old.map(f64::from));
            for i in 0..3 {
                assert!((f64::from(new[i]) - meant[i]).abs() < 1e-6, "{axes}: {old:?} {new:?}");
            }
        }
        let is_turned = axes != "+y up, +z front";
        assert_eq!(notes.len(), usize::from(is_turned), "{axes}: {notes:?}");
        if !is_turned {
            assert_eq!(bytes, ply(&splats()), "what is upright is not touched");
        }
    }
}

/// Positions and normals interleaved; positions again as bytes; an index behind them.
fn glb(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut binary: Vec<u8> = Vec::new();
    for (position, normal) in [
        ([0.25, -0.5, 0.125], [0.0, 0.6, 0.8]),
        ([0.5, 0.0, 0.0], [1.0, 0.0, 0.0]),
        ([0.0, 0.5, 0.375], [0.0, 0.0, -1.0]),
    ] {
        binary.extend([position, normal].concat().iter().flat_map(|n: &f32| n.to_le_bytes()));
    }
    for element in [[10_i8, -128, 3, 0], [1, 2, 3, 0], [0, 0, 127, 0]] {
        binary.extend(element.map(|n| n as u8));
    }
    binary.extend([0_u8, 1, 2, 0]);
    let mut json = json!({
        "asset": { "version": "2.0" },
        "extensionsUsed": ["KHR_mesh_quantization"],
        "extensionsRequired": ["KHR_mesh_quantization"],
        "buffers": [{ "byteLength": binary.len() }],
        "bufferViews": [
            { "buffer": 0, "byteLength": 72, "byteStride": 24 },
            { "buffer": 0, "byteOffset": 72, "byteLength": 12, "byteStride": 4 },
            { "buffer": 0, "byteOffset": 84, "byteLength": 3 }
        ],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0.0, -0.5, 0.0], "max": [0.5, 0.5, 0.375] },
            { "bufferView": 0, "byteOffset": 12, "componentType": 5126, "count": 3, "type": "VEC3" },
            { "bufferView": 1, "componentType": 5120, "count": 3, "type": "VEC3" },
            { "bufferView": 2, "componentType": 5121, "count": 3, "type": "SCALAR" },
            { "bufferView": 0, "byteOffset": 24, "componentType": 5126, "count": 2, "type": "VEC3", "min": [0.0, 0.0, 0.0], "max": [0.5, 0.5, 0.375] }
        ],
        "meshes": [
            { "primitives": [{ "attributes": { "POSITION": 0, "NORMAL": 1 }, "indices": 3 }] },
            { "primitives": [{ "attributes": { "POSITION": 2 } }, { "attributes": { "POSITION": 4 } }] }
        ],
        "nodes": [
            { "children": [1], "translation": [0.1, 0.2, 0.3], "rotation": [0.1, 0.5, 0.1, 0.854_400_374_531_753], "scale": [1.0, 2.0, 3.0] },
            { "mesh": 0, "matrix": [1.0, 0.1, 0.2, 0.0, 0.3, 1.5, 0.4, 0.0, 0.5, 0.6, 2.0, 0.0, 7.0, 8.0, 9.0, 1.0] }
        ],
        "scenes": [{ "nodes": [0] }],
        "scene": 0
    });
    change(&mut json);
    let mut text = json.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let word = |n: usize| (n as u32).to_le_bytes();
    [
        &b"glTF"[..],
        &word(2),
        &word(28 + text.len() + binary.len()),
        &word(text.len()),
        b"JSON",
        &text,
        &word(binary.len()),
        b"BIN\0",
        &binary,
    ]
    .concat()
}

fn document(bytes: &[u8]) -> asset::glb::Document {
    asset::glb::Document::parse(bytes, &mut |_: &str| Err("none".to_owned())).expect("a GLB")
}

/// Vertices of a mesh's first primitive.
fn positions(document: &asset::glb::Document, accessor: usize) -> Vec<[f64; 3]> {
    let values = document.accessor(accessor).expect("an accessor").f32s();
    values.as_chunks::<3>().0.iter().map(|v| v.map(f64::from)).collect()
}

type Matrix = [[f64; 4]; 4];

/// Rows.
fn matrix(node: &Value) -> Matrix {
    let numbers = |key: &str, usual: &[f64]| -> Vec<f64> {
        node.get(key).and_then(Value::as_array).map_or_else(
            || usual.to_vec(),
            |list| list.iter().map(|n| n.as_f64().expect("a number")).collect(),
        )
    };
    if let Some(list) = node.get("matrix").and_then(Value::as_array) {
        return [0, 1, 2, 3]
            .map(|row| [0, 1, 2, 3].map(|c| list[4 * c + row].as_f64().expect("one")));
    }
    let [x, y, z, w] = numbers("rotation", &[0.0, 0.0, 0.0, 1.0])[..] else { panic!("four") };
    let scale = numbers("scale", &[1.0; 3]);
    let translation = numbers("translation", &[0.0; 3]);
    let turn = [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ];
    let row = |i: usize| {
        [turn[i][0] * scale[0], turn[i][1] * scale[1], turn[i][2] * scale[2], translation[i]]
    };
    [row(0), row(1), row(2), [0.0, 0.0, 0.0, 1.0]]
}

fn apply(m: &Matrix, v: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|i| m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2] + m[i][3])
}

fn assert_near(a: [f64; 3], b: [f64; 3], what: &str) {
    assert!((0..3).all(|i| (a[i] - b[i]).abs() < 1e-5), "{what}: {a:?} is not {b:?}");
}

#[test]
fn meshes_are_turned_with_their_nodes_and_nothing_is_rounded() {
    let before = glb(|_| {});
    let old = document(&before);
    for axes in all().filter(|axes| axes.parse::<Axes>().is_ok()) {
        let (after, _) = look(&axes, Level::Format, before.clone(), Kind::Mesh).expect("upright");
        let new = document(&after);
        for accessor in [0, 1, 4] {
            for (old, new) in positions(&old, accessor).iter().zip(positions(&new, accessor)) {
                assert_eq!(turned(&axes, *old), new, "{axes}, accessor {accessor}");
            }
        }
        // The smallest number of a byte has no other half.
        for (old, new) in positions(&old, 2).iter().zip(positions(&new, 2)) {
            let meant = turned(&axes, *old).map(|n| n.min(127.0));
            assert_eq!(meant, new, "{axes}, bytes");
        }
        let (old_nodes, new_nodes) = (&old.json()["nodes"], &new.json()["nodes"]);
        for (old_v, new_v) in positions(&old, 0).iter().zip(positions(&new, 0)) {
            let world = |nodes: &Value, v| apply(&matrix(&nodes[0]), apply(&matrix(&nodes[1]), v));
            let meant = turned(&axes, world(old_nodes, *old_v));
            assert_near(meant, world(new_nodes, new_v), &axes);
        }
        for accessor in [0, 4] {
            let bound = |key: &str, i: usize| new.json()["accessors"][accessor][key][i].as_f64();
            for axis in 0..3 {
                let values = positions(&new, accessor).into_iter().map(|v| v[axis]);
                let (low, high) =
                    values.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
                assert_eq!(bound("min", axis), Some(low), "{axes} {accessor}");
                assert_eq!(bound("max", axis), Some(high), "{axes} {accessor}");
            }
        }
        assert_eq!(old.view(2).expect("indices"), new.view(2).expect("indices"));
    }
}

#[test]
fn what_has_other_directions_is_refused() {
    let refused = |change: fn(&mut Value)| {
        look("+z up", Level::Format, glb(change), Kind::Mesh).expect_err("not turnable").to_string()
    };
    let text = refused(|json| json["animations"] = json!([{ "channels": [], "samplers": [] }]));
    assert!(text.contains("animations"), "{text}");
    let text = refused(|json| json["skins"] = json!([{ "joints": [0] }]));
    assert!(text.contains("skins"), "{text}");
    let text = refused(|json| json["extensionsUsed"] = json!(["EXT_mesh_gpu_instancing"]));
    assert!(text.contains("EXT_mesh_gpu_instancing"), "{text}");
    let text = refused(|json| json["accessors"][2]["componentType"] = 5121.into());
    assert!(text.contains("without a sign"), "{text}");
    let module = look("+z up", Level::Format, b"export default 1".to_vec(), Kind::Module);
    assert!(module.expect_err("a program").to_string().contains("a module cannot be turned"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    #[test]
    fn broken_files_are_refused_or_turned(
        at in 0_usize..1800, byte: u8, cut in 0_usize..1800, kind in 0_usize..3,
    ) {
        let mut bytes = glb(|_| {});
        if let Some(found) = bytes.get_mut(at) {
            *found = byte;
        }
        bytes.truncate(bytes.len().saturating_sub(if cut < 900 { 0 } else { cut - 900 }));
        let kind = Kind::ALL[kind];
        // It may be anything but a panic.
        look("-z up", Level::Full, bytes, kind).ok();
    }
}
