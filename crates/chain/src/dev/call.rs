//! What hotkeys and coldkeys ask of the development chain, and the lines of its log.

use blake2::{Blake2b, Digest as _, digest::consts::U32};
use serde::{Deserialize, Serialize};

use crate::{Account, Keypair, hex};

/// The longest line of a log, in bytes: more than the longest commitment or 4096 weights take.
pub(super) const LINE_MAX: usize = 64 << 10;

/// Something asked of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Call {
    /// By a hotkey: text to be revealed in a block. What was committed before and is not revealed yet is dropped.
    Commit {
        /// The text, sealed for the beacon's round with the block's number if the genesis says so.
        #[serde(with = "hex")]
        text: Vec<u8>,
        /// The block.
        reveal: u64,
    },
    /// By a hotkey: its weights, places and shares of 65535.
    SetWeights {
        /// Without zeroes.
        weights: Vec<(u16, u16)>,
    },
    /// By a coldkey: a hotkey becomes a member, and the coldkey owns it.
    Register {
        /// Which.
        hotkey: Account,
    },
    /// By a coldkey: what a hotkey of its own has as stake from now on, in rao.
    Stake {
        /// Which.
        hotkey: Account,
        /// Not added: in place of what was there.
        amount: u64,
    },
    /// By a coldkey: what it has locked from now on, in rao of the subnet's token.
    Lock {
        /// Not added: in place of what was there.
        amount: u64,
    },
}

/// A call in a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) block: u64,
    pub(super) signer: Account,
    /// How many calls the signer had made before.
    pub(super) nonce: u64,
    pub(super) call: Call,
    #[serde(with = "hex")]
    signature: [u8; 64],
}

impl Entry {
    pub(super) fn sign(
        genesis: &[u8; 32],
        block: u64,
        signer: &Keypair,
        nonce: u64,
        call: Call,
    ) -> Self {
        let account = signer.account();
        let signature = signer.sign(&message(genesis, account, nonce, &call));
        Self { block, signer: account, nonce, call, signature }
    }

    /// Whether the signer made it, for this chain.
    pub(super) fn is_signed(&self, genesis: &[u8; 32]) -> bool {
        let message = message(genesis, self.signer, self.nonce, &self.call);
        self.signer.signed(&message, &self.signature)
    }

    /// A line of the log, its end included.
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).expect("it has nothing that JSON has not");
        line.push(b'\n');
        line
    }

    /// Follows from everything but the signature, and from what was before.
    pub(super) fn digest(&self, genesis: &[u8; 32], before: &[u8; 32]) -> [u8; 32] {
        let hash =
            Blake2b::<U32>::new().chain_update(before).chain_update(self.block.to_le_bytes());
        hash.chain_update(message(genesis, self.signer, self.nonce, &self.call)).finalize().into()
    }
}

fn message(genesis: &[u8; 32], signer: Account, nonce: u64, call: &Call) -> Vec<u8> {
    let mut message = b"development chain".to_vec();
    message.extend(genesis);
    message.extend(signer.0);
    message.extend(nonce.to_le_bytes());
    message.extend(serde_json::to_vec(call).expect("it has nothing that JSON has not"));
    message
}
