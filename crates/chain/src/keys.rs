//! Key pairs of hotkeys: sr25519, made of seeds, of development URIs and of the key files of Bittensor's wallets.

use std::fmt;

use blake2::{Blake2b, Digest as _, digest::consts::U32};
use rand_core::{CryptoRng, RngCore};
use schnorrkel::context::attach_rng;
use schnorrkel::derive::ChainCode;
use schnorrkel::{ExpansionMode, MiniSecretKey, PublicKey, SecretKey, Signature, signing_context};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::{Account, hex};

/// The seed of the phrase that all Substrate development chains share: everybody knows it.
const DEVELOPMENT_SEED: &str = "fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";

/// A hotkey that can sign. It does not print its secret.
#[derive(Clone)]
pub struct Keypair(schnorrkel::Keypair);

/// Why there is no key pair.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither `//Name` nor `0x` and 64 digits, junctions behind it.
    #[error("not the URI of a key: {0}")]
    Uri(&'static str),
    /// A file that only its password opens.
    #[error(
        "the key file is encrypted ({0}); only plain files of hotkeys are read: make a hotkey without a password"
    )]
    Encrypted(&'static str),
    /// Not what a wallet writes.
    #[error("not a key file: {0}")]
    File(&'static str),
    /// A file for watching.
    #[error(
        "the key file has no `secretSeed` and no `privateKey`, so nothing can be signed with it"
    )]
    NoSecret,
    /// The parts of the file are of different keys.
    #[error("the key file's secret is not that of its `{0}`")]
    Mismatch(&'static str),
}

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

    /// From a URI: `//Alice` and the like of the development phrase, or `0x` and the 64 digits of a seed; with hard junctions
    /// (`//0//stash`) behind it.
    ///
    /// # Errors
    ///
    /// [`KeyError::Uri`], also for phrases, passwords and soft junctions, which are not supported.
    pub fn from_uri(uri: &str) -> Result<Self, KeyError> {
        if uri.len() > 512 {
            return Err(KeyError::Uri("longer than 512 bytes"));
        }
        let (root, path) = uri.split_at(uri.find('/').unwrap_or(uri.len()));
        let seed = match root.strip_prefix("0x") {
            None if root.is_empty() => DEVELOPMENT_SEED,
            None => return Err(KeyError::Uri("it begins with neither `//` nor `0x`")),
            Some(digits) => digits,
        };
        let seed = hex::decode(seed).and_then(|seed| <[u8; 32]>::try_from(seed).ok());
        let mut pair = Self::from_seed(&seed.ok_or(KeyError::Uri("a seed has 64 hex digits"))?);
        let mut rest = path;
        while !rest.is_empty() {
            let junction = rest.strip_prefix("//").filter(|rest| !rest.starts_with('/'));
            let junction = junction.ok_or(KeyError::Uri("only hard junctions: `//name`"))?;
            let (name, next) = junction.split_at(junction.find('/').unwrap_or(junction.len()));
            let code = ChainCode(chain_code(name));
            let (seed, _) = pair.0.secret.hard_derive_mini_secret_key(Some(code), b"");
            pair = Self(seed.expand_to_keypair(ExpansionMode::Ed25519));
            rest = next;
        }
        Ok(pair)
    }

    /// From the text of a wallet's plain hotkey file: `secretSeed`, else `privateKey`, held against the public parts.
    ///
    /// # Errors
    ///
    /// [`KeyError`], which never has a part of the secret.
    pub fn from_key_file(text: &SecretString) -> Result<Self, KeyError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct KeyFile {
            secret_seed: Option<Secret>,
            private_key: Option<Secret>,
            secret_phrase: Option<Secret>,
            public_key: Option<String>,
            account_id: Option<String>,
            ss58_address: Option<String>,
            crypto_type: Option<u8>,
        }
        let text = text.expose_secret();
        let formats =
            [("$NACL", "NaCl"), ("$ANSIBLE_VAULT", "Ansible Vault"), ("gAAAAA", "Fernet")];
        if let Some((_, name)) = formats.iter().find(|(head, _)| text.starts_with(head)) {
            return Err(KeyError::Encrypted(name));
        }
        // The parser's own words could quote the file.
        let file: KeyFile =
            serde_json::from_str(text).map_err(|_| KeyError::File("no JSON of the known shape"))?;
        if file.crypto_type.is_some_and(|found| found != 1) {
            return Err(KeyError::File("`cryptoType` is not 1, sr25519"));
        }
        let bytes = |text: &Secret| hex::decode(text.0.expose_secret());
        let pair = if let Some(seed) = &file.secret_seed {
            let seed = bytes(seed).and_then(|seed| <[u8; 32]>::try_from(seed).ok());
            Self::from_seed(&seed.ok_or(KeyError::File("`secretSeed` is not 64 hex digits"))?)
        } else if let Some(secret) = &file.private_key {
            let secret = bytes(secret).and_then(|bytes| SecretKey::from_bytes(&bytes).ok());
            let secret = secret.ok_or(KeyError::File("`privateKey` is no sr25519 secret key"))?;
            Self(secret.to_keypair())
        } else if file.secret_phrase.is_some() {
            return Err(KeyError::File("it has only a `secretPhrase`; add its `secretSeed`"));
        } else {
            return Err(KeyError::NoSecret);
        };
        let account = pair.account();
        for (name, public) in [("publicKey", &file.public_key), ("accountId", &file.account_id)] {
            if public.as_ref().is_some_and(|hex| hex::decode(hex).as_deref() != Some(&account.0)) {
                return Err(KeyError::Mismatch(name));
            }
        }
        match &file.ss58_address {
            Some(address) if *address != account.to_string() => {
                Err(KeyError::Mismatch("ss58Address"))
            }
            _ => Ok(pair),
        }
    }

    /// Its public half.
    #[must_use]
    pub fn account(&self) -> Account {
        Account(self.0.public.to_bytes())
    }

    /// Signs, in the context `substrate`. The same message gives the same signature: the nonce follows from secret and message
    /// alone, so that a run can be repeated byte for byte.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let transcript = signing_context(b"substrate").bytes(message);
        self.0.sign(attach_rng(transcript, NoRandomness)).to_bytes()
    }
}

impl Account {
    /// Whether it made a signature, in the context `substrate`.
    #[must_use]
    pub fn signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let public = PublicKey::from_bytes(&self.0);
        let signature = Signature::from_bytes(signature);
        let (Ok(public), Ok(signature)) = (public, signature) else { return false };
        public.verify_simple(b"substrate", message, &signature).is_ok()
    }
}

impl fmt::Debug for Keypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keypair({})", self.account())
    }
}

/// A member of a key file that nobody may see.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Secret(SecretString);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// What a junction's name adds to a key: a number as 8 bytes, a text with its length, zeroes behind; hashed if longer than 32.
fn chain_code(name: &str) -> [u8; 32] {
    let encoded = match name.parse::<u64>() {
        Ok(number) => number.to_le_bytes().to_vec(),
        Err(_) => crate::timelock::framed(name.as_bytes()),
    };
    let mut code = [0; 32];
    match code.get_mut(..encoded.len()) {
        Some(start) => start.copy_from_slice(&encoded),
        None => code = Blake2b::<U32>::digest(&encoded).into(),
    }
    code
}

/// For signatures whose nonce rests on the secret alone. The transcript mixes the secret half's own nonce with the message, so
/// nobody without the secret can foretell it.
struct NoRandomness;

impl RngCore for NoRandomness {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        bytes.fill(0);
        Ok(())
    }
}

impl CryptoRng for NoRandomness {}
