//! Rules about one name or one access: identifiers, members, indexes. Order and wording: the module contract.

use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, IdentifierReference};
use oxc_span::{GetSpan, Span};

use super::known::Known;
use super::{Walk, babel, short};
use crate::failure::Rule;
use crate::lists;

impl<'a> Walk<'a, '_> {
    fn is_bound(&self, identifier: &IdentifierReference<'a>) -> bool {
        let id = identifier.reference_id.get();
        id.is_some_and(|id| self.semantic.scoping().has_binding(id))
    }

    /// Whether the expression is the identifier `THREE` with a binding in sight.
    pub(super) fn is_three(&self, expression: &Expression<'a>) -> bool {
        matches!(expression, Expression::Identifier(id) if id.name == "THREE" && self.is_bound(id))
    }

    pub(super) fn forbidden(&mut self, name: &str, span: Span) -> bool {
        let is_forbidden = lists::FORBIDDEN.contains(&name);
        if is_forbidden {
            self.fail(Rule::ForbiddenIdentifier, name, span);
        }
        is_forbidden
    }

    /// A property name that the contract leaves free and production takes for a use of the name.
    pub(super) fn forbidden_in_production(&mut self, name: &str, span: Span) {
        if lists::FORBIDDEN.contains(&name) {
            self.warn(Rule::ForbiddenIdentifier, name, span);
        }
    }

    pub(super) fn reference(&mut self, id: &IdentifierReference<'a>) {
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
            // Said already, as the argument of a call that cannot be followed.
            Some(AstKind::ImportExpression(_)) => true,
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

    /// `object[…]`. An optional index of `THREE` itself is an alias already.
    pub(super) fn indexed(&mut self, object: &Expression<'a>, span: Span) {
        let text = match object {
            Expression::Identifier(id) if lists::NOT_INDEXED.contains(&id.name.as_str()) => {
                if id.name == "THREE" && self.is_optional(span) {
                    return;
                }
                id.name.to_string()
            }
            _ => match (self.known(object), object) {
                (None, _) => return,
                // What is refused itself is said once.
                (Some(Known::Member(name)), _) if !lists::THREE_ALLOWED.contains(&name) => return,
                (Some(_), Expression::Identifier(id)) => short(&id.name),
                (Some(Known::Member(name)), _) => format!("THREE.{name}"),
                (Some(Known::Namespace | Known::Global(_)), _) => return,
            },
        };
        self.fail(Rule::ComputedPropertyAccess, &format!("computed access on {text}"), span);
    }

    /// `object.name`.
    pub(super) fn member(&mut self, object: &Expression<'a>, name: &str, span: Span) {
        let is_optional = self.is_optional(span);
        if !is_optional && lists::FORBIDDEN_PROPERTIES.contains(&name) {
            self.fail(Rule::ForbiddenPropertyAccess, &format!(".{name}"), span);
        }
        let is_three = matches!(object, Expression::Identifier(id) if id.name == "THREE");
        if matches!(object, Expression::Identifier(id) if id.name == "Math") {
            if name == "random" {
                self.fail(Rule::ForbiddenIdentifier, "Math.random", span);
            }
            return;
        }
        match self.known(object) {
            Some(Known::Namespace) if is_three && is_optional => {}
            Some(Known::Namespace) => self.three_member(name, "", span),
            Some(Known::Global("Math")) if name == "random" => {
                self.fail(Rule::ForbiddenIdentifier, "Math.random", span);
            }
            Some(Known::Member(parent)) if !self.is_optional(object.span()) => {
                self.blocked_member(parent, name, span);
            }
            // Blocked also where no parameter of that name is in sight.
            None => {
                if let Expression::StaticMemberExpression(it) = object
                    && matches!(&it.object, Expression::Identifier(id) if id.name == "THREE")
                {
                    self.blocked_member(it.property.name.as_str(), name, span);
                }
            }
            Some(_) => {}
        }
    }

    fn blocked_member(&mut self, parent: &str, name: &str, span: Span) {
        if lists::blocked_members(parent).contains(&name) {
            self.fail(Rule::ForbiddenThreeApi, &format!("THREE.{parent}.{name}"), span);
        }
    }

    /// `THREE.<name>`, or the same by destructuring.
    pub(super) fn three_member(&mut self, name: &str, how: &str, span: Span) {
        if let Some((rule, text)) = member_failure(name, how) {
            self.fail(rule, &text, span);
        }
    }
}

/// What is wrong with taking `name` out of `THREE`.
pub(super) fn member_failure(name: &str, how: &str) -> Option<(Rule, String)> {
    if lists::THREE_ALLOWED.contains(&name) {
        None
    } else if lists::THREE_REFUSED.contains(&name) {
        Some((Rule::ForbiddenThreeApi, format!("THREE.{name}{how}")))
    } else {
        let text = format!("THREE.{} is not a recognized Three.js API{how}", short(name));
        Some((Rule::UnknownThreeApi, text))
    }
}
