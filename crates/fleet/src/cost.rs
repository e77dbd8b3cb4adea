//! What pods cost: price of an hour times life of the pod, per pod, miner and round, against caps. Pure: times come in.

use serde::{Deserialize, Serialize};

use pod::wire::Usd;

/// A pod's life, as far as it costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// Where.
    pub provider: String,
    /// Which.
    pub id: String,
    /// What we called it.
    pub name: String,
    /// For whom: a hotkey, `leader`, or what else it is for.
    pub account: String,
    /// For which round.
    pub round: Option<u32>,
    /// Nothing where the provider does not say.
    pub price_per_hour: Option<Usd>,
    /// When it was asked for, seconds since 1970: a pod that starts slowly costs too.
    pub started_at: f64,
    /// When it was seen to be gone; what is asked to go still costs.
    pub ended_at: Option<f64>,
}

/// How much may be spent; no cap where nothing is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// For one pod.
    pub pod: Option<Usd>,
    /// For one miner in one round.
    pub account: Option<Usd>,
    /// For one round, or for all pods of no round.
    pub round: Option<Usd>,
    /// What a pod is counted at whose price is not known. Without it such a pod counts as nothing, and no cap holds for it.
    pub assumed_price_per_hour: Option<Usd>,
}

/// An amount, and whether every price in it was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// With assumed prices where there are such.
    pub amount: Usd,
    /// Pods in it whose price their provider does not tell.
    pub unpriced: u32,
}

/// What a cap holds for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One pod.
    Pod {
        /// Where.
        provider: String,
        /// Which.
        id: String,
    },
    /// One miner in one round.
    Account {
        /// For whom.
        account: String,
        /// The round.
        round: Option<u32>,
    },
    /// One round.
    Round {
        /// Which.
        round: Option<u32>,
    },
}

/// A cap that is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Over {
    /// Which one.
    pub scope: Scope,
    /// What it allows.
    pub cap: Usd,
    /// What was spent.
    pub spent: Usd,
    /// The pods in it that still run, which must go: provider and identifier.
    pub running: Vec<(String, String)>,
}

/// Every pod that was ever asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Book {
    leases: Vec<Lease>,
}

impl Lease {
    const fn seconds(&self, now: f64) -> f64 {
        let end = match self.ended_at {
            Some(ended_at) => ended_at,
            None => now,
        };
        // A clock that was set back makes nothing cheaper than free.
        (end - self.started_at).max(0.0)
    }

    fn price(&self, caps: &Caps) -> Usd {
        self.price_per_hour.or(caps.assumed_price_per_hour).unwrap_or(Usd::ZERO)
    }

    fn scopes(&self) -> [Scope; 3] {
        let (provider, id) = (self.provider.clone(), self.id.clone());
        let (account, round) = (self.account.clone(), self.round);
        [Scope::Pod { provider, id }, Scope::Account { account, round }, Scope::Round { round }]
    }
}

impl Caps {
    const fn of(&self, scope: &Scope) -> Option<Usd> {
        match scope {
            Scope::Pod { .. } => self.pod,
            Scope::Account { .. } => self.account,
            Scope::Round { .. } => self.round,
        }
    }
}

impl Book {
    /// A pod was asked for. The same pod once more is the same lease, perhaps with a price by now.
    pub fn open(&mut self, lease: Lease) {
        match self.find(&lease.provider, &lease.id) {
            Some(known) => known.price_per_hour = lease.price_per_hour.or(known.price_per_hour),
            None => self.leases.push(lease),
        }
    }

    /// A pod was seen to be gone.
    pub fn close(&mut self, provider: &str, id: &str, now: f64) {
        if let Some(lease) = self.find(provider, id) {
            lease.ended_at.get_or_insert(now);
        }
    }

    fn find(&mut self, provider: &str, id: &str) -> Option<&mut Lease> {
        self.leases.iter_mut().find(|lease| lease.provider == provider && lease.id == id)
    }

    /// All of them, in the order in which they were asked for.
    #[must_use]
    pub fn leases(&self) -> &[Lease] {
        &self.leases
    }

    /// What has been spent in a scope.
    #[must_use]
    pub fn spent(&self, scope: &Scope, caps: &Caps, now: f64) -> Cost {
        let within = self.leases.iter().filter(|lease| lease.scopes().contains(scope));
        within.fold(Cost { amount: Usd::ZERO, unpriced: 0 }, |cost, lease| Cost {
            amount: cost.amount + lease.price(caps).per_hour_for(lease.seconds(now)),
            unpriced: cost.unpriced + u32::from(lease.price_per_hour.is_none()),
        })
    }

    /// Every cap that is reached by what still runs.
    #[must_use]
    pub fn over(&self, caps: &Caps, now: f64) -> Vec<Over> {
        let open = self.leases.iter().filter(|lease| lease.ended_at.is_none());
        let mut scopes: Vec<Scope> = open.clone().flat_map(Lease::scopes).collect();
        scopes.sort_unstable();
        scopes.dedup();
        let mut over = Vec::new();
        for scope in scopes {
            let Some(cap) = caps.of(&scope) else { continue };
            let spent = self.spent(&scope, caps, now).amount;
            if spent >= cap {
                let running = open.clone().filter(|lease| lease.scopes().contains(&scope));
                let running = running.map(|lease| (lease.provider.clone(), lease.id.clone()));
                let running = running.collect();
                over.push(Over { scope, cap, spent, running });
            }
        }
        over
    }

    /// Whether one more pod may be asked for: the first cap that is reached by what was spent so far.
    #[must_use]
    pub fn refuses(
        &self,
        account: &str,
        round: Option<u32>,
        caps: &Caps,
        now: f64,
    ) -> Option<Over> {
        let scopes =
            [Scope::Account { account: account.to_owned(), round }, Scope::Round { round }];
        scopes.into_iter().find_map(|scope| {
            let cap = caps.of(&scope)?;
            let spent = self.spent(&scope, caps, now).amount;
            (spent >= cap).then_some(Over { scope, cap, spent, running: Vec::new() })
        })
    }

    /// When the next cap is reached if everything goes on as it is, seconds since 1970.
    #[must_use]
    pub fn next_over_at(&self, caps: &Caps, now: f64) -> Option<f64> {
        let open = self.leases.iter().filter(|lease| lease.ended_at.is_none());
        let mut next: Option<f64> = None;
        for scope in open.clone().flat_map(Lease::scopes) {
            let Some(cap) = caps.of(&scope) else { continue };
            let rate: Usd = open
                .clone()
                .filter(|lease| lease.scopes().contains(&scope))
                .map(|lease| lease.price(caps))
                .sum();
            if rate.micros <= 0 {
                continue;
            }
            let left = cap.micros.saturating_sub(self.spent(&scope, caps, now).amount.micros);
            #[expect(clippy::cast_precision_loss, reason = "sums are far below 2^53 millionths")]
            let at = now + (left as f64 / rate.micros as f64 * 3600.0).max(0.0);
            next = Some(next.map_or(at, |next| next.min(at)));
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(id: &str, account: &str, dollars: Option<f64>, started_at: f64) -> Lease {
        Lease {
            provider: "targon".into(),
            id: id.into(),
            name: format!("name-{id}"),
            account: account.into(),
            round: Some(7),
            price_per_hour: dollars.map(Usd::from_dollars),
            started_at,
            ended_at: None,
        }
    }

    fn caps(dollars: f64) -> Caps {
        Caps { account: Some(Usd::from_dollars(dollars)), ..Caps::default() }
    }

    fn spent(book: &Book, account: &str, caps: &Caps, now: f64) -> String {
        let scope = Scope::Account { account: account.into(), round: Some(7) };
        let Cost { amount, unpriced } = book.spent(&scope, caps, now);
        format!("{amount} {unpriced}")
    }

    #[test]
    fn price_times_life() {
        let mut book = Book::default();
        book.open(lease("a", "miner", Some(10.0), 0.0));
        book.open(lease("b", "miner", Some(20.0), 1800.0));
        book.open(lease("c", "other", Some(99.0), 0.0));
        let none = Caps::default();
        assert_eq!(spent(&book, "miner", &none, 3600.0), "$20.000000 0");
        book.close("targon", "a", 3600.0);
        book.close("targon", "a", 9999.0);
        assert_eq!(spent(&book, "miner", &none, 7200.0), "$40.000000 0");
        // Clocks that go back, and pods that nobody asked for.
        assert_eq!(spent(&book, "miner", &none, -1e9), "$10.000000 0");
        book.close("targon", "x", 0.0);
    }

    #[test]
    fn unknown_prices_are_told_of_or_assumed() {
        let mut book = Book::default();
        book.open(lease("a", "miner", None, 0.0));
        assert_eq!(spent(&book, "miner", &caps(1.0), 3600.0), "$0.000000 1");
        assert!(book.over(&caps(1.0), 1e9).is_empty());
        let assumed = Caps { assumed_price_per_hour: Some(Usd::from_dollars(4.0)), ..caps(1.0) };
        assert_eq!(spent(&book, "miner", &assumed, 3600.0), "$4.000000 1");
        assert_eq!(book.next_over_at(&assumed, 0.0), Some(900.0));
        // A price that is learnt later.
        book.open(lease("a", "miner", Some(2.0), 500.0));
        assert_eq!(
            (spent(&book, "miner", &assumed, 3600.0), book.leases().len()),
            ("$2.000000 0".into(), 1)
        );
    }

    #[test]
    fn caps_end_pods_and_refuse_new_ones() {
        let mut book = Book::default();
        book.open(lease("a", "miner", Some(10.0), 0.0));
        book.open(lease("b", "miner", Some(10.0), 0.0));
        let caps = caps(10.0);
        let at = book.next_over_at(&caps, 0.0).unwrap();
        assert_eq!(at, 1800.0);
        assert!(book.over(&caps, at - 1.0).is_empty());
        assert_eq!(book.refuses("miner", Some(7), &caps, at - 1.0), None);
        let over = book.over(&caps, at);
        assert_eq!(over.len(), 1);
        assert_eq!(over[0].running, [("targon".into(), "a".into()), ("targon".into(), "b".into())]);
        assert!(book.refuses("miner", Some(7), &caps, at).is_some());
        assert_eq!(book.refuses("miner", Some(8), &caps, at), None);
        assert_eq!(book.refuses("other", Some(7), &caps, at), None);
        book.close("targon", "a", at);
        book.close("targon", "b", at);
        // What has ended cannot be ended; a new pod is refused still.
        assert!(book.over(&caps, at + 1.0).is_empty() && book.next_over_at(&caps, at).is_none());
        assert!(book.refuses("miner", Some(7), &caps, at).is_some());
    }

    #[test]
    fn caps_of_a_pod_and_of_a_round() {
        let mut book = Book::default();
        book.open(lease("a", "one", Some(3.6), 0.0));
        book.open(lease("b", "two", Some(3.6), 0.0));
        let caps = Caps {
            pod: Some(Usd::from_dollars(1.0)),
            round: Some(Usd::from_dollars(1.0)),
            ..Caps::default()
        };
        assert_eq!(book.next_over_at(&caps, 0.0), Some(500.0));
        let scopes: Vec<Scope> =
            book.over(&caps, 1000.0).into_iter().map(|over| over.scope).collect();
        let pod = |id: &str| Scope::Pod { provider: "targon".into(), id: id.into() };
        assert_eq!(scopes, [pod("a"), pod("b"), Scope::Round { round: Some(7) }]);
        let text = serde_json::to_string(&book).unwrap();
        assert_eq!(serde_json::from_str::<Book>(&text).unwrap(), book);
    }
}
