//! A pod that runs already and is somebody else's, as a provider: nothing is deployed, and nothing deleted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use secrecy::SecretString;

use crate::provider::{Pending, Phase, Provider, ProviderError, Seen, Spec};

/// Gives the one pod to whoever asks. Use it with [`super::Plan::is_attached`].
#[derive(Debug, Clone)]
pub struct Attached {
    url: String,
    bearer: Option<SecretString>,
    /// "Deleted": to this session it is gone.
    is_gone: Arc<AtomicBool>,
}

impl Attached {
    /// Name of this provider.
    pub const NAME: &str = "attached";

    /// The pod at `url`, without a slash at the end.
    #[must_use]
    pub fn new(url: String, bearer: Option<SecretString>) -> Self {
        Self { url, bearer, is_gone: Arc::default() }
    }

    fn seen(&self, name: &str) -> Seen {
        Seen {
            id: name.to_owned(),
            name: name.to_owned(),
            url: Some(self.url.clone()),
            phase: Phase::Running,
            detail: None,
            price_per_hour: None,
            created_at: None,
            labels: BTreeMap::new(),
        }
    }
}

impl Provider for Attached {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn list(&self) -> Pending<'_, Result<Vec<Seen>, ProviderError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn get<'a>(&'a self, id: &'a str) -> Pending<'a, Result<Option<Seen>, ProviderError>> {
        let is_there = !self.is_gone.load(Ordering::SeqCst);
        Box::pin(async move { Ok(is_there.then(|| self.seen(id))) })
    }

    fn deploy<'a>(&'a self, spec: &'a Spec) -> Pending<'a, Result<Seen, ProviderError>> {
        Box::pin(async move { Ok(self.seen(&spec.name)) })
    }

    fn delete<'a>(&'a self, _: &'a str) -> Pending<'a, Result<(), ProviderError>> {
        self.is_gone.store(true, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }

    fn logs<'a>(&'a self, _: &'a str, _: usize) -> Pending<'a, Result<Vec<String>, ProviderError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn bearer(&self) -> Option<&SecretString> {
        self.bearer.as_ref()
    }
}
