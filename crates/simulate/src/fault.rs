//! What goes wrong, and at which effect.

use std::fmt;
use std::str::FromStr;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::world::Counts;

/// A plain enum whose variants have words.
macro_rules! words {
    ($(#[$outer:meta])* pub enum $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$inner])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word),+ })
            }
        }

        impl FromStr for $name {
            type Err = PlanError;

            fn from_str(text: &str) -> Result<Self, PlanError> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(PlanError(format!("\"{text}\" is none of: {}", [$($word),+].join(", ")))),
                }
            }
        }
    };
}

pub(crate) use words;

words! {
    /// Which process, by the owner in it.
    pub enum Role {
        /// Submissions and downloads.
        Collector = "collector",
        /// Builds, pods, generated outputs.
        Orchestrator = "orchestrator",
        /// Matches and audits.
        Judge = "judge",
        /// Leader and calendar.
        Rounds = "rounds",
        /// A validator's weights.
        Setter = "setter",
        /// Reads miners' sources.
        Auditor = "auditor",
        /// All owners in one process.
        All = "all",
    }
}

words! {
    /// What a process does to the world.
    pub enum Op {
        /// Looks where the branch is.
        Head = "head",
        /// Reads from a commit.
        Read = "read",
        /// Writes a commit that no branch has.
        Write = "write",
        /// Moves the branch.
        Advance = "advance",
        /// Opens a journal.
        JournalOpen = "journal-open",
        /// Reads a journal.
        JournalRead = "journal-read",
        /// Adds to a journal.
        JournalAppend = "journal-append",
        /// Cuts a journal.
        JournalTruncate = "journal-truncate",
        /// Writes a blob.
        Put = "put",
        /// Reads a blob, or its size.
        Get = "get",
        /// Asks the chain.
        Ask = "ask",
        /// Signs something for the chain.
        Sign = "sign",
        /// Fetches a miner's file, or a prompt.
        Fetch = "fetch",
        /// Makes a view bundle.
        Draw = "draw",
        /// Judges a duel.
        Duel = "duel",
        /// Looks at builds.
        Build = "build",
        /// Begins or takes up an order.
        Order = "order",
        /// Makes one asset.
        Make = "make",
        /// Waits.
        Sleep = "sleep",
    }
}

/// One effect: the `nth` time, from 0, that a process of a role does `op`, counted over its restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// Which process.
    pub role: Role,
    /// What it does.
    pub op: Op,
    /// Which time.
    pub nth: u32,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}#{}", self.role, self.op, self.nth)
    }
}

/// What goes wrong. Numbers are seconds, except where said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The process dies before the effect.
    CrashBefore,
    /// The process dies after the effect, before it learns of it.
    CrashAfter,
    /// Nothing happens, and the process is told that it failed.
    Fail,
    /// It happens, and the process is told that it failed.
    FailAfter,
    /// The process is told that it failed, and so much later it happens all the same.
    Late(u32),
    /// It takes so long.
    Slow(u32),
    /// Part of it happens, and the process is told that it failed. Where there are no parts, as [`Kind::Fail`].
    Torn,
    /// From here on this fails for all processes for so long.
    Outage(u32),
    /// What is asked for comes twice.
    Twice,
    /// The process' clock jumps by so much, and is set right an hour later.
    Clock(i32),
    /// So many blocks from the head are replaced by others, for some minutes.
    Fork(u32),
    /// The operator pauses the competition, and resumes it so much later.
    Pause(u32),
    /// The operator commits something that is nobody's.
    Note,
    /// The operator breaks a file that the process may read, and mends it so much later.
    Break(u32),
}

impl Kind {
    /// What it is called, and its number.
    fn parts(self) -> (&'static str, Option<i64>) {
        match self {
            Self::CrashBefore => ("crash-before", None),
            Self::CrashAfter => ("crash-after", None),
            Self::Fail => ("fail", None),
            Self::FailAfter => ("fail-after", None),
            Self::Late(n) => ("late", Some(n.into())),
            Self::Slow(n) => ("slow", Some(n.into())),
            Self::Torn => ("torn", None),
            Self::Outage(n) => ("outage", Some(n.into())),
            Self::Twice => ("twice", None),
            Self::Clock(n) => ("clock", Some(n.into())),
            Self::Fork(n) => ("fork", Some(n.into())),
            Self::Pause(n) => ("pause", Some(n.into())),
            Self::Note => ("note", None),
            Self::Break(n) => ("break", Some(n.into())),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            (word, None) => f.write_str(word),
            (word, Some(number)) => write!(f, "{word}:{number}"),
        }
    }
}

impl FromStr for Kind {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        let (word, number) = match text.split_once(':') {
            Some((word, number)) => {
                let number: i32 = number.parse().map_err(|error| {
                    PlanError(format!("\"{number}\" is no number of seconds: {error}"))
                })?;
                (word, Some(number))
            }
            None => (text, None),
        };
        let whole = number.map(i32::unsigned_abs);
        let kinds = [
            Self::CrashBefore,
            Self::CrashAfter,
            Self::Fail,
            Self::FailAfter,
            Self::Late(whole.unwrap_or(0)),
            Self::Slow(whole.unwrap_or(0)),
            Self::Torn,
            Self::Outage(whole.unwrap_or(0)),
            Self::Twice,
            Self::Clock(number.unwrap_or(0)),
            Self::Fork(whole.unwrap_or(0)),
            Self::Pause(whole.unwrap_or(0)),
            Self::Note,
            Self::Break(whole.unwrap_or(0)),
        ];
        let kind = kinds.into_iter().find(|kind| kind.parts().0 == word);
        let kind = kind.ok_or_else(|| PlanError(format!("no fault is called \"{word}\"")))?;
        if kind.parts().1.is_some() != number.is_some() {
            let form = if number.is_some() { "has no number" } else { "needs a number of seconds" };
            return Err(PlanError(format!("the fault \"{word}\" {form}")));
        }
        Ok(kind)
    }
}

/// A fault at an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub site: Site,
    /// What.
    pub kind: Kind,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.site, self.kind)
    }
}

impl FromStr for Fault {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        let parts = || {
            let (site, kind) = text.split_once('=')?;
            let (role, rest) = site.split_once('/')?;
            let (op, nth) = rest.split_once('#')?;
            Some((role, op, nth.parse().ok()?, kind))
        };
        let form =
            || PlanError(format!("\"{text}\" is no fault: write judge/advance#3=crash-after"));
        let (role, op, nth, kind) = parts().ok_or_else(form)?;
        let site = Site { role: role.parse()?, op: op.parse()?, nth };
        Ok(Self { site, kind: kind.parse()? })
    }
}

/// A text that is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PlanError(pub(crate) String);

/// All faults of a run. As text: `judge/advance#3=crash-after,collector/put#17=late:30`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// At most one at each effect; of several the first counts.
    pub faults: Vec<Fault>,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        self.faults.iter().try_for_each(|fault| {
            write!(f, "{comma}{fault}")?;
            comma = ",";
            Ok(())
        })
    }
}

impl FromStr for Plan {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        let faults = text.split(',').map(str::trim).filter(|fault| !fault.is_empty());
        Ok(Self { faults: faults.map(str::parse).collect::<Result<_, _>>()? })
    }
}

/// Numbers from a seed.
#[derive(Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Below `n`; 0 for 0.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        // 64 bits to at most 32: what is uneven about it does not matter here.
        u32::try_from(self.0.next_u64() % u64::from(n.max(1))).unwrap_or(0)
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(u32::try_from(items.len()).unwrap_or(u32::MAX)) as usize]
    }

    /// Small times more often than great ones.
    fn seconds(&mut self, most: u32) -> u32 {
        let most = 1 + self.below(most);
        1 + self.below(most)
    }
}

/// How bad it may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Faults that must not change any result: the arena's own parts fail, and recover.
    Fair,
    /// Miners' servers are away for long, too, so that a miner may lose what it would have had.
    Storm,
}

impl Plan {
    /// Draws a plan: `counts` are the effects of the same run without faults. Rare effects are hit as often as common ones.
    #[must_use]
    pub fn draw(seed: u64, counts: &Counts, weather: Weather) -> Self {
        let mut dice = Dice::new(seed ^ 0x6661_756c_7473);
        let sites: Vec<(Role, Op, u32)> =
            counts.iter().map(|(&(role, op), &count)| (role, op, count)).collect();
        if sites.is_empty() {
            return Self::default();
        }
        let most = dice.pick(&[1, 3, 8, 20]);
        let faults = (0..=dice.below(most)).map(|_| {
            let (role, op, count) = dice.pick(&sites);
            // Restarts add effects, so some numbers beyond the count are worth trying.
            let nth = dice.below(count + count / 8 + 1);
            Fault { site: Site { role, op, nth }, kind: dice.kind(op, weather) }
        });
        Self { faults: faults.collect() }
    }
}

impl Dice {
    /// A fault that fits an effect.
    fn kind(&mut self, op: Op, weather: Weather) -> Kind {
        match self.below(20) {
            0..=3 => return Kind::CrashBefore,
            4..=7 => return Kind::CrashAfter,
            8 => {
                let by = i32::try_from(self.seconds(7200)).unwrap_or(0);
                return Kind::Clock(if self.below(2) == 0 { by } else { -by });
            }
            9 => return Kind::Pause(self.seconds(20_000)),
            10 => return Kind::Note,
            11 => return Kind::Fork(1 + self.below(6)),
            12 => return Kind::Break(self.seconds(7200)),
            _ => {}
        }
        match op {
            Op::Fetch => match weather {
                Weather::Fair => self.pick(&[Kind::Fail, Kind::Torn, Kind::Twice]),
                Weather::Storm => {
                    let long = self.seconds(20_000);
                    self.pick(&[Kind::Fail, Kind::Torn, Kind::Slow(long), Kind::Outage(long)])
                }
            },
            Op::Sleep | Op::Make => Kind::Slow(self.seconds(600)),
            Op::Head | Op::Read | Op::Get | Op::Ask | Op::JournalOpen | Op::JournalRead => {
                let long = self.seconds(3600);
                self.pick(&[Kind::Fail, Kind::Slow(long.min(100)), Kind::Outage(long)])
            }
            Op::JournalAppend | Op::JournalTruncate => {
                let long = self.seconds(3600);
                self.pick(&[Kind::Fail, Kind::FailAfter, Kind::Torn, Kind::Outage(long)])
            }
            Op::Write | Op::Advance | Op::Put | Op::Sign => {
                let long = self.seconds(3600);
                self.pick(&[
                    Kind::Fail,
                    Kind::FailAfter,
                    Kind::Late(long.min(900)),
                    Kind::Slow(long.min(100)),
                    Kind::Outage(long),
                ])
            }
            Op::Draw | Op::Duel | Op::Build | Op::Order => {
                let long = self.seconds(7200);
                self.pick(&[Kind::Fail, Kind::Slow(long), Kind::Outage(long), Kind::Twice])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Op, Plan, Role, Weather};

    #[test]
    fn plans_are_text_and_back() {
        let counts =
            BTreeMap::from([((Role::Judge, Op::Advance), 9), ((Role::All, Op::Fetch), 900)]);
        for seed in 0..200 {
            let plan = Plan::draw(seed, &counts, Weather::Storm);
            assert_eq!(plan.to_string().parse::<Plan>().as_ref(), Ok(&plan));
            assert_eq!(Plan::draw(seed, &counts, Weather::Storm), plan);
        }
    }

    #[test]
    fn no_plans() {
        for text in ["judge", "judge/advance#3", "judge/advance#x=fail", "judge/advance#1=late"] {
            assert!(text.parse::<Plan>().is_err(), "{text} was taken");
        }
        let error = "judge/fly#1=fail".parse::<Plan>().unwrap_err().to_string();
        assert!(error.starts_with("\"fly\" is none of: head, read"), "{error}");
        assert_eq!("".parse::<Plan>(), Ok(Plan::default()));
    }
}
