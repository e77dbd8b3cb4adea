//! Built-in functions: one call of them ends, however long the array or the text it is given.

use threejs::engine::Limits;

use super::{outcome_within, told, value};

fn ends(text: &str) -> String {
    let limits = Limits { fuel: 5_000_000, heap_bytes: 64 << 20, ..Limits::default() };
    told(&outcome_within(&format!("export default function build(THREE) {{ {text} }}"), limits))
}

#[test]
fn what_would_walk_for_ever_is_not_started() {
    for text in [
        "Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 0);",
        "Array.prototype.reverse.call({ length: 2 ** 53 - 1 });",
        "Array.prototype.forEach.call({ length: 2 ** 53 - 1 }, () => 1);",
        "Array.prototype.lastIndexOf.call({ length: '9007199254740991' }, 7);",
        "new Array(4e9).join('');",
        "String(new Array(4e9));",
        "[].concat(new Array(4e9));",
        "[new Array(4e9)].flat();",
        "new Array(4e9).slice();",
        "new Array(4e9).sort();",
        "new Array(4e9).some(() => 1);",
        "JSON.stringify({}, new Array(4e9));",
        "const s = 'a'.repeat(1e7), t = 'a'.repeat(5e6) + 'b'; s.indexOf(t);",
        "const s = 'a'.repeat(1e7), t = 'a'.repeat(5e6) + 'b'; s.split(t);",
        "try { new Array(4e9).sort(); } catch { for (;;) new Array(4e9).sort(); }",
    ] {
        let expected = "execution/TIMEOUT_EXCEEDED: exceeded the execution budget of 5000000 steps";
        assert_eq!(ends(text), expected, "{text}");
    }
}

#[test]
fn many_long_calls_use_up_the_fuel() {
    for text in [
        "const a = new Uint8Array(3e7); for (;;) a.fill(1);",
        "const a = new Uint8Array(3e7); for (;;) a.indexOf(1);",
        "const a = new Float64Array(3e6); for (;;) a.sort();",
        "const a = new Array(1e6).fill(1); for (;;) a.reverse();",
        "const a = new Array(1e6).fill(1); for (;;) [...a];",
        "const a = new Array(1e6).fill(1); for (;;) a.unshift(a.shift());",
        "const s = 'x'.repeat(1e7); for (let i = 0; ; i++) (s + i).codePointAt(3);",
        "for (;;) 'x'.padStart(1e7, 'ab');",
        "for (;;) new Float32Array(1e6);",
    ] {
        let told = ends(text);
        assert!(told.starts_with("execution/TIMEOUT_EXCEEDED"), "{text}: {told}");
    }
}

#[test]
fn guarded_functions_behave_as_before() {
    for (expression, expected) in [
        (
            "[1, 2, 3].indexOf(2) + [3, 1, 2].sort().join('-') + [1, [2]].flat().concat([5], 6)",
            "11-2-31,2,5,6",
        ),
        ("Array.prototype.fill.call({ length: 2 }, 7)[1]", "7"),
        (
            "[[].fill.name, [].fill.length, [].concat.length, 'prototype' in [].fill, Object.keys([].fill).length]",
            "fill,1,1,false,0",
        ),
        ("Object.getOwnPropertyDescriptor(Array.prototype, 'sort').enumerable", "false"),
        ("/native code/.test([].fill) && /native code/.test(''.indexOf)", "true"),
        (
            "'abcabc'.replace('b', (x) => x + 1) + 'abc'.split('') + 'a-b'.replaceAll('-', '+') + 'x1y'.replace(/\\d/, '$&$&')",
            "ab1cabca,b,ca+bx11y",
        ),
        (
            "new Uint8Array([3, 1, 2]).sort().reverse().join() + Float32Array.from([1, 2]).fill(4)",
            "3,2,14,4",
        ),
        (
            "JSON.stringify({ a: [1, 2] }, null, 1).length + JSON.parse('[1,2]').length + parseInt('12px') + parseFloat('1.5')",
            "38.5",
        ),
        (
            "[3, 2, 1].toSorted((a, b) => a - b).map((x) => x * 2).filter((x) => x > 2).reduce((a, b) => a + b)",
            "10",
        ),
        ("Array.from({ length: 3 }, (_, i) => i * i) + Array.from('ab')", "0,1,4a,b"),
        (
            "(() => { class A extends Array {} return new A(1, 2, 3).map((x) => x) instanceof A && A.from([1]) instanceof A; })()",
            "true",
        ),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
    let thrown = super::body("Array.prototype.fill.call(null, 1);");
    assert_eq!(thrown, "execution/EXECUTION_THREW: Cannot convert undefined or null to object");
}
