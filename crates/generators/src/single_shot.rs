//! A container of the splat or the mesh competition as a generator.

use std::time::Duration;

use pod::client::{ClientError, Single, SingleLimits};
use secrecy::SecretString;

use crate::{Card, Failure, Generator, Made, Pending, Request, remote};

/// A service that speaks the single-shot contract: a picture and a seed in, a model out.
#[derive(Debug)]
pub struct SingleShot {
    card: Card,
    client: Single,
    startup: Duration,
}

impl SingleShot {
    /// Of the service at `address`, which may take `startup` to become ready.
    ///
    /// # Errors
    ///
    /// [`ClientError::Address`]; or no TLS on this machine.
    pub fn new(
        card: Card,
        address: &str,
        bearer: Option<SecretString>,
        limits: SingleLimits,
        startup: Duration,
    ) -> Result<Self, ClientError> {
        Ok(Self { card, client: Single::new(address, bearer, limits)?, startup })
    }
}

impl Generator for SingleShot {
    fn card(&self) -> &Card {
        &self.card
    }

    fn ready(&self) -> Pending<'_, Result<(), Failure>> {
        let look = || -> Pending<'_, Result<(), Failure>> {
            Box::pin(async {
                // Whatever the status: the contract has no other sign of being not ready.
                self.client.health().await.map_err(|error| Failure::Transient(error.to_string()))
            })
        };
        Box::pin(remote::until_ready(&self.card.name, self.startup, look))
    }

    fn generate(&self, request: Request) -> Pending<'_, Result<Made, Failure>> {
        Box::pin(async move {
            let start = tokio::time::Instant::now();
            let made = self.client.generate(request.picture, request.seed).await;
            let made = made.map_err(|error| match &error {
                ClientError::Status { status: 415 | 422, detail } => {
                    Failure::BadPicture(format!("{}: {detail}", self.card.name))
                }
                error => remote::failure(&self.card.name, error),
            })?;
            Ok(Made {
                bytes: made.bytes,
                kind: request.kind,
                took: start.elapsed(),
                cost: self.card.cost,
                licence: self.card.licence.clone(),
                notes: Vec::new(),
            })
        })
    }
}
