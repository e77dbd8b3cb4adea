//! What the production service makes of a module's shape. It does not load an ES module: it cuts the text from `export` to
//! the function, puts `return ` there, and compiles all of it as the body of a function. So nothing behind the
//! function runs, the function's name is known only inside it, and two spellings do not compile. The contract allows all.

use oxc_ast::ast::{ExportDefaultDeclaration, ExportDefaultDeclarationKind, Program, Statement};
use oxc_semantic::{Semantic, SymbolId};
use oxc_span::{GetSpan, Span};

use crate::analyse::FAILURES_MAX;
use crate::failure::{Failure, Rule, Stage};
use crate::place::Places;
use crate::walk::short;

/// What production would report although the contract allows it, in source order. `found` is what the walk found of it.
pub(crate) fn check<'a>(
    program: &'a Program<'a>,
    export: &'a ExportDefaultDeclaration<'a>,
    semantic: &Semantic<'a>,
    places: &Places<'_>,
    mut found: Vec<(u32, Failure)>,
) -> Vec<Failure> {
    let mut threw = |text: &str, span: Span| {
        if found.len() < FAILURES_MAX {
            let detail = format!("{text} {}", places.at(span.start));
            found.push((
                span.start,
                Failure { stage: Stage::Execution, rule: Rule::ExecutionThrew, detail },
            ));
        }
    };
    if let Some(hashbang) = &program.hashbang {
        threw("compilation failed: hashbang", hashbang.span);
    }
    let function = export.declaration.span();
    let source = semantic.source_text();
    if has_parenthesis(source, semantic, export.span.start, function.start) {
        threw("compilation failed: function in parentheses", export.span);
    }
    if let ExportDefaultDeclarationKind::FunctionDeclaration(it) = &export.declaration
        && let Some(id) = &it.id
        && let Some(symbol) = id.symbol_id.get()
    {
        for reference in
            references(semantic, symbol).filter(|span| !function.contains_inclusive(*span))
        {
            threw(&format!("{} is not defined", short(&id.name)), reference);
        }
    }
    for statement in &program.body {
        if statement.span().start > export.span.start {
            never_run(statement, semantic, &mut threw);
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, failure)| failure).collect()
}

/// Whether there is a parenthesis between `export default` and the function, outside of comments.
fn has_parenthesis(source: &str, semantic: &Semantic<'_>, from: u32, to: u32) -> bool {
    let comments = semantic.comments_range(from..to);
    let mut at = from as usize;
    let mut has = false;
    for span in comments.map(|comment| comment.span).chain([Span::new(to, to)]) {
        has |= source.get(at..span.start as usize).is_some_and(|text| text.contains('('));
        at = span.end as usize;
    }
    has
}

fn references<'s>(semantic: &'s Semantic<'_>, symbol: SymbolId) -> impl Iterator<Item = Span> + 's {
    let references = semantic.scoping().get_resolved_references(symbol);
    references.map(|it| semantic.nodes().kind(it.node_id()).span())
}

/// A statement behind the function. Functions are hoisted; names nobody asks for are not missed.
fn never_run<'a>(
    statement: &'a Statement<'a>,
    semantic: &Semantic<'a>,
    threw: &mut impl FnMut(&str, Span),
) {
    let mut missed = |name: &str, symbol: Option<SymbolId>, span: Span| {
        if symbol.is_some_and(|it| !semantic.scoping().symbol_is_unused(it)) {
            threw(&format!("Cannot access '{}' before initialization", short(name)), span);
        }
    };
    match statement {
        Statement::FunctionDeclaration(_)
        | Statement::EmptyStatement(_)
        | Statement::ImportDeclaration(_) => {}
        Statement::ClassDeclaration(it) => {
            if let Some(id) = &it.id {
                missed(&id.name, id.symbol_id.get(), id.span);
            }
        }
        Statement::VariableDeclaration(it) => {
            for declarator in &it.declarations {
                for id in declarator.id.get_binding_identifiers() {
                    missed(&id.name, id.symbol_id.get(), id.span);
                }
            }
        }
        other => threw("never runs: it stands after the exported function", other.span()),
    }
}
