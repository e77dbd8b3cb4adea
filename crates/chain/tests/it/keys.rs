//! Keys against the addresses and files of the well-known development keys, which everybody has.

use chain::{Account, KeyError, Keypair};

use crate::unhex;

const FILE: &str = r#"{
    "accountId": "0x46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a",
    "secretSeed": "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e",
    "ss58Address": "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV",
    "secretPhrase": "bottom drive obey lake curtain smoke basket hold race lonely fit walk",
    "cryptoType": 1,
    "publicKey": "0x46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a",
    "privateKey": "0x05d65584630d16cd4af6d0bec10f34bb504a5dcb62dba2122d49f5a663763d0afd190cce74df356432b410bd64682309d6dedb27c76845daf388557cbac3ca34"
}"#;

fn address(uri: &str) -> String {
    Keypair::from_uri(uri).map_or_else(|error| error.to_string(), |pair| pair.account().to_string())
}

fn of_file(text: &str) -> Result<String, KeyError> {
    Keypair::from_key_file(&text.to_owned().into()).map(|pair| pair.account().to_string())
}

#[test]
fn development_keys_have_the_known_addresses() {
    for (uri, known) in [
        ("//Alice", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
        ("//Bob", "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"),
        ("//Ferdie", "5CiPPseXPECbkjWCa6MnjNokrgYjMqmKndv2rSnekmSK2DjL"),
        ("//Alice//stash", "5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY"),
        (
            "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e",
            "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV",
        ),
    ] {
        assert_eq!(address(uri), known, "{uri}");
    }
    // Numbers and texts, short and long, all are different junctions.
    let long = format!("//{}", "x".repeat(100));
    let mut all: Vec<String> = ["//0", "//1", "//a", &long].map(address).into();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 4, "{all:?}");
    assert_eq!(address("//00"), address("//0"), "the same number");
}

#[test]
fn what_is_no_uri() {
    for uri in ["Alice", "/Alice", "//Alice/soft", "0xabcd", "///password", &"/".repeat(600)] {
        assert!(address(uri).starts_with("not the URI"), "{uri}: {}", address(uri));
    }
}

#[test]
fn key_files() {
    let known = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV".to_owned();
    assert_eq!(of_file(FILE), Ok(known.clone()));
    assert_eq!(of_file(&FILE.replace("secretSeed", "other")), Ok(known), "by privateKey");
    let other = FILE.replace("5DfhGy", "5DfhGz");
    assert_eq!(of_file(&other), Err(KeyError::Mismatch("ss58Address")));
    assert_eq!(of_file("$NACL…"), Err(KeyError::Encrypted("NaCl")));
    assert_eq!(of_file("{}"), Err(KeyError::NoSecret));
    assert!(matches!(of_file("[1]"), Err(KeyError::File(_))));
    assert!(matches!(of_file(r#"{"secretSeed": "0x12"}"#), Err(KeyError::File(_))));
    assert!(matches!(of_file(r#"{"secretPhrase": "bottom drive"}"#), Err(KeyError::File(_))));
    assert!(matches!(of_file(r#"{"secretSeed": "", "cryptoType": 0}"#), Err(KeyError::File(_))));
}

#[test]
fn signatures() {
    let alice = Keypair::from_uri("//Alice").unwrap();
    let signature = alice.sign(b"hello");
    assert_eq!(alice.sign(b"hello"), signature, "a run can be repeated");
    assert!(alice.account().signed(b"hello", &signature));
    assert!(!alice.account().signed(b"hell0", &signature));
    assert!(!Account([7; 32]).signed(b"hello", &signature));
    assert_ne!(alice.sign(b"other")[..32], signature[..32], "each message has a nonce of its own");
    // By a wallet of Bittensor.
    let foreign = "bc1a4788b0999593ce85220c8ee9b07c52ed507098f9a4ec8b5b899d4db17e1909088b63b9ba333c\
                   2f4c5e078240ea1ec745febd172ac14ac38276fee32bf880";
    let foreign: [u8; 64] = unhex(foreign).try_into().unwrap();
    assert!(alice.account().signed(b"hello", &foreign));
}

#[test]
fn secrets_do_not_print() {
    let text = format!("{:?}", Keypair::from_uri("//Alice").unwrap());
    assert_eq!(text, "Keypair(5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY)");
}
