//! glTF files: their chunks, their JSON, and that every scene gets one or a clear error.

use asset::glb;
use asset::scene::{
    Attribute, Instances, Level, MaterialKind, Primitive, Scene, Standard, Texels, Texture,
    TextureId,
};
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};

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

fn write(scene: &Scene) -> Vec<u8> {
    let mut file = Vec::new();
    glb::write(scene, &mut file).expect("a good scene within limits");
    file
}

fn losses(scene: &Scene) -> String {
    glb::write(scene, Vec::new()).expect("a good scene within limits").join("\n")
}

#[test]
fn a_textured_triangle() {
    let file = write(&scene_check::triangle());
    assert_eq!(file, write(&scene_check::triangle()));
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
    accessors: [{"bufferView":0,"componentType":5123,"count":3,"type":"SCALAR"},{"bufferView":1,"componentType":5126,"count":3,"max":[0.5,0.5,0.0],"min":[0.0,0.0,0.0],"type":"VEC3"},{"componentType":5126,"count":3,"type":"VEC2"}]
    asset: {"generator":"Crucible","version":"2.0"}
    images: [{"bufferView":2,"mimeType":"image/png"}]
    materials: [{"pbrMetallicRoughness":{"baseColorFactor":[1.0,1.0,1.0,1.0],"baseColorTexture":{"index":0},"metallicFactor":0.0,"roughnessFactor":1.0}}]
    meshes: [{"primitives":[{"attributes":{"POSITION":1,"TEXCOORD_0":2},"indices":0,"material":0,"mode":4}]}]
    nodes: [{"children":[1]},{"mesh":0}]
    samplers: [{"magFilter":9728,"minFilter":9728,"wrapS":33071,"wrapT":33071}]
    scene: 0
    scenes: [{"nodes":[0]}]
    textures: [{"sampler":0,"source":0}]
    "#);
}

fn with_instances(count: usize) -> Scene {
    let mut scene = scene_check::triangle();
    let mut matrix = [0.0; 16];
    (matrix[0], matrix[5], matrix[10], matrix[15]) = (-2.0, 1.0, 0.0, 1.0);
    matrix[12] = 0.25;
    let instances = Instances {
        matrices: vec![matrix; count],
        colors: Some(vec![[1.0, 0.5, 0.0]; count]),
        bounding_sphere: None,
    };
    scene.nodes[1].drawable.as_mut().expect("a triangle").primitive =
        Primitive::InstancedMesh(instances);
    scene
}

#[test]
fn few_instances_are_plain_nodes() {
    let (json, _) = parts(&write(&with_instances(2)));
    assert_snapshot!(json["nodes"], @r#"[{"children":[1]},{"children":[2,3]},{"mesh":0,"rotation":[0.0,1.0,0.0,0.0],"scale":[2.0,1.0,0.0],"translation":[0.25,0.0,0.0]},{"mesh":0,"rotation":[0.0,1.0,0.0,0.0],"scale":[2.0,1.0,0.0],"translation":[0.25,0.0,0.0]}]"#);
    assert_snapshot!(json["materials"], @r#"[{"pbrMetallicRoughness":{"baseColorFactor":[1.0,0.5,0.0,1.0],"baseColorTexture":{"index":0},"metallicFactor":0.0,"roughnessFactor":1.0}}]"#);
    assert_snapshot!(losses(&with_instances(2)), @"");
}

#[test]
fn many_instances_take_the_extension() {
    let scene = with_instances(glb::PLAIN_INSTANCES_MAX + 1);
    let (json, _) = parts(&write(&scene));
    assert_snapshot!(json["nodes"], @r#"[{"children":[1]},{"extensions":{"EXT_mesh_gpu_instancing":{"attributes":{"ROTATION":4,"SCALE":5,"TRANSLATION":3,"_COLOR_0":6}}},"mesh":0}]"#);
    assert_snapshot!(json["extensionsRequired"], @r#"["EXT_mesh_gpu_instancing"]"#);
    assert_snapshot!(losses(&scene), @"instance colours, except in viewers made with Three.js (node 1)");
}

#[test]
fn layers() {
    let mut scene = scene_check::triangle();
    let mut physical = asset::scene::Physical {
        clearcoat: 0.5,
        ior: 1.3,
        transmission: 1.0,
        thickness: 0.1,
        ..Default::default()
    };
    physical.standard.emissive = [2.0, 1.0, 0.0];
    scene.materials[0].kind = MaterialKind::Physical(Box::new(physical));
    let (json, _) = parts(&write(&scene));
    assert_snapshot!(json["extensionsUsed"], @r#"["KHR_materials_clearcoat","KHR_materials_emissive_strength","KHR_materials_ior","KHR_materials_transmission","KHR_materials_volume"]"#);
    assert_snapshot!(json["materials"][0]["extensions"], @r#"{"KHR_materials_clearcoat":{"clearcoatFactor":0.5,"clearcoatRoughnessFactor":0.0},"KHR_materials_emissive_strength":{"emissiveStrength":2.0},"KHR_materials_ior":{"ior":1.2999999523162842},"KHR_materials_transmission":{"transmissionFactor":1.0},"KHR_materials_volume":{"attenuationColor":[1.0,1.0,1.0],"thicknessFactor":0.10000000149011612}}"#);
}

/// With u along x and v along y, the picture's x is the tangent and its y points against v.
#[test]
fn tangents_are_made_for_normal_maps() {
    let mut scene = scene_check::triangle();
    let geometry = &mut scene.geometries[0];
    geometry.position = Some(Attribute::new(3, vec![0., 0., 0., 1., 0., 0., 0., 1., 0.]));
    geometry.uvs[0] = Some(Attribute::new(2, vec![0., 0., 1., 0., 0., 1.]));
    let standard = Standard {
        normal_map: Some(TextureId(0)),
        normal_scale: [0.5, 0.25],
        ..Standard::default()
    };
    scene.materials[0].kind = MaterialKind::Standard(Box::new(standard));
    let (json, binary) = parts(&write(&scene));
    let attributes = &json["meshes"][0]["primitives"][0]["attributes"];
    let read = |name: &str| {
        let accessor = &json["accessors"][attributes[name].as_u64().expect(name) as usize];
        let view = &json["bufferViews"][accessor["bufferView"].as_u64().expect("a view") as usize];
        let start = view["byteOffset"].as_u64().expect("an offset") as usize;
        let end = start + view["byteLength"].as_u64().expect("a length") as usize;
        let floats = binary[start..end].as_chunks::<4>().0;
        floats.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect::<Vec<_>>()
    };
    assert_eq!(read("NORMAL"), [0., 0., 1.].repeat(3), "flat, as the triangle has no normals");
    assert_eq!(read("TANGENT"), [1., 0., 0., -1.].repeat(3));
    assert_eq!(json["materials"][0]["normalTexture"]["scale"], json!(0.5));
    assert_snapshot!(losses(&scene), @"");

    scene.geometries[0].uvs[0] = None;
    assert_snapshot!(losses(&scene), @"normal map on a surface without texture coordinates (material 0)");
}

#[test]
fn a_sheared_matrix_takes_two_nodes() {
    let mut scene = scene_check::triangle();
    scene.nodes[1].matrix[4] = 0.5;
    scene.nodes[1].world[4] = 0.5;
    let (json, _) = parts(&write(&scene));
    let nodes = json["nodes"].as_array().expect("nodes");
    assert_eq!(
        (nodes.len(), &nodes[1]["children"], &nodes[2]["mesh"]),
        (3, &json!([2]), &json!(0))
    );
    assert_snapshot!(losses(&scene), @"");
}

#[test]
fn a_world_matrix_written_by_hand_makes_a_root() {
    let mut scene = scene_check::triangle();
    scene.nodes[1].world[12] = 0.5;
    let (json, _) = parts(&write(&scene));
    assert_snapshot!(json["scenes"], @r#"[{"nodes":[0,1]}]"#);
    assert_snapshot!(json["nodes"], @r#"[{},{"mesh":0,"translation":[0.5,0.0,0.0]}]"#);
}

#[test]
fn what_is_nowhere_is_not_drawn() {
    let mut scene = scene_check::triangle();
    scene.nodes[1].matrix[4] = f64::NAN;
    scene.nodes[1].world[4] = f64::NAN;
    let (json, _) = parts(&write(&scene));
    assert_snapshot!(json["nodes"], @r#"[{"children":[1]},{}]"#);
    assert_snapshot!(losses(&scene), @"not drawn: a matrix that is projective or not finite (node 1)");
}

/// 8192 × 1 and 1 × 8192 texels become one picture of 8192 × 8192.
#[test]
fn pictures_are_bounded() {
    let mut scene = scene_check::triangle();
    let mut texture = |width: u32, height: u32| {
        let texels = Texels::U8(vec![255; 4 * width as usize * height as usize]);
        let level = Level { width, height, texels };
        scene.textures.push(Texture { levels: vec![level], ..Texture::default() });
        Some(TextureId(scene.textures.len() as u32 - 1))
    };
    let (roughness_map, metalness_map) = (texture(8192, 1), texture(1, 8192));
    let standard = Standard { roughness_map, metalness_map, ..Standard::default() };
    scene.materials[0].kind = MaterialKind::Standard(Box::new(standard));
    let error = glb::write(&scene, Vec::new()).expect_err("too many pixels");
    assert_snapshot!(error, @"glb: at least 67108865 pixels of textures, our limit is 33554432");
}

#[test]
fn nothing_that_is_hidden() {
    let mut scene = scene_check::triangle();
    scene.nodes[0].visible = false;
    let (json, binary) = parts(&write(&scene));
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
    fn random_scenes_get_a_file(seed: u64, size in 0..12_usize) {
        check_file(&write(&scenes::plausible(seed, size)));
        check_file(&write(&scenes::random(seed, size)));
    }
}

/// Asks the validator of Khronos. `make test` installs it and sets the variable; without it this test checks nothing.
#[test]
fn the_khronos_validator_finds_nothing() {
    #[expect(clippy::disallowed_methods, reason = "where the validator is depends on the machine")]
    let Ok(prefix) = std::env::var("CRUCIBLE_GLTF_VALIDATOR") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for seed in 0..1000_u64 {
        let scene = match seed % 8 {
            0 => scenes::random(seed, 8),
            _ => scenes::plausible(seed, 8),
        };
        let path = |name| folder.path().join(format!("{seed:04}{name}.glb"));
        let file = write(&scene);
        fs_err::write(path(""), &file).expect("written");
        if seed.is_multiple_of(5) {
            let again = write(&crate::gltf_round_trip::read(&file));
            fs_err::write(path("_again"), again).expect("written");
        }
    }
    let script = "tests/gltf/check.mjs";
    let output = std::process::Command::new("node")
        .args([script.as_ref(), folder.path().as_os_str(), prefix.as_ref()])
        .output()
        .expect("node");
    let found = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&found));
}
