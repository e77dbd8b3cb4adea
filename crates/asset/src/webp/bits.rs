//! Bits into bytes, lowest first.

#[derive(Debug)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    waiting: u64,
    n_waiting: u32,
}

impl BitWriter {
    pub(super) fn new(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), waiting: 0, n_waiting: 0 }
    }

    /// The lowest `n_bits` (at most 32) of `value`, which has no others.
    pub(super) fn put(&mut self, value: u32, n_bits: u32) {
        self.waiting |= u64::from(value) << self.n_waiting;
        self.n_waiting += n_bits;
        if self.n_waiting >= 32 {
            self.bytes.extend_from_slice(&(self.waiting as u32).to_le_bytes());
            self.waiting >>= 32;
            self.n_waiting -= 32;
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let n_bytes = self.n_waiting.div_ceil(8) as usize;
        self.bytes.extend_from_slice(&self.waiting.to_le_bytes()[..n_bytes]);
        self.bytes
    }
}
