//! `rounds/{n}/builds.json`: the images of the miners' generators.

use crate::field::words;
use crate::file::{ByName, JsonFile};
use crate::record::record;

words! {
    /// How far an image is.
    pub enum BuildStatus {
        /// Not begun.
        Pending = "pending",
        /// Under way.
        InProgress = "in_progress",
        /// There.
        Success = "success",
        /// Could not be built.
        Failure = "failure",
        /// Took too long.
        TimedOut = "timed_out",
        /// Nobody builds it.
        NotFound = "not_found",
    }
}

impl BuildStatus {
    /// Nothing changes any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::InProgress)
    }
}

record! {
    /// One image.
    pub struct Build {
        /// As submitted.
        pub repo: String = [required],
        /// As submitted.
        pub commit: String = [required],
        /// As submitted.
        pub revealed_at_block: u64 = [required],
        /// Seven digits of the commit, `-`, the round's name.
        pub tag: String = [required],
        /// How far it is.
        pub status: BuildStatus = [or BuildStatus::Pending],
        /// The image; only of a success.
        pub docker_image: Option<String> = [or None],
    }
}

impl Build {
    /// The image, if it can be run.
    #[must_use]
    pub fn runnable(&self) -> Option<&str> {
        let image = self.docker_image.as_deref().filter(|image| !image.is_empty());
        image.filter(|_| self.status == BuildStatus::Success)
    }
}

/// By hotkey.
pub type Builds = ByName<Build>;

impl JsonFile for Builds {}
