//! Bad input of every class, from bytes to report: a rule's code or a pass, and never an error of ours.

use cage::Pool;
use insta::assert_snapshot;

use crate::workplace::{GOOD, pool, told};

fn fate(pool: &Pool, bytes: &[u8]) -> String {
    let report = pool.check(bytes).expect("a verdict");
    assert_eq!(told(&pool.check(GOOD.as_bytes()).expect("a verdict")), "passed");
    // What the details say is tested where they are made.
    let code = |failure: &threejs::Failure| format!("{}/{}", failure.stage, failure.rule);
    if report.passed() { "passed".into() } else { report.failures.iter().map(code).collect() }
}

/// A module whose function does this with a mesh, `mesh`, that would pass.
fn with_mesh(body: &str) -> Vec<u8> {
    format!(
        "export default function (THREE) {{
            const mesh = new THREE.Mesh(
                new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshStandardMaterial());
            {body}
        }}"
    )
    .into_bytes()
}

#[test]
fn texts() {
    let pool = pool("texts", |_| {});
    let fate = |bytes: &[u8]| fate(&pool, bytes);
    let good = |before: &[u8]| [before, GOOD.as_bytes()].concat();
    assert_snapshot!(fate(&good(b"\xef\xbb\xbf")), @"passed");
    assert_snapshot!(fate(&good(b"// \xff\xfe\n")), @"passed");
    assert_snapshot!(fate(&good(b"\xff")), @"parse/PARSE_ERROR");
    assert_snapshot!(fate(&good(b"<!-- a comment\n")), @"parse/PARSE_ERROR");
    assert_snapshot!(fate(&good(b"\0")), @"parse/PARSE_ERROR");
    assert_snapshot!(fate(&[b' '; (1 << 20) + 1]), @"parse/FILE_SIZE_EXCEEDED");
    assert_snapshot!(fate(&good(&b"(".repeat(100_000))), @"parse/PARSE_ERROR");
    assert_snapshot!(fate(b"export default async (THREE) => import('x')"), @"static_analysis/ASYNC_NOT_ALLOWED");
    assert_snapshot!(fate(b"export default () => import.meta"), @"static_analysis/FORBIDDEN_IDENTIFIER");
    assert_snapshot!(fate(b"export default () => \\u0065val('1')"), @"static_analysis/FORBIDDEN_IDENTIFIER");
    assert_snapshot!(fate(b"export default () => (() => 0).constructor('return 1')()"), @"static_analysis/FORBIDDEN_PROPERTY_ACCESS");
}

#[test]
fn scenes() {
    let pool = pool("scenes", |_| {});
    let fate = |body: &str| fate(&pool, &with_mesh(body));
    assert_snapshot!(fate("mesh.children.push(mesh); return mesh;"), @"post_validation/CYCLE_DETECTED");
    assert_snapshot!(fate("mesh.position.set(0 / 0, 1 / 0, 0); return mesh;"), @"post_validation/BOUNDING_BOX_OUT_OF_RANGE");
    assert_snapshot!(fate("mesh.geometry.setIndex([0, 1, 99999]); return mesh;"), @"passed");
    assert_snapshot!(fate("mesh.geometry.attributes.position.count = -5; return mesh;"), @"post_validation/EMPTY_SCENE");
    assert_snapshot!(fate("mesh.geometry = null; return mesh;"), @"post_validation/EXECUTION_THREW");
    assert_snapshot!(fate("mesh.material = 7; return mesh;"), @"post_validation/EXECUTION_THREW");
    assert_snapshot!(
        fate("return new THREE.InstancedMesh(mesh.geometry, mesh.material, 1000000000);"),
        @"execution/EXECUTION_THREW"
    );
    assert_snapshot!(
        fate("mesh.material.map = new THREE.DataTexture(new Uint8Array(4), 8192, 8192); return mesh;"),
        @"passed"
    );
    assert_snapshot!(
        fate("mesh.material.map = new THREE.DataTexture(new Uint8Array(4), -1, 2); return mesh;"),
        @"passed"
    );
    assert_snapshot!(fate("mesh.then = () => 0; return mesh;"), @"execution/ASYNC_NOT_ALLOWED");
    assert_snapshot!(fate("return { isObject3D: true, isMesh: true, children: [] };"), @"post_validation/INVALID_RETURN_TYPE");
    assert_snapshot!(
        fate("return { get isGroup() { throw { toString() { throw 1; } }; } };"),
        @"post_validation/INVALID_RETURN_TYPE"
    );
    assert_snapshot!(fate("throw { toString() { throw this; } };"), @"execution/EXECUTION_THREW");
    assert_snapshot!(fate("throw null;"), @"execution/EXECUTION_THREW");
    assert_snapshot!(fate("mesh.name = 'x'.repeat(50000000); return mesh;"), @"passed");
    assert_snapshot!(fate("let last = mesh; for (let i = 0; i < 40; i++) { const next = new THREE.Group(); next.add(last); last = next; } return last;"), @"post_validation/DEPTH_LIMIT_EXCEEDED");
}
