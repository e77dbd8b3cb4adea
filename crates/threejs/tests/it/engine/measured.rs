//! Metrics of honest modules, every limit at and over, every refused return value.

use insta::assert_snapshot;

use super::{body, module, value};

const BOX: &str =
    "const m = new THREE.Mesh(new THREE.BoxGeometry(1, 1, 1), new THREE.MeshStandardMaterial());";

#[test]
fn honest_modules_pass_with_their_figures() {
    assert_snapshot!(body(&format!("{BOX} return m;")), @"ok: 24 vertices, 1 draw calls, depth 1, 0 instances, 0 texture bytes, box [-0.500, -0.500, -0.500] to [0.500, 0.500, 0.500]");
    assert_snapshot!(body("const g = new THREE.Group(); const i = new THREE.InstancedMesh(new THREE.BoxGeometry(0.1, 0.1, 0.1), new THREE.MeshBasicMaterial(), 3); i.setMatrixAt(1, new THREE.Matrix4().makeTranslation(0.25, 0, 0)); g.add(i); return g;"), @"ok: 24 vertices, 1 draw calls, depth 1, 3 instances, 0 texture bytes, box [-0.050, -0.050, -0.050] to [0.300, 0.050, 0.050]");
    assert_snapshot!(body("const t = new THREE.DataTexture(new Uint8Array(64), 4, 4); return new THREE.Mesh(new THREE.PlaneGeometry(0.5, 0.5), new THREE.MeshStandardMaterial({ map: t, normalMap: t, anisotropyMap: new THREE.DataTexture(new Float32Array(4), 1, 1) }));"), @"ok: 4 vertices, 1 draw calls, depth 1, 0 instances, 64 texture bytes, box [-0.250, -0.250, 0.000] to [0.250, 0.250, 0.000]");
    assert_snapshot!(body("const g = new THREE.BufferGeometry().setFromPoints([new THREE.Vector3(0, 0, 0), new THREE.Vector3(0.5, 0, 0)]); return new THREE.LineSegments(g, new THREE.LineBasicMaterial());"), @"ok: 2 vertices, 1 draw calls, depth 1, 0 instances, 0 texture bytes, box [0.000, 0.000, 0.000] to [0.500, 0.000, 0.000]");
    assert_snapshot!(body("const g = new THREE.BufferGeometry(); g.setAttribute('position', new THREE.Float32BufferAttribute([0, 0, 0, 0.1, 0.2, 0.3], 3)); return new THREE.Points(g, new THREE.PointsMaterial());"), @"ok: 2 vertices, 1 draw calls, depth 1, 0 instances, 0 texture bytes, box [0.000, 0.000, 0.000] to [0.100, 0.200, 0.300]");
}

#[test]
fn matrices_are_taken_as_three_takes_them() {
    assert_snapshot!(body(&format!("{BOX} m.scale.setScalar(0.5); m.rotation.y = Math.PI / 4; m.position.x = 0.1; return m;")), @"ok: 24 vertices, 1 draw calls, depth 1, 0 instances, 0 texture bytes, box [-0.254, -0.250, -0.354] to [0.454, 0.250, 0.354]");
    assert_snapshot!(body(&format!("{BOX} m.scale.setScalar(0.25); m.pivot = new THREE.Vector3(0.25, 0, 0); m.rotation.z = Math.PI; return m;")), @"ok: 24 vertices, 1 draw calls, depth 1, 0 instances, 0 texture bytes, box [0.187, -0.125, -0.125] to [0.438, 0.125, 0.125]");
    assert_snapshot!(body(&format!("{BOX} m.matrixAutoUpdate = false; m.matrix.makeScale(0.5, 0.25, 0.125); return m;")), @"ok: 24 vertices, 1 draw calls, depth 1, 0 instances, 0 texture bytes, box [-0.250, -0.125, -0.062] to [0.250, 0.125, 0.062]");
}

#[test]
fn a_limit_passes_and_one_more_fails() {
    let points = |n: u32| {
        body(&format!(
            "const g = new THREE.BufferGeometry(); g.setAttribute('position', new THREE.BufferAttribute(new Float32Array({n} * 3), 3)); return new THREE.Points(g, new THREE.PointsMaterial());"
        ))
    };
    assert_snapshot!(points(250_000), @"ok: 250000 vertices, 1 draw calls, depth 1, 0 instances, 0 texture bytes, box [0.000, 0.000, 0.000] to [0.000, 0.000, 0.000]");
    assert_snapshot!(points(250_001), @"post_validation/VERTEX_LIMIT_EXCEEDED: 250001 > 250000");
    let meshes = |n: u32| {
        body(&format!(
            "{BOX} const g = new THREE.Group(); for (let i = 0; i < {n}; i++) g.add(m.clone()); return g;"
        ))
    };
    assert_snapshot!(meshes(200), @"ok: 4800 vertices, 200 draw calls, depth 1, 0 instances, 0 texture bytes, box [-0.500, -0.500, -0.500] to [0.500, 0.500, 0.500]");
    assert_snapshot!(meshes(201), @"post_validation/DRAW_CALL_LIMIT_EXCEEDED: 201 > 200");
    let chain = |n: u32| {
        body(&format!(
            "{BOX} const g = new THREE.Group(); let p = g; for (let i = 1; i < {n}; i++) {{ const c = new THREE.Group(); p.add(c); p = c; }} p.add(m); return g;"
        ))
    };
    assert_snapshot!(chain(32), @"ok: 24 vertices, 1 draw calls, depth 32, 0 instances, 0 texture bytes, box [-0.500, -0.500, -0.500] to [0.500, 0.500, 0.500]");
    assert_snapshot!(chain(33), @"post_validation/DEPTH_LIMIT_EXCEEDED: 33 > 32");
    let instances = |n: u32| {
        body(&format!(
            "const i = new THREE.InstancedMesh(new THREE.BoxGeometry(), new THREE.MeshBasicMaterial(), 2); i.count = {n}; return i;"
        ))
    };
    assert_snapshot!(instances(50_000), @"ok: 24 vertices, 1 draw calls, depth 1, 50000 instances, 0 texture bytes, box [-0.500, -0.500, -0.500] to [0.500, 0.500, 0.500]");
    assert_snapshot!(instances(50_001), @"post_validation/INSTANCE_LIMIT_EXCEEDED: 50001 > 50000");
    assert_snapshot!(instances(1_000_000_000), @"post_validation/INSTANCE_LIMIT_EXCEEDED: 1000000000 > 50000");
    let texture = |n: u32| {
        body(&format!(
            "{BOX} m.material.envMap = new THREE.DataTexture(new Uint8Array({n}), 1, 1); return m;"
        ))
    };
    assert_snapshot!(texture(4_194_304), @"ok: 24 vertices, 1 draw calls, depth 1, 0 instances, 4194304 texture bytes, box [-0.500, -0.500, -0.500] to [0.500, 0.500, 0.500]");
    assert_snapshot!(texture(4_194_305), @"post_validation/TEXTURE_DATA_EXCEEDED: 4194305 > 4194304");
}

#[test]
fn boxes_outside_stale_or_not_numbers_are_refused() {
    assert_snapshot!(body(&format!("{BOX} m.scale.x = 1.0000002; return m;")), @"post_validation/BOUNDING_BOX_OUT_OF_RANGE: out of [-0.5, 0.5]: x:[-0.5000,0.5000]");
    assert_snapshot!(body(&format!("{BOX} m.position.set(0.03125 / 50, 1, 0); return m;")), @"post_validation/BOUNDING_BOX_OUT_OF_RANGE: out of [-0.5, 0.5]: x:[-0.4994,0.5006], y:[0.5000,1.5000]");
    assert_snapshot!(body(&format!("{BOX} m.position.y = NaN; return m;")), @"post_validation/BOUNDING_BOX_OUT_OF_RANGE: out of [-0.5, 0.5]: y:[NaN,NaN]");
    assert_snapshot!(body(&format!("{BOX} m.position.y = Infinity; return m;")), @"post_validation/BOUNDING_BOX_OUT_OF_RANGE: out of [-0.5, 0.5]: y:[Infinity,Infinity]");
    assert_snapshot!(body(&format!("{BOX} m.geometry.computeBoundingBox(); m.scale.setScalar(2); m.geometry.boundingBox.min.setScalar(0); m.geometry.boundingBox.max.setScalar(0); m.boundingBox = new THREE.Box3(); return m;")), @"post_validation/BOUNDING_BOX_OUT_OF_RANGE: out of [-0.5, 0.5]: x:[-1.0000,1.0000], y:[-1.0000,1.0000], z:[-1.0000,1.0000]");
    assert_snapshot!(body(&format!("{BOX} m.geometry.attributes.position.array[4] = NaN; return m;")), @"post_validation/BOUNDING_BOX_OUT_OF_RANGE: out of [-0.5, 0.5]: x:[NaN,NaN], y:[NaN,NaN], z:[NaN,NaN]");
    assert_snapshot!(body("return new THREE.Group();"), @"post_validation/EMPTY_SCENE: bounding box is empty");
}

#[test]
fn roots_that_are_not_scenes_are_refused() {
    for (text, expected) in [
        ("", "returned null/undefined"),
        ("return null;", "returned null/undefined"),
        ("return 7;", "not an Object3D"),
        ("return {};", "not an Object3D"),
        ("return new THREE.Object3D();", "expected Group, Mesh, LineSegments, or Points"),
        ("return new THREE.Line();", "expected Group, Mesh, LineSegments, or Points"),
    ] {
        assert_eq!(
            body(text),
            format!("post_validation/INVALID_RETURN_TYPE: {expected}"),
            "{text}"
        );
    }
    assert_snapshot!(module("export default 7;"), @"module_load/INVALID_RETURN_TYPE: default export is not a function");
    assert_snapshot!(body("return { then() {} };"), @"execution/ASYNC_NOT_ALLOWED: generate() returned a Promise or thenable");
    assert_snapshot!(module("export default async function f() {}"), @"execution/ASYNC_NOT_ALLOWED: generate() returned a Promise or thenable");
    assert_snapshot!(module("await new Promise(() => {}); export default () => 1;"), @"execution/ASYNC_NOT_ALLOWED: top-level await");
}

#[test]
fn the_random_stream_is_the_specified_one() {
    assert_snapshot!(value("[Math.random(), Math.random(), Math.random(), Math.random(), Math.random()]"), @"0.10615200875326991,0.941276284167543,0.9398706152569503,0.2338848018553108,0.9045877147000283");
    // An object's UUID takes four draws.
    assert_snapshot!(value("[new THREE.Object3D() && Math.random(), THREE.MathUtils.randFloat(0, 1)]"), @"0.9045877147000283,0.778330324916169");
    assert_snapshot!(value("new THREE.Group().uuid"), @"2dc72c1b-887b-47f0-925c-9bf0d6dfdf3b");
}
