//! A pod of the module competition as a generator: each call is a batch of one prompt.

use std::sync::Arc;
use std::time::Duration;

use pod::client::{Batch, BatchLimits, ClientError, Retry};
use pod::wire::batch::{self, State};
use secrecy::SecretString;

use crate::pictures::{Pictures, unguessable};
use crate::{Card, Failure, Generator, Made, Pauses, Pending, Request, remote};

/// So many looks at its state may fail in a row, as orchestrators have it.
const UNREACHABLE_MAX: u32 = 18;

/// A service that speaks the batch contract.
///
/// The contract knows no cancelling: a call that is dropped leaves the pod at work, and the next one waits for its end.
#[derive(Debug)]
pub struct PodBatch {
    card: Card,
    client: Batch,
    /// Between looks at its state.
    polls: Pauses,
    startup: Duration,
    pictures: Option<Arc<Pictures>>,
    /// A pod has one batch at a time.
    turn: tokio::sync::Mutex<()>,
}

impl PodBatch {
    /// Of the pod at `address`, which may take `startup` to become ready. Pictures without a public address are offered by
    /// `pictures`, where there are any.
    ///
    /// # Errors
    ///
    /// [`ClientError::Address`]; or no TLS on this machine.
    pub fn new(
        card: Card,
        address: &str,
        bearer: Option<SecretString>,
        polls: Pauses,
        startup: Duration,
        pictures: Option<Arc<Pictures>>,
    ) -> Result<Self, ClientError> {
        let limits = BatchLimits { retry: Retry::NONE, ..BatchLimits::default() };
        let client = Batch::new(address, bearer, limits)?;
        Ok(Self { card, client, polls, startup, pictures, turn: tokio::sync::Mutex::new(()) })
    }

    fn failed(&self, what: impl std::fmt::Display) -> Failure {
        Failure::Failed(format!("{}: {what}", self.card.name))
    }

    fn lost(&self, what: impl std::fmt::Display) -> Failure {
        Failure::Transient(format!("{}: {what}", self.card.name))
    }

    /// Hands the batch over, waiting for the end of one that nobody wants any more.
    async fn submit(&self, batch: &batch::Batch, request: &Request) -> Result<(), Failure> {
        loop {
            match self.client.submit(batch).await {
                Ok(_) => return Ok(()),
                Err(ClientError::Refused { state: Some(State::Generating | State::WarmingUp) }) => {
                    (request.progress)(None, "the pod is busy");
                    self.watch(request, |state| {
                        matches!(state, State::Ready | State::Complete | State::Replace)
                    })
                    .await?;
                }
                Err(error) => return Err(remote::failure(&self.card.name, &error)),
            }
        }
    }

    /// Looks at its state until it is as wanted. Asking to be replaced is a failure.
    async fn watch(
        &self,
        request: &Request,
        is_wanted: impl Fn(State) -> bool + Send,
    ) -> Result<State, Failure> {
        let (mut looks, mut unreachable) = (1, 0);
        loop {
            match self.client.status(0).await {
                Ok(status) => {
                    unreachable = 0;
                    if status.status == State::Replace {
                        return Err(self.failed("the pod asks to be replaced"));
                    }
                    if is_wanted(status.status) {
                        return Ok(status.status);
                    }
                    (request.progress)(None, status.status.name());
                }
                Err(error) => {
                    unreachable += 1;
                    if unreachable >= UNREACHABLE_MAX {
                        return Err(self.lost(format!("no state {unreachable} times: {error}")));
                    }
                }
            }
            looks += 1;
            tokio::time::sleep(self.polls.before(looks.min(30), request.seed.bits())).await;
        }
    }

    /// Fine once it has taken up its work.
    async fn look(&self) -> Result<(), Failure> {
        let unready = |error: ClientError| Failure::Transient(error.to_string());
        self.client.health().await.map_err(unready)?;
        match self.client.status(0).await.map_err(unready)?.status {
            State::WarmingUp => Err(Failure::Transient(State::WarmingUp.to_string())),
            State::Replace => Err(self.failed("the pod asks to be replaced")),
            State::Ready | State::Generating | State::Complete => Ok(()),
        }
    }

    async fn make(&self, request: &Request, picture_url: String) -> Result<Made, Failure> {
        let start = tokio::time::Instant::now();
        let _turn = self.turn.lock().await;
        // Services take the same set of stems for the same batch and would give its old results: every call has its own.
        let stem = unguessable();
        let prompt = batch::Prompt { stem: stem.clone(), image_url: picture_url };
        let batch = batch::Batch { prompts: vec![prompt], seed: request.seed, batch_id: None };
        self.submit(&batch, request).await?;
        let state = self.watch(request, |state| state != State::Generating).await?;
        if state != State::Complete {
            return Err(self.lost(format!("the pod lost its batch: it is {state}")));
        }
        let results = self.client.results().await;
        let results = results.map_err(|error| remote::failure(&self.card.name, &error))?;
        let bytes = match results.outcome(&stem) {
            Ok(module) => module.clone(),
            Err(pod::client::MISSING) => {
                return Err(self.lost("the results are those of another batch"));
            }
            Err(reason) => return Err(self.failed(reason)),
        };
        Ok(Made {
            bytes,
            kind: request.kind,
            took: start.elapsed(),
            cost: self.card.cost,
            licence: self.card.licence.clone(),
            notes: results.notes,
        })
    }
}

impl Generator for PodBatch {
    fn card(&self) -> &Card {
        &self.card
    }

    fn ready(&self) -> Pending<'_, Result<(), Failure>> {
        Box::pin(remote::until_ready(&self.card.name, self.startup, || Box::pin(self.look())))
    }

    fn generate(&self, request: Request) -> Pending<'_, Result<Made, Failure>> {
        Box::pin(async move {
            let offer = match (&request.picture_url, &self.pictures) {
                (Some(_), _) => None,
                (None, Some(pictures)) => Some(pictures.offer(request.picture.clone()).await?),
                (None, None) => {
                    return Err(self.failed(
                        "it takes pictures by their address, this one has none: see [pictures]",
                    ));
                }
            };
            let url = request.picture_url.clone();
            let url = url.or_else(|| offer.as_ref().map(|offer| offer.url().to_owned()));
            self.make(&request, url.unwrap_or_default()).await
        })
    }
}
