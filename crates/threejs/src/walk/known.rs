//! What a name stands for, as far as it can be read off the text: the namespace, one of its members, or a global that
//! has rules of its own. The written bans are absolute, so `const M = Math; M.random()` is seen as well.

use std::collections::HashMap;

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, Expression, VariableDeclarator};
use oxc_semantic::SymbolId;
use oxc_span::{GetSpan, Span};

use super::Walk;
use super::babel::{Property, Shape, Target};
use crate::lists;

/// Most names that are followed from one to the next; an honest module has one.
const ALIASES_MAX: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known<'a> {
    /// The argument of the exported function, whatever it is called there.
    Namespace,
    /// `THREE.<name>`.
    Member(&'a str),
    /// `Math`, `Object`, `Array` or `Symbol`.
    Global(&'static str),
}

#[derive(Default)]
pub(super) struct Cache<'a> {
    /// Whether a name keeps its first value, kept because finding out looks at every use of it.
    constant: HashMap<SymbolId, bool>,
    /// Names that a pattern takes out of something, by the place of the declarator.
    taken: HashMap<Span, HashMap<SymbolId, &'a str>>,
}

impl<'a> Walk<'a, '_> {
    /// What `expression` stands for. Literal names of globals count even where they are declared again: so the rules are.
    pub(super) fn known(&mut self, expression: &Expression<'a>) -> Option<Known<'a>> {
        self.known_within(expression, ALIASES_MAX)
    }

    fn known_within(&mut self, expression: &Expression<'a>, steps: usize) -> Option<Known<'a>> {
        match expression {
            Expression::Identifier(id) => {
                let reference = self.semantic.scoping().get_reference(id.reference_id.get()?);
                match reference.symbol_id() {
                    Some(_) if id.name == "THREE" => Some(Known::Namespace),
                    Some(symbol) => self.symbol(symbol, steps.checked_sub(1)?),
                    None => lists::NOT_INDEXED
                        .into_iter()
                        .find(|name| *name == id.name && *name != "THREE")
                        .map(Known::Global),
                }
            }
            Expression::StaticMemberExpression(it) => {
                let object = self.known_within(&it.object, steps.checked_sub(1)?)?;
                (object == Known::Namespace).then_some(Known::Member(it.property.name.as_str()))
            }
            _ => None,
        }
    }

    fn symbol(&mut self, symbol: SymbolId, steps: usize) -> Option<Known<'a>> {
        if !self.is_constant(symbol) {
            return None;
        }
        if self.namespace == Some(symbol) {
            return Some(Known::Namespace);
        }
        let nodes = self.semantic.nodes();
        let declaration = self.semantic.scoping().symbol_declaration(symbol);
        let AstKind::VariableDeclarator(declarator) = nodes.kind(declaration) else { return None };
        let init = declarator.init.as_ref()?;
        if matches!(declarator.id, BindingPattern::BindingIdentifier(_)) {
            return self.known_within(init, steps);
        }
        if self.known_within(init, steps)? != Known::Namespace {
            return None;
        }
        let taken = &mut self.cache.taken;
        let names = taken.entry(declarator.span()).or_insert_with(|| taken_names(declarator));
        names.get(&symbol).map(|name| Known::Member(name))
    }

    /// Whether a name is bound once and never written again.
    pub(super) fn is_constant(&mut self, symbol: SymbolId) -> bool {
        let scoping = self.semantic.scoping();
        *self.cache.constant.entry(symbol).or_insert_with(|| {
            !scoping.symbol_is_mutated(symbol) && scoping.symbol_redeclarations(symbol).is_empty()
        })
    }
}

/// `const { Key: name } = …`: the key of each name, on the outermost level.
fn taken_names<'a>(declarator: &'a VariableDeclarator<'a>) -> HashMap<SymbolId, &'a str> {
    let Shape::Object(properties) = Target::Binding(&declarator.id).shape() else {
        return HashMap::new();
    };
    let named = |property| match property {
        Property::Key(key, Some(Target::Binding(value))) => {
            Some((value.get_binding_identifier()?.symbol_id.get()?, key))
        }
        _ => None,
    };
    properties.into_iter().filter_map(named).collect()
}
