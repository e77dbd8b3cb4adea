//! glTF files as scenes: conversions, materials, what is lost, what is refused.

use asset::Scene;
use asset::glb::{self, Document, ReadError};
use asset::scene::{ColorSpace, MaterialKind, Materials, Primitive, Side, Wrap};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::gltf_document::container;

fn nothing(_: &str) -> Result<Vec<u8>, String> {
    Err("there is none".to_owned())
}

/// A file of one mesh of `primitives`; accessor 0 is five places, 1 is a list of indices, 2 is five colours.
fn file(primitives: Value) -> (Value, Vec<u8>) {
    let places = [[0., 0., 0.], [1., 0., 0.], [0., 1., 0.], [1., 1., 0.], [0., 2., 0.]];
    let mut bytes: Vec<u8> =
        places.as_flattened().iter().flat_map(|value: &f32| value.to_le_bytes()).collect();
    bytes.extend([0, 1, 2, 3, 4, 0, 0, 0]);
    let json = json!({
        "asset": { "version": "2.0" },
        "buffers": [{ "byteLength": bytes.len() }],
        "bufferViews": [{ "buffer": 0, "byteLength": 60 }, { "buffer": 0, "byteOffset": 60, "byteLength": 5 }],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "count": 5, "type": "VEC3" },
            { "bufferView": 1, "componentType": 5121, "count": 5, "type": "SCALAR" },
            { "componentType": 5126, "count": 5, "type": "VEC3" },
        ],
        "meshes": [{ "primitives": primitives }],
        "nodes": [{ "mesh": 0 }],
        "scenes": [{ "nodes": [0] }],
    });
    (json, bytes)
}

fn read((json, bytes): &(Value, Vec<u8>)) -> Result<(Scene, Vec<String>), ReadError> {
    glb::read(&container(json, bytes), &mut nothing)
}

fn problem(file: &(Value, Vec<u8>)) -> String {
    read(file)
        .map_or_else(|error| error.to_string(), |(_, losses)| format!("read, lost: {losses:?}"))
}

#[test]
fn strips_fans_and_loops() {
    let ask = |mode: u32, has_indices: bool| {
        let mut primitive = json!({ "attributes": { "POSITION": 0 }, "mode": mode });
        if has_indices {
            primitive["indices"] = json!(1);
        }
        let (scene, _) = read(&file(json!([primitive]))).expect("a good file");
        let kind =
            scene.nodes[0].drawable.as_ref().map(|drawable| format!("{:?}", drawable.primitive));
        format!("{} {:?}", kind.expect("a drawable"), scene.geometries[0].index)
    };
    assert_snapshot!(ask(0, false), @"Points None");
    assert_snapshot!(ask(1, true), @"LineSegments Some([0, 1, 2, 3, 4])");
    assert_snapshot!(ask(2, false), @"Line Some([0, 1, 2, 3, 4, 0])");
    assert_snapshot!(ask(3, false), @"Line None");
    assert_snapshot!(ask(4, false), @"Mesh None");
    assert_snapshot!(ask(5, true), @"Mesh Some([0, 1, 2, 1, 3, 2, 2, 3, 4])");
    assert_snapshot!(ask(6, false), @"Mesh Some([1, 2, 0, 2, 3, 0, 3, 4, 0])");
}

#[test]
fn primitives_that_share_vertices_are_groups() {
    let part = |material: u32| json!({ "attributes": { "POSITION": 0 }, "indices": 1, "mode": 5, "material": material });
    let mut file =
        file(json!([part(0), part(1), { "attributes": { "POSITION": 0, "COLOR_0": 2 } }]));
    file.0["materials"] = json!([{ "name": "one" }, { "name": "two", "alphaMode": "BLEND" }]);
    let (scene, losses) = read(&file).expect("a good file");
    assert_eq!((scene.nodes.len(), scene.geometries.len(), losses.len()), (3, 2, 0));
    let drawable = scene.nodes[1].drawable.as_ref().expect("a drawable");
    assert!(
        matches!(&drawable.materials, Materials::Array(list) if list.len() == 2),
        "{drawable:?}"
    );
    let parts: Vec<_> =
        drawable.parts(&scene.geometries[0]).into_iter().map(|part| part.range).collect();
    assert_eq!(parts, [0..9, 9..18]);
    assert!(scene.materials[1].transparent && !scene.materials[1].depth_write);
    // The default material, with colours and flat.
    let last = &scene.materials[2];
    assert!(last.vertex_colors && last.flat_shading, "{last:?}");
    assert_eq!(
        last.standard().map(|standard| (standard.metalness, standard.roughness)),
        Some((1.0, 1.0))
    );
}

#[test]
fn layers_of_materials() {
    let mut file = file(json!([{ "attributes": { "POSITION": 0 }, "material": 0 }]));
    file.0["materials"] = json!([{
        "doubleSided": true, "alphaMode": "MASK", "emissiveFactor": [0.5, 0.25, 0.0],
        "pbrMetallicRoughness": { "baseColorFactor": [0.1, 0.2, 0.3, 0.4], "metallicFactor": 0.25 },
        "extensions": {
            "KHR_materials_clearcoat": { "clearcoatFactor": 0.5 },
            "KHR_materials_sheen": { "sheenColorFactor": [0.1, 0.2, 0.3] },
            "KHR_materials_transmission": { "transmissionFactor": 0.75 },
            "KHR_materials_volume": { "thicknessFactor": 0.5, "attenuationDistance": 2 },
            "KHR_materials_ior": { "ior": 1.25 },
            "KHR_materials_specular": { "specularFactor": 0.125, "specularColorFactor": [1, 2, 3] },
            "KHR_materials_iridescence": { "iridescenceFactor": 1 },
            "KHR_materials_anisotropy": { "anisotropyStrength": 0.5, "anisotropyRotation": 1.5 },
            "KHR_materials_dispersion": { "dispersion": 0.25 },
            "KHR_materials_emissive_strength": { "emissiveStrength": 4 },
        },
    }]);
    let (scene, _) = read(&file).expect("a good file");
    let material = &scene.materials[0];
    assert_eq!(
        (material.color, material.opacity, material.alpha_test),
        ([0.1, 0.2, 0.3], 0.4, 0.5)
    );
    assert_eq!((material.side, material.transparent), (Side::Double, false));
    let MaterialKind::Physical(p) = &material.kind else { panic!("{material:?}") };
    assert_eq!((p.standard.emissive, p.standard.emissive_intensity), ([0.5, 0.25, 0.0], 4.0));
    assert_eq!((p.clearcoat, p.sheen, p.sheen_roughness), (0.5, 1.0, 0.0));
    assert_eq!(
        (p.transmission, p.thickness, p.attenuation_distance, p.ior),
        (0.75, 0.5, 2.0, 1.25)
    );
    assert_eq!((p.specular_intensity, p.specular_color), (0.125, [1.0, 2.0, 3.0]));
    assert_eq!(
        (p.iridescence, p.iridescence_ior, p.iridescence_thickness_nm),
        (1.0, 1.3, [100.0, 400.0])
    );
    assert_eq!((p.anisotropy, p.anisotropy_rotation, p.dispersion), (0.5, 1.5, 0.25));
    file.0["materials"][0]["extensions"]["KHR_materials_unlit"] = json!({});
    let (scene, _) = read(&file).expect("a good file");
    assert!(matches!(scene.materials[0].kind, MaterialKind::Basic(_)));
}

/// Meshes of one name that draw the same vertices are one geometry, so that writing does not multiply them.
#[test]
fn meshes_that_differ_in_their_materials_only() {
    let part = |material: u32| json!({ "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1, "mode": 5, "material": material }] });
    let mut file = file(json!([]));
    file.0["meshes"] = json!([part(0), part(1), part(0)]);
    file.0["meshes"][2]["name"] = json!("another");
    file.0["materials"] = json!([{ "name": "one" }, { "name": "two" }]);
    file.0["nodes"] = json!([{ "mesh": 0, "children": [1, 2] }, { "mesh": 1 }, { "mesh": 2 }]);
    let (scene, _) = read(&file).expect("a good file");
    assert_eq!((scene.nodes.len(), scene.geometries.len(), scene.materials.len()), (3, 2, 2));
}

/// A picture of one pixel, in each of the formats.
fn picture(format: image::ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(1, 1, image::Rgb([200, 100, 50]))
        .write_to(&mut bytes, format)
        .expect("a picture");
    bytes.into_inner()
}

fn add_view((json, bytes): &mut (Value, Vec<u8>), more: &[u8]) {
    let view = json!({ "buffer": 0, "byteOffset": bytes.len(), "byteLength": more.len() });
    json["bufferViews"].as_array_mut().expect("views").push(view);
    bytes.extend(more);
    json["buffers"][0]["byteLength"] = json!(bytes.len());
}

#[test]
fn textures() {
    use image::ImageFormat::{Jpeg, Png, WebP};
    let mut file = file(json!([{ "attributes": { "POSITION": 0, "NORMAL": 0 }, "material": 0 }]));
    file.0["images"] = json!([{ "bufferView": 2 }, { "bufferView": 3 }, { "bufferView": 4 }]);
    for format in [Png, Jpeg, WebP] {
        add_view(&mut file, &picture(format));
    }
    file.0["images"][0]["name"] = json!("wood");
    file.0["samplers"] = json!([{ "wrapS": 33071, "minFilter": 9728 }]);
    file.0["textures"] = json!([
        { "source": 0, "sampler": 0 }, { "source": 1 },
        { "source": 0, "extensions": { "EXT_texture_webp": { "source": 2 } } },
        { "extensions": { "KHR_texture_basisu": { "source": 0 } } },
    ]);
    file.0["materials"] = json!([{
        "pbrMetallicRoughness": { "baseColorTexture": { "index": 0, "texCoord": 1, "extensions": {
            "KHR_texture_transform": { "offset": [0.5, 0.25], "scale": [2, 4], "rotation": std::f64::consts::FRAC_PI_2, "texCoord": 2 } } },
            "metallicRoughnessTexture": { "index": 1 } },
        "normalTexture": { "index": 2, "scale": 0.5 },
        "occlusionTexture": { "index": 0, "strength": 0.75 },
        "emissiveTexture": { "index": 3 },
    }]);
    let (scene, losses) = read(&file).expect("a good file");
    assert_snapshot!(losses.join("\n"), @"textures in a format that is not read (PNG, JPEG and WebP are): 1");
    let material = &scene.materials[0];
    let standard = material.standard().expect("lit");
    let get = |id: Option<asset::scene::TextureId>| {
        scene.texture(id.expect("a texture")).expect("it is there")
    };
    let base = get(material.map);
    assert_eq!((base.name.as_str(), base.color_space, base.channel), ("wood", ColorSpace::Srgb, 2));
    assert_eq!(
        (base.wrap_s, base.wrap_t, base.generate_mipmaps),
        (Wrap::ClampToEdge, Wrap::Repeat, false)
    );
    let expected = [0.0, -2.0, 0.0, 4.0, 0.0, 0.0, 0.5, 0.25, 1.0];
    let error = base
        .uv_matrix
        .iter()
        .zip(expected)
        .map(|(found, wanted)| (found - wanted).abs())
        .fold(0.0, f64::max);
    assert!(error < 1e-12, "off by {error}: {:?}", base.uv_matrix);
    assert_eq!(standard.roughness_map, standard.metalness_map);
    // Without tangents in the file, the y of normal maps is turned round.
    assert_eq!(standard.normal_scale, [0.5, -0.5]);
    assert_eq!(
        (get(standard.ao_map).color_space, standard.ao_map_intensity),
        (ColorSpace::Linear, 0.75)
    );
    assert_eq!(standard.emissive_map, None);
    assert!(get(standard.normal_map).generate_mipmaps);
    for id in [material.map, standard.normal_map] {
        let asset::scene::Texels::U8(texels) = &get(id).levels[0].texels else { panic!("bytes") };
        assert_eq!(texels, &[200, 100, 50, 255]);
    }
}

#[test]
fn pictures_that_are_none() {
    let mut file = file(json!([{ "attributes": { "POSITION": 0 }, "material": 0 }]));
    file.0["materials"] = json!([{ "emissiveTexture": { "index": 0 } }]);
    file.0["textures"] = json!([{ "source": 0 }]);
    file.0["images"] = json!([{ "uri": "data:;base64,AAAA" }]);
    assert_snapshot!(problem(&file), @"gltf, images[0]: is not a PNG, JPEG or WebP picture");
    file.0["images"] = json!([{ "uri": "missing.png" }]);
    assert_snapshot!(problem(&file), @r#"gltf, images[0]: "missing.png": there is none"#);
    // One that nobody uses is not asked for.
    file.0["materials"] = json!([{}]);
    assert_snapshot!(problem(&file), @"read, lost: []");
}

/// The size is in the first bytes of a PNG; nothing more of it is read.
#[test]
fn pictures_that_are_too_large() {
    let ask = |width: u32, height: u32| {
        let mut png = picture(image::ImageFormat::Png);
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(&png[12..29]);
        png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        let mut file = file(json!([{ "attributes": { "POSITION": 0 }, "material": 0 }]));
        add_view(&mut file, &png);
        file.0["materials"] = json!([{ "emissiveTexture": { "index": 0 } }]);
        file.0["textures"] = json!([{ "source": 0 }]);
        file.0["images"] = json!([{ "bufferView": 2 }]);
        problem(&file)
    };
    assert_snapshot!(ask(100_000, 1), @"gltf, images[0]: 100000 × 1 pixels, sides may be 1 to 16384");
    assert_snapshot!(ask(16_384, 16_384), @"gltf, images[0]: 16384 × 16384 pixels, our limit is 67108864 altogether");
    assert_snapshot!(ask(2, 2), @"gltf, images[0]: broken picture: Format error decoding Png: IDAT or fDAT chunk does not have enough data for image.");
}

#[test]
fn instances() {
    let mut file = file(json!([{ "attributes": { "POSITION": 0 } }]));
    file.0["nodes"][0]["extensions"] =
        json!({ "EXT_mesh_gpu_instancing": { "attributes": { "TRANSLATION": 0, "_COLOR_0": 2 } } });
    let (scene, losses) = read(&file).expect("a good file");
    assert!(losses.is_empty(), "{losses:?}");
    let Some(Primitive::InstancedMesh(found)) =
        scene.nodes[0].drawable.as_ref().map(|drawable| &drawable.primitive)
    else {
        panic!("{:?}", scene.nodes[0])
    };
    assert_eq!((found.matrices.len(), &found.matrices[4][12..]), (5, &[0., 2., 0., 1.][..]));
    assert_eq!(found.colors.as_deref(), Some(&[[0.0; 3]; 5][..]));
    // Lines have no instances in a scene: a node for each.
    file.0["meshes"][0]["primitives"][0]["mode"] = json!(3);
    assert_eq!(read(&file).expect("a good file").0.nodes.len(), 6);
    file.0["accessors"][2]["count"] = json!(4);
    assert_snapshot!(problem(&file), @"gltf, nodes[0].extensions.EXT_mesh_gpu_instancing.attributes: _COLOR_0 has 4 elements, others 5");
    // Instances that take no bytes are counted, too.
    file.0["accessors"][2]["count"] = json!(1 << 24);
    file.0["nodes"][0]["extensions"]["EXT_mesh_gpu_instancing"]["attributes"] =
        json!({ "SCALE": 2 });
    assert_snapshot!(problem(&file), @"gltf, nodes[0].extensions.EXT_mesh_gpu_instancing.attributes: 16777216 instances, our limit is 4194304");
    // As often as the mesh has parts.
    file.0["accessors"][2]["count"] = json!(1 << 21);
    let part = json!({ "attributes": { "POSITION": 0 } });
    file.0["meshes"][0]["primitives"] = json!([part, part, part]);
    assert_snapshot!(problem(&file), @"gltf, nodes[0].extensions.EXT_mesh_gpu_instancing: 6291456 instances, with those before, our limit is 4194304");
}

#[test]
fn what_is_lost_is_told() {
    let mut file = file(json!([{ "attributes": { "POSITION": 0 }, "targets": [{}] }]));
    file.0["animations"] = json!([{}, {}]);
    file.0["skins"] = json!([{}]);
    file.0["cameras"] = json!([{}]);
    file.0["scenes"] = json!([{ "nodes": [0] }, {}]);
    file.0["extensionsUsed"] =
        json!(["KHR_materials_variants", "KHR_lights_punctual", "ACME_scent", "KHR_materials_ior"]);
    file.0["extensions"] = json!({ "KHR_lights_punctual": { "lights": [{}] }, "KHR_materials_variants": { "variants": [{}, {}] } });
    let (_, losses) = read(&file).expect("a good file");
    assert_snapshot!(losses.join("\n"), @r#"
animations: 2
cameras: 1
extension ACME_scent: 1
lights: 1
morph targets: 1
scenes that are not the first to be shown: 1
skins (meshes stay as they are stored): 1
variants of materials: 2
"#);
}

#[test]
fn hierarchies() {
    let mut file = file(json!([{ "attributes": { "POSITION": 0 } }]));
    file.0["nodes"] = json!([
        { "name": "arm", "children": [1], "translation": [1, 0, 0], "rotation": [0, 0, 1, 1] },
        { "mesh": 0, "scale": [2, 2, 2], "translation": [1, 0, 0] },
        { "name": "other" },
    ]);
    let (scene, _) = read(&file).expect("a good file");
    assert_eq!((scene.nodes.len(), scene.nodes[0].name.as_str()), (2, "arm"));
    // A quarter turn around z, from a quaternion that is too long.
    let place: Vec<_> = scene.nodes[1].world[12..].iter().map(|value| value.round()).collect();
    assert_eq!(place, [1.0, 1.0, 0.0, 1.0]);
    // More than one root gets one above.
    file.0["scenes"] = json!([{ "nodes": [0, 2] }]);
    assert_eq!(read(&file).expect("a good file").0.nodes.len(), 4);
    file.0.as_object_mut().expect("an object").remove("scenes");
    assert_eq!(read(&file).expect("a good file").0.nodes.len(), 4);
    for (nodes, scene) in [
        (json!([{ "children": [0] }]), json!([0])),
        (json!([{ "children": [1] }, { "children": [0] }]), json!([0])),
        (json!([{ "children": [1, 1] }, {}]), json!([0])),
        (json!([{ "children": [1] }, {}]), json!([0, 1])),
    ] {
        file.0["nodes"] = nodes;
        file.0["scenes"] = json!([{ "nodes": scene }]);
        let problem = problem(&file);
        assert!(problem.ends_with("is below two nodes, or below itself"), "{problem}");
    }
    file.0["nodes"] = json!([{ "children": [9] }]);
    file.0["scenes"] = json!([{ "nodes": [0] }]);
    assert_snapshot!(problem(&file), @"gltf, root: node 9 of 1");
    file.0["nodes"] = json!([{ "mesh": 7 }]);
    assert_snapshot!(problem(&file), @"gltf, nodes[0]: mesh 7 of 1");
}

/// As deep as there are nodes; and one more than that is refused.
#[test]
fn deep_hierarchies() {
    let chain = |count: usize| {
        let node =
            |at: usize| if at + 1 < count { json!({ "children": [at + 1] }) } else { json!({}) };
        let nodes: Vec<_> = (0..count).map(node).collect();
        let json =
            json!({ "asset": { "version": "2.0" }, "nodes": nodes, "scenes": [{ "nodes": [0] }] });
        glb::read(json.to_string().as_bytes(), &mut nothing).map(|(scene, _)| scene.nodes.len())
    };
    assert_eq!(chain(100_000).expect("deep"), 100_000);
    assert_snapshot!(chain((1 << 18) + 1).expect_err("too many"), @"gltf, nodes: 262145 nodes, our limit is 262144");
}

/// Little text that asks for much memory.
#[test]
fn amplification() {
    let mut file = file(json!([{ "attributes": { "POSITION": 0 } }]));
    file.0["accessors"][0] = json!({ "componentType": 5126, "count": 1 << 25, "type": "VEC3" });
    let part = file.0["meshes"][0]["primitives"][0].clone();
    file.0["meshes"][0]["primitives"] =
        json!([{ "attributes": { "POSITION": 0, "NORMAL": 0 } }, part]);
    let document = Document::parse(&container(&file.0, &file.1), &mut nothing).expect("parsed");
    assert_snapshot!(document.primitives().expect_err("too many"), @"gltf, meshes[0].primitives[1]: 67108864 vertices, our limit is 33554432");
    assert_snapshot!(document.scene().expect_err("too many"), @"gltf, meshes[0].primitives[1]: 67108864 vertices, our limit is 33554432");
}
