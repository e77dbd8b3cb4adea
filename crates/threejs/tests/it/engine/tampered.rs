//! Scenes that lie: getters, missing parts and impossible numbers wherever the host reads. Each gets a rule code, and what
//! passes is sound.

use insta::assert_snapshot;
use threejs::engine::{Limits, Outcome, wire};

use super::{body, outcome_within, told};

const SCENE: &str = "const t = new THREE.DataTexture(new Uint8Array(4), 1, 1); t.needsUpdate = true; t.mipmaps = [{ data: new Uint8Array(4), width: 1, height: 1 }]; \
    const m = new THREE.InstancedMesh(new THREE.BoxGeometry(0.1, 0.1, 0.1), new THREE.MeshPhysicalMaterial({ map: t }), 2); m.setColorAt(1, new THREE.Color()); \
    const g = new THREE.Group(); g.add(m); const p = m.geometry.attributes.position; m.geometry.morphAttributes.position = [p.clone()];";

/// Every object that the host reads, by an expression, and what it reads of it.
const READ: &[(&str, &str)] = &[
    (
        "g",
        "then isObject3D type isGroup isMesh isLine isLineSegments isPoints isInstancedMesh geometry children",
    ),
    (
        "m",
        "isGroup isMesh geometry material count instanceMatrix instanceColor boundingSphere layers id name matrixAutoUpdate",
    ),
    (
        "m",
        "position quaternion scale pivot matrixWorldAutoUpdate visible renderOrder frustumCulled children",
    ),
    ("m.layers", "mask"),
    ("m.quaternion", "x y z w"),
    ("m.position", "x y z"),
    ("m.scale", "x y z"),
    ("m.children", "length"),
    ("m.instanceMatrix", "array"),
    ("m.instanceColor", "array count itemSize normalized gpuType"),
    (
        "m.geometry",
        "attributes index name groups drawRange boundingSphere morphAttributes morphTargetsRelative",
    ),
    ("m.geometry.attributes", "position normal uv uv1 uv2 uv3 color tangent lineDistance"),
    ("m.geometry.drawRange", "start count"),
    ("m.geometry.groups", "length"),
    ("m.geometry.groups[0]", "start count materialIndex"),
    ("m.geometry.index", "array count itemSize"),
    ("p", "array count itemSize normalized gpuType isInterleavedBufferAttribute"),
    (
        "m.material",
        "type visible id name color opacity map normalMap side blending roughness emissive clearcoat envMapRotation",
    ),
    (
        "m.material",
        "iridescenceThicknessRange normalScale attenuationColor depthFunc polygonOffset alphaTest wireframe",
    ),
    ("m.material.color", "r g b"),
    (
        "t",
        "isDataTexture image mipmaps version format type colorSpace wrapS minFilter anisotropy channel offset rotation name",
    ),
    ("t.image", "data width height"),
    ("t.mipmaps[0]", "data width height"),
];

fn run(text: &str, fuel: u64) -> Outcome {
    let limits = Limits { fuel, ..Limits::default() };
    outcome_within(&format!("export default function build(THREE) {{ {SCENE} {text} }}"), limits)
}

fn sites() -> impl Iterator<Item = (&'static str, &'static str)> {
    READ.iter().flat_map(|(object, keys)| keys.split(' ').map(move |key| (*object, key)))
}

#[test]
fn a_getter_that_throws_or_never_ends_is_the_modules_fault() {
    assert!(run("return g;", 1_000_000).passed(), "{}", told(&run("return g;", 1_000_000)));
    for (object, key) in sites() {
        let text = |code: &str| {
            format!(
                "Object.defineProperty({object}, '{key}', {{ configurable: true, get() {{ {code} }} }}); return g;"
            )
        };
        // Some are of no use to redefine (array lengths): then defining itself throws, while executing.
        let told_of = told(&run(&text("throw new Error('mine')"), 1_000_000));
        let is_expected = told_of.ends_with("_validation/EXECUTION_THREW: mine")
            || told_of == "execution/EXECUTION_THREW: property is not configurable";
        assert!(is_expected, "{object}.{key}: {told_of}");
        let told_of = told(&run(&text("for (;;) {}"), 200_000));
        let is_expected =
            told_of.contains("TIMEOUT_EXCEEDED") || told_of.contains("not configurable");
        assert!(is_expected, "{object}.{key}: {told_of}");
    }
}

#[test]
fn any_value_anywhere_gets_an_answer_that_can_be_handed_over() {
    let values = [
        "undefined",
        "null",
        "NaN",
        "-1",
        "1e300",
        "-Infinity",
        "0.5",
        "true",
        "''",
        "'x'.repeat(1e5)",
        "'\\ud800'",
        "[]",
        "{}",
        "7n",
        "Symbol()",
        "() => 1",
        "new Uint8Array(3)",
        "new Float32Array(1e5).fill(NaN)",
        "{ valueOf() { throw 1 } }",
        "{ length: 1e15, x: 1 }",
        "g",
        "new Array(4e9)",
    ];
    // A few of the values for each property, others each time.
    for (number, (object, key)) in sites().enumerate() {
        for value in values.iter().skip(number % 7).step_by(7) {
            let text = format!(
                "Object.defineProperty({object}, '{key}', {{ configurable: true, value: {value} }}); return g;"
            );
            let outcome = run(&text, 3_000_000);
            assert_eq!(outcome.passed(), outcome.scene.is_some(), "{text}");
            let handed = wire::decode(&wire::encode(&outcome)).expect(&text);
            // As text, so that NaN equals NaN.
            assert_eq!(format!("{handed:?}"), format!("{outcome:?}"), "{text}");
        }
    }
}

#[test]
fn impossible_numbers_break_a_limit_or_draw_nothing() {
    let with = |text: &str| body(&format!("{SCENE} {text} return g;"));
    assert_snapshot!(with("m.count = NaN;"), @r"
    post_validation/EMPTY_SCENE: bounding box is empty
    post_validation/INSTANCE_LIMIT_EXCEEDED: NaN > 50000
    ");
    assert_snapshot!(with("m.count = -5;"), @"post_validation/EMPTY_SCENE: bounding box is empty");
    assert_snapshot!(with("m.count = null;"), @"post_validation/EMPTY_SCENE: bounding box is empty");
    assert_snapshot!(with("p.count = NaN;"), @"post_validation/VERTEX_LIMIT_EXCEEDED: NaN > 250000");
    assert_snapshot!(with("p.count = 1e9;"), @"post_validation/VERTEX_LIMIT_EXCEEDED: 1000000000 > 250000");
    assert_snapshot!(with("m.setMatrixAt(1, new THREE.Matrix4().makeScale(NaN, 1, 1));"), @"post_validation/BOUNDING_BOX_OUT_OF_RANGE: out of [-0.5, 0.5]: x:[NaN,NaN], y:[NaN,NaN], z:[NaN,NaN]");
    assert_snapshot!(with("m.instanceMatrix.array[12] = Infinity;"), @"post_validation/BOUNDING_BOX_OUT_OF_RANGE: out of [-0.5, 0.5]: x:[NaN,NaN], y:[NaN,NaN], z:[NaN,NaN]");
    assert_snapshot!(with("m.matrixWorldAutoUpdate = false; m.matrixWorld.elements = [];"), @"post_validation/BOUNDING_BOX_OUT_OF_RANGE: out of [-0.5, 0.5]: x:[NaN,NaN], y:[NaN,NaN], z:[NaN,NaN]");
    assert_snapshot!(with("m.geometry.setDrawRange(-10, NaN); m.geometry.groups = [{ start: -1, count: -1, materialIndex: -1 }];"), @"ok: 24 vertices, 1 draw calls, depth 1, 2 instances, 4 texture bytes, box [-0.050, -0.050, -0.050] to [0.050, 0.050, 0.050]");
    assert_snapshot!(with("m.geometry = new THREE.BoxGeometry(-0.2, -0.2, -0.2, -3, -3, -3);"), @"post_validation/EMPTY_SCENE: bounding box is empty");
    assert_snapshot!(with("p.itemSize = 1e9;"), @"ok: 24 vertices, 1 draw calls, depth 1, 2 instances, 4 texture bytes, box [-0.050, -0.050, -0.050] to [0.050, 0.050, 0.050]");
    assert_snapshot!(with("p.itemSize = -3;"), @"ok: 24 vertices, 1 draw calls, depth 1, 2 instances, 4 texture bytes, box [-0.050, -0.050, -0.050] to [0.050, 0.050, 0.050]");
}

#[test]
fn arrays_that_went_away_are_empty() {
    let with = |text: &str| body(&format!("{SCENE} {text} return g;"));
    assert_snapshot!(with("m.geometry.index.array = new Uint16Array(0); p.array = new Float32Array(0); p.count = 0; m.geometry.morphAttributes = {};"), @"post_validation/EMPTY_SCENE: bounding box is empty");
    assert_snapshot!(with("p.array.buffer.transfer();"), @"ok: 24 vertices, 1 draw calls, depth 1, 2 instances, 4 texture bytes, box [-0.050, -0.050, -0.050] to [0.050, 0.050, 0.050]");
    assert_snapshot!(with("m.instanceMatrix.array.buffer.transfer(); m.geometry.index.array.buffer.transfer(); m.instanceColor.array.buffer.transfer();"), @"post_validation/EMPTY_SCENE: bounding box is empty");
    assert_snapshot!(with("const b = new ArrayBuffer(288, { maxByteLength: 400 }); p.array = new Float32Array(b); b.resize(100);"), @"ok: 24 vertices, 1 draw calls, depth 1, 2 instances, 4 texture bytes, box [-0.050, -0.050, -0.050] to [0.050, 0.050, 0.050]");
    assert_snapshot!(with("const b = new ArrayBuffer(288, { maxByteLength: 400 }); p.array = new Float32Array(b, 144); Object.defineProperty(m, 'visible', { get() { b.resize(8); } });"), @"ok: 24 vertices, 1 draw calls, depth 1, 2 instances, 4 texture bytes, box [-0.050, -0.050, -0.050] to [0.050, 0.050, 0.050]");
}

#[test]
fn flags_and_types_cannot_hide_anything() {
    let with = |text: &str| body(&format!("{SCENE} {text}"));
    // The renderer reads the same flags, so what is not flagged is not drawn either; its box still counts.
    assert_snapshot!(with("m.isMesh = false; m.scale.setScalar(20); return g;"), @"post_validation/BOUNDING_BOX_OUT_OF_RANGE: out of [-0.5, 0.5]: x:[-1.0000,1.0000], y:[-1.0000,1.0000], z:[-1.0000,1.0000]");
    assert_snapshot!(with("m.type = 'Group'; return m;"), @"ok: 24 vertices, 1 draw calls, depth 1, 2 instances, 4 texture bytes, box [-0.050, -0.050, -0.050] to [0.050, 0.050, 0.050]");
    assert_snapshot!(with("m.isGroup = true; return m;"), @"ok: 24 vertices, 1 draw calls, depth 1, 2 instances, 4 texture bytes, box [-0.050, -0.050, -0.050] to [0.050, 0.050, 0.050]");
    assert_snapshot!(with("g.type = 'Scene'; return g;"), @"post_validation/INVALID_RETURN_TYPE: expected Group, Mesh, LineSegments, or Points");
    assert_snapshot!(with("g.isGroup = false; return g;"), @"post_validation/INVALID_RETURN_TYPE: expected Group, Mesh, LineSegments, or Points");
    assert_snapshot!(with("return { isObject3D: true, type: 'Group', isGroup: true, children: [] };"), @"post_validation/EXECUTION_THREW: layers is not an object");
    assert_snapshot!(with("const f = () => 1; f.then = () => {}; return f;"), @"execution/ASYNC_NOT_ALLOWED: generate() returned a Promise or thenable");
    assert_snapshot!(with("g.then = () => {}; return g;"), @"execution/ASYNC_NOT_ALLOWED: generate() returned a Promise or thenable");
    assert_snapshot!(with("g.then = 7; return g;"), @"ok: 24 vertices, 1 draw calls, depth 1, 2 instances, 4 texture bytes, box [-0.050, -0.050, -0.050] to [0.050, 0.050, 0.050]");
    assert_snapshot!(with("return Promise.resolve(g);"), @"execution/ASYNC_NOT_ALLOWED: generate() returned a Promise or thenable");
    assert_snapshot!(with("function* f() { yield g; } return f();"), @"post_validation/INVALID_RETURN_TYPE: not an Object3D");
}
