//! One walk of the whole file, parents before children: names, members, asynchrony, literals, and every position of
//! `THREE`. Where the original validators and the written contract differ: `docs/module-rules.md`.

use std::collections::{HashMap, HashSet};

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Expression, IdentifierReference, Program, PropertyKey, VariableDeclarationKind,
};
use oxc_ast_visit::Visit;
use oxc_semantic::{Semantic, SymbolId};
use oxc_span::{GetSpan, Span};

use crate::analyse::FAILURES_MAX;
use crate::failure::{Failure, Rule, Stage};
use crate::lists;
use crate::place::Places;

mod babel;
mod three;

pub(crate) use babel::expression as babel_expression;

/// Most bytes of literals in a module.
pub const LITERAL_BYTES_MAX: usize = 51_200;
/// Names in details are cut here, so that a long one cannot be repeated into gigabytes.
const NAME_CHARS_MAX: usize = 200;

pub(crate) struct Walked {
    pub(crate) failures: Vec<Failure>,
    pub(crate) unlisted: usize,
    pub(crate) literal_bytes: usize,
    /// What the parser takes and the language of modules does not have, and where.
    pub(crate) not_in_language: Option<(&'static str, u32)>,
}

pub(crate) fn walk<'a>(
    program: &Program<'a>,
    semantic: &Semantic<'a>,
    places: &Places<'_>,
) -> Walked {
    let found =
        Walked { failures: Vec::new(), unlisted: 0, literal_bytes: 0, not_in_language: None };
    let mut walk = Walk {
        semantic,
        places,
        parents: Vec::new(),
        optional: HashSet::new(),
        constant: HashMap::new(),
        async_depth: 0,
        found,
    };
    walk.visit_program(program);
    let mut found = walk.found;
    if found.literal_bytes > LITERAL_BYTES_MAX {
        let detail = format!("{} bytes (limit {LITERAL_BYTES_MAX})", found.literal_bytes);
        let rule = Rule::LiteralBudgetExceeded;
        found.failures.push(Failure { stage: Stage::StaticAnalysis, rule, detail });
    }
    found
}

struct Walk<'a, 's> {
    semantic: &'s Semantic<'a>,
    places: &'s Places<'s>,
    parents: Vec<AstKind<'a>>,
    /// Links of optional chains from the first `?.` on.
    optional: HashSet<Span>,
    /// Whether a name keeps its first value, kept because finding out looks at every use of it.
    constant: HashMap<SymbolId, bool>,
    async_depth: usize,
    found: Walked,
}

fn short(name: &str) -> String {
    match name.char_indices().nth(NAME_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

impl<'a> Walk<'a, '_> {
    /// Adds a failure whose detail ends with the place of `span`.
    fn fail(&mut self, rule: Rule, text: &str, span: Span) {
        if self.found.failures.len() >= FAILURES_MAX {
            self.found.unlisted += 1;
            return;
        }
        let (line, column) = self.places.line_column(span.start);
        let detail = format!("{text} at line {line}, column {column}");
        self.found.failures.push(Failure { stage: Stage::StaticAnalysis, rule, detail });
    }

    fn refuse_syntax(&mut self, what: &'static str, span: Span) {
        self.found.not_in_language.get_or_insert((what, span.start));
    }

    /// The node around the current one; a chain is no node of its own.
    fn parent(&self) -> Option<AstKind<'a>> {
        self.parents.iter().rev().find(|kind| !matches!(kind, AstKind::ChainExpression(_))).copied()
    }

    fn is_optional(&self, span: Span) -> bool {
        self.optional.contains(&span)
    }

    fn is_bound(&self, identifier: &IdentifierReference<'a>) -> bool {
        let id = identifier.reference_id.get();
        id.is_some_and(|id| self.semantic.scoping().has_binding(id))
    }

    /// Whether the expression is the identifier `THREE` with a binding in sight.
    fn is_three(&self, expression: &Expression<'a>) -> bool {
        matches!(expression, Expression::Identifier(id) if id.name == "THREE" && self.is_bound(id))
    }

    fn forbidden(&mut self, name: &str, span: Span) -> bool {
        let is_forbidden = lists::FORBIDDEN.contains(&name);
        if is_forbidden {
            self.fail(Rule::ForbiddenIdentifier, name, span);
        }
        is_forbidden
    }

    fn reference(&mut self, id: &IdentifierReference<'a>) {
        let parent = self.parent();
        if matches!(parent, Some(AstKind::ExportSpecifier(_))) {
            return;
        }
        let name = id.name.as_str();
        if self.forbidden(name, id.span) {
            return;
        }
        if name == "THREE" {
            if self.is_bound(id) {
                self.three_position(id.span, parent);
            } else {
                let text = "THREE referenced outside generate function";
                self.fail(Rule::ThreeAtTopLevel, text, id.span);
            }
        } else if !self.is_bound(id) && !lists::ALLOWED_ROOT.contains(&name) {
            self.fail(Rule::IdentifierNotAllowed, &short(name), id.span);
        }
    }

    fn three_position(&mut self, span: Span, parent: Option<AstKind<'a>>) {
        let is_accepted = match parent {
            Some(AstKind::StaticMemberExpression(it)) => {
                it.object.span() == span && !self.is_optional(it.span)
            }
            Some(AstKind::ComputedMemberExpression(it)) => {
                it.object.span() == span && !self.is_optional(it.span)
            }
            Some(AstKind::PrivateFieldExpression(it)) => !self.is_optional(it.span),
            Some(AstKind::VariableDeclarator(_)) => true,
            Some(AstKind::AssignmentExpression(it)) => it.right.span() == span,
            Some(AstKind::CallExpression(it)) => {
                it.callee.span() != span && !self.is_optional(it.span)
            }
            Some(AstKind::NewExpression(it)) => it.callee.span() != span,
            Some(AstKind::SpreadElement(_)) => {
                return self.fail(Rule::ThreeAliasForbidden, "spread of THREE", span);
            }
            _ => false,
        };
        if !is_accepted {
            let name = match parent {
                Some(AstKind::FunctionBody(_)) | None => "Program".to_owned(),
                Some(kind) => babel::kind(kind, span, |span| self.is_optional(span)),
            };
            let text = format!("THREE used in disallowed context ({name})");
            self.fail(Rule::ThreeAliasForbidden, &text, span);
        }
    }

    /// `object[…]`: also where the link is optional, and on a member of `THREE`.
    fn indexed(&mut self, object: &Expression<'a>, span: Span) {
        match object {
            Expression::Identifier(id) if lists::NOT_INDEXED.contains(&id.name.as_str()) => {
                self.fail(
                    Rule::ComputedPropertyAccess,
                    &format!("computed access on {}", id.name),
                    span,
                );
            }
            Expression::StaticMemberExpression(it) if self.is_three(&it.object) => {
                let text = format!("computed access on THREE.{}", short(&it.property.name));
                self.fail(Rule::ComputedPropertyAccess, &text, span);
            }
            _ => {}
        }
    }

    fn forbidden_property(&mut self, name: &str, span: Span) {
        if lists::FORBIDDEN_PROPERTIES.contains(&name) {
            self.fail(Rule::ForbiddenPropertyAccess, &format!(".{name}"), span);
        }
    }

    fn member(&mut self, object: &Expression<'a>, name: &str, span: Span) {
        self.forbidden_property(name, span);
        match object {
            Expression::Identifier(id) if id.name == "Math" && name == "random" => {
                self.fail(Rule::ForbiddenIdentifier, "Math.random", span);
            }
            _ if self.is_three(object) && !self.is_optional(span) => {
                self.three_member(name, "", span);
            }
            Expression::StaticMemberExpression(parent) => {
                let is_three =
                    matches!(&parent.object, Expression::Identifier(id) if id.name == "THREE");
                let parent = parent.property.name.as_str();
                if is_three && lists::blocked_members(parent).contains(&name) {
                    self.fail(Rule::ForbiddenThreeApi, &format!("THREE.{parent}.{name}"), span);
                }
            }
            _ => {}
        }
    }

    /// `THREE.<name>`, or the same by destructuring.
    fn three_member(&mut self, name: &str, how: &str, span: Span) {
        if lists::THREE_ALLOWED.contains(&name) {
            return;
        }
        if lists::THREE_REFUSED.contains(&name) {
            self.fail(Rule::ForbiddenThreeApi, &format!("THREE.{name}{how}"), span);
        } else {
            let text = format!("THREE.{} is not a recognized Three.js API{how}", short(name));
            self.fail(Rule::UnknownThreeApi, &text, span);
        }
    }

    /// Remembers which links of a chain are optional: all from the innermost `?.` outwards.
    fn chain(&mut self, chain: &oxc_ast::ast::ChainExpression<'a>) {
        use oxc_ast::ast::ChainElement;
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
            self.async_depth += 1;
        }
    }

    fn literals(&mut self, kind: AstKind<'a>) {
        self.found.literal_bytes += match kind {
            // Between the quotes as written: never less than what it stands for.
            AstKind::StringLiteral(it) => {
                (it.span.size() as usize).saturating_sub(2).max(it.value.len())
            }
            AstKind::TemplateElement(it) => {
                it.value.raw.len().max(it.value.cooked.as_ref().map_or(0, |text| text.len()))
            }
            AstKind::NumericLiteral(it) => it.span.size() as usize,
            AstKind::BigIntLiteral(it) => it.span.size() as usize,
            AstKind::RegExpLiteral(it) => it.span.size() as usize,
            _ => 0,
        };
    }
}

impl<'a> Visit<'a> for Walk<'a, '_> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        self.literals(kind);
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
            AstKind::ChainExpression(it) => self.chain(it),
            AstKind::StaticMemberExpression(it) => {
                self.member(&it.object, &it.property.name, it.span);
            }
            AstKind::ComputedMemberExpression(it) => {
                self.indexed(&it.object, it.span);
                if let Expression::StringLiteral(name) = &it.expression {
                    self.forbidden_property(&name.value, it.span);
                }
            }
            AstKind::VariableDeclarator(it) => {
                if let Some(init) = &it.init {
                    self.destructured(babel::Target::Binding(&it.id), init, it.span);
                }
            }
            AstKind::AssignmentExpression(it) => {
                self.destructured(babel::Target::Assignment(&it.left), &it.right, it.span);
            }
            AstKind::BindingProperty(it) => self.pattern_key(&it.key, it.computed, it.span),
            AstKind::AssignmentTargetPropertyProperty(it) => {
                self.pattern_key(&it.name, it.computed, it.span);
            }
            AstKind::AssignmentTargetPropertyIdentifier(it) => {
                self.forbidden_property(&it.binding.name, it.span);
            }
            AstKind::CallExpression(it) if !self.is_optional(it.span) => {
                self.call(&it.callee, &it.arguments, false, it.span);
            }
            AstKind::NewExpression(it) => self.call(&it.callee, &it.arguments, true, it.span),
            AstKind::Function(it) => self.function(it.r#async, it.span),
            AstKind::ArrowFunctionExpression(it) => self.function(it.r#async, it.span),
            AstKind::AwaitExpression(it) if self.async_depth == 0 => {
                self.fail(Rule::AsyncNotAllowed, "top-level await", it.span);
            }
            AstKind::VariableDeclaration(it)
                if it.kind == VariableDeclarationKind::AwaitUsing && self.async_depth == 0 =>
            {
                self.fail(Rule::AsyncNotAllowed, "top-level await", it.span);
            }
            AstKind::ForOfStatement(it) if it.r#await => {
                self.fail(Rule::AsyncNotAllowed, "for await loop", it.span);
            }
            AstKind::ImportDeclaration(it) => {
                if it.phase.is_some() {
                    self.refuse_syntax("import phases are not supported", it.span);
                }
                self.fail(Rule::ForbiddenIdentifier, "import statement", it.span);
            }
            AstKind::ImportExpression(it) => {
                if it.phase.is_some() {
                    self.refuse_syntax("import phases are not supported", it.span);
                }
                self.fail(Rule::ForbiddenIdentifier, "dynamic import()", it.span);
            }
            AstKind::ImportMeta(it) => self.fail(Rule::ForbiddenIdentifier, "import.meta", it.span),
            AstKind::Decorator(it) => self.refuse_syntax("decorators are not supported", it.span),
            AstKind::AccessorProperty(it) => {
                self.refuse_syntax("accessor fields are not supported", it.span);
            }
            _ => {}
        }
        self.parents.push(kind);
    }

    fn leave_node(&mut self, kind: AstKind<'a>) {
        self.parents.pop();
        let is_async = match kind {
            AstKind::Function(it) => it.r#async,
            AstKind::ArrowFunctionExpression(it) => it.r#async,
            _ => false,
        };
        if is_async {
            self.async_depth -= 1;
        }
    }
}

impl<'a> Walk<'a, '_> {
    fn pattern_key(&mut self, key: &PropertyKey<'a>, is_computed: bool, span: Span) {
        if let (false, Some(name)) = (is_computed, key.static_name()) {
            self.forbidden_property(&name, span);
        }
    }
}
