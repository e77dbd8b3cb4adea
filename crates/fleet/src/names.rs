//! What pods are called. One function makes a name and one reads it back, so that whoever cleans up finds what whoever
//! deployed made, and nothing else: round 1 is not round 10, and another operator on the same account is not us.
//!
//! `miner-{round, at least two digits}-{first ten of the hotkey, or leader}-{index}-{instance}`, as the original with the
//! instance behind it; `pod-{what}-{index}-{instance}` for pods of no round.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::provider::Seen;

/// Label with the [`Instance`].
pub const LABEL_INSTANCE: &str = "crucible-instance";
/// Label with the name, for providers whose own field for it is not kept.
pub const LABEL_NAME: &str = "crucible-name";
/// Label with the whole hotkey: ten characters of it may be shared.
pub const LABEL_HOTKEY: &str = "crucible-hotkey";
/// Label with the round.
pub const LABEL_ROUND: &str = "crucible-round";

/// Longest name that can come out: below the 63 characters of a DNS label.
pub const NAME_LEN_MAX: usize = 60;

/// Who runs pods on an account: a sweep deletes pods of its own instance only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance(String);

/// A word of a name: 1 to 16 of `a`–`z` and `0`–`9`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(String);

/// What a pod is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// A round's work for one miner, or for the leader.
    Round {
        /// Number of the round.
        round: u32,
        /// See [`Word::hotkey10`] and [`Word::leader`].
        who: Word,
    },
    /// By hand, for a check, for a generator.
    Other {
        /// A word for it.
        what: Word,
    },
}

/// A pod's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodName {
    /// What it is for.
    pub purpose: Purpose,
    /// Counts the pods of the same purpose from 0: first attempts and replacements alike.
    pub index: u32,
    /// Whose it is.
    pub instance: Instance,
}

/// Not a name of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// See [`Instance`].
    #[error("an instance is 3 to 12 of a-z and 0-9")]
    Instance,
    /// See [`Word`].
    #[error("a word of a pod's name is 1 to 16 of a-z and 0-9")]
    Word,
    /// See [`PodName`].
    #[error("not the name of a pod of ours")]
    Form,
}

fn is_word(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

impl Instance {
    /// The tag itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Instance {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if is_word(text, 3, 12) { Ok(Self(text.to_owned())) } else { Err(NameError::Instance) }
    }
}

impl Word {
    /// The first ten characters of a hotkey, lower case.
    ///
    /// # Errors
    ///
    /// [`NameError::Word`] when they are not letters and digits.
    pub fn hotkey10(hotkey: &str) -> Result<Self, NameError> {
        hotkey.chars().take(10).collect::<String>().to_ascii_lowercase().parse()
    }

    /// Who regenerates the leader's baseline.
    #[must_use]
    pub fn leader() -> Self {
        Self("leader".into())
    }
}

impl FromStr for Word {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if is_word(text, 1, 16) { Ok(Self(text.to_owned())) } else { Err(NameError::Word) }
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { purpose, index, instance } = self;
        match purpose {
            Purpose::Round { round, who } => write!(f, "miner-{round:02}-{who}-{index}-{instance}"),
            Purpose::Other { what } => write!(f, "pod-{what}-{index}-{instance}"),
        }
    }
}

impl FromStr for PodName {
    type Err = NameError;

    /// The inverse of `Display`, and of nothing else: `miner-1-…` is not ours, `miner-01-…` is.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let parts: Vec<&str> = text.split('-').collect();
        let number = |text: &str| text.parse::<u32>().map_err(|_| NameError::Form);
        let name = match *parts.as_slice() {
            ["miner", round, who, index, instance] => Self {
                purpose: Purpose::Round { round: number(round)?, who: who.parse()? },
                index: number(index)?,
                instance: instance.parse()?,
            },
            ["pod", what, index, instance] => Self {
                purpose: Purpose::Other { what: what.parse()? },
                index: number(index)?,
                instance: instance.parse()?,
            },
            _ => return Err(NameError::Form),
        };
        if name.to_string() == text { Ok(name) } else { Err(NameError::Form) }
    }
}

impl PodName {
    /// The labels of a pod of this name; `hotkey` in full.
    #[must_use]
    pub fn labels(&self, hotkey: Option<&str>) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::from([
            (LABEL_INSTANCE.to_owned(), self.instance.to_string()),
            (LABEL_NAME.to_owned(), self.to_string()),
        ]);
        if let Purpose::Round { round, .. } = self.purpose {
            labels.insert(LABEL_ROUND.to_owned(), round.to_string());
        }
        if let Some(hotkey) = hotkey {
            labels.insert(LABEL_HOTKEY.to_owned(), hotkey.to_owned());
        }
        labels
    }
}

/// Whose pod this is; nothing when it is not one of ours, or when its label and its name disagree.
#[must_use]
pub fn instance_of(seen: &Seen) -> Option<Instance> {
    let by_name = seen.name.parse::<PodName>().ok().map(|name| name.instance);
    let Some(label) = seen.labels.get(LABEL_INSTANCE) else { return by_name };
    let by_label = label.parse().ok();
    // A pod with our label and a name of nobody's is ours: the label is written by us only.
    if by_name.is_none() || by_name == by_label { by_label } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round(round: u32, who: &str, index: u32) -> PodName {
        let purpose = Purpose::Round { round, who: Word::hotkey10(who).unwrap() };
        PodName { purpose, index, instance: "prod1".parse().unwrap() }
    }

    #[test]
    fn names_as_people_know_them() {
        let name = round(1, "5ABC123defGHIJKLM", 0);
        assert_eq!(name.to_string(), "miner-01-5abc123def-0-prod1");
        assert_eq!(round(123, "leader", 7).to_string(), "miner-123-leader-7-prod1");
        let longest = PodName {
            purpose: Purpose::Round { round: u32::MAX, who: "a".repeat(16).parse().unwrap() },
            index: u32::MAX,
            instance: "b".repeat(12).parse().unwrap(),
        };
        assert!(longest.to_string().len() <= NAME_LEN_MAX);
    }

    #[test]
    fn what_is_not_ours() {
        for text in [
            "",
            "miner-1-5abc123def-0-prod1",
            "miner-01-5abc123def-0",
            "miner-001-5abc123def-0-prod1",
            "miner-01-5abc123def-00-prod1",
            "miner-01-5abc123def-+1-prod1",
            "miner-01-5ABC123def-0-prod1",
            "miner-01--0-prod1",
            "miner-01-5abc123def-0-prod1-x",
            "pod-x-0-pr",
            "production-database",
        ] {
            assert!(text.parse::<PodName>().is_err(), "{text}");
        }
    }

    #[test]
    fn label_and_name_must_agree() {
        let mut seen = Seen {
            id: "1".into(),
            name: round(1, "leader", 0).to_string(),
            url: None,
            phase: crate::provider::Phase::Running,
            detail: None,
            price_per_hour: None,
            created_at: None,
            labels: BTreeMap::new(),
        };
        let prod = Some("prod1".parse().unwrap());
        assert_eq!(instance_of(&seen), prod);
        seen.labels.insert(LABEL_INSTANCE.into(), "prod1".into());
        assert_eq!(instance_of(&seen), prod);
        seen.labels.insert(LABEL_INSTANCE.into(), "stage".into());
        assert_eq!(instance_of(&seen), None);
        seen.name = "anything".into();
        assert_eq!(instance_of(&seen), Some("stage".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn read_back(n: u32, index: u32, who in "[a-z0-9]{1,16}", instance in "[a-z0-9]{3,12}", of_round: bool) {
            let who: Word = who.parse().unwrap();
            let purpose = if of_round { Purpose::Round { round: n, who } } else { Purpose::Other { what: who } };
            let name = PodName { purpose, index, instance: instance.parse().unwrap() };
            prop_assert_eq!(name.to_string().parse::<PodName>(), Ok(name));
        }

        #[test]
        fn whatever_reads_writes_the_same(text in "(miner|pod)(-[a-z0-9]{0,6}){2,5}") {
            if let Ok(name) = text.parse::<PodName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
