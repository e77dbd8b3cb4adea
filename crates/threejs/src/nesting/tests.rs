//! The bound holds for real syntax trees, whatever stands before the deep part.

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast_visit::Visit;
use oxc_parser::Parser;
use oxc_span::SourceType;
use proptest::prelude::*;

use super::{NESTING_MAX, bound};

#[derive(Default)]
struct Depth {
    now: usize,
    most: usize,
}

impl<'a> Visit<'a> for Depth {
    fn enter_node(&mut self, _: AstKind<'a>) {
        self.now += 1;
        self.most = self.most.max(self.now);
    }

    fn leave_node(&mut self, _: AstKind<'a>) {
        self.now -= 1;
    }
}

fn depth(source: &str) -> usize {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, SourceType::mjs()).parse();
    let mut depth = Depth::default();
    depth.visit_program(&parsed.program);
    depth.most
}

/// A token may open a few nodes: `class { a =` has a class, its body, a field.
const NODES_PER_TOKEN: usize = 4;

#[track_caller]
fn check(source: &str) {
    let depth = depth(source);
    let bound = bound(source).unwrap_or(NESTING_MAX);
    assert!(depth <= bound * NODES_PER_TOKEN + 8, "depth {depth}, bound {bound}: {source}");
}

/// What could hide the rest of a text, or end a statement without saying so.
#[rustfmt::skip]
const PIECES: [&str; 132] = [
    "/`/", "/\"/", "/'/", "/[/]/", "/[`]/", "/(/", "/\\//", "/=/", "/", "/*`*/", "//`\n", "/*\n*/", "`", "`${", "}`", "\"", "'",
    "\"`\"", "'/'", "a", "b", "1", "1.5", "1..a", "0x1", ".5", "\n", "\n", "\n", "\r", "\u{2028}", "\u{a0}", "\u{feff}", " ", " ", " ",
    "(", ")", "[", "]", "{", "}", "()", "[]", "{}", ",", ";", ":", ".", "?.", "?", "=>", "=", "+", "++", "--", "-", "!", "...", "@", "#a",
    "let ", "const ", "var ", "using ", "function ", "function*", "class ", "extends ", "async ", "await ", "yield ", "of ", "in ", "new ",
    "typeof ", "return ", "throw ", "break ", "continue ", "debugger ", "if ", "else ", "for ", "while ", "do ", "try ", "catch ",
    "finally ", "switch ", "case ", "default ", "import ", "export ", "from ", "static ", "get ", "with ", "this", "super", "null", "as ",
    "if(a)", "while(a)", "for(;;)", "for await(a of b)", "do a\nwhile(b)", "let a\n", "let a=1,b\n", "break\n", "a:", "import\"a\"\n",
    "export*from\"a\"\n", "a\n++", "a++", "<!--", "-->", "#!", "type ", "declare ",
    "satisfies ", "enum ", "interface ", "namespace ", "abstract ", "<", ">", "is ", "keyof ", "<T>", "?:", "a!",
];
const DEEP: [(&str, &str); 10] = [
    ("[", "]"),
    ("-", ""),
    ("a=>", ""),
    ("{a;", "}"),
    ("if(1)a;else ", ""),
    ("if(1)a,b;else ", ""),
    ("a\n?a:", ""),
    ("`${", "}`"),
    ("class a\nextends ", ""),
    ("function(){return ", "}"),
];

#[test]
fn the_look_is_not_fooled() {
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    for before in [
        "a\n++/`/.x\n",
        "async()=>{for await(a of b)/`/.x;",
        "while(1){break\n/`/.x\n",
        "a:while(1){break a\n/`/.x\n",
        "import \"a\"\n/`/.x\n",
        "export * from \"a\"\n/`/.x\n",
        "let a\n/`/.x\n",
        "let a=1,b\n/`/.x\n",
        "let [a]\n/`/.x\n",
        "debugger\n/`/.x\n",
        "return\u{a0}/`/.x\n",
        "function f()\n/`/.x\n",
        "x={}++/`/.x\n",
        "<!-- `\n",
        "let a/*\r*/ /`/.x\n",
        "\u{feff}#!`\n",
        "a as class /`/.x;",
    ] {
        let ends = if before.contains('{') { "}" } else { "" };
        check(&format!("{before};{deep}{ends}"));
    }
    check(&format!("x = 1.{}", ".a".repeat(500)));
    check(&format!("{}a", "if(1)a;else ".repeat(500)));
    check(&format!("{}a", "if(1)a,b;else ".repeat(500)));
    check(&format!("{}{}", "(class a\nextends ".repeat(300), "{})".repeat(300)));
}

#[test]
fn divisions_on_new_lines_are_no_doubt() {
    let long = format!("const x = (a + b)\n  / 2\n{}", "f();\n".repeat(5_000));
    assert!(bound(&long).is_ok());
    let chain = format!("{}f();", "if (a) x = 1; else ".repeat(400));
    assert!(bound(&chain).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(5_000)))]
    #[test]
    fn the_tree_is_no_deeper_than_said(
        before in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..9),
        deep in prop::sample::select(&DEEP[..]),
        after in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..5),
        ends in "[)\\]}`;]{0,3}",
    ) {
        let deep = format!("{}1{}", deep.0.repeat(60), deep.1.repeat(60));
        check(&format!("{}{deep}{ends}{}", before.concat(), after.concat()));
    }
}
