//! Which ends of pods people are told of. Not of those that asked to be replaced, took too long or were stopped.

use std::collections::BTreeSet;

use fleet::session::{PodEnd, Session};

use crate::notify::notices::PodTrouble;
use crate::ports::Sink;

/// What people are told of the end of a pod, if anything.
pub(super) const fn trouble(end: &PodEnd, was_ready: bool) -> Option<PodTrouble> {
    match end {
        PodEnd::SubmissionFailed { .. } => Some(PodTrouble::Submission),
        PodEnd::DownloadFailed { .. } => Some(PodTrouble::Download),
        PodEnd::Unreachable
        | PodEnd::Exited { .. }
        | PodEnd::WarmUpTime
        | PodEnd::NotVisible
        | PodEnd::ProviderFailed { .. }
        | PodEnd::Gone => {
            Some(if was_ready { PodTrouble::Unreachable } else { PodTrouble::Deploy })
        }
        // A deployment in vain is tried again for hours; the last one is the session's outcome.
        PodEnd::NotDeployed { .. }
        | PodEnd::Completed
        | PodEnd::Requested
        | PodEnd::BatchTimeLimit
        | PodEnd::Fresh
        | PodEnd::Decided
        | PodEnd::Stopped => None,
    }
}

/// Tells of the pods of a session, of each once.
pub(super) struct Alarm<'a> {
    sink: &'a dyn Sink,
    known: BTreeSet<usize>,
}

impl<'a> Alarm<'a> {
    /// What ended before this process is told already.
    pub(super) fn new(session: &Session, sink: &'a dyn Sink) -> Self {
        let ended = session.pods().iter().enumerate().filter(|(_, pod)| pod.end.is_some());
        Self { sink, known: ended.map(|(idx, _)| idx).collect() }
    }

    pub(super) fn look(&mut self, session: &Session) {
        for (idx, pod) in session.pods().iter().enumerate() {
            let Some(end) = pod.end.as_ref().filter(|_| !self.known.contains(&idx)) else {
                continue;
            };
            self.known.insert(idx);
            if let Some(trouble) = trouble(end, pod.ready_at.is_some()) {
                self.sink.trouble(trouble, &format!("{}: {end}", pod.name));
            }
        }
    }
}
