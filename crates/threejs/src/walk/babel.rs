//! The syntax tree in the terms of the failure details: they use Babel's node names.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    AssignmentTarget, AssignmentTargetMaybeDefault, AssignmentTargetProperty, BindingPattern,
    ClassType, Expression, FunctionType, PropertyKey,
};
use oxc_span::{GetSpan, Span};

/// The name of a node's type. `child` tells which part of the node is meant.
pub(super) fn kind(kind: AstKind<'_>, child: Span, is_optional: impl Fn(Span) -> bool) -> String {
    let name = match kind {
        AstKind::StaticMemberExpression(_)
        | AstKind::ComputedMemberExpression(_)
        | AstKind::PrivateFieldExpression(_) => {
            if is_optional(kind.span()) {
                "OptionalMemberExpression"
            } else {
                "MemberExpression"
            }
        }
        AstKind::CallExpression(_) if is_optional(kind.span()) => "OptionalCallExpression",
        AstKind::ImportExpression(_) => "CallExpression",
        AstKind::TaggedTemplateExpression(_) => "TaggedTemplateExpression",
        AstKind::FormalParameter(_)
        | AstKind::AssignmentTargetWithDefault(_)
        | AstKind::AssignmentTargetPropertyIdentifier(_) => "AssignmentPattern",
        AstKind::ObjectProperty(it) if it.method || it.kind != oxc_ast::ast::PropertyKind::Init => {
            "ObjectMethod"
        }
        AstKind::BindingProperty(_) | AstKind::AssignmentTargetPropertyProperty(_) => {
            "ObjectProperty"
        }
        AstKind::ArrayAssignmentTarget(_) => "ArrayPattern",
        AstKind::ObjectAssignmentTarget(_) => "ObjectPattern",
        AstKind::AssignmentTargetRest(_) | AstKind::BindingRestElement(_) => "RestElement",
        AstKind::PrivateInExpression(_) => "BinaryExpression",
        AstKind::MethodDefinition(_) => "ClassMethod",
        AstKind::PropertyDefinition(it) => {
            let is_private = matches!(it.key, PropertyKey::PrivateIdentifier(_));
            if is_private && it.key.span() != child {
                "ClassPrivateProperty"
            } else {
                "ClassProperty"
            }
        }
        AstKind::Class(it) => class(it.r#type),
        AstKind::Function(it) => function(it.r#type),
        AstKind::FunctionBody(_) => "BlockStatement",
        other => return format!("{:?}", other.ty()),
    };
    name.to_owned()
}

fn class(class: ClassType) -> &'static str {
    match class {
        ClassType::ClassDeclaration => "ClassDeclaration",
        ClassType::ClassExpression => "ClassExpression",
    }
}

fn function(function: FunctionType) -> &'static str {
    match function {
        FunctionType::FunctionDeclaration => "FunctionDeclaration",
        _ => "FunctionExpression",
    }
}

/// The name of an expression's type.
pub(crate) fn expression(expression: &Expression<'_>) -> &'static str {
    match expression {
        Expression::BooleanLiteral(_) => "BooleanLiteral",
        Expression::NullLiteral(_) => "NullLiteral",
        Expression::NumericLiteral(_) => "NumericLiteral",
        Expression::BigIntLiteral(_) => "BigIntLiteral",
        Expression::RegExpLiteral(_) => "RegExpLiteral",
        Expression::StringLiteral(_) => "StringLiteral",
        Expression::TemplateLiteral(_) => "TemplateLiteral",
        Expression::Identifier(_) => "Identifier",
        Expression::Super(_) => "Super",
        Expression::ArrayExpression(_) => "ArrayExpression",
        Expression::ArrowFunctionExpression(_) => "ArrowFunctionExpression",
        Expression::AssignmentExpression(_) => "AssignmentExpression",
        Expression::AwaitExpression(_) => "AwaitExpression",
        Expression::BinaryExpression(_) | Expression::PrivateInExpression(_) => "BinaryExpression",
        Expression::CallExpression(_) | Expression::ImportExpression(_) => "CallExpression",
        Expression::ChainExpression(it) => match it.expression {
            oxc_ast::ast::ChainElement::CallExpression(_) => "OptionalCallExpression",
            _ => "OptionalMemberExpression",
        },
        Expression::ClassExpression(_) => "ClassExpression",
        Expression::ConditionalExpression(_) => "ConditionalExpression",
        Expression::FunctionExpression(_) => "FunctionExpression",
        Expression::LogicalExpression(_) => "LogicalExpression",
        Expression::NewExpression(_) => "NewExpression",
        Expression::ObjectExpression(_) => "ObjectExpression",
        Expression::SequenceExpression(_) => "SequenceExpression",
        Expression::TaggedTemplateExpression(_) => "TaggedTemplateExpression",
        Expression::ThisExpression(_) => "ThisExpression",
        Expression::UnaryExpression(_) => "UnaryExpression",
        Expression::UpdateExpression(_) => "UpdateExpression",
        Expression::YieldExpression(_) => "YieldExpression",
        Expression::ImportMeta(_) | Expression::NewTarget(_) => "MetaProperty",
        Expression::ComputedMemberExpression(_)
        | Expression::StaticMemberExpression(_)
        | Expression::PrivateFieldExpression(_) => "MemberExpression",
        _ => "Expression",
    }
}

/// What a value is bound or assigned to.
#[derive(Clone, Copy)]
pub(super) enum Target<'t, 'a> {
    Binding(&'t BindingPattern<'a>),
    Assignment(&'t AssignmentTarget<'a>),
}

/// The shapes that the rules tell apart.
pub(super) enum Shape<'t, 'a> {
    Name(&'t str),
    Array,
    Member,
    Object(Vec<Property<'t, 'a>>),
    Other(&'static str),
}

/// One property of an object pattern, in source order.
pub(super) enum Property<'t, 'a> {
    /// `...name`; `None` when it is not a name.
    Rest(Option<&'t str>),
    Computed,
    /// A key that is a name or a string, and the target behind it where that can hold a pattern.
    Key(&'t str, Option<Target<'t, 'a>>),
    OtherKey,
}

fn property<'t, 'a>(
    key: &'t PropertyKey<'a>,
    computed: bool,
    target: Target<'t, 'a>,
) -> Property<'t, 'a> {
    match key {
        _ if computed => Property::Computed,
        PropertyKey::StaticIdentifier(name) => Property::Key(&name.name, Some(target)),
        PropertyKey::StringLiteral(text) => Property::Key(&text.value, Some(target)),
        _ => Property::OtherKey,
    }
}

impl<'t, 'a> Target<'t, 'a> {
    pub(super) fn shape(self) -> Shape<'t, 'a> {
        match self {
            Self::Binding(BindingPattern::BindingIdentifier(id)) => Shape::Name(&id.name),
            Self::Binding(BindingPattern::ArrayPattern(_))
            | Self::Assignment(AssignmentTarget::ArrayAssignmentTarget(_)) => Shape::Array,
            Self::Binding(BindingPattern::AssignmentPattern(it)) => {
                Target::Binding(&it.left).shape()
            }
            Self::Binding(BindingPattern::ObjectPattern(pattern)) => {
                let mut properties: Vec<_> = pattern
                    .properties
                    .iter()
                    .map(|it| property(&it.key, it.computed, Target::Binding(&it.value)))
                    .collect();
                if let Some(rest) = &pattern.rest {
                    properties.push(Property::Rest(match &rest.argument {
                        BindingPattern::BindingIdentifier(id) => Some(&id.name),
                        _ => None,
                    }));
                }
                Shape::Object(properties)
            }
            Self::Assignment(AssignmentTarget::AssignmentTargetIdentifier(id)) => {
                Shape::Name(&id.name)
            }
            Self::Assignment(AssignmentTarget::ObjectAssignmentTarget(pattern)) => {
                let mut properties: Vec<_> = pattern.properties.iter().map(assigned).collect();
                if let Some(rest) = &pattern.rest {
                    properties.push(Property::Rest(match &rest.target {
                        AssignmentTarget::AssignmentTargetIdentifier(id) => Some(&id.name),
                        _ => None,
                    }));
                }
                Shape::Object(properties)
            }
            Self::Assignment(target) if target.as_member_expression().is_some() => Shape::Member,
            Self::Assignment(_) => Shape::Other("Expression"),
        }
    }
}

fn assigned<'t, 'a>(it: &'t AssignmentTargetProperty<'a>) -> Property<'t, 'a> {
    match it {
        AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(it) => {
            Property::Key(&it.binding.name, None)
        }
        AssignmentTargetProperty::AssignmentTargetPropertyProperty(it) => {
            let target = match &it.binding {
                AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(it) => Some(&it.binding),
                other => other.as_assignment_target(),
            };
            match target {
                Some(target) => property(&it.name, it.computed, Target::Assignment(target)),
                None => Property::OtherKey,
            }
        }
    }
}
