//! The trait, what goes in and what comes out.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pod::wire::{Kind, Seed, Usd};
use sha2::{Digest, Sha256};

/// An answer to come. Dropping it stops the work, whatever it is (a thread, a request, a process), soon and without leftovers.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Makes models out of pictures.
pub trait Generator: Send + Sync + fmt::Debug {
    /// What it is, what it can make and what that costs.
    fn card(&self) -> &Card;

    /// Done when it can generate; an error when it never will.
    ///
    /// # Errors
    ///
    /// What is missing, and what to do.
    fn ready(&self) -> Pending<'_, Result<(), Failure>>;

    /// Makes one model.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    fn generate(&self, request: Request) -> Pending<'_, Result<Made, Failure>>;
}

/// What a generator is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Its name in the configuration.
    pub name: String,
    /// What it can make.
    pub kinds: Vec<Kind>,
    /// Licence of what it makes, as an SPDX expression or a name.
    pub licence: String,
    /// Price of one call, where known.
    pub cost: Option<Usd>,
    /// How many calls it takes at the same time.
    pub parallel: usize,
    /// Whether the same picture and seed give the same bytes.
    pub is_deterministic: bool,
}

/// What is asked for.
#[derive(Clone)]
pub struct Request {
    /// The file of the picture as it came: PNG, JPEG or WebP, by content.
    pub picture: Bytes,
    /// Where the public can fetch the same file, for generators that only take URLs.
    pub picture_url: Option<String>,
    /// Name of the model without ending: lower-case letters and digits, see [`pod::wire::batch::is_stem`]. None: made from
    /// the picture's hash where one is needed.
    pub stem: Option<String>,
    /// The seed.
    pub seed: Seed,
    /// What to make.
    pub kind: Kind,
    /// Told now and then; may be called from any thread.
    pub progress: Progress,
}

/// Told how far a generation is: a share from 0 to 1 where known, and what is going on in a few words.
pub type Progress = Arc<dyn Fn(Option<f32>, &str) + Send + Sync>;

impl Request {
    /// Without a URL and a stem, told to nobody.
    #[must_use]
    pub fn new(picture: Bytes, seed: Seed, kind: Kind) -> Self {
        Self { picture, picture_url: None, stem: None, seed, kind, progress: Arc::new(|_, _| {}) }
    }
}

impl Request {
    /// The stem, or the first 64 bits of the picture's SHA-256 in hexadecimal.
    #[must_use]
    pub fn stem(&self) -> String {
        self.stem
            .clone()
            .unwrap_or_else(|| faster_hex::hex_string(&Sha256::digest(&self.picture)[..8]))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("picture", &format_args!("{} bytes", self.picture.len()))
            .field("picture_url", &self.picture_url)
            .field("stem", &self.stem)
            .field("seed", &self.seed)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A model.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The file: PLY, GLB or a module, as asked for.
    pub bytes: Bytes,
    /// What it is.
    pub kind: Kind,
    /// From the call to the last byte.
    pub took: Duration,
    /// What it cost, where known.
    pub cost: Option<Usd>,
    /// Licence of the model.
    pub licence: String,
    /// What was noticed and is no failure: turned upright, another try was needed.
    pub notes: Vec<String>,
}

/// Why there is no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The picture is none, or beyond the limits. The caller's fault.
    #[error("picture: {0}")]
    BadPicture(String),
    /// This generator does not make that. The caller's fault.
    #[error("{generator} does not make {kind}")]
    Unsupported {
        /// Its name.
        generator: String,
        /// What was asked for.
        kind: Kind,
    },
    /// It made something that breaks the rules.
    #[error("the model made breaks the rules: {0}")]
    Invalid(String),
    /// Not in time.
    #[error("no model within {} s", .0.as_secs_f64())]
    Time(Duration),
    /// What came is longer than the limit.
    #[error("the model is longer than {max} bytes")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// Perhaps next time: the other side could not be reached, is overloaded, or broke off.
    #[error("{0}")]
    Transient(String),
    /// No use to try again.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_) | Self::Time(_))
    }
}
