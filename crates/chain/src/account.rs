//! Accounts: 32 bytes, written in SS58.

use std::fmt;
use std::str::FromStr;

use blake2::{Blake2b512, Digest as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The network number of Bittensor's addresses, which is also the one of "any Substrate chain".
const PREFIX: u8 = 42;

/// A public key, of a hotkey or a coldkey.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Account(pub [u8; 32]);

/// A text that is no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an SS58 address: {0}")]
pub struct AccountError(&'static str);

fn checksum(body: &[u8]) -> [u8; 2] {
    let hash = Blake2b512::new().chain_update(b"SS58PRE").chain_update(body).finalize();
    [hash[0], hash[1]]
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(35);
        bytes.push(PREFIX);
        bytes.extend(self.0);
        bytes.extend(checksum(&bytes));
        f.write_str(&bs58::encode(bytes).into_string())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({self})")
    }
}

impl FromStr for Account {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        if text.len() > 64 {
            return Err(AccountError("longer than an address can be"));
        }
        let bytes =
            bs58::decode(text).into_vec().map_err(|_| AccountError("it has other characters"))?;
        let [PREFIX, account @ .., a, b] = bytes.as_slice() else {
            return Err(AccountError("it is of another network, or cut"));
        };
        let account =
            <[u8; 32]>::try_from(account).map_err(|_| AccountError("it is of another length"))?;
        let sum = checksum(&bytes[..bytes.len() - 2]);
        if sum == [*a, *b] { Ok(Self(account)) } else { Err(AccountError("its checksum is wrong")) }
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An address, or the URI of a development key: `//Alice`.
impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.starts_with("//") {
            let pair = crate::Keypair::from_uri(&text).map_err(de::Error::custom)?;
            return Ok(pair.account());
        }
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Account;

    /// The address of `//Alice`, known from every Substrate development chain.
    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    #[test]
    fn there_and_back() {
        let alice: Account = ALICE.parse().expect("an address");
        assert_eq!(alice.to_string(), ALICE);
        assert_eq!(alice.0[..4], [0xd4, 0x35, 0x93, 0xc7]);
    }

    #[test]
    fn no_addresses() {
        let wrong = ALICE.replace("KutQY", "KutQZ");
        for text in ["", "5", "leader", "0OIl", &ALICE[1..], &wrong, &"1".repeat(1000)] {
            assert!(text.parse::<Account>().is_err(), "{text} was taken");
        }
    }
}
