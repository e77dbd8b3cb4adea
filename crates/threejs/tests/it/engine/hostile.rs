//! Modules that try to run for ever, eat memory, crash the interpreter, or lie while being measured.

use insta::assert_snapshot;
use threejs::engine::Limits;

use super::{body, module, outcome_within, told};

/// Small limits keep the tests fast; the rules are the same.
fn tight(text: &str) -> String {
    let limits = Limits { fuel: 5_000_000, heap_bytes: 32 << 20, ..Limits::default() };
    told(&outcome_within(&format!("export default function build(THREE) {{ {text} }}"), limits))
}

#[test]
fn endless_work_uses_up_the_fuel() {
    for text in [
        "for (;;) {}",
        "for (;;) { try { for (;;) {} } catch {} finally { continue; } }",
        "/^(a+)+$/.test('a'.repeat(40) + 'b');",
        "const o = { get then() { for (;;) {} } }; return o;",
        "throw { get message() { for (;;) {} } };",
        "return Object.assign(new THREE.Group(), { children: { get length() { for (;;) {} } } });",
        "[1, 2, 3].sort(() => { for (;;) {} });",
    ] {
        assert_eq!(
            tight(text),
            "execution/TIMEOUT_EXCEEDED: exceeded the execution budget of 5000000 steps",
            "{text}"
        );
    }
    let limits = Limits { fuel: 1_000_000, ..Limits::default() };
    let outcome = outcome_within("for (;;) {} export default () => 1;", limits);
    assert_snapshot!(told(&outcome), @"execution/TIMEOUT_EXCEEDED: exceeded the execution budget of 1000000 steps");
}

#[test]
fn allocation_storms_hit_the_heap_limit() {
    for text in [
        "const a = []; for (;;) a.push({ a: 1, b: [1, 2, 3] });",
        "const a = []; for (;;) a.push(new Float64Array(100000));",
        "new Uint8Array(1e9);",
        "const s = 'x'.repeat(1e6); const a = []; for (let i = 0; ; i++) a.push((s + i).split(''));",
        "const a = new Array(3e7).fill(0); a.sort();",
        "let s = 'xxxxxxxx'; for (;;) s = (s + s).toUpperCase();",
    ] {
        let limits = Limits { fuel: 100_000_000, heap_bytes: 32 << 20, ..Limits::default() };
        let text = format!("export default function build(THREE) {{ {text} }}");
        let found = told(&outcome_within(&text, limits));
        let expected = "execution/HEAP_EXCEEDED: exceeded 32 MB heap";
        assert!(found == expected || found.contains("invalid string length"), "{text}: {found}");
    }
}

#[test]
fn deep_recursion_throws_and_crashes_nothing() {
    for text in [
        "const f = () => f() + 1; f();",
        "let a = []; for (let i = 0; i < 200000; i++) a = [a]; JSON.stringify(a);",
        "let a = []; for (let i = 0; i < 200000; i++) a = [a]; String(a);",
        "JSON.parse('['.repeat(200000));",
        "'a'.match(new RegExp('('.repeat(100000) + ')'.repeat(100000)));",
    ] {
        let found = tight(text);
        assert!(found.starts_with("execution/EXECUTION_THREW: "), "{text}: {found}");
    }
    assert_snapshot!(tight("const f = () => f() + 1; f();"), @"execution/EXECUTION_THREW: Maximum call stack size exceeded");
    let nested = format!("export default () => {}1{};", "(".repeat(100_000), ")".repeat(100_000));
    assert!(module(&nested).starts_with("module_load/EXECUTION_THREW: "), "{}", module(&nested));
}

#[test]
fn thrown_values_become_text() {
    for (thrown, expected) in [
        ("null", "null"),
        ("undefined", "undefined"),
        ("'words'", "words"),
        ("new Error('why')", "why"),
        ("new TypeError('')", "TypeError"),
        ("{ toString() { throw 1 } }", "a value that cannot be shown was thrown"),
        ("Symbol('s')", "Symbol(s)"),
    ] {
        assert_eq!(
            body(&format!("throw {thrown};")),
            format!("execution/EXECUTION_THREW: {expected}")
        );
    }
    assert_eq!(body("throw new Error('x'.repeat(1e6));").len(), 27 + 2048);
    assert_snapshot!(module("export default () => {"), @"module_load/EXECUTION_THREW: unexpected token in expression: ''");
    assert_snapshot!(module("throw new Error('early'); export default () => 1;"), @"module_load/EXECUTION_THREW: early");
}

#[test]
fn cycles_and_shared_nodes_are_found() {
    let cycle = "post_validation/CYCLE_DETECTED: scene graph contains a cycle";
    assert_eq!(body("const g = new THREE.Group(); g.children.push(g); return g;"), cycle);
    assert_eq!(
        body(
            "const g = new THREE.Group(), a = new THREE.Group(), b = new THREE.Group(); g.add(a, b); a.add(b); g.children.push(b); return g;"
        ),
        cycle
    );
}

#[test]
fn faults_while_measuring_are_the_modules() {
    for text in [
        "const m = new THREE.Mesh(); m.geometry = null; return m;",
        "return { isObject3D: true, isMesh: true, type: 'Mesh' };",
        "const g = new THREE.Group(); g.children = [null]; return g;",
        "const g = new THREE.Group(); Object.defineProperty(g, 'children', { get() { throw new Error('no'); } }); return g;",
        "const m = new THREE.Mesh(); m.geometry.setAttribute('position', { count: { valueOf() { throw new Error('no'); } } }); return m;",
    ] {
        let found = body(text);
        assert!(found.starts_with("post_validation/EXECUTION_THREW: "), "{text}: {found}");
    }
}

#[test]
fn patched_built_ins_do_not_reach_the_measuring() {
    let honest =
        "const m = new THREE.Mesh(new THREE.BoxGeometry(2, 2, 2), new THREE.MeshBasicMaterial());";
    let patches = "Set.prototype.has = () => true; Map.prototype.get = () => [0, 0, 0, 0, 0, 0]; Math.min = Math.max = () => 0; \
        THREE.Box3.prototype.setFromObject = () => {}; THREE.BufferGeometry.prototype.computeBoundingBox = () => {}; \
        Object.defineProperty(Array.prototype, '0', { set() {}, get() { return 0; }, configurable: true }); \
        Object.prototype.toJSON = () => 1; Array.isArray = () => { throw 1 };";
    assert_eq!(
        body(&format!("{honest} {patches} return m;")),
        body(&format!("{honest} return m;"))
    );
    assert_snapshot!(body(&format!("{honest} {patches} return m;")), @"post_validation/BOUNDING_BOX_OUT_OF_RANGE: out of [-0.5, 0.5]: x:[-1.0000,1.0000], y:[-1.0000,1.0000], z:[-1.0000,1.0000]");
}

#[test]
fn nothing_outlives_a_run_and_every_run_is_the_same() {
    body(
        "THREE.Mesh.prototype.isMesh = false; Object.prototype.evil = 1; return new THREE.Group();",
    );
    let source = "export default (THREE) => { const g = new THREE.Group(); for (let i = 0; i < 50; i++) { const m = new THREE.Mesh(\
        new THREE.BoxGeometry(0.01, 0.01, 0.01)); m.position.set(Math.random() - 0.5, 0, 0).multiplyScalar(0.9); g.add(m); } return g; }";
    let first = outcome_within(source, Limits::default());
    assert!(first.passed(), "{first:?}");
    for _ in 0..5 {
        assert_eq!(outcome_within(source, Limits::default()), first);
    }
}
