//! Splats in glTF: their bytes, their nodes, what other programs say, and wrong files.

use asset::glb::Document;
use asset::{Similarity, Splats, SplatsParts, gltf_splats, ply, spz};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::make;
use crate::peers::Peers;

fn written(splats: &Splats) -> Vec<u8> {
    let mut file = Vec::new();
    gltf_splats::write(splats, &mut file).expect("splats that can be stored");
    file
}

fn read(file: &[u8]) -> Result<(Splats, Vec<String>), String> {
    let nothing = |_: &str| Err("there is no such file".to_owned());
    let document = Document::parse(file, &mut { nothing }).map_err(|error| error.to_string())?;
    gltf_splats::read(&document).map_err(|error| error.to_string())
}

/// The JSON and the binary chunk.
fn parts(file: &[u8]) -> (Value, Vec<u8>) {
    let length = u32::from_le_bytes(file[12..16].try_into().expect("four bytes")) as usize;
    let json = serde_json::from_slice(&file[20..20 + length]).expect("JSON");
    (json, file[28 + length..].to_vec())
}

fn glb(json: &Value, binary: &[u8]) -> Vec<u8> {
    let mut json = json.to_string().into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut file = b"glTF\x02\0\0\0".to_vec();
    file.extend((28 + json.len() as u32 + binary.len() as u32).to_le_bytes());
    file.extend((json.len() as u32).to_le_bytes());
    file.extend([b"JSON", &json[..]].concat());
    file.extend((binary.len() as u32).to_le_bytes());
    file.extend([b"BIN\0", binary].concat());
    file
}

fn with(change: impl Fn(&mut Value)) -> Vec<u8> {
    let (mut json, binary) = parts(&written(&make::splats(3, 1)));
    change(&mut json);
    glb(&json, &binary)
}

fn largest_difference(a: &Splats, b: &Splats) -> f32 {
    assert_eq!((a.len(), a.sh_degree()), (b.len(), b.sh_degree()));
    let values = |splats: &Splats| -> Vec<f32> {
        splats
            .iter()
            .flat_map(|splat| {
                let active = splat.activate();
                let turn = if active.rotation[0] < 0.0 { -1.0 } else { 1.0 };
                [
                    &splat.position[..],
                    &splat.log_scale,
                    &active.rotation.map(|component| turn * component),
                    &[active.opacity],
                    &splat.sh_dc,
                    splat.sh_rest,
                ]
                .concat()
            })
            .collect()
    };
    values(a).iter().zip(values(b)).fold(0.0, |largest, (a, b)| largest.max((a - b).abs()))
}

#[test]
fn what_is_lost() {
    for degree in 0..=3 {
        let splats = make::splats(50, degree);
        let (back, losses) = read(&written(&splats)).expect("our own file");
        assert_eq!(losses, Vec::<String>::new());
        let error = largest_difference(&splats, &back);
        assert!(error < 2e-6, "largest difference {error}");
        assert!(back.parts().positions == splats.parts().positions);
        assert!(
            back.parts().sh_dc == splats.parts().sh_dc
                && back.parts().sh_rest == splats.parts().sh_rest
        );
    }
}

#[test]
fn the_json() {
    let (json, binary) = parts(&written(&make::splats(2, 1)));
    assert_eq!(binary.len(), 2 * (12 + 4 + 16 + 12 + 4 + 12 + 36));
    assert_snapshot!(json["meshes"][0]["primitives"][0], @r#"{"attributes":{"COLOR_0":1,"KHR_gaussian_splatting:OPACITY":4,"KHR_gaussian_splatting:ROTATION":2,"KHR_gaussian_splatting:SCALE":3,"KHR_gaussian_splatting:SH_DEGREE_0_COEF_0":5,"KHR_gaussian_splatting:SH_DEGREE_1_COEF_0":6,"KHR_gaussian_splatting:SH_DEGREE_1_COEF_1":7,"KHR_gaussian_splatting:SH_DEGREE_1_COEF_2":8,"POSITION":0},"extensions":{"KHR_gaussian_splatting":{"colorSpace":"srgb_rec709_display","kernel":"ellipse","projection":"perspective","sortingMethod":"cameraDistance"}},"mode":0}"#);
    assert_snapshot!(json["accessors"][1], @r#"{"bufferView":1,"componentType":5121,"count":2,"normalized":true,"type":"VEC4"}"#);
    assert_snapshot!(json["accessors"][4], @r#"{"bufferView":4,"componentType":5126,"count":2,"type":"SCALAR"}"#);
}

#[test]
fn nodes_place_their_splats() {
    let splats = make::splats(3, 1);
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let file = with(|json| {
        json["nodes"] = json!([
            { "children": [2, 1], "translation": [0, 0, 10] },
            { "mesh": 0 },
            { "mesh": 0, "scale": [2, 2, 2], "rotation": [0, half, 0, half] },
            { "mesh": 0 },
        ]);
    });
    let (found, _) = read(&file).expect("a good file");
    let moved = splats
        .clone()
        .transform(&Similarity::new([1.0, 0.0, 0.0, 0.0], 1.0, [0.0, 0.0, 10.0]).expect("a map"));
    let turned = splats
        .transform(&Similarity::new([half, 0.0, half, 0.0], 2.0, [0.0, 0.0, 10.0]).expect("a map"));
    assert_eq!(found.len(), 6);
    let take = |range: std::ops::Range<usize>| {
        let parts = found.parts();
        Splats::new(SplatsParts {
            positions: parts.positions[range.clone()].to_vec(),
            log_scales: parts.log_scales[range.clone()].to_vec(),
            rotations: parts.rotations[range.clone()].to_vec(),
            raw_opacities: parts.raw_opacities[range.clone()].to_vec(),
            sh_dc: parts.sh_dc[range.clone()].to_vec(),
            sh_degree: parts.sh_degree,
            sh_rest: parts.sh_rest[9 * range.start..9 * range.end].to_vec(),
        })
        .expect("attributes of one length")
    };
    let errors =
        [largest_difference(&take(0..3), &turned), largest_difference(&take(3..6), &moved)];
    assert!(errors.iter().all(|error| *error < 3e-6), "{errors:?}");
    // A mirror is followed too, uneven scales are not.
    let with_node = |node: Value| read(&with(|json| json["nodes"][0] = node.clone()));
    let (mirrored, _) = with_node(json!({ "mesh": 0, "scale": [-1, 1, 1] })).expect("a good file");
    let before = make::splats(3, 1);
    let [x, y, z] = before.get(1).position;
    let found = mirrored.get(1).position;
    assert!(found.iter().zip([-x, y, z]).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
    assert_snapshot!(with_node(json!({ "mesh": 0, "scale": [1, 2, 1] })).expect_err("uneven"), @"gltf, nodes[0]: scales its splats by different factors, or to nothing, which splats cannot follow: apply the transform before export");
    assert_snapshot!(with_node(json!({ "mesh": 0, "scale": [0, 0, 0] })).expect_err("nothing"), @"gltf, nodes[0]: scales its splats by different factors, or to nothing, which splats cannot follow: apply the transform before export");
}

#[test]
fn compressed_splats() {
    let splats = make::splats(9, 2);
    let mut inside = Vec::new();
    spz::write(&splats, spz::Version::V4, &mut inside).expect("memory");
    let json = json!({
        "asset": { "version": "2.0" },
        "extensionsUsed": ["KHR_gaussian_splatting", "KHR_gaussian_splatting_compression_spz_2"],
        "extensionsRequired": ["KHR_gaussian_splatting", "KHR_gaussian_splatting_compression_spz_2"],
        "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0 }],
        "meshes": [{ "primitives": [{ "mode": 0, "attributes": {}, "extensions": { "KHR_gaussian_splatting": {
            "extensions": { "KHR_gaussian_splatting_compression_spz_2": { "bufferView": 0 } },
        } } }] }],
        "bufferViews": [{ "buffer": 0, "byteLength": inside.len() }],
        "buffers": [{ "byteLength": inside.len() }],
    });
    let (found, _) = read(&glb(&json, &inside)).expect("a good file");
    assert!(found == spz::read(&inside[..], None).expect("our own file"));
    inside[8] = 255;
    assert_snapshot!(read(&glb(&json, &inside)).expect_err("a lie"), @"gltf, meshes[0].primitives[0]: spz header, byte 40: size of the positions is 81, 2295 is right for this file");
}

#[test]
fn wrong_files() {
    let error = |change: fn(&mut Value)| read(&with(change)).expect_err("a wrong file");
    assert_snapshot!(error(|json| json["nodes"] = json!([{}])), @"gltf: no node of the scene has a primitive with KHR_gaussian_splatting");
    assert_snapshot!(error(|json| json["nodes"][0]["mesh"] = json!(1)), @"gltf, meshes[1]: there is no such mesh");
    assert_snapshot!(error(|json| json["nodes"][0]["children"] = json!([0])), @"gltf, nodes[0]: has two parents, or is below itself");
    assert_snapshot!(error(|json| json["nodes"][0]["children"] = json!([7])), @"gltf, nodes[7]: there are 1 nodes");
    assert_snapshot!(error(|json| json["nodes"][0]["matrix"] = json!([1])), @"gltf, nodes[0]: its transform is not numbers");
    assert_snapshot!(error(|json| json["nodes"][0]["rotation"] = json!([0, 0, 0, 0])), @"gltf, nodes[0]: its transform is not numbers");
    assert_snapshot!(error(|json| json["scene"] = json!(3)), @"gltf, scene: there are 1 scenes");
    assert_snapshot!(error(|json| json["accessors"][0]["count"] = json!(1 << 24 | 1)), @"gltf, accessors[0]: 16777217 elements of 12 bytes, 12 apart, from byte 0, go beyond the 36 bytes of bufferViews[0]");
    assert_snapshot!(error(|json| json["accessors"][3]["count"] = json!(2)), @"gltf, meshes[0].primitives[0].attributes.KHR_gaussian_splatting:SCALE: 2 times 3 values, 3 times 3 are needed");
    assert_snapshot!(error(|json| json["accessors"][3]["type"] = json!("VEC2")), @"gltf, meshes[0].primitives[0].attributes.KHR_gaussian_splatting:SCALE: 3 times 2 values, 3 times 3 are needed");
    assert_snapshot!(error(|json| { json["accessors"][3].as_object_mut().expect("an object").remove("bufferView"); }), @"gltf, meshes[0].primitives[0].attributes.KHR_gaussian_splatting:SCALE: the accessor has no bytes");
    let attributes = |json: &mut Value, name: &str| {
        let attributes = &mut json["meshes"][0]["primitives"][0]["attributes"];
        attributes.as_object_mut().expect("an object").remove(name);
    };
    for name in
        ["POSITION", "KHR_gaussian_splatting:SCALE", "KHR_gaussian_splatting:SH_DEGREE_1_COEF_1"]
    {
        let text = read(&with(|json| attributes(json, name))).expect_err("an attribute is missing");
        assert!(text.ends_with(&format!("attribute {name} is missing")), "{text}");
    }
    let (_, losses) = read(&with(|json| {
        let mut triangles = json["meshes"][0]["primitives"][0].clone();
        triangles["extensions"] = json!({});
        json["meshes"][0]["primitives"].as_array_mut().expect("a list").push(triangles);
        json["meshes"][0]["primitives"][0]["extensions"]["KHR_gaussian_splatting"]["kernel"] =
            json!("cube");
    }))
    .expect("splats and more");
    assert_eq!(losses, ["kernel cube: taken for ellipses", "meshes beside the splats"]);
}

/// Nodes that share a mesh do not make a small file large.
#[test]
fn bombs() {
    let splats = make::splats(70_000, 0);
    let (mut json, binary) = parts(&written(&splats));
    json["nodes"] = json!(vec![json!({ "mesh": 0 }); 40]);
    json["scenes"][0]["nodes"] = json!((0..40).collect::<Vec<_>>());
    assert_snapshot!(read(&glb(&json, &binary)).expect_err("a bomb"), @"gltf: 2170000 splats or more, our limit is 2168576");
}

#[test]
fn what_is_not_written() {
    let refused = |splats: &Splats| {
        let mut file = Vec::new();
        let error = gltf_splats::write(splats, &mut file).expect_err("no place");
        assert!(file.is_empty());
        error.to_string()
    };
    assert_snapshot!(refused(&Splats::default()), @"gltf: there is no splat to write");
    assert_snapshot!(refused(&make::splats(1, 4)), @"gltf: SH degree 4, the extension holds at most 3");
    let mut parts = make::splats(4, 0).into_parts();
    parts.log_scales[2][1] = 89.0;
    assert_snapshot!(refused(&Splats::new(parts).expect("attributes of one length")), @"gltf: log_scale of splat 2 is 89, its scale is infinite");
}

/// But one thing: 2.0.0-dev.3.10 does not know the extension, and takes the names of its attributes for wrong ones.
#[test]
fn the_validator_of_khronos_has_nothing_to_say() {
    #[expect(clippy::disallowed_methods, reason = "where the validator is depends on the machine")]
    let Ok(prefix) = std::env::var("CRUCIBLE_GLTF_VALIDATOR") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for degree in 0..=3 {
        let path = folder.path().join(format!("splats{degree}.glb"));
        fs_err::write(path, written(&make::splats(7, degree))).expect("written");
    }
    let output = std::process::Command::new("node")
        .arg("tests/gltf/check.mjs")
        .args([folder.path(), prefix.as_ref(), "KHR_gaussian_splatting".as_ref()])
        .output()
        .expect("node");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// splat-transform takes PLY files for upside down, and turns them by half a turn about Z for glTF.
#[test]
fn splat_transform_writes_the_same() {
    let Some(peers) = Peers::find() else { return };
    let splats = make::splats(200, 3);
    let mut file = Vec::new();
    ply::write(&splats, &mut file).expect("memory");
    let theirs = peers.convert(&file, "ours.ply", "theirs.glb", &[]);
    let half_turn = Similarity::new([0.0, 0.0, 0.0, 1.0], 1.0, [0.0; 3]).expect("a map");
    let turned = splats.transform(&half_turn);
    let (found, losses) = read(&theirs).expect("their file");
    assert_eq!(losses, Vec::<String>::new());
    let error = largest_difference(&turned, &found);
    assert!(error < 1e-4, "largest difference {error}");
    // And the same numbers are under the same names in both files.
    let (ours, theirs) = (parts(&written(&turned)).0, parts(&theirs).0);
    let names = |json: &Value| {
        let attributes = json["meshes"][0]["primitives"][0]["attributes"]
            .as_object()
            .expect("an object")
            .clone();
        let mut names: Vec<_> = attributes
            .iter()
            .map(|(name, idx)| {
                let accessor = &json["accessors"][idx.as_u64().expect("an index") as usize];
                format!("{name} {} {}", accessor["type"], accessor["componentType"])
            })
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&ours), names(&theirs));
}
