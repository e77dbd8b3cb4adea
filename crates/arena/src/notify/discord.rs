//! Discord's webhooks: a bounded queue, and a thread that sends what is in it.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chain::Clock;
use jiff::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::embed::{Embed, embed};
use crate::ports::{Notice, Notify};

/// How notices are sent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// So many notices may wait; more are dropped, and that is reported.
    pub queue: usize,
    /// A request may take so long, in seconds.
    pub timeout_s: u64,
    /// How often a notice is sent at most.
    pub tries: u32,
    /// Before the second try, in seconds; doubled before each further one. A server that says how long to wait is believed.
    pub wait_s: f64,
    /// The longest wait, in seconds, whatever a server says.
    pub wait_max_s: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { queue: 256, timeout_s: 10, tries: 5, wait_s: 1.0, wait_max_s: 60.0 }
    }
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address, which is a secret.
    #[error("the webhook is no https address (http is taken for loopback only)")]
    Address,
    /// No thread, or no client.
    #[error("notices cannot be sent: {0}")]
    System(#[from] io::Error),
}

/// Sends notices to a webhook of Discord, in order. Whoever tells something never waits: a full queue drops it.
pub struct Discord {
    queue: Mutex<Option<SyncSender<(Notice, Timestamp)>>>,
    done: Mutex<Receiver<()>>,
    dropped: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Discord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discord").field("dropped", &self.dropped).finish_non_exhaustive()
    }
}

impl Discord {
    /// Starts the thread. `report` is told what was not sent; never with the address.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub fn start(
        webhook: &SecretString,
        settings: &Settings,
        clock: Arc<dyn Clock>,
        report: impl Fn(&str) + Send + 'static,
    ) -> Result<Self, StartError> {
        let url = Url::parse(webhook.expose_secret()).map_err(|_| StartError::Address)?;
        let loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        if !(url.scheme() == "https" || url.scheme() == "http" && loopback) {
            return Err(StartError::Address);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder()
            .timeout(Duration::from_secs(settings.timeout_s.clamp(1, 120)))
            .redirect(Policy::none())
            .build()
            .map_err(|error| io::Error::other(error.without_url().to_string()))?;
        let (queue, waiting) = sync_channel(settings.queue.clamp(1, 65_536));
        let (ended, done) = channel();
        let dropped = Arc::new(AtomicU64::new(0));
        let sender = Sender { client, url, settings: settings.clone() };
        let lost = Arc::clone(&dropped);
        std::thread::Builder::new().name("discord".to_owned()).spawn(move || {
            for (notice, time) in &waiting {
                let body = embed(&notice, time);
                if let Err(problem) = runtime.block_on(sender.send(&body)) {
                    report(&format!("the notice \"{}\" was not sent: {problem}", notice.title));
                }
                let lost = lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    report(&format!("{lost} notices were dropped: the queue was full"));
                }
            }
            // Nobody may listen any more.
            let _ = ended.send(());
        })?;
        Ok(Self { queue: Mutex::new(Some(queue)), done: Mutex::new(done), dropped, clock })
    }

    /// Takes no more notices, and waits until those told are sent or given up, for so long at most. Whether they are.
    #[must_use]
    pub fn close(&self, within: Duration) -> bool {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        // A second closing finds the thread gone.
        !matches!(done.recv_timeout(within), Err(RecvTimeoutError::Timeout))
    }
}

impl Notify for Discord {
    fn tell(&self, notice: Notice) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let told = queue.as_ref().map(|queue| queue.try_send((notice, self.clock.now())));
        if let Some(Err(TrySendError::Full(_))) = told {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Sender {
    client: Client,
    url: Url,
    settings: Settings,
}

/// What came of one try.
enum Tried {
    Sent,
    /// In words, and how long the server wants to be left alone.
    Later(String, Option<f64>),
    Refused(StatusCode),
}

impl Sender {
    async fn send(&self, body: &Embed) -> Result<(), String> {
        let Settings { tries, wait_s, wait_max_s, .. } = self.settings;
        let mut wait = wait_s;
        let mut left = tries.max(1);
        loop {
            left -= 1;
            match self.try_once(body).await {
                Tried::Sent => return Ok(()),
                Tried::Refused(status) => return Err(format!("HTTP {}", status.as_u16())),
                Tried::Later(problem, _) if left == 0 => return Err(problem),
                Tried::Later(_, wanted) => {
                    let seconds = wanted.unwrap_or(wait).clamp(0.0, wait_max_s.max(0.0));
                    let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
                    tokio::time::sleep(time).await;
                    wait *= 2.0;
                }
            }
        }
    }

    async fn try_once(&self, body: &Embed) -> Tried {
        let response = match self.client.post(self.url.clone()).json(body).send().await {
            Ok(response) => response,
            Err(error) => {
                let what = if error.is_timeout() { "timeout" } else { "no connection" };
                return Tried::Later(what.to_owned(), None);
            }
        };
        let status = response.status();
        if status.is_success() {
            return Tried::Sent;
        }
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            let wanted = retry_after(response.headers());
            return Tried::Later(format!("HTTP {}", status.as_u16()), wanted);
        }
        Tried::Refused(status)
    }
}

/// Seconds, whole or not.
fn retry_after(headers: &HeaderMap) -> Option<f64> {
    let seconds = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    seconds(RETRY_AFTER.as_str())
        .or_else(|| seconds("x-ratelimit-reset-after"))
        .filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
}
