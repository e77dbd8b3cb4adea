//! glTF files: their chunks, their JSON, and that every scene gets one or a clear error.

use asset::glb::{self, GlbError};
use asset::scene::{Instances, MaterialKind, Primitive, Scene, TextureId};
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;

use crate::{scene_check, scenes};

/// The JSON and the binary chunk, with lengths and alignment checked.
fn parts(file: &[u8]) -> (Value, Vec<u8>) {
    let word =
        |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes")) as usize;
    assert_eq!((&file[..4], word(4), word(8)), (&b"glTF"[..], 2, file.len()));
    let mut chunks = Vec::new();
    let mut at = 12;
    while at < file.len() {
        assert!(word(at).is_multiple_of(4), "a chunk of {} bytes", word(at));
        chunks.push((&file[at + 4..at + 8], &file[at + 8..at + 8 + word(at)]));
        at += 8 + word(at);
    }
    assert_eq!(chunks[0].0, b"JSON");
    let json = serde_json::from_slice(chunks[0].1).expect("JSON");
    let binary = chunks.get(1).map_or(&[][..], |(kind, bytes)| {
        assert_eq!(*kind, b"BIN\0");
        bytes
    });
    (json, binary.to_vec())
}

fn write(scene: &Scene) -> Result<Vec<u8>, GlbError> {
    let mut file = Vec::new();
    glb::write(scene, &mut file).map(|()| file)
}

#[test]
fn a_textured_triangle() {
    let file = write(&scene_check::triangle()).expect("a good scene");
    assert_eq!(file, write(&scene_check::triangle()).expect("a good scene"));
    let (mut json, binary) = parts(&file);
    let view =
        &json["bufferViews"][json["images"][0]["bufferView"].as_u64().expect("a view") as usize];
    let start = view["byteOffset"].as_u64().expect("an offset") as usize;
    let length = view["byteLength"].as_u64().expect("a length") as usize;
    let picture =
        image::load_from_memory(&binary[start..start + length]).expect("a PNG").into_rgba8();
    assert_eq!((picture.dimensions(), picture.as_raw().as_slice()), ((1, 1), &[255; 4][..]));
    // Lengths of the compressed picture are the compressor's.
    for name in ["bufferViews", "buffers"] {
        json.as_object_mut().expect("an object").remove(name);
    }
    let lines =
        json.as_object().expect("an object").iter().map(|(key, value)| format!("{key}: {value}"));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
    accessors: [{"bufferView":0,"componentType":5126,"count":3,"max":[0.5,0.5,0.0],"min":[0.0,0.0,0.0],"type":"VEC3"},{"componentType":5126,"count":3,"type":"VEC2"},{"bufferView":2,"componentType":5123,"count":3,"type":"SCALAR"}]
    asset: {"generator":"Crucible","version":"2.0"}
    images: [{"bufferView":1,"mimeType":"image/png"}]
    materials: [{"pbrMetallicRoughness":{"baseColorFactor":[1.0,1.0,1.0,1.0],"baseColorTexture":{"index":0},"metallicFactor":0.0,"roughnessFactor":1.0}}]
    meshes: [{"primitives":[{"attributes":{"POSITION":0,"TEXCOORD_0":1},"indices":2,"material":0,"mode":4}]}]
    nodes: [{"children":[1]},{"mesh":0}]
    samplers: [{"magFilter":9728,"minFilter":9728,"wrapS":33071,"wrapT":33071}]
    scene: 0
    scenes: [{"nodes":[0]}]
    textures: [{"sampler":0,"source":0}]
    "#);
}

#[test]
fn instances_and_layers() {
    let mut scene = scene_check::triangle();
    let mut matrix = [0.0; 16];
    (matrix[0], matrix[5], matrix[10], matrix[15]) = (-2.0, 1.0, 0.0, 1.0);
    matrix[12] = 0.25;
    let instances = Instances {
        matrices: vec![matrix],
        colors: Some(vec![[1.0, 0.5, 0.0]]),
        bounding_sphere: None,
    };
    scene.nodes[1].drawable.as_mut().expect("a triangle").primitive =
        Primitive::InstancedMesh(instances);
    let mut physical = asset::scene::Physical {
        clearcoat: 0.5,
        ior: 1.3,
        transmission: 1.0,
        thickness: 0.1,
        ..Default::default()
    };
    physical.standard.emissive = [2.0, 1.0, 0.0];
    physical.standard.normal_map = Some(TextureId(0));
    scene.materials[0].kind = MaterialKind::Physical(Box::new(physical));
    let (json, _) = parts(&write(&scene).expect("a good scene"));
    assert_snapshot!(json["nodes"][1], @r#"{"extensions":{"EXT_mesh_gpu_instancing":{"attributes":{"ROTATION":1,"SCALE":2,"TRANSLATION":0,"_COLOR_0":3}}},"mesh":0}"#);
    assert_snapshot!(json["extensionsUsed"], @r#"["EXT_mesh_gpu_instancing","KHR_materials_clearcoat","KHR_materials_emissive_strength","KHR_materials_ior","KHR_materials_transmission","KHR_materials_volume"]"#);
    assert_snapshot!(json["materials"][0]["extensions"], @r#"{"KHR_materials_clearcoat":{"clearcoatFactor":0.5,"clearcoatRoughnessFactor":0.0},"KHR_materials_emissive_strength":{"emissiveStrength":2.0},"KHR_materials_ior":{"ior":1.2999999523162842},"KHR_materials_transmission":{"transmissionFactor":1.0},"KHR_materials_volume":{"attenuationColor":[1.0,1.0,1.0],"thicknessFactor":0.10000000149011612}}"#);
}

#[test]
fn sheared_matrices_are_refused() {
    let mut scene = scene_check::triangle();
    scene.nodes[1].matrix[4] = 0.5;
    assert_snapshot!(write(&scene).expect_err("sheared"), @"glb, node 1: its matrix is sheared or not finite, glTF cannot say that");
    scene.nodes[1].matrix[4] = f64::NAN;
    assert_snapshot!(write(&scene).expect_err("not finite"), @"glb, node 1: its matrix is sheared or not finite, glTF cannot say that");
}

#[test]
fn nothing_that_is_hidden() {
    let mut scene = scene_check::triangle();
    scene.nodes[0].visible = false;
    let (json, binary) = parts(&write(&scene).expect("a good scene"));
    assert_snapshot!(json, @r#"{"asset":{"generator":"Crucible","version":"2.0"},"nodes":[{"children":[1]},{}],"scene":0,"scenes":[{"nodes":[0]}]}"#);
    assert!(binary.is_empty(), "{} bytes", binary.len());
}

/// Every index in the file exists, and no number is null.
fn check_file(file: &[u8]) {
    let (json, binary) = parts(file);
    assert!(!json.to_string().contains("null"), "{json}");
    let none = Vec::new();
    let list = |name: &str| json[name].as_array().unwrap_or(&none);
    for view in list("bufferViews") {
        let end = view["byteOffset"]
            .as_u64()
            .zip(view["byteLength"].as_u64())
            .map(|(at, length)| at + length);
        assert!(end.is_some_and(|end| end <= binary.len() as u64), "{view}");
    }
    for primitive in
        list("meshes").iter().flat_map(|mesh| mesh["primitives"].as_array().expect("a list"))
    {
        let accessors = primitive["attributes"].as_object().expect("an object").values();
        let counts: Vec<_> = accessors
            .map(|accessor| {
                list("accessors")[accessor.as_u64().expect("an index") as usize]["count"].as_u64()
            })
            .collect();
        assert!(counts.iter().all(|count| *count == counts[0] && *count > Some(0)), "{counts:?}");
    }
}

proptest! {
    #[test]
    fn random_scenes_get_a_file_or_a_clear_error(seed: u64, size in 0..12_usize) {
        let mut scene = scenes::random(seed, size);
        for (idx, node) in scene.nodes.iter_mut().enumerate() {
            node.matrix = asset::scene::IDENTITY;
            node.matrix[12] = idx as f64;
            (node.visible, node.layers) = (true, 1);
            if let Some(Primitive::InstancedMesh(instances)) = node.drawable.as_mut().map(|found| &mut found.primitive) {
                instances.matrices.fill(asset::scene::IDENTITY.map(|value| value as f32));
            }
        }
        check_file(&write(&scene).expect("only plain matrices"));
        write(&scenes::random(seed, size)).ok();
    }
}
