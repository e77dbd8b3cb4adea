//! One walk of the whole file, parents before children: names, members, asynchrony, literals, and every position of
//! `THREE`. Where the original validators and the written contract differ: `docs/module-rules.md`.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    BindingPattern, ChainElement, ChainExpression, Expression, ImportAttributeKey, Program,
    VariableDeclarationKind,
};
use oxc_ast_visit::Visit;
use oxc_semantic::{Semantic, SymbolId};
use oxc_span::{GetSpan, Span};

use crate::analyse::FAILURES_MAX;
use crate::failure::{Failure, Rule, Stage};
use crate::place::Places;

mod babel;
mod known;
mod names;
mod syntax;
mod three;

pub(crate) use babel::expression as babel_expression;

/// Most bytes of literals in a module.
pub const LITERAL_BYTES_MAX: usize = 51_200;
/// Names in details are cut here, so that a long one cannot be repeated into gigabytes.
const NAME_CHARS_MAX: usize = 200;

#[derive(Default)]
pub(crate) struct Walked {
    pub(crate) failures: Vec<Failure>,
    pub(crate) unlisted: usize,
    /// What production refuses and the contract allows, and where.
    pub(crate) production: Vec<(u32, Failure)>,
    pub(crate) literal_bytes: usize,
    /// The first text that is a `data:` address.
    data_uri: Option<Span>,
    /// What the parser takes and the language of modules does not have, and where.
    pub(crate) not_in_language: Option<(&'static str, u32)>,
}

/// `namespace` is the first parameter of the exported function.
pub(crate) fn walk<'a>(
    program: &Program<'a>,
    semantic: &Semantic<'a>,
    places: &Places<'_>,
    namespace: Option<&'a BindingPattern<'a>>,
) -> Walked {
    let mut walk = Walk {
        semantic,
        places,
        namespace: namespace.and_then(|it| it.get_binding_identifier()?.symbol_id.get()),
        namespace_pattern: namespace.filter(|it| matches!(it, BindingPattern::ObjectPattern(_))),
        parents: Vec::new(),
        optional: HashSet::new(),
        cache: known::Cache::default(),
        helpers: three::Helpers::default(),
        functions: Vec::new(),
        found: Walked::default(),
    };
    walk.visit_program(program);
    let mut found = walk.found;
    let detail = if found.literal_bytes > LITERAL_BYTES_MAX {
        Some(format!("{} bytes (limit {LITERAL_BYTES_MAX})", found.literal_bytes))
    } else {
        found.data_uri.map(|span| format!("data URI {}", places.at(span.start)))
    };
    if let Some(detail) = detail {
        let rule = Rule::LiteralBudgetExceeded;
        found.failures.push(Failure { stage: Stage::StaticAnalysis, rule, detail });
    }
    found
}

struct Walk<'a, 's> {
    semantic: &'s Semantic<'a>,
    places: &'s Places<'s>,
    namespace: Option<SymbolId>,
    namespace_pattern: Option<&'a BindingPattern<'a>>,
    parents: Vec<AstKind<'a>>,
    /// Links of optional chains from the first `?.` on.
    optional: HashSet<Span>,
    cache: known::Cache<'a>,
    helpers: three::Helpers<'a>,
    /// Functions and static blocks around the current node: which are async.
    functions: Vec<bool>,
    found: Walked,
}

/// A name as details show it.
pub(crate) fn short(name: &str) -> String {
    match name.char_indices().nth(NAME_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// `data:image/png;base64,…` and the like. Prose that begins with the word has a space before its first comma.
fn is_data_uri(text: &str) -> bool {
    let Some(rest) = text.trim_start().get(5..) else { return false };
    let is_data = text.trim_start().as_bytes()[..5].eq_ignore_ascii_case(b"data:");
    let head = is_data.then(|| rest.split_once(',')).flatten().map(|(head, _)| head);
    head.is_some_and(|head| {
        (head.contains('/') || head.contains(';')) && !head.contains(char::is_whitespace)
    })
}

impl<'a> Walk<'a, '_> {
    /// Adds a failure whose detail ends with the place of `span`.
    fn fail(&mut self, rule: Rule, text: &str, span: Span) {
        if self.found.failures.len() >= FAILURES_MAX {
            self.found.unlisted += 1;
            return;
        }
        let detail = format!("{text} {}", self.places.at(span.start));
        self.found.failures.push(Failure { stage: Stage::StaticAnalysis, rule, detail });
    }

    fn warn(&mut self, rule: Rule, text: &str, span: Span) {
        if self.found.production.len() < FAILURES_MAX {
            let detail = format!("{text} {}", self.places.at(span.start));
            let failure = Failure { stage: Stage::StaticAnalysis, rule, detail };
            self.found.production.push((span.start, failure));
        }
    }

    /// The node around the current one; a chain is no node of its own.
    fn parent(&self) -> Option<AstKind<'a>> {
        self.parents.iter().rev().find(|kind| !matches!(kind, AstKind::ChainExpression(_))).copied()
    }

    fn is_optional(&self, span: Span) -> bool {
        self.optional.contains(&span)
    }

    fn in_function(&self) -> bool {
        !self.functions.is_empty()
    }

    fn in_async_function(&self) -> bool {
        self.functions.last() == Some(&true)
    }

    /// Remembers which links of a chain are optional: all from the innermost `?.` outwards.
    fn chain(&mut self, chain: &ChainExpression<'a>) {
        let mut links = Vec::new();
        let mut optional_len = 0;
        let mut next = match &chain.expression {
            ChainElement::CallExpression(it) => {
                links.push(it.span);
                optional_len = usize::from(it.optional);
                Some(&it.callee)
            }
            other => other.as_member_expression().map(|it| {
                links.push(it.span());
                optional_len = usize::from(it.optional());
                it.object()
            }),
        };
        while let Some(expression) = next {
            let (span, is_optional, inner) = match expression {
                Expression::CallExpression(it) => (it.span, it.optional, &it.callee),
                other => match other.as_member_expression() {
                    Some(it) => (it.span(), it.optional(), it.object()),
                    None => break,
                },
            };
            links.push(span);
            if is_optional {
                optional_len = links.len();
            }
            next = Some(inner);
        }
        self.optional.extend(&links[..optional_len]);
    }

    /// A function, or the method or property that holds it: whichever comes first in the text.
    fn function(&mut self, is_async: bool, span: Span) {
        let holder = match self.parent() {
            Some(AstKind::MethodDefinition(it)) => it.span,
            Some(AstKind::ObjectProperty(it)) if it.method => it.span,
            _ => span,
        };
        if is_async {
            self.fail(Rule::AsyncNotAllowed, "async function", holder);
        }
        self.functions.push(is_async);
    }

    fn top_level_await(&mut self, span: Span) {
        if !self.functions.contains(&true) {
            self.fail(Rule::AsyncNotAllowed, "top-level await", span);
        }
    }

    fn literals(&mut self, kind: AstKind<'a>) {
        let (bytes, text) = match kind {
            // Between the quotes as written: never less than what it stands for.
            AstKind::StringLiteral(it) => {
                let written = (it.span.size() as usize).saturating_sub(2);
                (written.max(it.value.len()), it.value.as_str())
            }
            AstKind::TemplateElement(it) => {
                let cooked = it.value.cooked.as_ref().map_or("", |text| text.as_str());
                (it.value.raw.len().max(cooked.len()), cooked)
            }
            AstKind::NumericLiteral(_) | AstKind::BigIntLiteral(_) | AstKind::RegExpLiteral(_) => {
                (kind.span().size() as usize, "")
            }
            _ => return,
        };
        self.found.literal_bytes += bytes;
        if self.found.data_uri.is_none() && is_data_uri(text) {
            self.found.data_uri = Some(kind.span());
        }
    }

    fn identifiers(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::IdentifierReference(it) => self.reference(it),
            AstKind::BindingIdentifier(it) => {
                let is_import = matches!(
                    self.parent(),
                    Some(
                        AstKind::ImportSpecifier(_)
                            | AstKind::ImportDefaultSpecifier(_)
                            | AstKind::ImportNamespaceSpecifier(_)
                    )
                );
                if !is_import {
                    self.forbidden(it.name.as_str(), it.span);
                }
            }
            AstKind::LabelIdentifier(it) => {
                self.forbidden(it.name.as_str(), it.span);
            }
            AstKind::PrivateIdentifier(it) => {
                self.forbidden_in_production(it.name.as_str(), it.span);
            }
            AstKind::ImportAttribute(it) => {
                if let ImportAttributeKey::Identifier(name) = &it.key {
                    self.forbidden(name.name.as_str(), name.span);
                }
            }
            _ => {}
        }
    }

    fn expressions(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::ChainExpression(it) => self.chain(it),
            AstKind::StaticMemberExpression(it) => {
                self.member(&it.object, &it.property.name, it.span);
                if self.is_optional(it.span) {
                    self.forbidden_in_production(&it.property.name, it.property.span);
                }
            }
            AstKind::ComputedMemberExpression(it) => self.indexed(&it.object, it.span),
            AstKind::VariableDeclarator(it) => {
                if let Some(init) = &it.init {
                    self.destructured(babel::Target::Binding(&it.id), init, it.span);
                }
            }
            AstKind::AssignmentExpression(it) => {
                self.destructured(babel::Target::Assignment(&it.left), &it.right, it.span);
            }
            AstKind::CallExpression(it) if !self.is_optional(it.span) => {
                self.call(&it.callee, &it.arguments, false, it.span);
            }
            AstKind::NewExpression(it) => self.call(&it.callee, &it.arguments, true, it.span),
            AstKind::ImportExpression(it) => {
                self.fail(Rule::ForbiddenIdentifier, "dynamic import()", it.span);
                if self.is_three(&it.source)
                    || it.options.as_ref().is_some_and(|it| self.is_three(it))
                {
                    let text = "passing THREE to an unresolvable callee (Import)";
                    self.fail(Rule::ThreeAliasForbidden, text, it.span);
                }
            }
            AstKind::ImportMeta(it) => self.fail(Rule::ForbiddenIdentifier, "import.meta", it.span),
            AstKind::AwaitExpression(it) => self.top_level_await(it.span),
            _ => {}
        }
    }

    fn statements(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::ObjectPattern(it) => {
                if let Some(pattern) = self.namespace_pattern.take_if(|own| own.span() == it.span) {
                    self.namespace_pattern(pattern);
                }
            }
            AstKind::Function(it) => self.function(it.r#async, it.span),
            AstKind::ArrowFunctionExpression(it) => self.function(it.r#async, it.span),
            AstKind::StaticBlock(_) => self.functions.push(false),
            AstKind::VariableDeclaration(it) if it.kind == VariableDeclarationKind::AwaitUsing => {
                self.top_level_await(it.span);
            }
            AstKind::ForOfStatement(it) if it.r#await => {
                self.fail(Rule::AsyncNotAllowed, "for await loop", it.span);
            }
            AstKind::ImportDeclaration(it) => {
                self.fail(Rule::ForbiddenIdentifier, "import statement", it.span);
            }
            _ => {}
        }
    }
}

impl<'a> Visit<'a> for Walk<'a, '_> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        self.check_syntax(kind);
        self.literals(kind);
        self.identifiers(kind);
        self.expressions(kind);
        self.statements(kind);
        self.parents.push(kind);
    }

    fn leave_node(&mut self, kind: AstKind<'a>) {
        self.parents.pop();
        let is_function = matches!(
            kind,
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) | AstKind::StaticBlock(_)
        );
        if is_function {
            self.functions.pop();
        }
    }
}
