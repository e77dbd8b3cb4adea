//! Every rule, by name, position and template.

use threejs::{LITERAL_BYTES_MAX, Rule, SOURCE_BYTES_MAX, analyse, lists};

use crate::{module, said};

#[track_caller]
fn check(body: &str, expected: &str) {
    assert!(
        said(&module(body)).starts_with(expected),
        "{body}\n{}\nnot\n{expected}",
        said(&module(body))
    );
}

#[track_caller]
fn passes(source: &str) {
    assert_eq!(said(source), "", "{source}");
}

#[test]
fn structure_of_the_top_level() {
    for (source, expected) in [
        ("const a = 1;", "MISSING_DEFAULT_EXPORT no `export default` found"),
        (
            "function f() {} export { f as default };",
            "MISSING_DEFAULT_EXPORT no `export default` found",
        ),
        (
            "const f = () => 1; export default f;",
            "MISSING_DEFAULT_EXPORT default export must be a function, got Identifier at line 1, column 35",
        ),
        (
            "export default class {}",
            "MISSING_DEFAULT_EXPORT default export must be a function, got ClassDeclaration at line 1, column 16",
        ),
        (
            "export default f();",
            "MISSING_DEFAULT_EXPORT default export must be a function, got CallExpression at line 1, column 16",
        ),
        (
            "export default async () => 1;",
            "ASYNC_NOT_ALLOWED default export is an async function at line 1, column 16",
        ),
        (
            "export const a = 1; export default 5;",
            "MULTIPLE_TOP_LEVEL_EXPORTS found 2 top-level exports, expected exactly 1 at line 1, column 1\nMISSING_DEFAULT_EXPORT default export must be a function, got NumericLiteral at line 1, column 36",
        ),
        (
            "export * from 'a'; export default (T) => fetch;",
            "MULTIPLE_TOP_LEVEL_EXPORTS found 2 top-level exports, expected exactly 1 at line 1, column 1\nFORBIDDEN_IDENTIFIER fetch at line 1, column 42",
        ),
    ] {
        assert_eq!(said(source), expected, "{source}");
    }
}

#[test]
fn syntax_and_early_errors() {
    for source in [
        "export default function (",
        "export default <a/>",
        "export default (a: number) => a",
        "with (a) {}",
        "const a = 010",
        "const eval = 1",
        "arguments = 1",
        "let a; let a",
        "export default 1; export default 2",
        "export { a }",
        "return 1",
        "const await = 1",
        "() => await 1",
        "<!-- x",
        "1\n--> x",
        "a.#b",
        "@d class A {}",
        "class A { accessor a = 1 }",
        "import defer * as a from 'a'",
        "class A { constructor() {} constructor() {} }",
        "for (const a of b, c) {}",
        "break",
        "({ a: 1, __proto__: 1, __proto__: 2 })",
        "new.target",
        "super.a",
        "delete a",
        "({a}) = 1",
        "({a = 1})",
    ] {
        let failures = analyse(source).unwrap().failures;
        let codes: Vec<_> = failures
            .iter()
            .map(|failure| (failure.stage.as_str(), failure.rule.as_str()))
            .collect();
        assert_eq!(codes, [("parse", "PARSE_ERROR")], "{source}");
    }
    for source in [
        "\u{feff}export default () => 1;",
        "#!/bin/x\nexport default () => 1_000;",
        "export default () => /[/]/v;",
        "export default () => { class A { static { this.a = 1; } #b = 1; c() { return this.#b; } } return A; };",
        "export default (((THREE) => new THREE.Group()));",
        "export default () => { let a; ({ a } = { a: 1 }); [a] = [1]; a ??= 1; return a; };",
    ] {
        passes(source);
    }
}

#[test]
fn every_name_of_every_list() {
    for name in lists::FORBIDDEN {
        check(&format!("const x = {name};"), &format!("FORBIDDEN_IDENTIFIER {name} at line 2"));
        if name != "eval" {
            check(&format!("const {name} = 1;"), &format!("FORBIDDEN_IDENTIFIER {name} at line 2"));
        }
        passes(&module(&format!("const o = {{ {name}: 1 }}; return o.{name};")));
    }
    for name in lists::ALLOWED_ROOT {
        passes(&module(&format!("return {name};")));
    }
    for name in lists::THREE_ALLOWED {
        passes(&module(&format!("const {{ {name}: x }} = THREE; return THREE.{name};")));
    }
    for name in lists::THREE_REFUSED.iter().filter(|name| **name != "3MFLoader") {
        check(
            &format!("return THREE.{name};"),
            &format!("FORBIDDEN_THREE_API THREE.{name} at line 2"),
        );
        check(
            &format!("const {{ {name} }} = THREE;"),
            &format!("FORBIDDEN_THREE_API THREE.{name} (destructured) at line 2"),
        );
    }
    for name in lists::FORBIDDEN_PROPERTIES {
        check(
            &format!("return [].{name};"),
            &format!("FORBIDDEN_PROPERTY_ACCESS .{name} at line 2"),
        );
    }
    for name in ["THREE", "Math", "Object", "Array", "Symbol"] {
        check(
            &format!("return {name}[0];"),
            &format!("COMPUTED_PROPERTY_ACCESS computed access on {name} at line 2"),
        );
    }
    for name in
        ["Promise", "RegExp", "WeakMap", "Intl", "escape", "arguments", "console", "DOMParser"]
    {
        check(&format!("return {name};"), &format!("IDENTIFIER_NOT_ALLOWED {name} at line 2"));
    }
}

#[test]
fn templates_of_the_rules() {
    for (body, expected) in [
        ("return Math.random();", "FORBIDDEN_IDENTIFIER Math.random at line 2"),
        (
            "return THREE.Zork;",
            "UNKNOWN_THREE_API THREE.Zork is not a recognized Three.js API at line 2",
        ),
        ("return THREE.constructor.a;", "FORBIDDEN_PROPERTY_ACCESS .constructor at line 2"),
        ("return THREE.toString.a;", "UNKNOWN_THREE_API THREE.toString is not"),
        (
            "return THREE.MathUtils.seededRandom(1);",
            "FORBIDDEN_THREE_API THREE.MathUtils.seededRandom at line 2",
        ),
        (
            "const { MathUtils: { generateUUID } } = THREE;",
            "FORBIDDEN_THREE_API THREE.MathUtils.generateUUID (destructured) at line 2",
        ),
        (
            "const { MathUtils: { ...a } } = THREE;",
            "FORBIDDEN_THREE_API THREE.MathUtils.{...} rest-destructure at line 2",
        ),
        (
            "const { Zork } = THREE;",
            "UNKNOWN_THREE_API THREE.Zork is not a recognized Three.js API (destructured) at line 2",
        ),
        (
            "const { ['Mesh']: M } = THREE;",
            "COMPUTED_PROPERTY_ACCESS computed destructure of THREE at line 2",
        ),
        (
            "const { ...all } = THREE;",
            "THREE_ALIAS_FORBIDDEN rest-destructure of THREE (...all) at line 2",
        ),
        ("const T = THREE;", "THREE_ALIAS_FORBIDDEN aliasing THREE as `T` at line 2"),
        ("let x; x = THREE;", "THREE_ALIAS_FORBIDDEN aliasing THREE as `x` at line 2"),
        ("let x; x ??= THREE;", "THREE_ALIAS_FORBIDDEN aliasing THREE as `x` at line 2"),
        ("const [a] = THREE;", "THREE_ALIAS_FORBIDDEN array-destructuring THREE at line 2"),
        (
            "const o = {}; o.x = THREE;",
            "THREE_ALIAS_FORBIDDEN assigning THREE to a member expression at line 2",
        ),
        ("return [...THREE];", "THREE_ALIAS_FORBIDDEN spread of THREE at line 2"),
        (
            "return new THREE.Mesh(THREE);",
            "THREE_ALIAS_FORBIDDEN passing THREE to `new THREE.Mesh(...)` at line 2",
        ),
        (
            "return Object.keys(THREE);",
            "THREE_ALIAS_FORBIDDEN passing THREE to an unresolvable callee (MemberExpression) at line 2",
        ),
        (
            "function h(...a) {} h(THREE);",
            "THREE_ALIAS_FORBIDDEN passing THREE into rest parameter of h at line 2",
        ),
        (
            "function h() {} h(THREE);",
            "THREE_ALIAS_FORBIDDEN passing THREE as extra argument (past formal params) to h at line 2",
        ),
        (
            "const h = (T) => 1; h(THREE);",
            "THREE_ALIAS_FORBIDDEN passing THREE to parameter `T` of h (must be named `THREE`) at line 2",
        ),
        (
            "((T) => 1)(THREE);",
            "THREE_ALIAS_FORBIDDEN passing THREE to parameter `T` of <inline function> (must be named `THREE`) at line 2",
        ),
        (
            "new (class { constructor([a]) {} })(THREE);",
            "THREE_ALIAS_FORBIDDEN passing THREE to array-pattern parameter of <inline class> at line 2",
        ),
        (
            "function h({ Scene }) {} h(THREE);",
            "FORBIDDEN_THREE_API THREE.Scene (destructured) at line 2",
        ),
        ("const f = async () => 1;", "ASYNC_NOT_ALLOWED async function at line 2"),
        (
            "const o = { async f() { for await (const a of []) {} } };",
            "ASYNC_NOT_ALLOWED async function at line 2, column 13\nASYNC_NOT_ALLOWED for await loop at line 2",
        ),
        ("return import('a');", "FORBIDDEN_IDENTIFIER dynamic import() at line 2"),
        ("return import.meta;", "FORBIDDEN_IDENTIFIER import.meta at line 2"),
    ] {
        check(body, expected);
    }
    assert!(
        said("import a from 'a'; export default () => 1;")
            .starts_with("FORBIDDEN_IDENTIFIER import statement at line 1")
    );
    assert!(
        said("await 1; export default () => 1;")
            .starts_with("ASYNC_NOT_ALLOWED top-level await at line 1")
    );
    assert!(
        said("THREE.Mesh; export default () => 1;")
            .starts_with("THREE_AT_TOP_LEVEL THREE referenced outside generate function at line 1")
    );
}

#[test]
fn three_in_other_positions_names_the_parent() {
    for (body, parent) in [
        ("return THREE;", "ReturnStatement"),
        ("const f = () => THREE;", "ArrowFunctionExpression"),
        ("throw THREE;", "ThrowStatement"),
        ("const a = [THREE];", "ArrayExpression"),
        ("const a = { THREE };", "ObjectProperty"),
        ("const a = { [THREE]: 1 };", "ObjectProperty"),
        ("const a = `${THREE}`;", "TemplateLiteral"),
        ("const a = true ? THREE : 1;", "ConditionalExpression"),
        ("const a = THREE || 1;", "LogicalExpression"),
        ("const a = THREE == 1;", "BinaryExpression"),
        ("const a = typeof THREE;", "UnaryExpression"),
        ("const a = (1, THREE);", "SequenceExpression"),
        ("if (THREE) {}", "IfStatement"),
        ("for (const a in THREE) {}", "ForInStatement"),
        ("for (const a of THREE) {}", "ForOfStatement"),
        ("function f(a = THREE) {}", "AssignmentPattern"),
        ("const { a = THREE } = {};", "AssignmentPattern"),
        ("let a; [a = THREE] = [];", "AssignmentPattern"),
        ("class A { a = THREE; }", "ClassProperty"),
        ("class A { #a = THREE; }", "ClassPrivateProperty"),
        ("class A extends THREE {}", "ClassDeclaration"),
        ("THREE();", "CallExpression"),
        ("new THREE();", "NewExpression"),
        ("const o = {}; o[THREE];", "MemberExpression"),
        ("THREE?.Mesh;", "OptionalMemberExpression"),
        ("const f = 1; f?.(THREE);", "OptionalCallExpression"),
        ("THREE;", "ExpressionStatement"),
        ("function* g() { yield THREE; }", "YieldExpression"),
        ("switch (THREE) {}", "SwitchStatement"),
    ] {
        check(
            body,
            &format!("THREE_ALIAS_FORBIDDEN THREE used in disallowed context ({parent}) at line 2"),
        );
    }
}

#[test]
fn legitimate_code_passes() {
    for body in [
        "function h(THREE) { return new THREE.Group(); } return h(THREE);",
        "const h = (THREE = {}) => 1; h(THREE);",
        "((THREE) => 1)(THREE);",
        "class C { constructor(THREE) { this.g = new THREE.Group(); } } new C(THREE);",
        "const h = (a, THREE) => a; h(1, THREE);",
        "function h({ Mesh, Group }) {} h(THREE);",
        "const r = []; function h(THREE) {} h(THREE, ...r);",
        "const { Color, MathUtils: { lerp } } = THREE; return lerp(1, 2, 3);",
        "class A extends THREE.Mesh {}",
        "const o = {}; ({ Mesh: o.m } = THREE);",
        "function* g() { yield 1; } for (const x of g()) {}",
        "const o = { fetch: 1 }; const { fetch: f } = o; return o.fetch + f;",
        "const o = { constructor: 1 }; class A { constructor() {} }",
        "const a = [1]; for (let i = 0; i < a.length; i++) a[i] *= 2;",
        "a: for (;;) { break a; }",
        "return THREE.Mesh?.name;",
        "return THREE.LuminanceFormat + new.target;",
        "const m = Math; const { sin, PI } = Math; return m.cos(PI) + sin(0);",
        "let d = 1; d /= 2; return d / 2 / 3;",
    ] {
        passes(&module(body));
    }
}

#[test]
fn failures_come_in_source_order_and_the_budget_last() {
    let source = module(&format!(
        "const s = '{}';\nfetch(Promise, THREE);",
        "x".repeat(LITERAL_BYTES_MAX + 1)
    ));
    let rules: Vec<_> =
        analyse(&source).unwrap().failures.iter().map(|failure| failure.rule).collect();
    let expected = [
        Rule::ThreeAliasForbidden,
        Rule::ForbiddenIdentifier,
        Rule::IdentifierNotAllowed,
        Rule::LiteralBudgetExceeded,
    ];
    assert_eq!(rules, expected);
}

#[test]
fn edges_of_the_limits() {
    let literal = |len: usize| module(&format!("return '{}';", "x".repeat(len)));
    passes(&literal(51_200));
    assert_eq!(said(&literal(51_201)), "LITERAL_BUDGET_EXCEEDED 51201 bytes (limit 51200)");
    let padded = |len: usize| {
        let source = module("");
        format!("{source}//{}", "x".repeat(len - source.len() - 2))
    };
    passes(&padded(SOURCE_BYTES_MAX));
    assert_eq!(
        said(&padded(SOURCE_BYTES_MAX + 1)),
        "FILE_SIZE_EXCEEDED 1048577 bytes (limit 1048576)"
    );
    assert_eq!(threejs::decode(b"a\xffb").len(), 5);
}

#[test]
fn failures_serialise_to_three_strings() {
    let failure = &analyse(&module("fetch")).unwrap().failures[0];
    let json = serde_json::to_string(failure).unwrap();
    let expected = r#"{"stage":"static_analysis","rule":"FORBIDDEN_IDENTIFIER","detail":"fetch at line 2, column 1"}"#;
    assert_eq!(json, expected);
}

#[test]
fn places_count_every_end_of_line_and_utf16_units() {
    for (source, expected) in [
        ("a\n b\r\n  c\r   d\u{2028}fetch", "line 6, column 1"),
        ("'\u{1f600}'; fetch", "line 2, column 7"),
        ("'é'; fetch", "line 2, column 6"),
        ("\tfetch", "line 2, column 2"),
        ("/*\u{2029}*/ fetch", "line 3, column 4"),
        ("`\n${fetch}`", "line 3, column 3"),
        ("f\\u0065tch", "line 2, column 1"),
        ("\\u{66}etch", "line 2, column 1"),
    ] {
        let said = said(&module(source));
        assert!(said.contains(&format!("FORBIDDEN_IDENTIFIER fetch at {expected}")), "{said}");
    }
    let marked = format!("\u{feff}{}", "fetch; export default () => 1;");
    assert_eq!(said(&marked), "FORBIDDEN_IDENTIFIER fetch at line 1, column 2");
}

/// What production would say, where the contract says nothing.
#[track_caller]
fn production(source: &str, expected: &str) {
    let analysis = analyse(source).expect("a thread");
    assert_eq!(analysis.failures, [], "{source}");
    let lines = analysis.production.iter().map(|it| format!("{} {}", it.rule, it.detail));
    assert_eq!(lines.collect::<Vec<_>>().join("\n"), expected, "{source}");
}

#[test]
fn production_is_told_apart() {
    for (source, expected) in [
        ("export default function build() { return build; }", ""),
        ("export default () => help();\nfunction help() {}\n;", ""),
        ("export default () => 1;\nconst unused = 1;\nclass Unused {}", ""),
        ("export default /* ( */ () => 1", ""),
        (
            "#!/bin/x\nexport default ((() => a));\nlet { a, b } = {};\na;",
            "EXECUTION_THREW compilation failed: hashbang at line 1, column 1\nEXECUTION_THREW compilation failed: function in parentheses at line 2, column 1\nEXECUTION_THREW Cannot access 'a' before initialization at line 3, column 7\nEXECUTION_THREW never runs: it stands after the exported function at line 4, column 1",
        ),
        (
            "build;\nexport default function build() {}\nfunction late() { build; }",
            "EXECUTION_THREW build is not defined at line 1, column 1\nEXECUTION_THREW build is not defined at line 3, column 19",
        ),
        (
            "export default ((_, o) => o?.self.a?.b.eval);",
            "EXECUTION_THREW compilation failed: function in parentheses at line 1, column 1\nFORBIDDEN_IDENTIFIER self at line 1, column 30\nFORBIDDEN_IDENTIFIER eval at line 1, column 40",
        ),
    ] {
        production(source, expected);
    }
}
