//! What the parser takes although the language of modules does not have it: leftovers of TypeScript, proposals, and early
//! errors it does not look for. Found on the way, reported as an error of syntax.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    ArrowFunctionExpression, AssignmentTarget, ClassBody, ClassElement, ForStatementLeft,
    MethodDefinitionKind, MethodDefinitionType, PropertyDefinition, PropertyDefinitionType,
    PropertyKey, VariableDeclarationKind, WithClauseKeyword,
};
use oxc_span::{GetSpan, Span};

use super::Walk;

const TYPES: &str = "type syntax is not JavaScript";

impl<'a> Walk<'a, '_> {
    /// Remembers the first place that is no syntax of modules.
    fn refuse(&mut self, what: &'static str, span: Span) {
        self.found.not_in_language.get_or_insert((what, span.start));
    }

    pub(super) fn check_syntax(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::Decorator(it) => self.refuse("decorators are not supported", it.span),
            AstKind::AccessorProperty(it) => {
                self.refuse("accessor fields are not supported", it.span);
            }
            AstKind::ImportDeclaration(it) if it.phase.is_some() => {
                self.refuse("import phases are not supported", it.span);
            }
            AstKind::ImportExpression(it) if it.phase.is_some() => {
                self.refuse("import phases are not supported", it.span);
            }
            AstKind::WithClause(it) if it.keyword == WithClauseKeyword::Assert => {
                self.refuse("import attributes begin with `with`", it.span);
            }
            AstKind::VariableDeclaration(it)
                if it.kind == VariableDeclarationKind::AwaitUsing
                    && self.in_function()
                    && !self.in_async_function() =>
            {
                self.refuse("`await using` needs an async function", it.span);
            }
            AstKind::ForInStatement(it) => self.check_loop_target(&it.left),
            AstKind::ForOfStatement(it) => self.check_loop_target(&it.left),
            AstKind::ClassBody(it) => self.check_private_accessors(it),
            // `(a): …` is no label.
            AstKind::LabeledStatement(it) if it.label.span.start != it.span.start => {
                self.refuse("a label is not in parentheses", it.span);
            }
            AstKind::BreakStatement(it) => {
                self.check_jump(it.label.as_ref().map(|label| label.name.as_str()), true, it.span);
            }
            AstKind::ContinueStatement(it) => {
                self.check_jump(it.label.as_ref().map(|label| label.name.as_str()), false, it.span);
            }
            AstKind::ArrayAssignmentTarget(_)
            | AstKind::ObjectAssignmentTarget(_)
            | AstKind::AssignmentTargetWithDefault(_) => self.check_parentheses(kind.span()),
            _ => self.check_types(kind),
        }
    }

    fn check_types(&mut self, kind: AstKind<'a>) {
        let is_typed = match kind {
            AstKind::Class(it) => {
                it.r#abstract
                    || it.declare
                    || !it.implements.is_empty()
                    || it.type_parameters.is_some()
            }
            AstKind::PropertyDefinition(it) => {
                it.r#type == PropertyDefinitionType::TSAbstractPropertyDefinition
                    || it.declare
                    || it.r#override
                    || it.optional
                    || it.definite
                    || it.readonly
                    || it.accessibility.is_some()
                    || it.type_annotation.is_some()
                    || self.has_modifier(it)
            }
            AstKind::MethodDefinition(it) => {
                it.r#type == MethodDefinitionType::TSAbstractMethodDefinition
                    || it.r#override
                    || it.optional
                    || it.accessibility.is_some()
            }
            AstKind::FormalParameter(it) => {
                it.accessibility.is_some()
                    || it.readonly
                    || it.r#override
                    || it.optional
                    || it.type_annotation.is_some()
            }
            AstKind::Function(it) => {
                it.declare
                    || it.body.is_none()
                    || it.this_param.is_some()
                    || it.type_parameters.is_some()
                    || it.return_type.is_some()
            }
            AstKind::ArrowFunctionExpression(it) => {
                self.check_arrow_parameters(it);
                it.type_parameters.is_some() || it.return_type.is_some()
            }
            AstKind::VariableDeclaration(it) => it.declare,
            AstKind::VariableDeclarator(it) => it.definite || it.type_annotation.is_some(),
            _ => return,
        };
        if is_typed {
            self.refuse(TYPES, kind.span());
        }
    }

    /// A field with another word than `static` before its name, such as `async`.
    fn has_modifier(&self, it: &PropertyDefinition<'a>) -> bool {
        let range = it.span.start as usize..it.key.span().start as usize;
        let before = self.semantic.source_text().get(range).unwrap_or("");
        let mut words = before.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty());
        !before.contains('/') && words.any(|word| word != "static")
    }

    /// One getter and one setter of a private name.
    fn check_private_accessors(&mut self, body: &ClassBody<'a>) {
        let mut seen = HashSet::new();
        for element in &body.body {
            if let ClassElement::MethodDefinition(it) = element
                && let PropertyKey::PrivateIdentifier(name) = &it.key
                && !seen.insert((name.name.as_str(), it.kind == MethodDefinitionKind::Get))
            {
                self.refuse("a private name is declared twice", name.span);
            }
        }
    }

    /// `((a)) => …`: a parameter is not in parentheses of its own.
    fn check_arrow_parameters(&mut self, it: &ArrowFunctionExpression<'a>) {
        let Some(first) = it.params.items.first() else { return };
        let source = self.semantic.source_text().as_bytes();
        // The parser forgets them: then the list begins with its name, and closes all the same.
        let is_bare = source.get(it.params.span.start as usize) != Some(&b'(');
        if is_bare && self.token_after(first.span.end) == Some(b')') {
            self.refuse("a parameter is not in parentheses of its own", first.span);
        }
    }

    /// `for (eval of …)`: strict code assigns to neither. `for (([a]) of …)`: a pattern is not in parentheses.
    fn check_loop_target(&mut self, left: &ForStatementLeft<'a>) {
        match left.as_assignment_target() {
            Some(AssignmentTarget::AssignmentTargetIdentifier(id))
                if matches!(id.name.as_str(), "eval" | "arguments") =>
            {
                self.refuse("strict code does not assign to `eval` or `arguments`", id.span);
            }
            Some(target) if target.as_assignment_target_pattern().is_some() => {
                let outer = self.token_before(target.span().start).map(|(at, _)| at);
                let outer = outer.and_then(|at| self.token_before(u32::try_from(at).ok()?));
                if outer.is_some_and(|(_, byte)| byte == b'(') {
                    self.refuse("a pattern is not in parentheses", target.span());
                }
            }
            _ => {}
        }
    }

    /// A jump out of an arrow function; out of other functions the parser's checks see it.
    fn check_jump(&mut self, label: Option<&str>, is_break: bool, span: Span) {
        for kind in self.parents.iter().rev() {
            match (kind, label) {
                (AstKind::ArrowFunctionExpression(_), _) => {
                    return self.refuse("a jump cannot leave its function", span);
                }
                (AstKind::LabeledStatement(it), Some(label)) if it.label.name == label => return,
                (AstKind::SwitchStatement(_), None) if is_break => return,
                (kind, None) if kind.is_iteration_statement() => return,
                (AstKind::Function(_) | AstKind::StaticBlock(_), _) => return,
                _ => {}
            }
        }
    }

    /// `[(a = 1)] = …`, `({ a: ([b]) } = …)`: inside a pattern only plain targets may be in parentheses.
    fn check_parentheses(&mut self, span: Span) {
        let in_pattern = matches!(
            self.parent(),
            Some(
                AstKind::ArrayAssignmentTarget(_)
                    | AstKind::AssignmentTargetPropertyProperty(_)
                    | AstKind::AssignmentTargetWithDefault(_)
                    | AstKind::AssignmentTargetRest(_)
            )
        );
        if in_pattern && self.token_before(span.start).is_some_and(|(_, byte)| byte == b'(') {
            self.refuse("a pattern inside a pattern is not in parentheses", span);
        }
    }

    /// The first byte from `at` that is neither space nor comment.
    fn token_after(&self, at: u32) -> Option<u8> {
        let source = self.semantic.source_text();
        let comments = self.semantic.comments();
        let mut at = at as usize;
        loop {
            let rest = source.get(at..)?.trim_start_matches(|c: char| c.is_whitespace());
            at = source.len() - rest.len();
            let next = comments.partition_point(|comment| (comment.span.start as usize) < at);
            match comments.get(next) {
                Some(comment) if comment.span.start as usize == at => {
                    at = comment.span.end as usize;
                }
                _ => return rest.as_bytes().first().copied(),
            }
        }
    }

    /// The last byte before `at` that is neither space nor comment, and where it is.
    fn token_before(&self, at: u32) -> Option<(usize, u8)> {
        let source = self.semantic.source_text();
        let comments = self.semantic.comments();
        let mut at = at as usize;
        loop {
            at = source
                .get(..at)?
                .trim_end_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
                .len();
            let next = comments.partition_point(|comment| (comment.span.end as usize) <= at);
            match next.checked_sub(1).and_then(|last| comments.get(last)) {
                Some(comment) if comment.span.end as usize == at => {
                    at = comment.span.start as usize;
                }
                _ => {
                    let at = at.checked_sub(1)?;
                    return Some((at, *source.as_bytes().get(at)?));
                }
            }
        }
    }
}
