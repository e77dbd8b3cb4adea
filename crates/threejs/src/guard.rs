//! Two early errors compare names with names, letter by letter: uses of private names with the members of the classes
//! around them, and exported names with all there are. This counts both before, so that a file cannot make that take hours.

use oxc_ast::AstKind;
use oxc_ast::ast::{ModuleExportName, Program, Statement};
use oxc_ast_visit::Visit;
use oxc_span::GetSpan;

/// Most letters of names times letters of the names they are compared with. An honest module has a few million.
const COMPARISONS_MAX: usize = 200_000_000;

#[derive(Default)]
struct PrivateNames {
    members: usize,
    letters: usize,
    last: u32,
}

impl<'a> Visit<'a> for PrivateNames {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::ClassBody(it) => self.members += it.body.len(),
            AstKind::PrivateIdentifier(it) => {
                self.letters += it.name.len();
                self.last = it.span.start;
            }
            _ => {}
        }
    }
}

/// What a module has too many of, and where one of them is.
pub(crate) fn too_many(source: &str, program: &Program<'_>) -> Option<(&'static str, u32)> {
    if source.contains('#') {
        let mut names = PrivateNames::default();
        names.visit_program(program);
        // A name is declared and used: letters of both are counted on both sides.
        if names.letters.saturating_mul(names.letters / 8 + names.members) > COMPARISONS_MAX {
            return Some(("too many private names", names.last));
        }
    }
    let mut letters = 0;
    for statement in &program.body {
        let Statement::ExportNamedDeclaration(export) = statement else { continue };
        letters += export
            .specifiers
            .iter()
            .map(|it| match &it.local {
                ModuleExportName::IdentifierReference(name) => name.name.len(),
                _ => 0,
            })
            .sum::<usize>();
        if letters.saturating_mul(source.len()) > COMPARISONS_MAX {
            return Some(("too many exported names", export.span().start));
        }
    }
    None
}
