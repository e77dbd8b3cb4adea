//! `builds.json`: how it follows from what is seen of the builds.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use ledger::files::builds::{Build, BuildStatus, Builds};
use ledger::files::submissions::{Submission, Submissions};
use ledger::json::Json;
use ledger::{Field as _, Layout};

use crate::ports::BuildSeen;

/// Our member of an entry: since when the build is waited for.
const SINCE: &str = "pending_since";

/// Whether nothing is left to look for.
#[must_use]
pub fn all_final(builds: &Builds, submissions: &Submissions) -> bool {
    let is_final = |hotkey| builds.get(hotkey).is_some_and(|build: &Build| build.status.is_final());
    submissions.keys().all(is_final)
}

/// The builds after a look: final entries stay as they are, also those an operator wrote. `looked` is nothing when the look
/// failed or nothing can be known yet; a build that a look does not name is not a failed one, it is still to come. Whoever waits
/// longer than `timeout` since its first look has timed out.
#[must_use]
pub fn track(
    builds: &Builds,
    submissions: &Submissions,
    looked: Option<&BTreeMap<String, BuildSeen>>,
    now: Timestamp,
    timeout: Duration,
) -> Builds {
    let mut builds = builds.clone();
    for (hotkey, submission) in submissions {
        let build = builds.entry(hotkey.clone()).or_insert_with(|| waiting(submission, now));
        if build.status.is_final() {
            continue;
        }
        if let Some(seen) = looked.and_then(|looked| looked.get(hotkey)) {
            build.status = seen.status;
            build.docker_image = seen.image.clone().filter(|_| seen.status == BuildStatus::Success);
        }
        if build.status.is_final() {
            continue;
        }
        match build.layout.get(SINCE).and_then(|since| Timestamp::read(since).ok()) {
            None => build.layout.set(SINCE, now.plain()),
            Some(since) => {
                let waited = Duration::try_from(now.duration_since(since)).unwrap_or_default();
                if waited > timeout {
                    build.status = BuildStatus::TimedOut;
                }
            }
        }
    }
    builds
}

fn waiting(submission: &Submission, now: Timestamp) -> Build {
    let mut layout = Layout::default();
    layout.set(SINCE, now.plain());
    Build {
        repo: submission.repo.clone(),
        commit: submission.commit.clone(),
        revealed_at_block: submission.revealed_at_block,
        tag: tag(submission),
        status: BuildStatus::Pending,
        docker_image: None,
        layout,
    }
}

/// Seven digits of the commit, `-`, the round's name.
#[must_use]
pub fn tag(submission: &Submission) -> String {
    let commit: String = submission.commit.chars().take(7).collect();
    format!("{commit}-{}", submission.round)
}

/// The same, as text: whether something is to be written.
pub(super) fn differs(before: &Builds, after: &Builds) -> bool {
    let since = |builds: &Builds| -> Vec<Option<Json>> {
        builds.values().map(|build| build.layout.get(SINCE).cloned()).collect()
    };
    before != after || since(before) != since(after)
}
