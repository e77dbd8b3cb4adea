//! Duels of a match, several at once, until the match is decided.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::{Judged, Plan, Stopped};

/// How the duels of a match came out.
#[derive(Debug)]
pub enum Gathered<E> {
    /// The match is decided: where it ended, and all that was judged up to there at least, in its order.
    Over(Stopped, Vec<Judged>),
    /// A duel failed. Those under way with it were waited for.
    Failed(E),
    /// It was told to break off. Those under way were dropped.
    BrokenOff,
}

/// Judges a match, `at_once` duels at a time at most. `judge` gets the place of a prompt in the plan; `break_off` is asked before
/// each duel. What comes out is the same for any number at once.
pub async fn gather<F, E>(
    plan: &Plan,
    at_once: usize,
    judge: impl Fn(usize) -> F,
    mut break_off: impl FnMut() -> bool,
) -> Gathered<E>
where
    F: Future<Output = Result<Judged, E>>,
{
    let order = plan.order();
    let mut outcomes: Vec<Option<Judged>> = vec![None; order.len()];
    let mut winners = vec![None; order.len()];
    let mut running = FuturesUnordered::new();
    let mut waiting = order.into_iter().enumerate().peekable();
    let mut failure = None;
    loop {
        if failure.is_none()
            && let Some(stopped) = plan.stopped(&winners)
        {
            let judged = outcomes.into_iter().map_while(|outcome| outcome).collect();
            return Gathered::Over(stopped, judged);
        }
        while failure.is_none() && running.len() < at_once.max(1) && waiting.peek().is_some() {
            if break_off() {
                return Gathered::BrokenOff;
            }
            let Some((place, prompt)) = waiting.next() else { break };
            let duel = judge(prompt);
            running.push(async move { (place, duel.await) });
        }
        match running.next().await {
            Some((place, Ok(outcome))) => {
                winners[place] = Some(outcome.winner);
                outcomes[place] = Some(outcome);
            }
            // Those under way may still end well, and what they rest on is kept then.
            Some((_, Err(error))) => failure = failure.or(Some(error)),
            None => match failure {
                Some(error) => return Gathered::Failed(error),
                // Every duel has an outcome, so the match was decided above.
                None => unreachable!("a match without open duels is decided"),
            },
        }
    }
}
