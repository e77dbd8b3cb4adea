//! The safe namespace and the traps, as a module sees them when analysis missed something.

use insta::assert_snapshot;

use super::{body, module, value};

#[test]
fn every_operation_on_the_namespace_answers_as_specified() {
    assert_snapshot!(value("Object.keys(THREE).length"), @"108");
    assert_snapshot!(value("[typeof THREE, 'LuminanceFormat' in THREE, 'toString' in THREE, 'Scene' in THREE]"), @"object,true,false,false");
    assert_snapshot!(value("[Object.getPrototypeOf(THREE) === Object.prototype, Object.isExtensible(THREE), Object.isFrozen(THREE)]"), @"true,true,false");
    assert_snapshot!(value("[THREE.toString === Object.prototype.toString, THREE[Symbol.iterator]]"), @"true,");
    assert_snapshot!(value("Object.keys(THREE.MathUtils).length"), @"22");
    for (text, expected) in [
        ("THREE.Scene", "THREE.Scene is forbidden"),
        ("THREE.then", "THREE.then is not a recognized Three.js API"),
        ("THREE.LuminanceFormat", "THREE.LuminanceFormat is not a recognized Three.js API"),
        ("THREE['MathUtils']['generateUUID']", "THREE.MathUtils.generateUUID is forbidden"),
        ("THREE.Mesh = 1", "'set' on proxy: trap returned falsish for property 'Mesh'"),
        (
            "delete THREE.Mesh",
            "'deleteProperty' on proxy: trap returned falsish for property 'Mesh'",
        ),
        (
            "Object.defineProperty(THREE, 'x', {value: 1})",
            "'defineProperty' on proxy: trap returned falsish for property 'x'",
        ),
        ("Object.freeze(THREE)", "'preventExtensions' on proxy: trap returned falsish"),
        ("const copy = {...THREE}; new copy.Scene()", "not a function"),
        ("THREE()", "not a function"),
    ] {
        let told = body(&format!(
            "try {{ {text}; }} catch (e) {{ throw new Error(e.name + ': ' + e.message); }}"
        ));
        assert!(told.starts_with("execution/EXECUTION_THREW: TypeError: "), "{text}: {told}");
        assert!(told.contains(expected), "{text}: {told}");
    }
}

#[test]
fn every_forbidden_global_is_trapped() {
    for name in [
        "eval",
        "Function",
        "setTimeout",
        "setInterval",
        "setImmediate",
        "queueMicrotask",
        "fetch",
        "document",
        "window",
        "crypto",
        "Date",
        "performance",
        "Proxy",
        "Reflect",
        "WeakRef",
        "FinalizationRegistry",
        "SharedArrayBuffer",
        "Atomics",
        "Worker",
        "process",
        "global",
        "globalThis",
        "self",
        "require",
    ] {
        let expected =
            format!("execution/RUNTIME_VIOLATION: Runtime violation: {name} is forbidden");
        assert_eq!(body(&format!("typeof {name};")), expected);
        assert_eq!(module(&format!("{name}; export default () => 1;")), expected);
    }
}

#[test]
fn no_function_constructor_is_reachable() {
    for function in [
        "() => {}",
        "function* () {}",
        "async () => {}",
        "async function* () {}",
        "class {}",
        "[].map",
        "THREE.Mesh",
    ] {
        assert_eq!(
            body(&format!("const f = ({function}); f['con' + 'structor']('return 1');")),
            "execution/RUNTIME_VIOLATION: Runtime violation: Function constructor is forbidden",
            "{function}"
        );
    }
}

#[test]
fn imports_fail() {
    assert_snapshot!(module("import * as T from 'crucible:three'; export default () => new T.Scene();"), @"module_load/EXECUTION_THREW: Error resolving module 'crucible:three' from 'module.js'");
    assert_snapshot!(body("import('crucible:three').then(() => { throw 1 });"), @"post_validation/INVALID_RETURN_TYPE: returned null/undefined");
}
