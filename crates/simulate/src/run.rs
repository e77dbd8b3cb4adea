//! One run: a world, owners in processes, and what came of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arena::owner::{Owner, Pace};
use arena::ports::{Blocking, Notice, Notify, Ports, Stop};
use judge::DuelJudge;
use judge::single::{self, SingleQuestion};
use judge::stages::{self, MultiStage};
use ledger::files::state::Stage;
use store::Store;

use crate::fault::{Plan, Role, Weather};
use crate::owners::{self, Habits};
use crate::sabotage::Sabotage;
use crate::scenario::{Game, Referee, Scenario, Size};
use crate::world::parts::Model;
use crate::world::{Outcome, Process, World, author, mix};

/// Makes the owners of a process; called at each of its starts.
pub type Makers = Arc<dyn Fn(Role) -> Vec<Box<dyn Owner>> + Send + Sync>;

/// When all decisions are made again from the public files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// Not at all.
    Never,
    /// Once the competition is over.
    AtTheEnd,
    /// Then, and at an hour somewhere on the way.
    OnTheWay,
}

/// What is run.
#[derive(Clone)]
pub struct Setup {
    /// Everything follows from it.
    pub seed: u64,
    /// How big the competition is.
    pub size: Size,
    /// What is competed in.
    pub game: Game,
    /// How bad it may get.
    pub weather: Weather,
    /// Which processes there are.
    pub roles: Vec<Role>,
    /// What is in them.
    pub makers: Makers,
    /// How they are set.
    pub habits: Habits,
    /// Whether one of them sets weights.
    pub sets_weights: bool,
    /// When all decisions are made again from the public files.
    pub verified: Verified,
    /// Whose ports break their word.
    pub sabotage: Option<Sabotage>,
    /// Whether to keep what happened as text.
    pub with_lines: bool,
}

impl Setup {
    /// The arena's own owners, in processes and with settings that follow from the seed.
    #[must_use]
    pub fn real(seed: u64, size: Size, weather: Weather) -> Self {
        let habits = Habits::of(seed);
        Self {
            seed,
            size,
            game: Game::of(seed),
            weather,
            roles: owners::roles(habits, seed % 3 == 2),
            makers: owners::real(habits),
            habits,
            sets_weights: true,
            verified: Verified::OnTheWay,
            sabotage: None,
            with_lines: false,
        }
    }
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

/// The judge of the competition, with a simulated model behind it.
fn judge(process: &Arc<Process>) -> Arc<dyn DuelJudge> {
    let model = Arc::new(Model(Arc::clone(process)));
    match process.world.scenario.game.referee {
        Referee::SingleQuestion => {
            Arc::new(SingleQuestion::new(single::Settings::default(), model))
        }
        Referee::MultiStage => Arc::new(MultiStage::new(stages::Settings::default(), model)),
    }
}

/// The ports of a process.
fn ports(process: &Arc<Process>, sabotage: Option<Sabotage>) -> Ports {
    use crate::world::parts::{
        Blobs, Books, Clock, Disk, Drawing, Node, Numbers, PUBLIC_URL, Pods,
    };
    use crate::world::parts::{Servers, Workflow};

    let of = || Arc::clone(process);
    let ports = Ports {
        clock: Arc::new(Clock(of())),
        entropy: Arc::new(Numbers(of())),
        books: Arc::new(Books(of())),
        author: author(&process.role.to_string()),
        journals: Arc::new(Disk(of())),
        store: Store::over(Arc::new(Blobs::new(of(), sabotage)), PUBLIC_URL),
        chain: Arc::new(Node(of())),
        web: Arc::new(Servers(of())),
        studio: Arc::new(Drawing(of())),
        judge: judge(process),
        builds: Arc::new(Workflow(of())),
        works: Arc::new(Pods(of())),
        notify: Arc::new(Nobody),
        stop: Stop::new(),
        blocking: Blocking::Here,
    };
    sabotage.into_iter().fold(ports, |ports, sabotage| sabotage.spoil(ports))
}

/// Turns without a wait after which an owner is taken to go round in circles.
const AGAIN_MAX: u32 = 10_000;

/// One owner, for ever.
async fn serve(process: Arc<Process>, ports: Ports, mut owner: Box<dyn Owner>) {
    let (pace, mut failures, mut again) = (Pace::default(), 0_u32, 0);
    loop {
        // A file may be broken and mended while it is read.
        let breaks = process.world.breaks();
        let turn = owner.turn(&ports).await;
        if process.is_dead() {
            return;
        }
        match &turn {
            Err(error) => {
                failures += 1;
                process.world.note(&format!("{}: {error}", owner.name()));
                let is_sound = breaks == process.world.breaks() && !process.world.is_broken();
                if error.needs_operator && is_sound {
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

/// An hour of the competition, to look at it while it goes on.
fn on_the_way(setup: &Setup) -> u32 {
    let hours = mix(&[setup.seed, 0x0068_6f75]) % (u64::from(setup.size.rounds) * 24);
    u32::try_from(1 + hours).unwrap_or(1)
}

/// Runs a competition to its end, or to where it makes no progress any more.
#[must_use]
pub fn run(setup: &Setup, plan: &Plan) -> Outcome {
    let (makers, sabotage) = (Arc::clone(&setup.makers), setup.sabotage);
    let launch = Arc::new(move |process: Arc<Process>| {
        let owners = makers(process.role);
        let ports = ports(&process, sabotage);
        for owner in owners {
            process.spawn(serve(Arc::clone(&process), ports.clone(), owner));
        }
    });
    let scenario = Scenario::new(setup.seed, setup.size, setup.game);
    let days = scenario.days();
    let world = World::new(scenario, plan, setup.weather, setup.with_lines, launch);
    for role in &setup.roles {
        world.start(*role);
    }
    if !setup.habits.audits_itself {
        world.executor.spawn(Arc::clone(&world).read_sources());
    }
    if setup.habits.pauses {
        world.executor.spawn(Arc::clone(&world).go_on());
    }
    let looked_at = Duration::from_secs(3600) * on_the_way(setup);
    let day = Duration::from_secs(86_400);
    let mut at = Duration::ZERO;
    let finished =
        |world: &World| world.state().is_some_and(|state| state.stage == Stage::Finished);
    let mut limit = day * (days + PATIENCE_DAYS);
    while !finished(&world) && at < limit {
        // An hour at a time: what is at the head is looked at between.
        at += Duration::from_secs(3600);
        world.executor.run(at, || false);
        if setup.verified == Verified::OnTheWay && at == looked_at {
            world.verify();
        }
        limit = day * (days + PATIENCE_DAYS) + world.quiet_from();
    }
    let end = world.executor.now();
    if finished(&world) {
        // The last change of the leader counts from when the next round would start.
        if setup.verified != Verified::Never {
            world.verify();
        }
        let mut settled = end;
        // Faults may still begin meanwhile.
        while settled < end.max(world.quiet_from()) + day + day {
            settled = end.max(world.quiet_from()) + day + day;
            world.executor.run(settled, || false);
        }
        if setup.sets_weights {
            world.check_weights();
        }
    } else {
        let state = world.file("state.json").unwrap_or_default();
        world.violation(format!("no progress: after {end:?} the state is {state}"));
    }
    world.end(end)
}
