//! The work of a request: two pictures fetched and decoded side by side, then described, then their distance.

use std::io;
use std::sync::Arc;

use image::{DynamicImage, ImageReader, RgbImage};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use vision::descriptor::{Descriptor, distance};

use super::body::Urls;
use super::limits::{PICTURE_BYTES_MAX, PICTURE_PIXELS_MAX, REDIRECTS_MAX};
use super::{Config, Level, Log};
use crate::metrics::Metrics;
use crate::slots::Slots;
use fetch::{FetchError, Fetcher, Limits};

/// What requests share.
pub(super) struct App {
    pub(super) metrics: Metrics,
    pub(super) slots: Arc<Slots>,
    pub(super) log: Log,
    fetcher: Fetcher,
    descriptor: Arc<dyn Descriptor>,
    /// Whoever holds one may have pictures in memory.
    pairs: Arc<Semaphore>,
    /// Pictures are decoded, and pairs described, one at a time: that uses all cores.
    work: Arc<Semaphore>,
}

/// Why there is no distance. Of the two pictures' reasons, the first picture's counts.
#[derive(Debug)]
pub(super) enum Failure {
    /// The other side answered, but not with the file.
    NotFound,
    /// It did not answer, or may not be asked.
    Request,
    /// Anything else; the text is for the log.
    Internal(String),
}

impl App {
    pub(super) fn new(
        config: &Config,
        descriptor: Box<dyn Descriptor>,
        log: Log,
    ) -> io::Result<Self> {
        let may_connect =
            if config.allow_private_urls { fetch::anywhere } else { fetch::in_public };
        // One byte more than a picture may have shows that it is too long.
        let limits = Limits {
            bytes_max: PICTURE_BYTES_MAX + 1,
            time_max: config.download_timeout,
            redirects_max: REDIRECTS_MAX,
        };
        let pairs = config.pairs.get().min(Semaphore::MAX_PERMITS);
        Ok(Self {
            metrics: Metrics::default(),
            slots: Arc::new(Slots::new(pairs, config.waiting_max)),
            log,
            fetcher: Fetcher::new(may_connect, limits).map_err(io::Error::other)?,
            descriptor: descriptor.into(),
            pairs: Arc::new(Semaphore::new(pairs)),
            work: Arc::new(Semaphore::new(1)),
        })
    }

    /// The distance of two pictures. The answer is that of fetching and decoding the first, then the second; only the
    /// waiting is shared.
    pub(super) async fn distance(self: &Arc<Self>, urls: &Urls) -> Result<f64, Failure> {
        let _pair = permit(&self.pairs).await?;
        let (first, second) = (self.picture("url_a", &urls.a), self.picture("url_b", &urls.b));
        tokio::pin!(first, second);
        let mut second_done = None;
        let first = loop {
            tokio::select! {
                biased;
                first = &mut first => break first?,
                second = &mut second, if second_done.is_none() => second_done = Some(second),
            }
        };
        let second = match second_done {
            Some(second) => second?,
            None => second.await?,
        };
        let descriptor = self.descriptor.clone();
        let vectors = self.run("describe", move || descriptor.describe(&[first, second])).await?;
        match vectors.map_err(|error| Failure::Internal(error.to_string()))?.as_slice() {
            [first, second] => Ok(distance(first, second)),
            other => Err(Failure::Internal(format!("{} vectors of two pictures", other.len()))),
        }
    }

    async fn picture(self: &Arc<Self>, field: &str, url: &str) -> Result<RgbImage, Failure> {
        let start = Instant::now();
        let fetched = self.fetcher.fetch(url).await;
        self.metrics.time("fetch", start.elapsed());
        let bytes = fetched.map_err(|error| {
            let failure = match &error {
                FetchError::Status(_) => Failure::NotFound,
                // As the original's client, which could not parse it either.
                FetchError::Unparsable => Failure::Internal(format!("{field}: not a URL")),
                _ => Failure::Request,
            };
            let host = host(url);
            (self.log)(Level::Warning, &format!("{field} at {host}: {}", error));
            failure
        })?;
        let decoded = self.run("decode", move || decode(&bytes)).await?;
        decoded.map_err(|reason| Failure::Internal(format!("{field} at {}: {reason}", host(url))))
    }

    /// Runs what takes the processor's time, apart from what waits for the network.
    async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        stage: &'static str,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let permit = permit(&self.work).await?;
        let app = self.clone();
        let running = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let start = Instant::now();
            let done = job();
            app.metrics.time(stage, start.elapsed());
            done
        });
        running.await.map_err(|_| Failure::Internal(format!("{stage} panicked")))
    }
}

/// Alpha is dropped, not composited: what is under transparent pixels counts, as in the original.
fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    if bytes.len() > PICTURE_BYTES_MAX {
        return Err(format!("more than {PICTURE_BYTES_MAX} bytes, which is our limit"));
    }
    // By its header, before anything is allocated; a header that is wrong is told of by the decoder.
    let reader = ImageReader::new(io::Cursor::new(bytes)).with_guessed_format();
    let size = reader.ok().and_then(|reader| reader.into_dimensions().ok());
    if let Some((width, height)) = size
        && u64::from(width) * u64::from(height) > PICTURE_PIXELS_MAX
    {
        return Err(format!("{width} × {height} pixels, our limit is {PICTURE_PIXELS_MAX} in all"));
    }
    let picture = vision::decode(bytes).map_err(|error| error.to_string())?;
    Ok(DynamicImage::from(picture).into_rgb8())
}

/// The part of a URL that is no secret.
fn host(url: &str) -> String {
    let url = fetch::Url::parse(url).ok();
    let host = url.as_ref().and_then(fetch::Url::host_str);
    host.map_or_else(|| "no host".to_owned(), |host| host.chars().take(253).collect())
}

async fn permit(of: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Failure> {
    let permit = of.clone().acquire_owned().await;
    permit.map_err(|_| Failure::Internal("no permit".to_owned()))
}
