//! glTF files as they are: containers, buffers, accessors, compression, and what is refused.

use asset::glb::{Document, Mode, ReadError};
use insta::assert_snapshot;
use serde_json::{Value, json};

fn nothing(_: &str) -> Result<Vec<u8>, String> {
    Err("there is none".to_owned())
}

fn parse(json: &Value) -> Result<Document, ReadError> {
    Document::parse(json.to_string().as_bytes(), &mut nothing)
}

fn problem<T>(result: Result<T, ReadError>) -> String {
    result.err().map_or_else(|| "no error".to_owned(), |error| error.to_string())
}

/// A container around some JSON and some bytes.
pub(crate) fn container(json: &Value, binary: &[u8]) -> Vec<u8> {
    let mut text = json.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let mut file = b"glTF\x02\0\0\0".to_vec();
    file.extend((28 + text.len() as u32 + binary.len() as u32).to_le_bytes());
    for (kind, bytes) in [(b"JSON", text.as_slice()), (b"BIN\0", binary)] {
        file.extend((bytes.len() as u32).to_le_bytes());
        file.extend(kind);
        file.extend(bytes);
    }
    file
}

fn with_accessor(accessor: Value, bytes: &[u8], view: Value) -> Document {
    let mut json = json!({
        "asset": { "version": "2.0" },
        "buffers": [{ "byteLength": bytes.len() }],
        "bufferViews": [{ "buffer": 0, "byteLength": bytes.len() }],
        "accessors": [accessor],
    });
    for (key, value) in view.as_object().expect("an object") {
        json["bufferViews"][0][key] = value.clone();
    }
    Document::parse(&container(&json, bytes), &mut nothing).expect("a good file")
}

#[test]
fn integers_and_normalised_integers() {
    let bytes = [0, 255, 128, 127, 1, 129, 0, 0];
    let read = |kind: u32, normalized: bool| {
        let accessor = json!({ "bufferView": 0, "componentType": kind, "count": 8 / if kind < 5122 { 1 } else { 2 },
            "type": "SCALAR", "normalized": normalized });
        with_accessor(accessor, &bytes, json!({})).accessor(0).expect("good").f32s()
    };
    assert_eq!(read(5121, false), [0., 255., 128., 127., 1., 129., 0., 0.]);
    assert_eq!(read(5121, true)[..3], [0., 1., 128. / 255.]);
    assert_eq!(read(5120, false), [0., -1., -128., 127., 1., -127., 0., 0.]);
    assert_eq!(read(5120, true)[..4], [0., -1. / 127., -1., 1.]);
    assert_eq!(read(5122, false)[..3], [-256., 32640., -32511.]);
    assert_eq!(read(5123, true)[1], 32640. / 65535.);
}

#[test]
fn strides_matrices_and_sparse_values() {
    let bytes: Vec<u8> = (0..24).collect();
    let accessor = json!({ "bufferView": 0, "byteOffset": 1, "componentType": 5121, "count": 3, "type": "VEC2" });
    let document = with_accessor(accessor, &bytes, json!({ "byteStride": 8 }));
    assert_eq!(document.accessor(0).expect("good").f32s(), [1., 2., 9., 10., 17., 18.]);

    // Columns of a 3 × 3 matrix of bytes start at multiples of 4.
    let accessor = json!({ "bufferView": 0, "componentType": 5121, "count": 2, "type": "MAT3" });
    let document = with_accessor(accessor, &bytes, json!({}));
    let found = document.accessor(0).expect("good").f32s();
    assert_eq!(found[..9], [0., 1., 2., 4., 5., 6., 8., 9., 10.]);
    assert_eq!(found[9..12], [12., 13., 14.]);

    let accessor = json!({ "componentType": 5121, "count": 4, "type": "SCALAR", "sparse": { "count": 2,
        "indices": { "bufferView": 0, "byteOffset": 1, "componentType": 5121 },
        "values": { "bufferView": 0, "byteOffset": 20 } } });
    let document = with_accessor(accessor, &bytes, json!({}));
    assert_eq!(document.accessor(0).expect("good").u32s().expect("integers"), [0, 20, 21, 0]);
}

#[test]
fn accessors_out_of_bounds() {
    let ask = |accessor: Value| problem(with_accessor(accessor, &[0; 12], json!({})).accessor(0));
    assert_snapshot!(ask(json!({ "bufferView": 0, "componentType": 5126, "count": 4, "type": "SCALAR" })), @"gltf, accessors[0]: 4 elements of 4 bytes, 4 apart, from byte 0, go beyond the 12 bytes of bufferViews[0]");
    assert_snapshot!(ask(json!({ "bufferView": 3, "componentType": 5126, "count": 1, "type": "SCALAR" })), @"gltf, accessors[0]: bufferView 3 of 1");
    assert_snapshot!(ask(json!({ "componentType": 5126, "count": 1_u64 << 40, "type": "MAT4" })), @"gltf, accessors[0]: 1099511627776 elements, our limit is 33554432");
    assert_snapshot!(ask(json!({ "componentType": 5124, "count": 1, "type": "SCALAR" })), @"gltf, accessors[0]: componentType 5124 is not defined");
    assert_snapshot!(ask(json!({ "componentType": 5126, "count": -1, "type": "SCALAR" })), @"gltf, accessors[0].count: -1 is not a whole number from 0");
    assert_snapshot!(ask(json!({ "componentType": 5121, "count": 2, "type": "SCALAR", "sparse": { "count": 1,
        "indices": { "bufferView": 0, "componentType": 5123 }, "values": { "bufferView": 0, "byteOffset": 12 } } })), @"gltf, accessors[0].sparse.values: 1 elements of 1 bytes, 1 apart, from byte 12, go beyond the 12 bytes of bufferViews[0]");
}

/// Every compressed view against what the package that compressed it makes of it (`tests/gltf/meshopt.mjs`).
#[test]
fn meshopt_compression() {
    let file = include_bytes!("../fixtures/gltf/meshopt.gltf");
    let document = Document::parse(file, &mut nothing).expect("a good file");
    let views = document.json()["bufferViews"].as_array().expect("views");
    // The same file without the compression: views of the plain buffer.
    let mut plain = document.json().clone();
    for view in plain["bufferViews"].as_array_mut().expect("views") {
        view.as_object_mut().expect("an object").remove("extensions");
    }
    let plain = parse(&plain).expect("a good file");
    assert_eq!(views.len(), 22);
    for (idx, view) in views.iter().enumerate() {
        let (found, expected) =
            (document.view(idx).expect("a view"), plain.view(idx).expect("a view"));
        let worst = found.iter().zip(expected).map(|(one, two)| one.abs_diff(*two)).max();
        // Filters compute in floats: the last bit of an integer is the machine's.
        let filter = view["extensions"].as_object().and_then(|found| found.values().next());
        let is_filtered = filter.is_some_and(|found| found["filter"] != "NONE");
        assert_eq!(found.len(), expected.len(), "{}", view["name"]);
        assert!(worst <= Some(is_filtered.into()), "{}: off by {worst:?}", view["name"]);
    }
}

/// Truncated and changed streams get an answer, and no more memory than they may have.
#[test]
fn broken_compression() {
    let file = include_bytes!("../fixtures/gltf/meshopt.gltf");
    let json: Value = serde_json::from_slice(file).expect("JSON");
    for idx in 0..json["bufferViews"].as_array().expect("views").len() {
        let mut view = json["bufferViews"][idx].clone();
        let extensions = view["extensions"].as_object_mut().expect("an object");
        let compression = extensions.values_mut().next().expect("a compression");
        let len = compression["byteLength"].as_u64().expect("a length");
        for cut in [1, 2, len / 2, len] {
            compression["byteLength"] = json!(len - cut);
            let mut broken = json.clone();
            broken["bufferViews"] = json!([{ "buffer": 0, "byteLength": 1, "extensions": {
                "EXT_meshopt_compression": compression.clone() } }]);
            assert!(parse(&broken).is_err(), "view {idx} without {cut} bytes");
        }
    }
    let ask = |key: &str, value: Value| {
        let mut broken = json.clone();
        broken["bufferViews"][0]["extensions"]["EXT_meshopt_compression"][key] = value;
        problem(parse(&broken))
    };
    assert_snapshot!(ask("mode", json!("BEST")), @r#"gltf, bufferViews[0].extensions.EXT_meshopt_compression: mode "BEST" of the compression is not defined"#);
    assert_snapshot!(ask("filter", json!("BLUR")), @r#"gltf, bufferViews[0].extensions.EXT_meshopt_compression: filter "BLUR" of the compression is not defined"#);
    assert_snapshot!(ask("byteStride", json!(13)), @"gltf, bufferViews[0].extensions.EXT_meshopt_compression: byteStride 13 of the compression, a multiple of 4 up to 256 is needed");
    assert_snapshot!(ask("count", json!(400)), @"gltf, bufferViews[0].extensions.EXT_meshopt_compression: compressed data end too early");
    assert_snapshot!(ask("count", json!(1_u64 << 50)), @"gltf, bufferViews[0].extensions.EXT_meshopt_compression: 13510798882111488 bytes when decoded, with the views before it, our limit is 71890944");
    assert_snapshot!(ask("byteOffset", json!(4)), @"gltf, bufferViews[0].extensions.EXT_meshopt_compression: compressed data start with byte 0xff, 0xa0 is needed");
}

#[test]
fn containers() {
    let good = container(&json!({ "asset": { "version": "2.0" } }), &[]);
    assert!(Document::parse(&good, &mut nothing).is_ok());
    let ask = |file: &[u8]| problem(Document::parse(file, &mut nothing));
    assert_snapshot!(ask(&good[..10]), @"glb, byte 8: the file ends; it has 10 bytes");
    assert_snapshot!(ask(&good[..30]), @"glb, byte 8: 56 bytes announced, 30 are there");
    let changed = |at: usize, byte: u8| {
        let mut file = good.clone();
        file[at] = byte;
        ask(&file)
    };
    assert_snapshot!(changed(4, 1), @"glb, byte 4: version 1, we read 2");
    assert_snapshot!(changed(15, 9), @"glb, byte 12: a chunk of 150994972 bytes, 36 are left");
    assert_snapshot!(changed(16, b'X'), @"glb, byte 16: the first chunk is not JSON");
    assert_snapshot!(ask(b"{\"asset\": "), @"gltf: not JSON: EOF while parsing a value at line 1 column 10");
    assert_snapshot!(ask(b"[]"), @"gltf, root: is not an object");
    assert_snapshot!(ask(b"{}"), @"gltf, asset: is missing");
    assert_snapshot!(ask(br#"{"asset":{"version":"1.0"}}"#), @"gltf, asset: version 1.0, we read 2.0");
    assert_snapshot!(ask(&b"[".repeat(300)), @"gltf: not JSON: recursion limit exceeded at line 1 column 128");
    let many = format!(r#"{{"asset":{{"version":"2.0"}},"extras":[{}0]}}"#, "0,".repeat(1 << 23));
    assert_snapshot!(ask(many.as_bytes()), @"gltf, file: 8388616 JSON values, our limit is 8388608");
}

#[test]
fn files_beside_it() {
    let json = json!({ "asset": { "version": "2.0" }, "buffers": [{ "uri": "a%20b.bin", "byteLength": 2 }],
        "bufferViews": [{ "buffer": 0, "byteLength": 2 }] });
    let mut asked = Vec::new();
    let mut resolve = |path: &str| {
        asked.push(path.to_owned());
        Ok(vec![1, 2, 3])
    };
    let document = Document::parse(json.to_string().as_bytes(), &mut resolve).expect("good");
    assert_eq!(
        (document.view(0).expect("a view"), asked),
        (&[1, 2][..], vec!["a b.bin".to_owned()])
    );
    assert_snapshot!(problem(parse(&json)), @r#"gltf, buffers[0]: "a%20b.bin": there is none"#);

    let mut never = |path: &str| -> Result<Vec<u8>, String> { panic!("asked for {path}") };
    let mut ask = |list: &str, uri: &str| {
        let json =
            json!({ "asset": { "version": "2.0" }, list: [{ "uri": uri, "byteLength": 0 }] });
        problem(Document::parse(json.to_string().as_bytes(), &mut never))
    };
    assert_snapshot!(ask("buffers", "../secret.bin"), @r#"gltf, buffers[0]: "../secret.bin": leads out of the folder of the file"#);
    assert_snapshot!(ask("images", "%2e%2e/secret.png"), @r#"gltf, images[0]: "%2e%2e/secret.png": leads out of the folder of the file"#);
    assert_snapshot!(ask("images", "/etc/passwd"), @r#"gltf, images[0]: "/etc/passwd": is absolute; only files in the same folder are read"#);
    assert_snapshot!(ask("buffers", "file:///etc/passwd"), @r#"gltf, buffers[0]: "file:///etc/passwd": has a scheme; only files in the same folder and data: are read"#);
    assert_snapshot!(ask("buffers", "a\\b"), @r#"gltf, buffers[0]: "a\\b": has a backslash; use / between folders"#);
}

#[test]
fn extensions_that_are_required() {
    let ask = |name: &str| {
        problem(parse(&json!({ "asset": { "version": "2.0" }, "extensionsRequired": [name] })))
    };
    assert_snapshot!(ask("KHR_draco_mesh_compression"), @"gltf, extensionsRequired: KHR_draco_mesh_compression is not supported; export without Draco, or with EXT_meshopt_compression");
    assert_snapshot!(ask("ACME_future"), @"gltf, extensionsRequired: ACME_future is not supported");
    assert_snapshot!(ask("KHR_mesh_quantization"), @"no error");
    let mut json = json!({ "asset": { "version": "2.0" }, "extensionsRequired": ["KHR_texture_basisu"],
        "textures": [{ "source": 0, "extensions": { "KHR_texture_basisu": { "source": 1 } } }] });
    assert_snapshot!(problem(parse(&json)), @"no error");
    json["textures"][0].as_object_mut().expect("an object").remove("source");
    assert_snapshot!(problem(parse(&json)), @"gltf, extensionsRequired: KHR_texture_basisu is not supported; export with PNG, JPEG or WebP textures");
}

#[test]
fn primitives_as_they_are() {
    let bytes: Vec<u8> = [0_f32, 0., 0., 1., 0., 0., 0., 1., 0.]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .chain([0, 1, 2, 9])
        .collect();
    let mut json = json!({
        "asset": { "version": "2.0" },
        "buffers": [{ "byteLength": 40 }],
        "bufferViews": [{ "buffer": 0, "byteLength": 36 }, { "buffer": 0, "byteOffset": 36, "byteLength": 4 }],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3" },
            { "bufferView": 1, "componentType": 5121, "count": 3, "type": "SCALAR" },
            { "componentType": 5121, "normalized": true, "count": 3, "type": "VEC4" },
        ],
        "meshes": [
            { "name": "unused", "primitives": [{ "attributes": { "POSITION": 0, "COLOR_0": 2 }, "mode": 6, "material": 4 }] },
            { "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1 }] },
        ],
    });
    let read = |json: &Value| {
        Document::parse(&container(json, &bytes), &mut nothing).expect("good").primitives()
    };
    let found = read(&json).expect("good");
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].mesh, found[0].mode, found[0].material), (0, Mode::TriangleFan, Some(4)));
    assert_eq!(found[0].geometry.name, "unused");
    assert_eq!(found[0].geometry.color.as_ref().map(|color| color.values.len()), Some(12));
    assert_eq!(found[1].geometry.index.as_deref(), Some(&[0, 1, 2][..]));
    json["accessors"][2]["count"] = json!(4);
    assert_snapshot!(problem(read(&json)), @"gltf, meshes[0].primitives[0].attributes.COLOR_0: 4 elements, others have 3");
    json["accessors"][2]["count"] = json!(3);
    json["accessors"][1]["count"] = json!(4);
    assert_snapshot!(problem(read(&json)), @"gltf, meshes[1].primitives[0].indices: vertex 9 of 3");
}
