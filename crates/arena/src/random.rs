//! The random numbers of Python's `random` module: MT19937, and sampling without replacement.
//!
//! The generator is the one of Matsumoto and Nishimura (1998) with their array initialiser of 2002; the way from its output to
//! samples is that of Python 3.11 to 3.13. The prompts of public rounds follow from it.

use std::collections::HashSet;

/// Words of state.
const N: usize = 624;
/// Distance of the words that are mixed.
const M: usize = 397;

/// The Mersenne Twister with a period of 2^19937 - 1.
#[derive(Clone)]
pub struct Mt19937 {
    state: [u32; N],
    /// The word to give next; `N` when the state must be turned first.
    next: usize,
}

impl std::fmt::Debug for Mt19937 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mt19937").field("next", &self.next).finish_non_exhaustive()
    }
}

impl Mt19937 {
    /// The generator that `random.Random(seed)` is, for seeds of 32 bits.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        let mut state = [0; N];
        state[0] = 19_650_218;
        for i in 1..N {
            state[i] = grown(state[i - 1]).wrapping_mul(1_812_433_253).wrapping_add(index(i));
        }
        // A key of one word, so the place in the key is always 0.
        let mut at = 1;
        for _ in 0..N {
            let mixed = grown(state[at - 1]).wrapping_mul(1_664_525);
            state[at] = (state[at] ^ mixed).wrapping_add(seed);
            at = Self::step(&mut state, at);
        }
        for _ in 1..N {
            let mixed = grown(state[at - 1]).wrapping_mul(1_566_083_941);
            state[at] = (state[at] ^ mixed).wrapping_sub(index(at));
            at = Self::step(&mut state, at);
        }
        state[0] = 0x8000_0000;
        Self { state, next: N }
    }

    /// The word after `at`; past the last one, the last is copied to the first.
    fn step(state: &mut [u32; N], at: usize) -> usize {
        if at + 1 < N {
            at + 1
        } else {
            state[0] = state[N - 1];
            1
        }
    }

    /// The next 32 bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.next == N {
            for i in 0..N {
                let joined =
                    (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
                let odd = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + M) % N] ^ (joined >> 1) ^ odd;
            }
            self.next = 0;
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// A number below `n`, each as likely; 0 below 0.
    pub fn below(&mut self, n: u32) -> u32 {
        let bits = u32::BITS - n.leading_zeros();
        if bits == 0 {
            return 0;
        }
        loop {
            let drawn = self.next_u32() >> (u32::BITS - bits);
            if drawn < n {
                return drawn;
            }
        }
    }

    /// `k` of the numbers below `n`, none twice, in the order drawn. All of them, in their own order and without a draw, when
    /// there are no more than `k`: that is not Python's `sample` but how prompts are picked.
    pub fn sample(&mut self, n: u32, k: u32) -> Vec<u32> {
        if n <= k {
            return (0..n).collect();
        }
        // Above this a set of what was drawn is smaller than a list of all.
        let mut list_max = 21;
        if k > 5 {
            let mut power = 1_u64;
            while power < 3 * u64::from(k) {
                power *= 4;
            }
            list_max += power;
        }
        if u64::from(n) <= list_max {
            let mut left: Vec<u32> = (0..n).collect();
            let draw = |i| {
                let drawn = self.below(n - i) as usize;
                left.swap_remove(drawn)
            };
            return (0..k).map(draw).collect();
        }
        let mut seen = HashSet::new();
        let mut drawn = Vec::new();
        while drawn.len() < k as usize {
            let one = self.below(n);
            if seen.insert(one) {
                drawn.push(one);
            }
        }
        drawn
    }
}

fn grown(word: u32) -> u32 {
    word ^ (word >> 30)
}

/// A place in the state.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
