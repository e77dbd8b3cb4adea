//! Key pairs of hotkeys: sr25519.

use std::fmt;

use schnorrkel::{ExpansionMode, MiniSecretKey};

use crate::Account;

/// A hotkey that can sign. It does not print its secret.
#[derive(Clone)]
pub struct Keypair(schnorrkel::Keypair);

impl Keypair {
    /// From a seed of 32 bytes, as Substrate expands it.
    ///
    /// # Panics
    ///
    /// Never: any 32 bytes are a seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let secret = MiniSecretKey::from_bytes(seed).expect("any 32 bytes are a seed");
        Self(secret.expand_to_keypair(ExpansionMode::Ed25519))
    }

    /// Its public half.
    #[must_use]
    pub fn account(&self) -> Account {
        Account(self.0.public.to_bytes())
    }

    /// Signs, in the context `substrate`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign_simple(b"substrate", message).to_bytes()
    }
}

impl fmt::Debug for Keypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keypair({})", self.account())
    }
}
