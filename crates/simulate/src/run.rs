//! One run: a world, owners in processes, and what came of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arena::owner::{Owner, Pace};
use arena::ports::{Blocking, Notice, Notify, Ports, Stop};
use futures_util::future::join_all;
use ledger::files::state::Stage;
use ledger::repository::Author;
use store::Store;

use crate::fault::{Plan, Role, Weather};
use crate::scenario::{Scenario, Size};
use crate::world::{Outcome, Process, World};

/// Makes the owners of a process; called at each of its starts.
pub type Makers = Arc<dyn Fn(Role) -> Vec<Box<dyn Owner>> + Send + Sync>;

/// What is run.
#[derive(Clone)]
pub struct Setup {
    /// Everything follows from it.
    pub seed: u64,
    /// How big the competition is.
    pub size: Size,
    /// How bad it may get.
    pub weather: Weather,
    /// Which processes there are.
    pub roles: Vec<Role>,
    /// What is in them.
    pub makers: Makers,
    /// Whether one of them sets weights.
    pub sets_weights: bool,
    /// Whether to keep what happened as text.
    pub with_lines: bool,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// Nobody is told.
#[derive(Debug)]
struct Nobody;

impl Notify for Nobody {
    fn tell(&self, _: Notice) {}
}

/// The ports of a process.
fn ports(process: &Arc<Process>) -> Ports {
    use crate::world::parts::{
        Blobs, Books, Clock, Disk, Drawing, Node, Numbers, PUBLIC_URL, Pods,
    };
    use crate::world::parts::{Referee, Servers, Workflow};

    let of = || Arc::clone(process);
    Ports {
        clock: Arc::new(Clock(of())),
        entropy: Arc::new(Numbers(of())),
        books: Arc::new(Books(of())),
        author: Author {
            name: process.role.to_string(),
            email: format!("{}@example.com", process.role),
        },
        journals: Arc::new(Disk(of())),
        store: Store::over(Arc::new(Blobs(of())), PUBLIC_URL),
        chain: Arc::new(Node(of())),
        web: Arc::new(Servers(of())),
        studio: Arc::new(Drawing(of())),
        judge: Arc::new(Referee(of())),
        builds: Arc::new(Workflow(of())),
        works: Arc::new(Pods(of())),
        notify: Arc::new(Nobody),
        stop: Stop::new(),
        blocking: Blocking::Here,
    }
}

/// Turns without a wait after which an owner is taken to go round in circles.
const AGAIN_MAX: u32 = 10_000;

/// One owner, for ever.
async fn serve(process: Arc<Process>, ports: Ports, mut owner: Box<dyn Owner>) {
    let (pace, mut failures, mut again) = (Pace::default(), 0_u32, 0);
    loop {
        let turn = owner.turn(&ports).await;
        if process.is_dead() {
            return;
        }
        match &turn {
            Err(error) => {
                failures += 1;
                process.world.note(&format!("{}: {error}", owner.name()));
                if error.needs_operator && !process.world.is_broken() {
                    let what = format!("{} wants an operator: {error}", owner.name());
                    process.world.violation(what);
                }
            }
            Ok(turn) => {
                process.world.note(&format!("{}: {turn:?}", owner.name()));
                failures = 0;
            }
        }
        let wait = pace.wait(ports.clock.now(), &turn, failures);
        again = if wait.is_zero() { again + 1 } else { 0 };
        if again > AGAIN_MAX {
            let what = format!("{} had {AGAIN_MAX} turns without a wait", owner.name());
            process.world.violation(what);
            return;
        }
        ports.clock.sleep(wait).await;
    }
}

/// Days that faults may cost beyond their own time.
const PATIENCE_DAYS: u32 = 8;

/// Runs a competition to its end, or to where it makes no progress any more.
#[must_use]
pub fn run(setup: &Setup, plan: &Plan) -> Outcome {
    let makers = Arc::clone(&setup.makers);
    let launch = Arc::new(move |process: Arc<Process>| {
        let owners = makers(process.role);
        let served = Arc::clone(&process);
        let ports = ports(&process);
        process.spawn(async move {
            let serving = owners.into_iter().map(|owner| {
                let work = serve(Arc::clone(&served), ports.clone(), owner);
                Box::pin(work) as std::pin::Pin<Box<dyn Future<Output = ()> + Send>>
            });
            join_all(serving).await;
        });
    });
    let scenario = Scenario::new(setup.seed, setup.size);
    let days = scenario.days();
    let world = World::new(scenario, plan, setup.weather, setup.with_lines, launch);
    for role in &setup.roles {
        world.start(*role);
    }
    let auditing = Arc::clone(&world).read_sources();
    world.executor.spawn(auditing);
    let day = Duration::from_secs(86_400);
    let mut at = Duration::ZERO;
    let finished =
        |world: &World| world.state().is_some_and(|state| state.stage == Stage::Finished);
    let mut limit = day * (days + PATIENCE_DAYS);
    while !finished(&world) && at < limit {
        // An hour at a time: what is at the head is looked at between.
        at += Duration::from_secs(3600);
        world.executor.run(at, || false);
        limit = day * (days + PATIENCE_DAYS) + world.quiet_from();
    }
    let end = world.executor.now();
    if finished(&world) {
        // The last change of the leader counts from when the next round would start.
        let settled = end.max(world.quiet_from()) + day + day;
        world.executor.run(settled, || false);
        if setup.sets_weights {
            world.check_weights();
        }
    } else {
        let state = world.file("state.json").unwrap_or_default();
        world.violation(format!("no progress: after {end:?} the state is {state}"));
    }
    world.end(end)
}
