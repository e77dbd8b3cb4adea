//! Where `THREE` may go: destructured by allowed names, or into a parameter that is also called `THREE`.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, BindingPattern, Class, ClassElement, Expression, FormalParameters,
    MethodDefinitionKind,
};
use oxc_span::Span;

use super::babel::{self, Property, Shape, Target};
use super::{Walk, short};
use crate::failure::Rule;
use crate::lists;

/// What a call can be followed into: its label, and its parameters (a class may have none).
struct Callee<'e, 'a> {
    label: String,
    params: Option<&'e FormalParameters<'a>>,
}

fn constructor_params<'e, 'a>(class: &'e Class<'a>) -> Option<&'e FormalParameters<'a>> {
    class.body.body.iter().find_map(|element| match element {
        ClassElement::MethodDefinition(it) if it.kind == MethodDefinitionKind::Constructor => {
            Some(&*it.value.params)
        }
        _ => None,
    })
}

impl<'a> Walk<'a, '_> {
    /// A declarator or assignment. Compound operators alias as plain ones do.
    pub(super) fn destructured(
        &mut self,
        target: Target<'_, 'a>,
        source: &Expression<'a>,
        span: Span,
    ) {
        match source {
            _ if self.is_three(source) => self.three_into(target, span),
            Expression::Identifier(id) if id.name == "Math" => {
                let Shape::Object(properties) = target.shape() else { return };
                for property in properties {
                    if matches!(property, Property::Key("random", _)) {
                        self.fail(Rule::ForbiddenIdentifier, "Math.random", span);
                    }
                }
            }
            Expression::StaticMemberExpression(it) if self.is_three(&it.object) => {
                self.sub_members(&it.property.name, target, span);
            }
            _ => {}
        }
    }

    fn three_into(&mut self, target: Target<'_, 'a>, span: Span) {
        let text = match target.shape() {
            Shape::Name(name) => format!("aliasing THREE as `{}`", short(name)),
            Shape::Array => "array-destructuring THREE".to_owned(),
            Shape::Member => "assigning THREE to a member expression".to_owned(),
            Shape::Other(name) => format!("assigning THREE to {name}"),
            Shape::Object(properties) => return self.three_pattern(&properties, span),
        };
        self.fail(Rule::ThreeAliasForbidden, &text, span);
    }

    fn three_pattern(&mut self, properties: &[Property<'_, 'a>], span: Span) {
        for property in properties {
            match property {
                Property::Rest(name) => {
                    let text =
                        format!("rest-destructure of THREE (...{})", short(name.unwrap_or("?")));
                    self.fail(Rule::ThreeAliasForbidden, &text, span);
                }
                Property::Computed => {
                    self.fail(Rule::ComputedPropertyAccess, "computed destructure of THREE", span);
                }
                Property::Key(name, target) => {
                    self.three_member(name, " (destructured)", span);
                    if let Some(target) = target {
                        self.sub_members(name, *target, span);
                    }
                }
                Property::OtherKey => {}
            }
        }
    }

    /// `{…}` taken from `THREE.<parent>`.
    fn sub_members(&mut self, parent: &str, target: Target<'_, 'a>, span: Span) {
        let blocked = lists::blocked_members(parent);
        let Shape::Object(properties) = target.shape() else { return };
        if blocked.is_empty() {
            return;
        }
        for property in properties {
            match property {
                Property::Rest(_) => {
                    let text = format!("THREE.{parent}.{{...}} rest-destructure");
                    self.fail(Rule::ForbiddenThreeApi, &text, span);
                }
                Property::Key(name, _) if blocked.contains(&name) => {
                    let text = format!("THREE.{parent}.{name} (destructured)");
                    self.fail(Rule::ForbiddenThreeApi, &text, span);
                }
                _ => {}
            }
        }
    }

    pub(super) fn call(
        &mut self,
        callee: &Expression<'a>,
        arguments: &[Argument<'a>],
        is_new: bool,
        span: Span,
    ) {
        let is_three =
            |argument: &Argument<'a>| argument.as_expression().is_some_and(|it| self.is_three(it));
        let passed: Vec<_> =
            (0..arguments.len()).filter(|idx| is_three(&arguments[*idx])).collect();
        if passed.is_empty() {
            return;
        }
        let member = match callee {
            Expression::StaticMemberExpression(it) if self.is_three(&it.object) => {
                Some(it.property.name.as_str())
            }
            Expression::ComputedMemberExpression(it) if self.is_three(&it.object) => Some("?"),
            _ => None,
        };
        if let (true, Some(name)) = (is_new, member) {
            let text = format!("passing THREE to `new THREE.{}(...)`", short(name));
            return self.fail(Rule::ThreeAliasForbidden, &text, span);
        }
        let Some(callee) = self.resolve(callee) else {
            let name = babel::expression(callee);
            let text = format!("passing THREE to an unresolvable callee ({name})");
            return self.fail(Rule::ThreeAliasForbidden, &text, span);
        };
        let spread = arguments.iter().position(|it| matches!(it, Argument::SpreadElement(_)));
        for idx in passed {
            if spread.is_some_and(|spread| spread < idx) {
                let text = format!("passing THREE after a spread argument to {}", callee.label);
                self.fail(Rule::ThreeAliasForbidden, &text, span);
            } else {
                self.pass_to_parameter(&callee, idx, span);
            }
        }
    }

    fn pass_to_parameter(&mut self, callee: &Callee<'_, 'a>, idx: usize, span: Span) {
        let label = &callee.label;
        let pattern =
            callee.params.and_then(|params| params.items.get(idx)).map(|item| &item.pattern);
        let text = match pattern {
            None if callee.params.is_some_and(|params| params.rest.is_some()) => {
                format!("passing THREE into rest parameter of {label}")
            }
            None => format!("passing THREE as extra argument (past formal params) to {label}"),
            Some(pattern) => match Target::Binding(pattern).shape() {
                Shape::Name("THREE") => return,
                Shape::Name(name) => {
                    format!(
                        "passing THREE to parameter `{}` of {label} (must be named `THREE`)",
                        short(name)
                    )
                }
                Shape::Object(properties) => return self.three_pattern(&properties, span),
                Shape::Array => format!("passing THREE to array-pattern parameter of {label}"),
                Shape::Member => format!("passing THREE to MemberExpression parameter of {label}"),
                Shape::Other(name) => format!("passing THREE to {name} parameter of {label}"),
            },
        };
        self.fail(Rule::ThreeAliasForbidden, &text, span);
    }

    fn resolve<'e>(&mut self, callee: &'e Expression<'a>) -> Option<Callee<'e, 'a>> {
        let inline = |label: &str, params| Some(Callee { label: label.to_owned(), params });
        match callee {
            Expression::FunctionExpression(it) => inline("<inline function>", Some(&*it.params)),
            Expression::ArrowFunctionExpression(it) => {
                inline("<inline function>", Some(&*it.params))
            }
            Expression::ClassExpression(it) => inline("<inline class>", constructor_params(it)),
            Expression::Identifier(id) => {
                let scoping = self.semantic.scoping();
                let symbol = scoping.get_reference(id.reference_id.get()?).symbol_id()?;
                let is_constant = *self.constant.entry(symbol).or_insert_with(|| {
                    !scoping.symbol_is_mutated(symbol)
                        && scoping.symbol_redeclarations(symbol).is_empty()
                });
                if !is_constant {
                    return None;
                }
                let params = match self.semantic.nodes().kind(scoping.symbol_declaration(symbol)) {
                    AstKind::Function(it) => Some(&*it.params),
                    AstKind::Class(it) => constructor_params(it),
                    AstKind::VariableDeclarator(it) => {
                        if !matches!(it.id, BindingPattern::BindingIdentifier(_)) {
                            return None;
                        }
                        match it.init.as_ref()? {
                            Expression::FunctionExpression(it) => Some(&*it.params),
                            Expression::ArrowFunctionExpression(it) => Some(&*it.params),
                            Expression::ClassExpression(it) => constructor_params(it),
                            _ => return None,
                        }
                    }
                    _ => return None,
                };
                Some(Callee { label: short(&id.name), params })
            }
            _ => None,
        }
    }
}
