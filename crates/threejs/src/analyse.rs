//! The way in: size, syntax, structure of the top level, then one walk. Facts: the module contract of the competition.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    BindingPattern, ExportDefaultDeclaration, ExportDefaultDeclarationKind, Program, Statement,
};
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::SemanticBuilder;
use oxc_span::{GetSpan, SourceType, Span};

use crate::failure::{Failure, Rule, Stage};
use crate::nesting;
use crate::place::Places;
use crate::{guard, production, walk};

/// Most bytes of a module's source.
pub const SOURCE_BYTES_MAX: usize = 1 << 20;
/// Most failures that are listed; a file with more is told how many it has.
pub const FAILURES_MAX: usize = 10_000;
/// Stack of the parsing thread: some, and what each pending token may need. The system commits it only as far as it is used.
const STACK_BYTES_MIN: usize = 4 << 20;
const STACK_BYTES_PER_TOKEN: usize = 44 << 10;

/// What was found in a module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analysis {
    /// Every broken rule, in source order; empty when the module may run. The literal budget comes last.
    pub failures: Vec<Failure>,
    /// Failures past [`FAILURES_MAX`] that are not listed.
    pub unlisted: usize,
    /// What the production service reports although the contract allows it, in source order: a module for which this is
    /// not empty is sound and would still be refused there. Empty when the walk was not reached.
    pub production: Vec<Failure>,
    /// Where the default export is, once the structure of the file is sound.
    pub export: Option<ModuleExport>,
    /// Bytes of literals in the file, as the budget counts them; 0 when the walk was not reached.
    pub literal_bytes: usize,
}

/// Byte ranges of the one `export default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleExport {
    /// From the word `export` to the function: what a loader replaces by `return `. Holds opening parentheses, if any.
    pub prefix: Range<usize>,
    /// The function itself, without parentheses around it.
    pub function: Range<usize>,
}

impl Analysis {
    fn parse_failure(rule: Rule, detail: String) -> Self {
        Self { failures: vec![Failure { stage: Stage::Parse, rule, detail }], ..Self::default() }
    }
}

/// Why there is no answer: the machine's fault, never the module's.
#[derive(Debug, thiserror::Error)]
pub enum AnalyseError {
    /// The machine gives no thread, or not its stack.
    #[error("cannot start the analysis thread with its stack of {stack_bytes} bytes")]
    Thread {
        /// Bytes asked for.
        stack_bytes: usize,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Bytes of a file as text. An invalid byte sequence becomes U+FFFD, which counts 3 bytes; a BOM stays and counts 3.
#[must_use]
pub fn decode(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Checks `source` against every rule that can be decided without running it. Same text, same answer; never panics.
///
/// # Errors
/// When the machine cannot give the thread this needs. That says nothing about the module.
pub fn analyse(source: &str) -> Result<Analysis, AnalyseError> {
    if source.len() > SOURCE_BYTES_MAX {
        let detail = format!("{} bytes (limit {SOURCE_BYTES_MAX})", source.len());
        return Ok(Analysis::parse_failure(Rule::FileSizeExceeded, detail));
    }
    let tokens = match nesting::bound(source) {
        Ok(tokens) => tokens,
        Err(too_deep) => {
            let at = u32::try_from(too_deep.at()).unwrap_or(0);
            let (line, column) = Places::new(source).line_column(at);
            let detail = format!("{too_deep} ({line}:{column})");
            return Ok(Analysis::parse_failure(Rule::ParseError, detail));
        }
    };
    let stack_bytes = STACK_BYTES_MIN + tokens * STACK_BYTES_PER_TOKEN;
    let answer = on_stack(stack_bytes, || parse_and_walk(source))?;
    Ok(answer.unwrap_or_else(|| {
        let detail = "the parser gave up on this text (1:1)".to_owned();
        Analysis::parse_failure(Rule::ParseError, detail)
    }))
}

/// Runs `work` on a stack of its own: a deep tree needs a deep one, and the caller's may be small. `None` when it panicked.
fn on_stack<T: Send>(
    stack_bytes: usize,
    work: impl FnOnce() -> T + Send,
) -> Result<Option<T>, AnalyseError> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(stack_bytes);
        let run = || catch_unwind(AssertUnwindSafe(work)).ok();
        let thread = builder.spawn_scoped(scope, run);
        let thread = thread.map_err(|source| AnalyseError::Thread { stack_bytes, source })?;
        Ok(thread.join().ok().flatten())
    })
}

fn parse_and_walk(source: &str) -> Analysis {
    let allocator = Allocator::default();
    let options = ParseOptions { preserve_parens: false, ..ParseOptions::default() };
    let parsed = Parser::new(&allocator, source, SourceType::mjs()).with_options(options).parse();
    let program: &Program<'_> = allocator.alloc(parsed.program);
    let places = Places::new(source);
    let syntax = |message: &str, at: u32| {
        let (line, column) = places.line_column(at);
        let message = walk::short(message);
        Analysis::parse_failure(Rule::ParseError, format!("{message} ({line}:{column})"))
    };
    let first = |errors: &oxc_diagnostics::Diagnostics| {
        let error = errors.errors().next()?;
        let at = error.labels.first().map_or(0, |label| label.offset());
        Some(syntax(&error.message, at))
    };
    if let Some(failure) = first(&parsed.diagnostics) {
        return failure;
    }
    if parsed.panicked {
        return syntax("not an ES module", 0);
    }
    // The parser takes U+0085 for a space, the language does not.
    let no_space =
        |span: &&Span| source.get(span.start as usize..).is_some_and(|it| it.starts_with('\u{85}'));
    if let Some(span) = parsed.irregular_whitespaces.iter().find(no_space) {
        return syntax("unexpected character U+0085", span.start);
    }
    if let Some((what, at)) = guard::too_many(source, program) {
        return syntax(what, at);
    }
    let built =
        SemanticBuilder::new().with_check_syntax_error(true).with_build_nodes(true).build(program);
    if let Some(failure) = first(&built.diagnostics) {
        return failure;
    }
    let (mut analysis, export) = structure(program, &places);
    let namespace = export.and_then(|export| first_parameter(&export.declaration));
    let walked = walk::walk(program, &built.semantic, &places, namespace);
    if let Some((what, at)) = walked.not_in_language {
        return syntax(what, at);
    }
    // Without a function to run the structure is all there is to say.
    let Some(export) = export.filter(|_| analysis.export.is_some()) else { return analysis };
    analysis.failures.extend(walked.failures);
    analysis.unlisted = walked.unlisted;
    analysis.literal_bytes = walked.literal_bytes;
    analysis.production =
        production::check(program, export, &built.semantic, &places, walked.production);
    analysis
}

fn first_parameter<'a>(
    declaration: &'a ExportDefaultDeclarationKind<'a>,
) -> Option<&'a BindingPattern<'a>> {
    let params = match declaration {
        ExportDefaultDeclarationKind::FunctionDeclaration(it)
        | ExportDefaultDeclarationKind::FunctionExpression(it) => &it.params,
        ExportDefaultDeclarationKind::ArrowFunctionExpression(it) => &it.params,
        _ => return None,
    };
    params.items.first().map(|item| &item.pattern)
}

/// The exports of the top level: exactly one, the default, a synchronous function.
fn structure<'a>(
    program: &'a Program<'a>,
    places: &Places<'_>,
) -> (Analysis, Option<&'a ExportDefaultDeclaration<'a>>) {
    let mut analysis = Analysis::default();
    let mut fail = |rule, text: &str, at: Option<Span>| {
        let place = at.map(|span| format!(" {}", places.at(span.start)));
        let detail = format!("{text}{}", place.unwrap_or_default());
        analysis.failures.push(Failure { stage: Stage::StaticAnalysis, rule, detail });
    };
    let mut default = None;
    let mut others = Vec::new();
    for statement in &program.body {
        match statement {
            Statement::ExportDefaultDeclaration(export) => default = Some(export),
            Statement::ExportDeclaration(_)
            | Statement::ExportNamedDeclaration(_)
            | Statement::ExportFromDeclaration(_)
            | Statement::ExportAllDeclaration(_) => others.push(statement.span()),
            _ => {}
        }
    }
    let Some(export) = default else {
        fail(Rule::MissingDefaultExport, "no `export default` found", None);
        return (analysis, None);
    };
    if let Some(other) = others.first() {
        let text = format!("found {} top-level exports, expected exactly 1", others.len() + 1);
        fail(Rule::MultipleTopLevelExports, &text, Some(*other));
    }
    let declaration = Some(export.declaration.span());
    let is_async = match &export.declaration {
        ExportDefaultDeclarationKind::FunctionDeclaration(function)
        | ExportDefaultDeclarationKind::FunctionExpression(function) => Some(function.r#async),
        ExportDefaultDeclarationKind::ArrowFunctionExpression(arrow) => Some(arrow.r#async),
        _ => None,
    };
    match is_async {
        None => {
            let name = match &export.declaration {
                ExportDefaultDeclarationKind::ClassDeclaration(_) => "ClassDeclaration",
                other => other.as_expression().map_or("Declaration", walk::babel_expression),
            };
            let text = format!("default export must be a function, got {name}");
            fail(Rule::MissingDefaultExport, &text, declaration);
        }
        Some(true) => {
            fail(Rule::AsyncNotAllowed, "default export is an async function", declaration);
        }
        Some(false) => {
            let (statement, function) = (export.span, export.declaration.span());
            analysis.export = Some(ModuleExport {
                prefix: statement.start as usize..function.start as usize,
                function: function.start as usize..function.end as usize,
            });
        }
    }
    (analysis, Some(&**export))
}

#[cfg(test)]
mod tests {
    use super::{AnalyseError, on_stack};

    #[test]
    fn a_machine_without_a_stack_is_an_error_of_its_own() {
        let refused = on_stack(usize::MAX / 4, || 1);
        assert!(matches!(refused, Err(AnalyseError::Thread { .. })), "{refused:?}");
        assert_eq!(on_stack(1 << 20, || 1).unwrap(), Some(1));
    }
}
