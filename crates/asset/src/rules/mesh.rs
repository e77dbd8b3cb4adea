//! Rules of competition 1: one mesh of triangles in a GLB. Source: rendering specification §C.1, §C.2, §E.2.
//!
//! Errors are what the render service refuses or shows nothing of; warnings are what it draws otherwise than the file says.

use std::io::Cursor;

use image::{ColorType, ImageDecoder, ImageReader};
use serde_json::Value as Json;

use super::{COORDINATE_MAX, Finding, Rule};
use crate::glb::{Document, MeshPrimitive, Mode, ReadError};

/// Half a side of the unit box that the rules' text names.
const UNIT_BOX: f64 = 0.5;
/// Extensions that the service knows.
const KNOWN: [&str; 2] = ["KHR_materials_pbrSpecularGlossiness", "EXT_texture_webp"];
/// Texture slots of a material: where they are, and whether the service needs colours of them.
const SLOTS: [(&str, bool); 7] = [
    ("/pbrMetallicRoughness/baseColorTexture", true),
    ("/pbrMetallicRoughness/metallicRoughnessTexture", false),
    ("/normalTexture", true),
    ("/occlusionTexture", false),
    ("/emissiveTexture", true),
    ("/extensions/KHR_materials_pbrSpecularGlossiness/diffuseTexture", false),
    ("/extensions/KHR_materials_pbrSpecularGlossiness/specularGlossinessTexture", false),
];

/// Whether the service counts a primitive as an object; it does not see the other ones.
#[must_use]
pub const fn is_object(mode: Mode) -> bool {
    matches!(mode, Mode::Points | Mode::Lines | Mode::Triangles | Mode::TriangleStrip)
}

/// Checks a whole file, container included.
pub(super) fn check(file: &[u8], findings: &mut Vec<Finding>) {
    let outside = |_: &str| Err("files beside a GLB are not read".to_owned());
    let document = Document::parse(file, &mut { outside });
    let read = document.and_then(|document| {
        let primitives = document.primitives()?;
        Ok((document, primitives))
    });
    match read {
        Ok((document, primitives)) => Check { document: &document, findings }.all(&primitives),
        Err(error) => findings.push(unreadable(&error)),
    }
}

fn unreadable(error: &ReadError) -> Finding {
    let place = match error {
        ReadError::Container { at, .. } => format!("byte {at}"),
        ReadError::Field { place, .. } | ReadError::TooMany { place, .. } => place.clone(),
        _ => "file".to_owned(),
    };
    let text = error.to_string();
    Finding::new(Rule::GlbReadable, place, text.clone(), "a GLB of version 2", text)
}

struct Check<'a> {
    document: &'a Document,
    findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    fn say(
        &mut self,
        rule: Rule,
        place: impl Into<String>,
        value: impl Into<super::Value>,
        limit: impl Into<super::Value>,
        message: impl Into<String>,
    ) {
        self.findings.push(Finding::new(rule, place, value, limit, message));
    }

    fn list(&self, name: &str) -> &[Json] {
        self.document.json().get(name).and_then(Json::as_array).map_or(&[], Vec::as_slice)
    }

    fn all(&mut self, primitives: &[MeshPrimitive]) {
        let objects: Vec<_> = primitives.iter().filter(|one| is_object(one.mode)).collect();
        self.count(primitives, objects.len());
        self.kinds(&objects);
        self.vertices(&objects);
        self.textures(&objects);
        self.nodes(&objects);
        self.materials(&objects);
        self.extensions();
        // Looked at one after the other, told in the order of the rules.
        let place = |finding: &Finding| Rule::ALL.iter().position(|rule| *rule == finding.rule);
        self.findings.sort_by_key(place);
    }

    fn count(&mut self, primitives: &[MeshPrimitive], found: usize) {
        if found != 1 {
            let message =
                format!("GLB file contains {found} objects (expected 1): each primitive counts");
            self.say(Rule::MeshCount, "meshes", found as f64, 1.0, message);
        }
        for one in primitives.iter().filter(|one| !is_object(one.mode)) {
            let mode = format!("{:?}", one.mode);
            let message = format!("{}: {mode} is not seen by the service", place(one));
            let limit = "Triangles or TriangleStrip";
            self.say(Rule::PrimitiveIgnored, place(one), mode, limit, message);
        }
    }

    fn kinds(&mut self, objects: &[&MeshPrimitive]) {
        for one in objects {
            let limit = "Triangles or TriangleStrip";
            if matches!(one.mode, Mode::Points | Mode::Lines) {
                let mode = format!("{:?}", one.mode);
                let message = format!("{} has {mode}, triangles are needed", place(one));
                self.say(Rule::MeshKind, place(one), mode, limit, message);
                continue;
            }
            let corners = one.geometry.element_count();
            if one.mode == Mode::Triangles && !corners.is_multiple_of(3) {
                let message =
                    format!("{}: {corners} corners are no whole number of triangles", place(one));
                self.say(Rule::MeshKind, place(one), corners as f64, "a multiple of 3", message);
            }
            if one.geometry.position.is_none() || corners < 3 {
                let message = format!("{} has no triangle", place(one));
                self.say(Rule::Visible, place(one), 0.0, 1.0, message);
            }
        }
    }

    fn vertices(&mut self, objects: &[&MeshPrimitive]) {
        for one in objects {
            let Some(position) = &one.geometry.position else { continue };
            let at = format!("{}.POSITION", place(one));
            let bad = position.values.iter().filter(|c| !c.is_finite()).count();
            if bad > 0 {
                let message = format!("{bad} coordinates of {at} are not finite");
                self.say(Rule::Finite, at.as_str(), bad as f64, 0.0, message);
            }
            let sizes = position.values.iter().map(|c| f64::from(*c).abs());
            let most = sizes.filter(|c| !c.is_nan()).fold(0.0, f64::max);
            if most > COORDINATE_MAX {
                let message = format!(
                    "Model exceeds unit cube size constraint: a coordinate is {most} from the origin, at most {COORDINATE_MAX}"
                );
                self.say(Rule::BoxSize, at, most, COORDINATE_MAX, message);
            } else if most > UNIT_BOX {
                let message = format!(
                    "a coordinate is {most} from the origin: beyond the unit box of the rules, within what is checked"
                );
                self.say(Rule::BoxUnit, at, most, UNIT_BOX, message);
            }
        }
    }

    /// The materials in use, with where they are.
    fn used(&self, objects: &[&MeshPrimitive]) -> Vec<(String, Json)> {
        let mut idxs: Vec<usize> = objects.iter().filter_map(|one| one.material).collect();
        idxs.sort_unstable();
        idxs.dedup();
        let list = self.list("materials");
        let used = idxs.into_iter().filter_map(|idx| Some((idx, list.get(idx)?.clone())));
        used.map(|(idx, material)| (format!("materials[{idx}]"), material)).collect()
    }

    fn textures(&mut self, objects: &[&MeshPrimitive]) {
        for (at, material) in self.used(objects) {
            for (slot, needs_colours) in SLOTS {
                let Some(texture) = material.pointer(slot) else { continue };
                let at = format!("{at}{}", slot.replace('/', "."));
                self.texture(&at, texture, needs_colours);
            }
        }
        for one in objects.iter().filter(|one| one.geometry.uvs[0].is_none()) {
            let used = self.used(&[one]);
            let slot = |material: &Json| {
                SLOTS.iter().find(|(slot, _)| material.pointer(slot).is_some()).map(|slot| slot.0)
            };
            if let Some(slot) = used.iter().find_map(|(_, material)| slot(material)) {
                let name = slot.rsplit('/').next().unwrap_or(slot);
                let message = format!("{} has a {name} and no TEXCOORD_0", place(one));
                let limit = "TEXCOORD_0";
                self.say(Rule::TextureCoordinates, place(one), "none", limit, message);
            }
        }
    }

    fn texture(&mut self, at: &str, info: &Json, needs_colours: bool) {
        let idx = |value: Option<&Json>| value.and_then(Json::as_u64).map(|idx| idx as usize);
        let texture = idx(info.get("index")).and_then(|idx| self.list("textures").get(idx));
        let source = texture.and_then(|texture| {
            texture.pointer("/extensions/EXT_texture_webp/source").or(texture.get("source"))
        });
        let source = idx(source);
        let image = source.and_then(|source| self.list("images").get(source));
        let is_ktx2 = image.and_then(|image| image.get("mimeType")?.as_str()) == Some("image/ktx2");
        let bytes = source.and_then(|source| self.document.image(source).ok());
        let decoder = bytes.filter(|_| !is_ktx2).and_then(|bytes| {
            ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?.into_decoder().ok()
        });
        let channels = decoder.map(|decoder| decoder.color_type());
        match channels {
            None => {
                let value = if is_ktx2 { "KTX2" } else { "no picture that can be read" };
                let message = format!("{at}: {value}, so the service draws without it");
                self.say(Rule::TextureIgnored, at, value, "PNG, JPEG or WebP", message);
            }
            Some(ColorType::La8 | ColorType::La16) if needs_colours => {
                let message = format!("{at}: the picture has two channels, grey and alpha");
                self.say(Rule::TextureChannels, at, 2.0, "1, 3 or 4 channels", message);
            }
            Some(_) => {}
        }
    }

    fn nodes(&mut self, objects: &[&MeshPrimitive]) {
        let Some(first) = objects.first() else { return };
        let nodes = self.list("nodes");
        let moves = |node: &&Json| {
            let differs = |key: &str, plain: &[f64]| {
                let list = node.get(key).and_then(Json::as_array);
                list.is_some_and(|list| {
                    !list.iter().map(Json::as_f64).eq(plain.iter().copied().map(Some))
                })
            };
            let identity: [f64; 16] = std::array::from_fn(|i| if i % 5 == 0 { 1.0 } else { 0.0 });
            differs("matrix", &identity)
                || differs("translation", &[0.0; 3])
                || differs("rotation", &[0.0, 0.0, 0.0, 1.0])
                || differs("scale", &[1.0; 3])
        };
        let moved = nodes.iter().position(|node| moves(&node));
        let mesh = Some(first.mesh as u64);
        let uses = nodes.iter().filter(|node| node.get("mesh").and_then(Json::as_u64) == mesh);
        let uses = uses.count();
        if let Some(idx) = moved {
            let message = format!(
                "nodes[{idx}] moves, turns or scales: the service draws the bare geometry, so bake it in"
            );
            self.say(Rule::NodeTransforms, format!("nodes[{idx}]"), "a transform", "none", message);
        }
        if uses != 1 {
            let message =
                format!("{uses} nodes show the mesh: the service draws it once all the same");
            self.say(Rule::NodeUses, "nodes", uses as f64, 1.0, message);
        }
    }

    fn materials(&mut self, objects: &[&MeshPrimitive]) {
        for (at, material) in self.used(objects) {
            if material.get("doubleSided").and_then(Json::as_bool) == Some(true) {
                let message = format!("{at} is double-sided: the service never draws back faces");
                self.say(Rule::DoubleSided, at.as_str(), "true", "false", message);
            }
            let alpha_mode = material.get("alphaMode").and_then(Json::as_str).unwrap_or("OPAQUE");
            let base = material.pointer("/pbrMetallicRoughness/baseColorFactor/3");
            let is_clear = base.and_then(Json::as_f64).is_some_and(|alpha| alpha < 1.0);
            if alpha_mode == "MASK" || (alpha_mode == "OPAQUE" && is_clear) {
                let message = format!(
                    "{at} has alphaMode {alpha_mode}: the service blends whatever is not opaque, in the order of the triangles"
                );
                self.say(Rule::AlphaMode, at.as_str(), alpha_mode, "BLEND", message);
            }
            for (path, plain) in [
                ("/normalTexture/scale", 1.0),
                ("/occlusionTexture/strength", 1.0),
                ("/pbrMetallicRoughness/baseColorTexture/texCoord", 0.0),
                ("/pbrMetallicRoughness/metallicRoughnessTexture/texCoord", 0.0),
                ("/normalTexture/texCoord", 0.0),
                ("/occlusionTexture/texCoord", 0.0),
                ("/emissiveTexture/texCoord", 0.0),
            ] {
                let found = material.pointer(path).and_then(Json::as_f64);
                if let Some(found) = found.filter(|found| *found != plain) {
                    let at = format!("{at}{}", path.replace('/', "."));
                    let message = format!("{at} is {found}: the service takes {plain}");
                    self.say(Rule::MaterialIgnored, at, found, plain, message);
                }
            }
        }
        let coloured = objects.iter().find(|one| one.geometry.color.is_some());
        if let Some(one) = coloured.filter(|one| one.material.is_some()) {
            let message =
                format!("{} has colours and a material: colours are left out", place(one));
            self.say(Rule::ColoursIgnored, place(one), "COLOR_0", "no material", message);
        }
        for (idx, sampler) in self.list("samplers").to_vec().iter().enumerate() {
            let wrap = |key: &str| sampler.get(key).and_then(Json::as_u64).unwrap_or(10_497);
            if [wrap("wrapS"), wrap("wrapT")] != [10_497; 2] {
                let at = format!("samplers[{idx}]");
                let message = format!("{at} does not repeat: the service repeats every texture");
                self.say(Rule::MaterialIgnored, at, "no repeat", "repeat", message);
            }
        }
    }

    fn extensions(&mut self) {
        let names = self.list("extensionsUsed").iter().filter_map(Json::as_str);
        let ignored: Vec<_> = names.filter(|name| !KNOWN.contains(name)).collect();
        if !ignored.is_empty() {
            let names = ignored.join(", ");
            let message = format!("the service does not know {names}");
            self.say(Rule::ExtensionsIgnored, "extensionsUsed", names, KNOWN.join(", "), message);
        }
    }
}

/// Where a primitive is.
fn place(one: &MeshPrimitive) -> String {
    format!("meshes[{}].primitives[{}]", one.mesh, one.primitive)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::{FILE_BYTES_MAX, competition1};
    use super::*;

    /// A triangle with its third corner at `(x, 0.4, 0)`, in a file that `change` changed.
    fn file(x: f32, change: impl FnOnce(&mut Json)) -> Vec<u8> {
        let corners = [-0.4_f32, -0.4, 0.0, 0.4, -0.4, 0.0, x, 0.4, 0.0];
        let binary: Vec<u8> = corners.iter().flat_map(|c| c.to_le_bytes()).collect();
        let mut json = json!({
            "asset": {"version": "2.0"},
            "buffers": [{"byteLength": binary.len()}],
            "bufferViews": [{"buffer": 0, "byteLength": binary.len()}],
            "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
            "materials": [{}],
            "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "material": 0}]}],
            "nodes": [{"mesh": 0}],
        });
        change(&mut json);
        let mut text = json.to_string().into_bytes();
        text.resize(text.len().next_multiple_of(4), b' ');
        let mut file = b"glTF\x02\0\0\0".to_vec();
        file.extend((28 + text.len() as u32 + binary.len() as u32).to_le_bytes());
        for (kind, chunk) in [(b"JSON", text), (b"BIN\0", binary)] {
            file.extend((chunk.len() as u32).to_le_bytes());
            file.extend(kind);
            file.extend(chunk);
        }
        file
    }

    fn lines(file: &[u8]) -> String {
        let findings = competition1(file, file.len() as u64).expect("memory");
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        if lines.is_empty() { "valid, nothing to say".to_owned() } else { lines.join("\n") }
    }

    fn changed(path: &str, value: Json) -> String {
        let change = |json: &mut Json| {
            let (parent, key) = path.rsplit_once('/').expect("a path");
            let parent = json.pointer_mut(parent).expect("a parent");
            match key.parse::<usize>() {
                Ok(idx) => parent[idx] = value,
                Err(_) => parent[key] = value,
            }
        };
        lines(&file(0.0, change))
    }

    #[test]
    fn a_triangle_is_valid() {
        assert_snapshot!(lines(&file(0.0, |_| ())), @"valid, nothing to say");
        assert_snapshot!(lines(&file(0.5, |_| ())), @"valid, nothing to say");
    }

    /// The largest coordinate that passes is 0.59999996; the `f32` of 0.6 does not.
    #[test]
    fn sizes() {
        assert_snapshot!(lines(&file(0.599_999_96, |_| ())), @"warning BOX_UNIT: a coordinate is 0.5999999642372131 from the origin: beyond the unit box of the rules, within what is checked");
        assert_snapshot!(lines(&file(0.6, |_| ())), @"error BOX_SIZE: Model exceeds unit cube size constraint: a coordinate is 0.6000000238418579 from the origin, at most 0.6");
        assert_snapshot!(lines(&file(f32::NAN, |_| ())), @"error FINITE: 1 coordinates of meshes[0].primitives[0].POSITION are not finite");
        assert_snapshot!(lines(&file(f32::INFINITY, |_| ())), @r"
        error FINITE: 1 coordinates of meshes[0].primitives[0].POSITION are not finite
        error BOX_SIZE: Model exceeds unit cube size constraint: a coordinate is inf from the origin, at most 0.6
        ");
    }

    #[test]
    fn one_primitive_of_triangles() {
        let one = json!({"attributes": {"POSITION": 0}});
        assert_snapshot!(changed("/meshes/0/primitives", json!([one, one])), @"error MESH_COUNT: GLB file contains 2 objects (expected 1): each primitive counts");
        assert_snapshot!(changed("/meshes/0/primitives/0/mode", json!(0)), @"error MESH_KIND: meshes[0].primitives[0] has Points, triangles are needed");
        assert_snapshot!(changed("/meshes/0/primitives/0/mode", json!(6)), @r"
        error MESH_COUNT: GLB file contains 0 objects (expected 1): each primitive counts
        warning PRIMITIVE_IGNORED: meshes[0].primitives[0]: TriangleFan is not seen by the service
        ");
        assert_snapshot!(changed("/meshes/0/primitives/0/mode", json!(5)), @"valid, nothing to say");
        assert_snapshot!(changed("/accessors/0/count", json!(2)), @r"
        error VISIBLE: meshes[0].primitives[0] has no triangle
        error MESH_KIND: meshes[0].primitives[0]: 2 corners are no whole number of triangles
        ");
    }

    #[test]
    fn textures() {
        assert_snapshot!(changed("/materials/0/normalTexture", json!({"index": 0})), @r"
        error TEXTURE_COORDINATES: meshes[0].primitives[0] has a normalTexture and no TEXCOORD_0
        warning TEXTURE_IGNORED: materials[0].normalTexture: no picture that can be read, so the service draws without it
        ");
        let grey = {
            let mut bytes = Vec::new();
            let picture = image::GrayAlphaImage::new(1, 1);
            picture
                .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
                .expect("memory");
            use base64::Engine;
            base64::engine::general_purpose::STANDARD.encode(bytes)
        };
        let change = |json: &mut Json| {
            json["images"] = json!([{"uri": format!("data:image/png;base64,{grey}")}]);
            json["textures"] = json!([{"source": 0}]);
            json["materials"][0]["pbrMetallicRoughness"] =
                json!({"baseColorTexture": {"index": 0}});
            json["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = json!(1);
            json["accessors"][1] =
                json!({"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC2"});
        };
        let change = |json: &mut Json| {
            json["accessors"].as_array_mut().expect("a list").push(Json::Null);
            change(json);
        };
        assert_snapshot!(lines(&file(0.0, change)), @"error TEXTURE_CHANNELS: materials[0].pbrMetallicRoughness.baseColorTexture: the picture has two channels, grey and alpha");
    }

    #[test]
    fn what_is_drawn_otherwise() {
        assert_snapshot!(changed("/nodes/0/translation", json!([0.0, 1.0, 0.0])), @"warning NODE_TRANSFORMS: nodes[0] moves, turns or scales: the service draws the bare geometry, so bake it in");
        assert_snapshot!(changed("/nodes/0/scale", json!([1.0, 1.0, 1.0])), @"valid, nothing to say");
        assert_snapshot!(changed("/nodes", json!([{"mesh": 0}, {"mesh": 0}])), @"warning NODE_USES: 2 nodes show the mesh: the service draws it once all the same");
        assert_snapshot!(changed("/materials/0", json!({"doubleSided": true, "alphaMode": "MASK", "normalTexture": {"scale": 2}})), @r"
        error TEXTURE_COORDINATES: meshes[0].primitives[0] has a normalTexture and no TEXCOORD_0
        warning TEXTURE_IGNORED: materials[0].normalTexture: no picture that can be read, so the service draws without it
        warning DOUBLE_SIDED: materials[0] is double-sided: the service never draws back faces
        warning ALPHA_MODE: materials[0] has alphaMode MASK: the service blends whatever is not opaque, in the order of the triangles
        warning MATERIAL_IGNORED: materials[0].normalTexture.scale is 2: the service takes 1
        ");
        assert_snapshot!(changed("/extensionsUsed", json!(["KHR_materials_ior", "EXT_texture_webp"])), @"warning EXTENSIONS_IGNORED: the service does not know KHR_materials_ior");
        assert_snapshot!(changed("/samplers", json!([{"wrapS": 33071}])), @"warning MATERIAL_IGNORED: samplers[0] does not repeat: the service repeats every texture");
        assert_snapshot!(changed("/meshes/0/primitives/0/attributes/COLOR_0", json!(0)), @"warning COLOURS_IGNORED: meshes[0].primitives[0] has colours and a material: colours are left out");
    }

    #[test]
    fn what_cannot_be_read() {
        assert_snapshot!(lines(b"glTF"), @"error GLB_READABLE: glb, byte 4: the file ends; it has 4 bytes");
        assert_snapshot!(lines(b"ply\n"), @"error FILE_FORMAT: a GLB is needed, this is 3DGS PLY");
        assert_snapshot!(changed("/accessors/0/count", json!(300)), @"error GLB_READABLE: gltf, accessors[0]: 300 elements of 12 bytes, 12 apart, from byte 0, go beyond the 36 bytes of bufferViews[0]");
        let findings = competition1(&b"glTF"[..], FILE_BYTES_MAX + 1).expect("memory");
        assert_snapshot!(findings[0].to_string(), @"error FILE_SIZE: the file has 209715201 bytes, at most 209715200 are allowed");
    }

    proptest! {
        #[test]
        fn any_change_gets_an_answer(changes in prop::collection::vec((0_usize..900, any::<u8>()), 0..4), cut in 0_usize..900) {
            let mut file = file(0.0, |_| ());
            for (at, byte) in changes {
                if let Some(here) = file.get_mut(at) {
                    *here = byte;
                }
            }
            file.truncate(cut);
            lines(&file);
        }
    }
}
