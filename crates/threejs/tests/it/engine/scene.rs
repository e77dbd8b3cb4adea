//! What comes out of a module: every object, geometry, material and texture as the module made it.

use asset::scene::{
    Blending, ColorSpace, DepthFunc, Drawable, Format, IDENTITY, MagFilter, Materials, MinFilter,
    Node, Primitive, Scene, Side, Span, Texels, Texture, Wrap,
};
use insta::assert_snapshot;
use threejs::engine::Limits;

use super::{outcome_within, told};

/// The scene of a function's body.
fn scene(text: &str) -> Scene {
    let source = format!("export default function build(THREE) {{ {text} }}");
    let outcome = outcome_within(&source, Limits::default());
    assert!(outcome.passed(), "{text}\n{}", told(&outcome));
    outcome.scene.expect("a passed module has a scene")
}

/// What is told of one that cannot be drawn.
fn refused(text: &str) -> String {
    let source = format!("export default function build(THREE) {{ {text} }}");
    let outcome = outcome_within(&source, Limits::default());
    assert!(outcome.scene.is_none(), "{text}");
    told(&outcome)
}

fn drawable(node: &Node) -> &Drawable {
    node.drawable.as_ref().expect("something to draw")
}

const QUAD: &str = "const m = new THREE.Mesh(new THREE.PlaneGeometry(0.5, 0.5), new THREE.MeshStandardMaterial());";

#[test]
fn objects_keep_their_order_names_and_flags() {
    let made = scene(
        "const g = new THREE.Group(); g.name = 'all'; g.position.x = 0.1; g.renderOrder = 3; \
        const a = new THREE.Group(); a.visible = false; g.add(a); \
        const m = new THREE.Mesh(new THREE.BoxGeometry(0.1, 0.1, 0.1), new THREE.MeshBasicMaterial()); \
        m.name = 'b\u{e9}'.repeat(200); m.layers.set(2); m.frustumCulled = false; m.rotation.z = Math.PI / 2; m.position.y = 0.25; a.add(m); \
        const p = new THREE.Points(m.geometry, new THREE.PointsMaterial({ size: 0.02 })); g.add(p); return g;",
    );
    let parents: Vec<_> = made.nodes.iter().map(|node| node.parent.map(|id| id.0)).collect();
    assert_eq!(parents, [None, Some(0), Some(1), Some(0)]);
    let ids: Vec<_> = made.nodes.iter().map(|node| node.object_id).collect();
    assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    let [g, a, m, p] = &made.nodes[..] else { panic!("{made:?}") };
    assert!(g.is_group && a.is_group && !m.is_group && !p.is_group);
    assert!(g.visible && !a.visible && m.visible);
    assert_eq!((g.render_order, g.name.as_str(), m.name.len()), (3.0, "all", 256));
    assert_eq!((m.layers, m.frustum_culled, p.layers, p.frustum_culled), (4, false, 1, true));
    let rounded = m.world.map(|element| (element * 1e6).round() / 1e6);
    assert_eq!(rounded, [0., 1., 0., 0., -1., 0., 0., 0., 0., 0., 1., 0., 0.1, 0.25, 0., 1.]);
    assert_eq!(drawable(m).geometry, drawable(p).geometry);
    assert_eq!((made.geometries.len(), made.materials.len()), (1, 2));
}

#[test]
fn a_bare_root_is_put_into_a_group_and_a_parent_is_left_behind() {
    let made = scene(&format!("{QUAD} return m;"));
    assert_eq!(made.nodes.len(), 2);
    assert_eq!((made.nodes[0].is_group, made.nodes[0].matrix), (true, IDENTITY));
    let made = scene(&format!(
        "{QUAD} const g = new THREE.Group(), far = new THREE.Group(); far.scale.setScalar(10); far.add(g); far.updateMatrixWorld(); \
        g.add(m); return g;"
    ));
    assert_eq!((made.nodes.len(), made.nodes[0].world), (2, IDENTITY));
}

#[test]
fn matrices_by_hand_are_kept() {
    let made = scene(&format!(
        "{QUAD} m.matrixAutoUpdate = false; m.matrix.makeScale(0.5, 0.25, 1); return m;"
    ));
    assert_eq!((made.nodes[1].matrix[0], made.nodes[1].world[5]), (0.5, 0.25));
    let made = scene(&format!(
        "{QUAD} const g = new THREE.Group(); g.matrixWorldAutoUpdate = false; g.matrixWorld.makeTranslation(0.25, 0, 0); g.position.y = 9; \
        g.add(m); return g;"
    ));
    let places: Vec<_> = made.nodes.iter().map(|node| (node.world[12], node.world[13])).collect();
    assert_eq!(places, [(0.25, 0.0), (0.25, 0.0)]);
}

#[test]
fn attributes_of_every_type_become_floats() {
    let made = scene(
        "const g = new THREE.BufferGeometry(); \
        const data = new THREE.InterleavedBuffer(new Float32Array([9, 0, 0, 0, 0.5, 0.25, 9, 0.5, 0, 0, 0.75, 1, 9, 0, 0.5, 0, 0, 0]), 6); \
        g.setAttribute('position', new THREE.InterleavedBufferAttribute(data, 3, 1)); \
        g.setAttribute('uv', new THREE.InterleavedBufferAttribute(data, 2, 4)); \
        g.setAttribute('uv1', new THREE.BufferAttribute(new Uint16Array([0, 65535, 13107, 0, 1, 2]), 2, true)); \
        g.setAttribute('normal', new THREE.BufferAttribute(new Int8Array([127, -128, 0, 1, 2, 3, 0, 0, 127]), 3, true)); \
        g.setAttribute('color', new THREE.BufferAttribute(new Uint8ClampedArray([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), 4)); \
        g.setAttribute('tangent', new THREE.BufferAttribute(new Uint32Array(12), 4)); \
        g.setAttribute('lineDistance', new THREE.BufferAttribute(new Float32Array([1]), 1)); \
        g.setIndex([2, 1, 0, 7]); g.setDrawRange(1, 2); g.addGroup(0, 3, 1); g.addGroup(3, Infinity); g.computeBoundingSphere(); \
        return new THREE.Mesh(g, new THREE.MeshBasicMaterial());",
    );
    let geometry = &made.geometries[0];
    let read = |name: &str, vertex: usize| {
        let (_, attribute) = geometry.attributes().find(|(held, _)| *held == name).expect(name);
        attribute.get(vertex)
    };
    assert_eq!(geometry.vertex_count(), 4, "three, and a zero one for the index beyond");
    assert_eq!(geometry.index, Some(vec![2, 1, 0, 3]));
    assert_eq!(read("position", 1), [0.5, 0.0, 0.0, 1.0]);
    assert_eq!(read("uv", 1), [0.75, 1.0, 0.0, 1.0]);
    assert_eq!(read("uv1", 1), [0.2, 0.0, 0.0, 1.0]);
    assert_eq!(read("normal", 0), [1.0, -1.0, 0.0, 1.0]);
    assert_eq!(read("color", 2), [9.0, 10.0, 11.0, 12.0]);
    assert_eq!((read("lineDistance", 0)[0], read("lineDistance", 1)[0]), (1.0, 0.0));
    assert!(geometry.tangent.as_ref().is_some_and(|tangent| tangent.undrawable));
    assert_eq!(geometry.draw_range, Span { start: 1, count: Some(2) });
    let spans: Vec<_> =
        geometry.groups.iter().map(|g| (g.span.start, g.span.count, g.material_idx)).collect();
    assert_eq!(spans, [(0, Some(3), 1), (3, None, 0)]);
    assert_eq!(geometry.bounding_sphere.map(|sphere| sphere.center), Some([0.25, 0.25, 0.0]));
}

#[test]
fn instances_have_matrices_and_colours() {
    let made = scene(
        "const i = new THREE.InstancedMesh(new THREE.BoxGeometry(0.1, 0.1, 0.1), new THREE.MeshBasicMaterial(), 4); \
        for (let k = 0; k < 4; k++) { i.setMatrixAt(k, new THREE.Matrix4().makeTranslation(k / 10, 0, 0)); i.setColorAt(k, new THREE.Color(k, 0, 1)); } \
        i.count = 3; return i;",
    );
    let Primitive::InstancedMesh(list) = &drawable(&made.nodes[1]).primitive else { panic!() };
    let shifts: Vec<_> = list.matrices.iter().map(|matrix| matrix[12]).collect();
    assert_eq!(shifts, [0.0, 0.1, 0.2]);
    assert_eq!(list.colors, Some(vec![[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [2.0, 0.0, 1.0]]));
    // A count beyond what was allocated draws nothing more.
    let made = scene(
        "const i = new THREE.InstancedMesh(new THREE.BoxGeometry(0.1, 0.1, 0.1), new THREE.MeshBasicMaterial(), 4); i.count = 40; return i;",
    );
    let Primitive::InstancedMesh(list) = &drawable(&made.nodes[1]).primitive else { panic!() };
    assert_eq!(list.matrices.len(), 4);
}

#[test]
fn lines_and_points_keep_their_kind() {
    let made = scene(
        "const g = new THREE.Group(), geo = new THREE.BufferGeometry().setFromPoints([new THREE.Vector3(), new THREE.Vector3(0.5, 0, 0)]); \
        g.add(new THREE.Line(geo, new THREE.LineBasicMaterial()), new THREE.LineSegments(geo, new THREE.LineDashedMaterial({ scale: 2, dashSize: 5, gapSize: 7 })), \
        new THREE.Points(geo, new THREE.PointsMaterial({ size: 3, sizeAttenuation: false }))); return g;",
    );
    let kinds: Vec<_> = made.nodes[1..].iter().map(|node| &drawable(node).primitive).collect();
    assert_eq!(kinds, [&Primitive::Line, &Primitive::LineSegments, &Primitive::Points]);
    let kinds: Vec<_> = made.materials.iter().map(|material| &material.kind).collect();
    assert_snapshot!(format!("{:?}", kinds), @"[LineBasic, LineDashed(Dashes { scale: 2.0, dash_size: 5.0, gap_size: 7.0 }), Points(PointSize { size: 3.0, size_attenuation: false })]");
}

#[test]
fn material_arrays_keep_their_holes() {
    let made = scene(
        "const a = new THREE.MeshBasicMaterial({ name: 'a' }), b = new THREE.MeshStandardMaterial(); \
        const m = new THREE.Mesh(new THREE.BoxGeometry(0.1, 0.1, 0.1), [b, null, a, , b]); return m;",
    );
    let Materials::Array(array) = &drawable(&made.nodes[1]).materials else { panic!() };
    let names: Vec<_> =
        array.iter().map(|id| id.map(|id| made.materials[id.idx()].material_id)).collect();
    let (a, b) = (made.materials[1].material_id, made.materials[0].material_id);
    assert_eq!(names, [Some(b), None, Some(a), None, Some(b)]);
    assert!(a < b, "ids are in the order of creation");
    assert_eq!(made.geometries[0].groups.len(), 6);
}

/// Every parameter once, each with its own value.
#[test]
fn materials_keep_every_parameter() {
    let made = scene(
        "const c = (n) => new THREE.Color(n, 0, 0); let n = 0; const t = () => { const t = new THREE.DataTexture(new Uint8Array(4), 1, 1); t.name = String(n++); return t; }; \
        const m = new THREE.Mesh(new THREE.PlaneGeometry(0.5, 0.5), new THREE.MeshPhysicalMaterial({ name: 'p', color: c(0.01), map: t(), alphaMap: t(), opacity: 0.02, \
        transparent: true, side: THREE.DoubleSide, vertexColors: true, blending: 5, blendSrc: 200, blendDst: 201, blendEquation: 102, blendSrcAlpha: 202, blendAlpha: 0.03, \
        premultipliedAlpha: true, alphaTest: 0.04, alphaHash: true, alphaToCoverage: true, forceSinglePass: true, depthTest: false, depthWrite: false, depthFunc: 5, \
        colorWrite: false, polygonOffset: true, polygonOffsetFactor: 0.05, polygonOffsetUnits: 0.06, dithering: true, toneMapped: false, wireframe: true, flatShading: true, \
        roughness: 0.07, roughnessMap: t(), metalness: 0.08, metalnessMap: t(), lightMap: t(), lightMapIntensity: 0.09, aoMap: t(), aoMapIntensity: 0.10, \
        emissive: c(0.11), emissiveIntensity: 0.12, emissiveMap: t(), bumpMap: t(), bumpScale: 0.13, normalMap: t(), normalMapType: 1, normalScale: new THREE.Vector2(0.14, 0.15), \
        displacementMap: t(), displacementScale: 0.16, displacementBias: 0.17, envMap: t(), envMapIntensity: 0.18, envMapRotation: new THREE.Euler(0.19, 0.20, 0.21), \
        ior: 1.22, specularIntensity: 0.23, specularIntensityMap: t(), specularColor: c(0.24), specularColorMap: t(), clearcoat: 0.25, clearcoatMap: t(), clearcoatRoughness: 0.26, \
        clearcoatRoughnessMap: t(), clearcoatNormalMap: t(), clearcoatNormalScale: new THREE.Vector2(0.27, 0.28), sheen: 0.29, sheenColor: c(0.30), sheenColorMap: t(), \
        sheenRoughness: 0.31, sheenRoughnessMap: t(), iridescence: 0.32, iridescenceMap: t(), iridescenceIOR: 1.33, iridescenceThicknessRange: [34, 35], iridescenceThicknessMap: t(), \
        anisotropy: 0.36, anisotropyRotation: 0.37, anisotropyMap: t(), transmission: 0.38, transmissionMap: t(), thickness: 0.39, thicknessMap: t(), attenuationDistance: 0.40, \
        attenuationColor: c(0.41), dispersion: 0.42 })); return m;",
    );
    assert_snapshot!(format!("{:?}", made.materials[0]), @r#"Material { material_id: 2, name: "p", color: [0.01, 0.0, 0.0], map: Some(TextureId(0)), alpha_map: Some(TextureId(8)), opacity: 0.02, transparent: true, visible: true, side: Double, vertex_colors: true, blending: Custom(BlendFactors { equation: 102, src: 200, dst: 201, equation_alpha: 102, src_alpha: 202, dst_alpha: 201, constant: [0.0, 0.0, 0.0, 0.03] }), premultiplied_alpha: true, alpha_test: 0.04, alpha_hash: true, alpha_to_coverage: true, force_single_pass: true, depth_test: false, depth_write: false, depth_func: GreaterEqual, color_write: false, polygon_offset: Some(PolygonOffset { factor: 0.05, units: 0.06 }), dithering: true, tone_mapped: false, wireframe: true, flat_shading: true, kind: Physical(Physical { standard: Standard { roughness: 0.07, roughness_map: Some(TextureId(2)), metalness: 0.08, metalness_map: Some(TextureId(3)), light_map: Some(TextureId(9)), light_map_intensity: 0.09, ao_map: Some(TextureId(4)), ao_map_intensity: 0.1, emissive: [0.11, 0.0, 0.0], emissive_intensity: 0.12, emissive_map: Some(TextureId(5)), bump_map: Some(TextureId(7)), bump_scale: 0.13, normal_map: Some(TextureId(1)), normal_map_type: ObjectSpace, normal_scale: [0.14, 0.15], displacement_map: Some(TextureId(6)), displacement_scale: 0.16, displacement_bias: 0.17, env_map: Some(TextureId(21)), env_map_intensity: 0.18, env_map_rotation: [0.19, 0.2, 0.21] }, ior: 1.22, specular_intensity: 0.23, specular_intensity_map: Some(TextureId(10)), specular_color: [0.24, 0.0, 0.0], specular_color_map: Some(TextureId(11)), clearcoat: 0.25, clearcoat_map: Some(TextureId(16)), clearcoat_roughness: 0.26, clearcoat_roughness_map: Some(TextureId(18)), clearcoat_normal_map: Some(TextureId(17)), clearcoat_normal_scale: [0.27, 0.28], sheen: 0.29, sheen_color: [0.3, 0.0, 0.0], sheen_color_map: Some(TextureId(13)), sheen_roughness: 0.31, sheen_roughness_map: Some(TextureId(12)), iridescence: 0.32, iridescence_map: Some(TextureId(19)), iridescence_ior: 1.33, iridescence_thickness_nm: [34.0, 35.0], iridescence_thickness_map: Some(TextureId(20)), anisotropy: 0.36, anisotropy_rotation: 0.37, anisotropy_map: Some(TextureId(22)), transmission: 0.38, transmission_map: Some(TextureId(14)), thickness: 0.39, thickness_map: Some(TextureId(15)), attenuation_distance: 0.4, attenuation_color: [0.41, 0.0, 0.0], dispersion: 0.42 }) }"#);
    let made = scene(
        "const t = () => new THREE.DataTexture(new Uint8Array(4), 1, 1); return new THREE.Mesh(new THREE.PlaneGeometry(0.5, 0.5), new THREE.MeshBasicMaterial({ lightMap: t(), \
        lightMapIntensity: 0.1, aoMap: t(), aoMapIntensity: 0.2, specularMap: t(), envMap: t(), envMapRotation: new THREE.Euler(0.3, 0.4, 0.5), combine: 2, reflectivity: 0.6, \
        refractionRatio: 0.7, side: THREE.BackSide, blending: THREE.AdditiveBlending }));",
    );
    assert_snapshot!(format!("{:?}", made.materials[0].kind), @"Basic(Basic { light_map: Some(TextureId(1)), light_map_intensity: 0.1, ao_map: Some(TextureId(0)), ao_map_intensity: 0.2, specular_map: Some(TextureId(3)), env_map: Some(TextureId(2)), env_map_rotation: [0.3, 0.4, 0.5], combine: Add, reflectivity: 0.6, refraction_ratio: 0.7 })");
    let m = &made.materials[0];
    assert_eq!(
        (m.side, m.blending, m.depth_func),
        (Side::Back, Blending::Additive, DepthFunc::LessEqual)
    );
}

fn texture(text: &str) -> Texture {
    let made = scene(&format!(
        "{text} return new THREE.Mesh(new THREE.PlaneGeometry(0.5, 0.5), new THREE.MeshBasicMaterial({{ map: t }}));"
    ));
    made.textures[0].clone()
}

#[test]
fn textures_keep_data_and_settings() {
    let made = texture(
        "const t = new THREE.DataTexture(new Uint8Array(25).map((_, k) => k), 3, 2, THREE.RGBAFormat, THREE.UnsignedByteType, 303, THREE.RepeatWrapping, \
        THREE.MirroredRepeatWrapping, THREE.LinearFilter, THREE.LinearMipmapLinearFilter, 8, THREE.SRGBColorSpace); t.flipY = true; t.generateMipmaps = true; t.channel = 2; \
        t.offset.set(0.1, 0.2); t.repeat.set(2, 3); t.center.set(0.5, 0.25); t.rotation = 0.5; t.needsUpdate = true;",
    );
    let level = made.base().expect("uploaded");
    assert_eq!((level.width, level.height), (3, 2));
    assert_eq!(level.texels, Texels::U8((0..24).collect()));
    assert_eq!((made.format, made.color_space, made.channel), (Format::Rgba, ColorSpace::Srgb, 2));
    assert_eq!((made.wrap_s, made.wrap_t), (Wrap::Repeat, Wrap::MirroredRepeat));
    assert_eq!(
        (made.mag_filter, made.min_filter),
        (MagFilter::Linear, MinFilter::LinearMipmapLinear)
    );
    assert!(made.flip_y && made.generate_mipmaps && made.anisotropy == 8.0);
    let rounded = made.uv_matrix.map(|element| (element * 1e4).round() / 1e4);
    assert_eq!(rounded, [1.7552, -1.4383, 0.0, 0.9589, 2.6327, 0.0, -0.5173, 0.511, 1.0]);
    let made = texture(
        "const t = new THREE.DataTexture(new Uint16Array(2), 1, 1, THREE.RGFormat, THREE.HalfFloatType); t.matrixAutoUpdate = false; t.matrix.set(1, 2, 3, 4, 5, 6, 7, 8, 9); t.needsUpdate = true;",
    );
    assert_eq!(
        (made.format, made.base().map(|level| &level.texels)),
        (Format::Rg, Some(&Texels::F16(vec![0, 0])))
    );
    assert_eq!(made.uv_matrix, [1., 4., 7., 2., 5., 8., 3., 6., 9.]);
    let made = texture(
        "const t = new THREE.DataTexture(new Float32Array(1), 1, 1, THREE.RedFormat, THREE.FloatType); t.needsUpdate = true; \
        t.mipmaps = [{ data: new Float32Array([1, 2]), width: 2, height: 1 }, { data: new Float32Array([3]), width: 1, height: 1 }];",
    );
    let sizes: Vec<_> = made.levels.iter().map(|level| (level.width, level.texels.len())).collect();
    assert_eq!((made.format, sizes), (Format::Red, vec![(2, 2), (1, 1)]));
}

#[test]
fn textures_that_cannot_be_uploaded_stay_empty() {
    for text in [
        "const t = new THREE.DataTexture(new Uint8Array(4), 1, 1);",
        "const t = new THREE.DataTexture(new Uint8Array(15), 2, 2); t.needsUpdate = true;",
        "const t = new THREE.DataTexture(new Float32Array(4), 1, 1); t.needsUpdate = true;",
        "const t = new THREE.DataTexture(new Uint8Array(4), 1, 1, THREE.RGBAFormat, THREE.FloatType); t.needsUpdate = true;",
        "const t = new THREE.DataTexture(new Uint8Array(4), 1, 1, THREE.RGBFormat); t.needsUpdate = true;",
        "const t = new THREE.DataTexture(new Uint8Array(4), 0, 1); t.needsUpdate = true;",
        "const t = new THREE.DataTexture(new Uint8Array(4), -1, 1); t.needsUpdate = true;",
        "const t = new THREE.DataTexture(new Uint8Array(4), 1e9, 1e9); t.needsUpdate = true;",
        "const t = new THREE.DataTexture(new Uint8Array(4), NaN, 1); t.needsUpdate = true;",
        "const t = new THREE.DataTexture([1, 2, 3, 4], 1, 1); t.needsUpdate = true;",
        "const t = new THREE.DataTexture(null, 1, 1); t.needsUpdate = true;",
        "const a = new Uint8Array(4), t = new THREE.DataTexture(a, 1, 1); t.needsUpdate = true; a.buffer.transfer();",
    ] {
        assert_eq!(texture(text).levels, [], "{text}");
    }
}

#[test]
fn shared_things_are_shared() {
    let made = scene(
        "const t = new THREE.DataTexture(new Uint8Array(4), 1, 1), a = new THREE.MeshStandardMaterial({ map: t, normalMap: t }), b = new THREE.MeshBasicMaterial({ map: t }); \
        const q = new THREE.PlaneGeometry(0.5, 0.5), g = new THREE.Group(); for (const m of [a, b, a]) g.add(new THREE.Mesh(q, m)); return g;",
    );
    assert_eq!(
        (made.nodes.len(), made.geometries.len(), made.materials.len(), made.textures.len()),
        (4, 1, 2, 1)
    );
}

#[test]
fn geometries_that_nothing_draws_are_left_out() {
    let made = scene(&format!(
        "{QUAD} const g = new THREE.Group(), o = new THREE.Object3D(); o.geometry = new THREE.BoxGeometry(); g.add(o, m); return g;"
    ));
    assert_eq!((made.geometries.len(), made.geometries[0].vertex_count()), (1, 4));
}

#[test]
fn what_cannot_be_drawn_is_refused_with_the_reason() {
    for (text, expected) in [
        ("m.material = undefined;", "material of an object is not an object"),
        ("m.material = 7;", "material of an object is not an object"),
        (
            "m.material.type = 'ShaderMaterial';",
            "a material of type \"ShaderMaterial\" cannot be drawn",
        ),
        (
            "const Base = Object.getPrototypeOf(THREE.MeshBasicMaterial); m.material = new Base();",
            "a material of type \"Material\" cannot be drawn",
        ),
        ("m.material.map = {};", "map of a material is not a DataTexture"),
        ("m.material.emissiveMap = 7;", "emissiveMap of a material is not a DataTexture"),
        (
            "m.geometry.attributes.normal.array = [1, 2, 3];",
            "attribute normal of a geometry holds no array that can be uploaded",
        ),
        (
            "m.geometry.setAttribute('position', new THREE.BufferAttribute(new Float64Array(9), 3));",
            "attribute position of a geometry holds no array that can be uploaded",
        ),
        (
            "m.geometry.index.array = null;",
            "the index of a geometry holds no array that can be uploaded",
        ),
    ] {
        assert_eq!(
            refused(&format!("{QUAD} {text} return m;")),
            format!("post_validation/EXECUTION_THREW: the scene cannot be drawn: {expected}"),
            "{text}"
        );
    }
    assert_snapshot!(refused(&format!("{QUAD} m.material.map = new THREE.DataTexture(new Uint8Array(4), 1, 1); m.material.map.channel = 4; return m;")), @"post_validation/EXECUTION_THREW: texture channel 4 does not exist");
    assert_snapshot!(refused(&format!("{QUAD} m.geometry.drawRange = null; return m;")), @"post_validation/EXECUTION_THREW: drawRange is not an object");
    // Nobody looks at what is invisible or in no slot of its material.
    scene(&format!("{QUAD} m.material = {{}}; return m;"));
    scene(&format!("{QUAD} m.material.specularMap = 7; return m;"));
}

#[test]
fn every_property_is_read_once() {
    let made = scene(&format!(
        "{QUAD} let reads = 0; const array = m.geometry.attributes.position.array; \
        Object.defineProperty(m.geometry.attributes.position, 'array', {{ get() {{ return reads++ ? new Float32Array(12).fill(9) : array; }} }}); \
        Object.defineProperty(m, 'visible', {{ get() {{ array[0] = 0.125; return true; }} }}); return m;"
    ));
    // The getter on the object ran after the array was found and before it was measured: both see its value.
    assert_eq!(
        made.geometries[0].position.as_ref().map(|held| held.get(0)),
        Some([0.125, 0.25, 0.0, 1.0])
    );
}

#[test]
fn a_scene_is_too_large_for_us_only_beyond_every_rule() {
    assert_snapshot!(refused(&format!("{QUAD} m.geometry.setIndex(new THREE.BufferAttribute(new Uint8Array(20_000_000), 1)); return m;")), @"post_validation/VERTEX_LIMIT_EXCEEDED: scene: 20000000 indices, our limit is 16777216");
    assert_snapshot!(refused(&format!("{QUAD} const g = new THREE.Group(), o = new THREE.Group(); g.add(m); for (let i = 0; i < 70000; i++) g.children.push(Object.create(o)); return g;")), @"post_validation/EXECUTION_THREW: scene: 65537 objects, our limit is 65536");
    assert_snapshot!(refused(&format!("{QUAD} const t = new THREE.DataTexture(new Uint8Array(4), 1, 1); t.needsUpdate = true; m.material.map = t; t.mipmaps = [{{ data: new Uint8Array(100e6), width: 5000, height: 5000 }}]; return m;")), @"post_validation/TEXTURE_DATA_EXCEEDED: scene: 100000000 bytes of textures, our limit is 67108864");
    assert_snapshot!(refused(&format!("{QUAD} const g = new THREE.Group(), groups = new Array(40000).fill({{ start: 0, count: 3 }}); for (let i = 0; i < 2; i++) {{ const n = m.clone(); n.geometry = m.geometry.clone(); n.geometry.groups = groups; g.add(n); }} return g;")), @"post_validation/EXECUTION_THREW: scene: 80000 groups, our limit is 65536");
    assert_snapshot!(refused(&format!("{QUAD} m.geometry.morphAttributes.position = new Array(2000).fill(m.geometry.attributes.position); return m;")), @"post_validation/EXECUTION_THREW: scene: 2000 morph targets, our limit is 1024");
}
