//! Asks what a judge's rules want to know, in the order in which they want it, and keeps all of it as evidence.
//!
//! Rules are a pure function of what is [`Known`]: they give a verdict, or say what they [`Lack`]. So the verdict of a duel that is
//! judged, of one that is judged again with earlier evidence, and of one that is only rechecked come from the same lines.

mod memo;
mod reader;
mod replay;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use ledger::files::duels::DuelWinner;
use ledger::json::Json;
use serde_json::{Map, Value};

pub(crate) use memo::Memo;
pub(crate) use reader::Reader;
pub(crate) use replay::replay;

use super::control::{Control, PLAIN};
use super::question::{Question, sha256};
use super::schema::{Answer, Penalties};
use super::{Chat, Model, Request};
use crate::recheck::RecheckError;
use crate::{
    Call, Description, Duel, Evidence, JudgeError, Outage, Outcome, Parts, Pending, Verdict,
};

/// Before a malformed answer is asked for again: this times the number of attempts so far, and up to a quarter more or less.
const PAUSE: Duration = Duration::from_millis(500);

/// Who won, and the detail for the report.
pub(crate) type Outcomes = (DuelWinner, Json);

/// What rules still have to know.
#[derive(Debug, Clone)]
pub(crate) enum Lack {
    /// Answers to these, asked at the same time.
    Questions(Vec<Question>),
    /// A figure, by its name.
    Figure(&'static str),
    /// A model that can answer such questions at all.
    Model(String),
    /// Sound evidence.
    Sense(RecheckError),
}

/// Two things that can be found out at the same time.
pub(crate) fn both<A, B>(a: Result<A, Lack>, b: Result<B, Lack>) -> Result<(A, B), Lack> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(Lack::Questions(mut all)), Err(Lack::Questions(more))) => {
            all.extend(more);
            Err(Lack::Questions(all))
        }
        (Err(lack), _) | (_, Err(lack)) => Err(lack),
    }
}

/// Things that can be found out at the same time.
pub(crate) fn all<T>(some: impl Iterator<Item = Result<T, Lack>>) -> Result<Vec<T>, Lack> {
    let (mut found, mut questions) = (Vec::new(), Vec::new());
    for one in some {
        match one {
            Ok(one) => found.push(one),
            Err(Lack::Questions(more)) => questions.extend(more),
            Err(lack) => return Err(lack),
        }
    }
    if questions.is_empty() { Ok(found) } else { Err(Lack::Questions(questions)) }
}

/// What was found out.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Calls of each question, in the order in which they were asked.
    asked: Vec<Vec<Call>>,
    /// In it, by label.
    places: BTreeMap<String, usize>,
    figures: Map<String, Value>,
    /// Labels of questions that came to no answer.
    silent: BTreeSet<String>,
}

impl Known {
    /// What a question was answered; nothing if no attempt came to an answer.
    pub(crate) fn answer(&self, question: &Question) -> Result<Option<Answer>, Lack> {
        let calls = self.places.get(&question.label).and_then(|&at| self.asked.get(at));
        let said = calls.and_then(|calls| settled(question, calls));
        said.ok_or_else(|| Lack::Questions(vec![question.clone()]))
    }

    /// As [`Known::answer`], of a question for penalties.
    pub(crate) fn penalties(&self, question: &Question) -> Result<Option<Penalties>, Lack> {
        Ok(match self.answer(question)? {
            Some(Answer::Penalties(penalties, _)) => Some(penalties),
            _ => None,
        })
    }

    /// What was measured.
    pub(crate) fn figure(&self, name: &'static str) -> Result<&Value, Lack> {
        self.figures.get(name).ok_or(Lack::Figure(name))
    }

    /// Questions that were asked, and those of them that came to no answer, without controls.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let count = |labels: &mut dyn Iterator<Item = &String>| {
            labels.filter(|label| control_of(label).is_none()).count()
        };
        (count(&mut self.places.keys()), count(&mut self.silent.iter()))
    }

    /// About what a control was answered; ours if the prompt's own was not.
    pub(crate) fn control(&self) -> Option<Control> {
        let answered = self.places.keys().filter(|label| !self.silent.contains(*label));
        let all: Vec<_> = answered.filter_map(|label| control_of(label)).collect();
        let plain = all.contains(&Control::Plain).then_some(Control::Plain);
        plain.or_else(|| all.first().copied())
    }

    fn keep(&mut self, question: &Question, calls: Vec<Call>) {
        self.places.insert(question.label.clone(), self.asked.len());
        if !matches!(settled(question, &calls), Some(Some(_))) {
            self.silent.insert(question.label.clone());
        }
        self.asked.push(calls);
    }
}

/// Which control a label is of.
fn control_of(label: &str) -> Option<Control> {
    let (word, _) = label.split_once('_')?;
    [Control::Prompt, Control::Plain].into_iter().find(|control| control.word() == word)
}

/// What calls of a question come to: an answer, none, or nothing yet.
fn settled(question: &Question, calls: &[Call]) -> Option<Option<Answer>> {
    for call in calls {
        match &call.outcome {
            Outcome::Answer(text) => match question.schema.answer(text) {
                Some(answer) => return Some(Some(answer)),
                None if call.attempt + 1 >= question.attempts => return Some(None),
                None => {}
            },
            Outcome::Refused(_) => return Some(None),
        }
    }
    None
}

/// What a judge knows beside a model's answers.
pub(crate) trait Rules: Sync {
    /// The verdict, or what it still lacks.
    fn decide(&self, known: &Known) -> Result<Outcomes, Lack>;

    /// Measures a figure that [`Rules::decide`] lacks.
    fn measure<'a>(
        &'a self,
        name: &'static str,
        reader: &'a Reader<'a>,
    ) -> Pending<'a, Result<Value, Outage>>;
}

/// Who asks, and whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interview<'a> {
    pub(crate) chat: &'a dyn Chat,
    pub(crate) model: &'a Model,
    pub(crate) memo: &'a Memo,
    pub(crate) judge: &'a Description,
    pub(crate) duel: &'a Duel,
    pub(crate) parts: Parts<'a>,
}

impl Interview<'_> {
    /// Asks until there is a verdict.
    pub(crate) async fn hold(&self, rules: &dyn Rules) -> Result<Verdict, JudgeError> {
        let earlier = self.parts.earlier;
        let mut earlier = earlier.filter(|had| had.judge == *self.judge && had.duel == *self.duel);
        if let Some(whole) = earlier.filter(|_| !self.parts.insist)
            && let Ok((winner, detail)) = replay(whole, self.model, rules)
        {
            return Ok(Verdict { winner, detail, evidence: Some(whole.clone()) });
        }
        let mut reader = Reader::new(self.parts.pictures, earlier);
        let mut known = Known::default();
        loop {
            match rules.decide(&known) {
                Ok((winner, detail)) => {
                    let evidence = Evidence {
                        judge: self.judge.clone(),
                        duel: self.duel.clone(),
                        inputs: reader.into_hashes(),
                        calls: known.asked.concat(),
                        figures: Value::Object(known.figures),
                    };
                    return Ok(Verdict { winner, detail, evidence: Some(evidence) });
                }
                Err(Lack::Questions(questions)) => {
                    let asked =
                        questions.iter().map(|question| self.ask(question, &reader, earlier));
                    // Those in flight are waited for, also when one of them fails: they are paid for.
                    let answers = join_all(asked).await;
                    let answers = answers.into_iter().collect::<Result<Vec<_>, JudgeError>>()?;
                    if reader.has_changed() && earlier.take().is_some() {
                        // A picture is not what it was: nothing of the earlier run goes with what is seen now.
                        known = Known::default();
                        reader = Reader::new(self.parts.pictures, None);
                        continue;
                    }
                    for (question, calls) in questions.iter().zip(answers) {
                        known.keep(question, calls);
                    }
                }
                Err(Lack::Figure(name)) => {
                    let had = earlier.and_then(|earlier| earlier.figures.get(name)).cloned();
                    let value = match had {
                        Some(value) => value,
                        None => rules.measure(name, &reader).await?,
                    };
                    known.figures.insert(name.to_owned(), value);
                }
                Err(Lack::Model(message)) => return Err(Outage(message).into()),
                // What was kept is damaged: as if nothing had been.
                Err(Lack::Sense(_)) if earlier.take().is_some() => {
                    known = Known::default();
                    reader = Reader::new(self.parts.pictures, None);
                }
                Err(Lack::Sense(error)) => return Err(JudgeError::Broken(error.to_string())),
            }
        }
    }

    /// Asks one question until it is settled.
    async fn ask(
        &self,
        question: &Question,
        reader: &Reader<'_>,
        earlier: Option<&Evidence>,
    ) -> Result<Vec<Call>, JudgeError> {
        let mut calls = earlier.map_or_else(Vec::new, |had| self.had(question, reader, had));
        match settled(question, &calls) {
            Some(Some(_)) => return Ok(calls),
            // That there was no answer then says nothing of now.
            Some(None) => calls.clear(),
            None => {}
        }
        let pictures = match self.model.pictures {
            super::PicturesBy::Url => None,
            super::PicturesBy::Data => Some(self.pictures(question, reader).await?),
        };
        // What is hashed has names in place of data.
        let named = |attempt| {
            let body = question.body(self.model, attempt, |url| self.stand_in(reader, url));
            (sha256(body.as_bytes()), body)
        };
        let (first, body) = named(0);
        let mut begun = Some(body);
        if calls.is_empty()
            && question.shared
            && let Some(known) = self.memo.get(&first, &question.label)
        {
            return Ok(known);
        }
        let missing = pictures
            .as_ref()
            .and_then(|data| question.pictures().find(|url| !data.contains_key(*url)));
        while settled(question, &calls).is_none() {
            let attempt = calls.len() as u32;
            let (request_sha256, body) = match begun.take() {
                Some(body) if attempt == 0 => (first.clone(), body),
                _ => named(attempt),
            };
            if let Some(url) = missing {
                let outcome = Outcome::Refused(super::clean(&format!("no picture: {url}")));
                let label = question.label.clone();
                calls.push(Call { label, attempt, request_sha256, outcome, latency_ms: 0 });
                break;
            }
            if attempt > 0 {
                self.parts.sleep.sleep(pause(&request_sha256, attempt)).await;
            }
            let body = match &pictures {
                None => body,
                Some(data) => question
                    .body(self.model, attempt, |url| data.get(url).cloned().unwrap_or_default()),
            };
            let request = Request { label: question.label.clone(), attempt, body: body.into() };
            let reply = {
                let budget = self.parts.budget;
                let _place = budget.take().await;
                if budget.is_out() {
                    return Err(Outage("another call had no answer".to_owned()).into());
                }
                self.chat.ask(&request).await.inspect_err(|_| budget.run_out())?
            };
            let call = Call {
                label: request.label,
                attempt,
                request_sha256,
                outcome: reply.outcome,
                latency_ms: u64::try_from(reply.latency.as_millis()).unwrap_or(u64::MAX),
            };
            if let Some(notebook) = self.parts.notebook {
                notebook.answered(&call, &self.sent(question, reader));
            }
            calls.push(call);
        }
        if question.shared {
            self.memo.keep(&first, &calls, question);
        }
        Ok(calls)
    }

    /// Calls of earlier evidence that are of this very question. If it was asked more than once, the last time that it was
    /// answered counts, or else the last time.
    fn had(&self, question: &Question, reader: &Reader<'_>, earlier: &Evidence) -> Vec<Call> {
        let mut times: Vec<Vec<Call>> = Vec::new();
        let mut is_sound = false;
        for call in earlier.calls.iter().filter(|call| call.label == question.label) {
            if call.attempt == 0 {
                is_sound = true;
                times.push(Vec::new());
            }
            let Some(calls) = times.last_mut() else { continue };
            let body = question.body(self.model, call.attempt, |url| self.stand_in(reader, url));
            is_sound &= call.attempt as usize == calls.len()
                && call.attempt < question.attempts
                && call.request_sha256 == sha256(body.as_bytes());
            if is_sound {
                calls.push(call.clone());
            }
        }
        let is_answered = |calls: &Vec<Call>| matches!(settled(question, calls), Some(Some(_)));
        let at = times.iter().rposition(is_answered).unwrap_or(times.len().saturating_sub(1));
        times.into_iter().nth(at).unwrap_or_default()
    }

    /// What stands for a picture where a request is hashed.
    fn stand_in(&self, reader: &Reader<'_>, url: &str) -> String {
        stand_in(self.model, url, reader.hash(url).as_deref())
    }

    /// Hashes of the pictures that are sent inside of a question.
    fn sent(&self, question: &Question, reader: &Reader<'_>) -> BTreeMap<String, String> {
        let inside = self.model.pictures == super::PicturesBy::Data;
        let pictures = question.pictures().filter(|_| inside);
        pictures.filter_map(|url| Some((url.to_owned(), reader.hash(url)?))).collect()
    }

    /// Data URLs of the pictures that there are.
    async fn pictures(
        &self,
        question: &Question,
        reader: &Reader<'_>,
    ) -> Result<BTreeMap<String, String>, Outage> {
        let all = join_all(question.pictures().map(async |url| {
            if url == PLAIN {
                return Ok(Some((url.to_owned(), url.to_owned())));
            }
            let bytes = reader.get(url).await?;
            Ok(bytes.and_then(|bytes| reader::data_url(&bytes)).map(|data| (url.to_owned(), data)))
        }));
        let all = all.await.into_iter().collect::<Result<Vec<_>, Outage>>()?;
        Ok(all.into_iter().flatten().collect())
    }
}

/// What stands for a picture where a request is hashed: its URL, or the hash of what is sent.
fn stand_in(model: &Model, url: &str, hash: Option<&str>) -> String {
    match model.pictures {
        super::PicturesBy::Url => url.to_owned(),
        // It is sent as it is.
        super::PicturesBy::Data if url == PLAIN => url.to_owned(),
        super::PicturesBy::Data => format!("sha256:{}", hash.unwrap_or("none")),
    }
}

/// Before an attempt. Requests differ, so they do not all come back at the same moment.
fn pause(request_sha256: &str, attempt: u32) -> Duration {
    let byte = request_sha256.get(..2).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    // From 3/4 to 5/4.
    PAUSE * attempt * (384 + byte.unwrap_or_default()) / 512
}
