//! Where `THREE` may go: destructured by allowed names, or into a parameter that is also called `THREE`.

use std::collections::HashMap;
use std::rc::Rc;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, BindingPattern, Class, ClassElement, Expression, FormalParameters,
    MethodDefinitionKind,
};
use oxc_semantic::SymbolId;
use oxc_span::{GetSpan, Span};

use super::babel::{self, Property, Shape, Target};
use super::known::Known;
use super::names::member_failure;
use super::{Walk, short};
use crate::analyse::FAILURES_MAX;
use crate::failure::Rule;
use crate::lists;

/// What is wrong with taking a pattern's members out of `THREE`, and how many such things were not kept.
#[derive(Default)]
struct Verdict {
    failures: Vec<(Rule, String)>,
    unlisted: usize,
}

impl Verdict {
    fn add(&mut self, failure: impl FnOnce() -> (Rule, String)) {
        if self.failures.len() < FAILURES_MAX {
            self.failures.push(failure());
        } else {
            self.unlisted += 1;
        }
    }
}

/// What is known of helpers: one may be called as often as the file is long.
#[derive(Default)]
pub(super) struct Helpers<'a> {
    /// Of patterns, by their place.
    verdicts: HashMap<Span, Rc<Verdict>>,
    /// Parameters of what a name can be followed to.
    params: HashMap<SymbolId, Option<Params<'a>>>,
}

/// A class without a constructor has none.
type Params<'a> = Option<&'a FormalParameters<'a>>;

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

fn judge(properties: &[Property<'_, '_>]) -> Verdict {
    let mut verdict = Verdict::default();
    for property in properties {
        match property {
            Property::Rest(name) => verdict.add(|| {
                let name = short(name.unwrap_or("?"));
                (Rule::ThreeAliasForbidden, format!("rest-destructure of THREE (...{name})"))
            }),
            Property::Computed => verdict
                .add(|| (Rule::ComputedPropertyAccess, "computed destructure of THREE".to_owned())),
            Property::Key(name, target) => {
                if let Some(failure) = member_failure(name, " (destructured)") {
                    verdict.add(|| failure);
                }
                if let Some(target) = target {
                    judge_sub_members(name, *target, &mut verdict);
                }
            }
            Property::OtherKey => {}
        }
    }
    verdict
}

/// `{…}` taken from `THREE.<parent>`.
fn judge_sub_members(parent: &str, target: Target<'_, '_>, verdict: &mut Verdict) {
    let blocked = lists::blocked_members(parent);
    if blocked.is_empty() {
        return;
    }
    let Shape::Object(properties) = target.shape() else { return };
    for property in properties {
        match property {
            Property::Rest(_) => verdict.add(|| {
                (Rule::ForbiddenThreeApi, format!("THREE.{parent}.{{...}} rest-destructure"))
            }),
            Property::Key(name, _) if blocked.contains(&name) => verdict
                .add(|| (Rule::ForbiddenThreeApi, format!("THREE.{parent}.{name} (destructured)"))),
            _ => {}
        }
    }
}

impl<'a> Walk<'a, '_> {
    /// A declarator or assignment. Compound operators alias as plain ones do.
    pub(super) fn destructured(
        &mut self,
        target: Target<'_, 'a>,
        source: &Expression<'a>,
        span: Span,
    ) {
        if self.is_three(source) {
            return self.three_into(target, span);
        }
        let is_math = matches!(source, Expression::Identifier(id) if id.name == "Math");
        let Shape::Object(properties) = target.shape() else { return };
        match self.known(source) {
            Some(Known::Namespace) => self.report(&judge(&properties), span),
            Some(Known::Member(parent)) => {
                let mut verdict = Verdict::default();
                judge_sub_members(parent, target, &mut verdict);
                self.report(&verdict, span);
            }
            known if is_math || known == Some(Known::Global("Math")) => {
                for property in properties {
                    if matches!(property, Property::Key("random", _)) {
                        self.fail(Rule::ForbiddenIdentifier, "Math.random", span);
                    }
                }
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
            Shape::Object(properties) => return self.report(&judge(&properties), span),
        };
        self.fail(Rule::ThreeAliasForbidden, &text, span);
    }

    fn report(&mut self, verdict: &Verdict, span: Span) {
        // A full list only counts, and counting takes no walk of what is not listed.
        let room = FAILURES_MAX.saturating_sub(self.found.failures.len());
        for (rule, text) in verdict.failures.iter().take(room) {
            self.fail(*rule, text, span);
        }
        self.found.unlisted += verdict.failures.len().saturating_sub(room) + verdict.unlisted;
    }

    fn pattern_verdict(&mut self, pattern: &BindingPattern<'a>) -> Rc<Verdict> {
        let judged = || match Target::Binding(pattern).shape() {
            Shape::Object(properties) => Rc::new(judge(&properties)),
            _ => Rc::default(),
        };
        Rc::clone(self.helpers.verdicts.entry(pattern.span()).or_insert_with(judged))
    }

    /// The pattern the exported function takes its argument apart with.
    pub(super) fn namespace_pattern(&mut self, pattern: &BindingPattern<'a>) {
        let verdict = self.pattern_verdict(pattern);
        self.report(&verdict, pattern.span());
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
            let is_sound = self.pass_to_parameter(&callee, idx, span);
            if is_sound && spread.is_some_and(|spread| spread < idx) {
                let text = format!("passing THREE after a spread argument to {}", callee.label);
                self.fail(Rule::ThreeAliasForbidden, &text, span);
            }
        }
    }

    /// Whether nothing was said.
    fn pass_to_parameter(&mut self, callee: &Callee<'_, 'a>, idx: usize, span: Span) -> bool {
        let label = &callee.label;
        let pattern =
            callee.params.and_then(|params| params.items.get(idx)).map(|item| &item.pattern);
        if let Some(pattern @ BindingPattern::ObjectPattern(_)) = pattern {
            let verdict = self.pattern_verdict(pattern);
            self.report(&verdict, span);
            return verdict.failures.is_empty();
        }
        let text = match pattern {
            None if callee.params.is_some_and(|params| params.rest.is_some()) => {
                format!("passing THREE into rest parameter of {label}")
            }
            None => format!("passing THREE as extra argument (past formal params) to {label}"),
            Some(pattern) => match Target::Binding(pattern).shape() {
                Shape::Name("THREE") => return true,
                Shape::Name(name) => {
                    format!(
                        "passing THREE to parameter `{}` of {label} (must be named `THREE`)",
                        short(name)
                    )
                }
                Shape::Object(_) => return true,
                Shape::Array => format!("passing THREE to array-pattern parameter of {label}"),
                Shape::Member => format!("passing THREE to MemberExpression parameter of {label}"),
                Shape::Other(name) => format!("passing THREE to {name} parameter of {label}"),
            },
        };
        self.fail(Rule::ThreeAliasForbidden, &text, span);
        false
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
                let reference = self.semantic.scoping().get_reference(id.reference_id.get()?);
                let symbol = reference.symbol_id()?;
                let params = match self.helpers.params.get(&symbol) {
                    Some(params) => *params,
                    None => {
                        let params = self.declared_params(symbol);
                        self.helpers.params.insert(symbol, params);
                        params
                    }
                };
                Some(Callee { label: short(&id.name), params: params? })
            }
            _ => None,
        }
    }

    fn declared_params(&mut self, symbol: SymbolId) -> Option<Params<'a>> {
        if !self.is_constant(symbol) {
            return None;
        }
        let declaration = self.semantic.scoping().symbol_declaration(symbol);
        Some(match self.semantic.nodes().kind(declaration) {
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
        })
    }
}
