//! The verdict that evidence comes to, without asking anybody.

use super::super::Model;
use super::super::question::{Question, sha256};
use super::{Known, Lack, Outcomes, Rules, settled, stand_in};
use crate::recheck::RecheckError;
use crate::{Call, Evidence};

/// Goes the way of the rules through evidence. All of it has to be used, in its order.
pub(crate) fn replay(
    evidence: &Evidence,
    model: &Model,
    rules: &dyn Rules,
) -> Result<Outcomes, RecheckError> {
    let mut known = Known::default();
    let mut calls = evidence.calls.as_slice();
    loop {
        match rules.decide(&known) {
            Ok(outcomes) => {
                if let Some(call) = calls.first() {
                    return Err(RecheckError::Surplus(super::super::clean(&call.label)));
                }
                let named = evidence.figures.as_object().into_iter().flatten();
                let mut surplus = named.filter(|(name, _)| !known.figures.contains_key(*name));
                return match surplus.next() {
                    Some((name, _)) => Err(RecheckError::Surplus(super::super::clean(name))),
                    None => Ok(outcomes),
                };
            }
            Err(Lack::Questions(questions)) => {
                for question in &questions {
                    let (own, rest) = take(evidence, model, question, calls)?;
                    known.keep(question, own.to_vec());
                    calls = rest;
                }
            }
            Err(Lack::Figure(name)) => {
                let value = evidence.figures.get(name);
                let value = value.ok_or_else(|| RecheckError::Lacks(format!("figure {name}")))?;
                known.figures.insert(name.to_owned(), value.clone());
            }
            Err(Lack::Model(message)) => return Err(RecheckError::NoVerdict(message)),
            Err(Lack::Sense(error)) => return Err(error),
        }
    }
}

/// The calls of a question, which have to come first, and the rest.
fn take<'a>(
    evidence: &Evidence,
    model: &Model,
    question: &Question,
    calls: &'a [Call],
) -> Result<(&'a [Call], &'a [Call]), RecheckError> {
    let mut count = 0;
    while settled(question, &calls[..count]).is_none() {
        let lacks = || RecheckError::Lacks(format!("{}, attempt {count}", question.label));
        let call = calls.get(count).ok_or_else(lacks)?;
        if call.label != question.label || call.attempt as usize != count {
            return Err(lacks());
        }
        let hash = |url: &str| evidence.inputs.get(url).map(String::as_str);
        let body = question.body(model, call.attempt, |url| stand_in(model, url, hash(url)));
        if call.request_sha256 != sha256(body.as_bytes()) {
            return Err(RecheckError::Request(question.label.clone()));
        }
        count += 1;
    }
    Ok(calls.split_at(count))
}
