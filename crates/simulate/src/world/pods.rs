//! Images of miners, and the pods that run them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use arena::ports::{BuildSeen, Builds, Keep, Made, Order, OrderEnd, RepeatDone, Sink, Stop, Works};
use ledger::Round;
use ledger::files::builds::BuildStatus;
use ledger::files::submissions::Submission;

use super::Process;
use super::process::Failed;
use crate::executor::lock;
use crate::fault::Op;
use crate::scenario::Cast;

/// How long a build takes.
const BUILD: Duration = Duration::from_secs(900);

/// Where builds and orders stand; it outlives processes.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    began: BTreeMap<(Round, String), Duration>,
    kept: BTreeSet<(String, u32, String)>,
    whole: BTreeSet<(String, u32)>,
}

/// The build workflow, as a process reaches it.
#[derive(Debug)]
pub(crate) struct Workflow(pub(crate) Arc<Process>);

impl Builds for Workflow {
    fn look<'a>(
        &'a self,
        round: Round,
        submissions: &'a [(String, Submission)],
    ) -> ::chain::Pending<'a, Result<Option<BTreeMap<String, BuildSeen>>, String>> {
        let all = submissions.to_vec();
        Box::pin(async move {
            let seen = self.0.effect(Op::Build, "", move |world| {
                let now = world.executor.now();
                let mut pods = lock(&world.pods);
                let mut seen = BTreeMap::new();
                for (hotkey, submission) in &all {
                    let key = (round, hotkey.clone());
                    let began = *pods.began.entry(key).or_insert(now);
                    let miner = world.scenario.miner(hotkey);
                    let breaks = miner.is_none_or(|miner| miner.cast == Cast::Unbuildable);
                    let status = match () {
                        () if now < began + BUILD => BuildStatus::InProgress,
                        () if breaks => BuildStatus::Failure,
                        () => BuildStatus::Success,
                    };
                    let image = format!("images.test/{}/{}", submission.repo, submission.commit);
                    let image = Some(image).filter(|_| status == BuildStatus::Success);
                    seen.insert(hotkey.clone(), BuildSeen { status, image });
                }
                seen
            });
            match seen.await {
                Ok(seen) => Ok(Some(seen)),
                Err(Failed::Torn) => Ok(None),
                Err(_) => Err("simulated: the workflow's page does not answer".to_owned()),
            }
        })
    }
}

/// Pods, as a process reaches them.
#[derive(Debug)]
pub(crate) struct Pods(pub(crate) Arc<Process>);

impl Pods {
    async fn make(&self, order: &Order, sink: &dyn Sink, stop: &Stop) -> Result<OrderEnd, String> {
        let world = &self.0.world;
        let name = format!("{}/{}", order.round, order.hotkey);
        self.0.effect(Op::Order, &name, |_| ()).await.map_err(|_| "simulated: no pods")?;
        let Some(source) = world.scenario.image(&order.image) else {
            return Ok(OrderEnd::Rejected("Failed to deploy a docker image".to_owned()));
        };
        for repeat in 1..=order.repeats {
            for (stem, _) in &order.prompts {
                if stop.is_set() {
                    return Ok(OrderEnd::Stopped);
                }
                let key = (name.clone(), repeat, stem.clone());
                if lock(&world.pods).kept.contains(&key) {
                    continue;
                }
                // A pod that dies is replaced: the order only takes longer.
                let detail = format!("{name}/{repeat}/{stem}");
                let twice = self.0.effect(Op::Make, &detail, |_| ()).await.is_err();
                let asset = Ok(source.made_again(stem, repeat));
                let made = Made { repeat, stem: stem.clone(), asset };
                sink.put(made.clone()).await?;
                if twice {
                    sink.put(made).await?;
                }
                lock(&world.pods).kept.insert(key);
            }
            let generated = u32::try_from(order.prompts.len()).unwrap_or(u32::MAX);
            if lock(&world.pods).whole.contains(&(name.clone(), repeat)) {
                continue;
            }
            let seconds = 30.0 * f64::from(generated);
            let report = RepeatDone { repeat, generated, failed: 0, seconds };
            sink.repeat_done(report).await?;
            lock(&world.pods).whole.insert((name.clone(), repeat));
        }
        Ok(OrderEnd::Completed)
    }
}

impl Works for Pods {
    fn run<'a>(
        &'a self,
        order: &'a Order,
        sink: &'a dyn Sink,
        stop: &'a Stop,
    ) -> ::chain::Pending<'a, Result<(OrderEnd, Option<String>), String>> {
        Box::pin(async move { Ok((self.make(order, sink, stop).await?, None)) })
    }

    fn clear(&self, keep: Keep) -> ::chain::Pending<'_, Result<(), String>> {
        Box::pin(async move {
            let cleared = self.0.effect(Op::Order, "clear", move |world| {
                let kept = match keep {
                    Keep::Nothing => None,
                    Keep::Made(round) | Keep::Round(round) => Some(format!("{round}/")),
                };
                let stays = |name: &str| kept.as_ref().is_some_and(|kept| name.starts_with(kept));
                let mut pods = lock(&world.pods);
                pods.kept.retain(|(name, ..)| stays(name));
                pods.whole.retain(|(name, _)| stays(name));
            });
            cleared.await.map_err(|_| "simulated: no pods".to_owned())
        })
    }
}
