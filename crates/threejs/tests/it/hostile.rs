//! Deep, long, odd and random texts: each gets an answer, soon.

use proptest::prelude::*;

use crate::{module, said};

#[test]
fn deep_nesting_names_the_limit() {
    const N: usize = 100_000;
    let around = |open: &str, close: &str| format!("{}1{}", open.repeat(N), close.repeat(N));
    for body in [
        around("(", ")"),
        around("[", "]"),
        around("{a:", "}"),
        around("`${", "}`"),
        around("f(", ")"),
        "-+".repeat(N) + "1",
        "!".repeat(N) + "1",
        "a=>".repeat(N) + "1",
        "1".to_owned() + &"+1".repeat(N),
        "a".to_owned() + &".b".repeat(N),
        "a".to_owned() + &"()".repeat(N),
        "a".to_owned() + &"?.b".repeat(N),
        "a?b:".repeat(N) + "1",
        "typeof ".repeat(N) + "1",
        "new ".repeat(N) + "a",
        "a**".repeat(N) + "1",
        "a=".repeat(N) + "1",
        "a[0]".to_owned() + &"[0]".repeat(N),
        "a".to_owned() + &"``".repeat(N),
        "1".to_owned() + &"\n+1".repeat(N),
    ] {
        let said = said(&module(&format!("x = {body};")));
        assert!(
            said.contains("limit 6000 pending tokens"),
            "{}: {}",
            &body[..20],
            &said[..said.len().min(200)]
        );
    }
    for body in [
        "if(a){}else ".repeat(N / 2),
        "if(a)".repeat(N),
        "if(a)\n".repeat(N),
        "for(;;)".repeat(N),
        "do\n".repeat(N),
        "{".repeat(N),
        "a:".repeat(N),
        "while(a)\n".repeat(N),
        "function f(){".repeat(N / 2),
        "class A{a=".repeat(N / 2),
        "x=()=>{}/[/;(/]/".to_owned() + &"(".repeat(N),
    ] {
        let said = said(&module(&body));
        assert!(
            said.contains("limit 6000 pending tokens"),
            "{}: {}",
            &body[..10],
            &said[..said.len().min(200)]
        );
    }
}

/// The deepest text of each kind that is parsed at all, and less deep ones: the stack must hold them.
#[test]
fn as_deep_as_allowed_does_not_overflow() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("x[", "]"),
        ("f(", ")"),
        ("{", "}"),
        ("({a:", "})"),
        ("({[", "]:1})"),
        ("`${", "}`"),
        ("a`${", "}`"),
        ("-", ""),
        ("!", ""),
        ("typeof ", ""),
        ("new ", ""),
        ("1+", ""),
        ("2**", ""),
        ("a=", ""),
        ("a??", ""),
        ("a=>", ""),
        ("async a=>", ""),
        ("a?b:", ""),
        ("a?", ":b"),
        ("(a=", ")=>1"),
        ("({a=", "})=>1"),
        ("(()=>{return ", "})()"),
        ("(function(){return ", "})"),
        ("(class{a=", "})"),
        ("(class{[", "](){}})"),
        ("(class extends ", "{})"),
        ("(class a\nextends ", "{})"),
        ("{class a{static{", "}}}"),
        ("if(1)", ";"),
        ("if(1)a;else ", ";"),
        ("if(1){", "}"),
        ("for(;;)", ";"),
        ("for(a of []){", "}"),
        ("while(1)", ";"),
        ("do ", ";while(1)"),
        ("try{", "}finally{}"),
        ("switch(1){case 1:", "}"),
        ("{let[a=", "]=1}"),
        ("import(", ")"),
        ("[...", "]"),
        ("f(...", ")"),
    ] {
        let depths = [5_900, 2_900, 1_900, 1_400, 1_100, 900, 700, 500, 100, 30];
        let parsed = depths.into_iter().filter(|n| {
            let text = format!("{}1{}", open.repeat(*n), close.repeat(*n));
            !said(&module(&text)).contains("nested too deeply")
        });
        assert!(parsed.count() >= 3, "{open}");
    }
    for link in ["+1", ".a", "?.a", "[0]", "()", "``", "?.()", "**1", "??1"] {
        let deepest = [5_900, 2_900, 1_900, 1_400].into_iter().find(|n| {
            !said(&module(&format!("x = a{};", link.repeat(*n)))).contains("nested too deeply")
        });
        assert!(deepest.is_some(), "{link}");
    }
}

#[test]
fn long_flat_files_pass() {
    let numbers = format!("const a = [{}];", "1,".repeat(20_000));
    assert_eq!(said(&module(&numbers)), "");
    let lines = format!("let a = 1\n{}", "a = Math.sin(a) / 2\nfoo(a)\n".repeat(10_000))
        + "function foo(a) {}";
    assert_eq!(said(&module(&lines)), "");
    let calls =
        "{ const x = 1 / 2; if (x) { Math.sin(x); } else { Math.cos(x); } }\n".repeat(2_000);
    assert_eq!(said(&module(&calls)), "");
}

/// Each took minutes when every call or name looked at all others: nothing here measures time, but it would be felt.
#[test]
fn repeated_calls_and_deep_names_take_linear_time() {
    let calls = format!("{}function h(THREE) {{}}", "h(THREE);".repeat(90_000));
    assert_eq!(said(&module(&calls)), "");
    let names = format!("{}{}{}", "{".repeat(1_500), "a;".repeat(200_000), "}".repeat(1_500));
    let answer = said(&module(&names));
    assert!(
        answer.starts_with("PARSE_ERROR too many names within too many scopes"),
        "{answer:.200}"
    );
}

#[test]
fn many_failures_are_counted_not_listed() {
    let analysis = threejs::analyse(&module(&"eval;".repeat(50_000))).unwrap();
    assert_eq!((analysis.failures.len(), analysis.unlisted), (10_000, 40_000));
}

#[test]
fn long_names_are_cut_wherever_they_are_told() {
    let name = "n".repeat(1_000);
    let uses = format!("{name};").repeat(900);
    for source in [
        module(&uses),
        module(&format!("THREE.{name};").repeat(900)),
        module(&format!("let {name}; let {name};")),
        format!("{uses} export default function {name}() {{}}"),
        format!("export default () => 1; let {name}; {uses}"),
    ] {
        let analysis = threejs::analyse(&source).unwrap();
        let told = analysis.failures.iter().chain(&analysis.production);
        let longest = told.map(|failure| failure.detail.len()).max();
        assert!(longest.is_some_and(|len| len < 400), "{longest:?}");
    }
}

proptest! {
    #[test]
    fn any_text_gets_an_answer(text: String) {
        threejs::analyse(&text).unwrap();
    }

    #[test]
    fn a_damaged_module_gets_the_same_answer_twice(at in 0..400usize, len in 0..9usize, put in "[(){}\\[\\]`$/'\"THREE.a=>;, 0-9*\n]{0,6}") {
        let mut text = module("const { Mesh, MathUtils: { lerp } } = THREE; class A extends THREE.Mesh { #a = /[a]/; get b() { return `x${lerp(1, 2, 3)}`; } }\nfor (const x of [1, 2]) { const m = new Mesh(new THREE.BoxGeometry(x / 2, 1, 1)); m.position.set(x?.y ?? 0, ...[1, 2]); }\nreturn new THREE.Group();");
        let start = at.min(text.len());
        let end = (start + len).min(text.len());
        text.replace_range(start..end, &put);
        prop_assert_eq!(threejs::analyse(&text).unwrap(), threejs::analyse(&text).unwrap());
    }
}
