//! Asks what a judge's rules want to know, in the order in which they want it, and keeps all of it as evidence.
//!
//! Rules are a pure function of what is [`Known`]: they give a verdict, or say what they [`Lack`]. So the verdict of a duel that is
//! judged, of one that is judged again with earlier evidence, and of one that is only rechecked come from the same lines.

mod memo;
mod reader;
mod replay;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use ledger::files::duels::DuelWinner;
use ledger::json::Json;
use serde_json::{Map, Value};

pub(crate) use memo::Memo;
pub(crate) use reader::Reader;
pub(crate) use replay::replay;

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
    /// Questions that came to no answer.
    silent: usize,
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

    /// Questions that were asked, and those of them that came to no answer.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.asked.len(), self.silent)
    }

    fn keep(&mut self, question: &Question, calls: Vec<Call>) {
        self.places.insert(question.label.clone(), self.asked.len());
        self.silent += usize::from(!matches!(settled(question, &calls), Some(Some(_))));
        self.asked.push(calls);
    }
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
        if settled(question, &calls).is_some() {
            return Ok(calls);
        }
        let pictures = match self.model.pictures {
            super::PicturesBy::Url => None,
            super::PicturesBy::Data => Some(self.pictures(question, reader).await?),
        };
        let body = |attempt| match &pictures {
            None => question.body(self.model, attempt, str::to_owned),
            Some(data) => {
                question.body(self.model, attempt, |url| data.get(url).cloned().unwrap_or_default())
            }
        };
        let named = |attempt| {
            let body = question.body(self.model, attempt, |url| self.stand_in(reader, url));
            sha256(body.as_bytes())
        };
        let first = named(0);
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
            let request_sha256 = if attempt == 0 { first.clone() } else { named(attempt) };
            if let Some(url) = missing {
                let outcome = Outcome::Refused(super::clean(&format!("no picture: {url}")));
                let label = question.label.clone();
                calls.push(Call { label, attempt, request_sha256, outcome, latency_ms: 0 });
                break;
            }
            if attempt > 0 {
                self.parts.sleep.sleep(pause(&request_sha256, attempt)).await;
            }
            let body = body(attempt).into();
            let request = Request { label: question.label.clone(), attempt, body };
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

    /// Calls of earlier evidence that are of this very question.
    fn had(&self, question: &Question, reader: &Reader<'_>, earlier: &Evidence) -> Vec<Call> {
        let calls = earlier.calls.iter().filter(|call| call.label == question.label);
        let sound = calls.zip(0..).take_while(|(call, attempt)| {
            let body = question.body(self.model, *attempt, |url| self.stand_in(reader, url));
            call.attempt == *attempt && call.request_sha256 == sha256(body.as_bytes())
        });
        sound.map(|(call, _)| call.clone()).take(question.attempts as usize).collect()
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
        super::PicturesBy::Data => format!("sha256:{}", hash.unwrap_or("none")),
    }
}

/// Before an attempt. Requests differ, so they do not all come back at the same moment.
fn pause(request_sha256: &str, attempt: u32) -> Duration {
    let byte = request_sha256.get(..2).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    // From 3/4 to 5/4.
    PAUSE * attempt * (384 + byte.unwrap_or_default()) / 512
}
