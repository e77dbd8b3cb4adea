//! What strangers hand to the chain: sealed texts, addresses, keys, genesis files. Any bytes get an answer.
#![no_main]

use chain::dev::Genesis;
use chain::timelock::{Beacon, open};
use chain::{Account, Keypair};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let pulse = Beacon::from_seed(&[1; 32]).pulse(1);
    open(bytes, &pulse).ok();
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(account) = text.parse::<Account>() {
        assert_eq!(account.to_string(), text);
    }
    if let Ok(genesis) = Genesis::from_text(text) {
        assert_eq!(Genesis::from_text(&genesis.to_text()), Ok(genesis));
    }
    Keypair::from_uri(text).ok();
    Keypair::from_key_file(&text.to_owned().into()).ok();
});
