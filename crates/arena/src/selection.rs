//! Which prompts a round has: some of the round before, the rest from the pool, all by the round's seed.

use std::collections::HashSet;

use crate::random::Mt19937;

/// Prompts in a pool, at most: places are numbers of 32 bits.
pub const POOL_MAX: usize = u32::MAX as usize;

/// How prompts were picked in each era.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// What was carried over is not in the pool: modules.
    Distinct,
    /// It is, and may be picked again: splats and meshes.
    Repeats,
}

/// What prompts are picked from.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// The competition's prompts, in the order of the file, doubles and all.
    pub pool: &'a [&'a str],
    /// Those of the round before; empty for round 0.
    pub previous: &'a [&'a str],
    /// The round's seed.
    pub seed: u32,
    /// How many the round has.
    pub prompts_per_round: i64,
    /// How many of them come from the round before.
    pub carryover_prompts: i64,
    /// Which era's rule.
    pub rule: Rule,
}

/// Why no prompts could be picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// The rest is less than nothing.
    #[error(
        "config.json: {prompts_per_round} prompts_per_round are fewer than the {carried} carried over; \
         lower carryover_prompts"
    )]
    TooManyCarried {
        /// As configured.
        prompts_per_round: i64,
        /// Carried over.
        carried: usize,
    },
    /// Past a limit.
    #[error("prompts.txt: {found} prompts, the limit is {POOL_MAX}")]
    TooLarge {
        /// How many there are.
        found: usize,
    },
}

/// The prompts of a round: first those carried over, then new ones. Fewer than asked for where there are no more.
///
/// # Errors
///
/// [`SelectionError`].
pub fn select<'a>(choice: &Choice<'a>) -> Result<Vec<&'a str>, SelectionError> {
    let mut rng = Mt19937::new(choice.seed);
    let carried = match u32::try_from(choice.carryover_prompts) {
        Ok(0) => Vec::new(),
        Ok(k) => sample(&mut rng, choice.previous, k)?,
        Err(_) if choice.carryover_prompts < 0 => Vec::new(),
        Err(_) => choice.previous.to_vec(),
    };
    let left =
        i64::try_from(carried.len()).ok().and_then(|n| choice.prompts_per_round.checked_sub(n));
    let left = left.filter(|&left| left >= 0).ok_or(SelectionError::TooManyCarried {
        prompts_per_round: choice.prompts_per_round,
        carried: carried.len(),
    })?;
    let taken: HashSet<&str> = match choice.rule {
        Rule::Distinct => carried.iter().copied().collect(),
        Rule::Repeats => HashSet::new(),
    };
    let pool: Vec<&str> = choice.pool.iter().copied().filter(|url| !taken.contains(url)).collect();
    let new = sample(&mut rng, &pool, u32::try_from(left).unwrap_or(u32::MAX))?;
    Ok([carried, new].concat())
}

fn sample<'a>(
    rng: &mut Mt19937,
    items: &[&'a str],
    k: u32,
) -> Result<Vec<&'a str>, SelectionError> {
    let n =
        u32::try_from(items.len()).map_err(|_| SelectionError::TooLarge { found: items.len() })?;
    Ok(rng.sample(n, k).into_iter().map(|at| items[at as usize]).collect())
}
