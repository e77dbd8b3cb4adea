//! Byte offset to line and column, both from 1; a column counts characters. Constant time per question, so a file with
//! a failure at every second byte of one long line stays linear.

const BLOCK_BYTES: usize = 256;

pub(crate) struct Places<'a> {
    source: &'a str,
    line_starts: Vec<usize>,
    /// Characters before each block of [`BLOCK_BYTES`].
    chars_before: Vec<usize>,
}

/// A byte that starts a character, as opposed to one that continues it.
fn is_start(byte: &u8) -> bool {
    byte & 0xC0 != 0x80
}

impl<'a> Places<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        let bytes = source.as_bytes();
        let mut line_starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends_line = match byte {
                b'\n' => true,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                // U+2028 and U+2029 end lines too.
                0xA8 | 0xA9 => at >= 2 && bytes[at - 2..at] == [0xE2, 0x80],
                _ => false,
            };
            if ends_line {
                line_starts.push(at + 1);
            }
        }
        let mut total = 0;
        let chars_before = bytes
            .chunks(BLOCK_BYTES)
            .map(|block| {
                let before = total;
                total += block.iter().filter(|byte| is_start(byte)).count();
                before
            })
            .collect();
        Self { source, line_starts, chars_before }
    }

    fn chars(&self, at: usize) -> usize {
        let block = (at / BLOCK_BYTES).min(self.chars_before.len().saturating_sub(1));
        let from = block * BLOCK_BYTES;
        let rest = self.source.as_bytes().get(from..at).unwrap_or_default();
        self.chars_before.get(block).copied().unwrap_or(0)
            + rest.iter().filter(|b| is_start(b)).count()
    }

    pub(crate) fn line_column(&self, at: u32) -> (usize, usize) {
        let at = (at as usize).min(self.source.len());
        let line = self.line_starts.partition_point(|start| *start <= at);
        let start = self.line_starts[line - 1];
        (line, self.chars(at) - self.chars(start) + 1)
    }
}
