//! Byte offset to line and column, both from 1; a column counts UTF-16 units, as JavaScript tools do. Constant time per question, so a file with
//! a failure at every second byte of one long line stays linear.

const BLOCK_BYTES: usize = 256;

pub(crate) struct Places<'a> {
    source: &'a str,
    line_starts: Vec<usize>,
    /// UTF-16 units before each block of [`BLOCK_BYTES`].
    units_before: Vec<usize>,
}

/// UTF-16 units of some bytes of UTF-8: a character has one where it starts, and one more if it has four bytes.
fn units(bytes: &[u8]) -> usize {
    let unit = |byte: &u8| usize::from(byte & 0xC0 != 0x80) + usize::from(*byte >= 0xF0);
    bytes.iter().map(unit).sum()
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
        let units_before = bytes
            .chunks(BLOCK_BYTES)
            .map(|block| {
                let before = total;
                total += units(block);
                before
            })
            .collect();
        Self { source, line_starts, units_before }
    }

    fn units(&self, at: usize) -> usize {
        let block = (at / BLOCK_BYTES).min(self.units_before.len().saturating_sub(1));
        let from = block * BLOCK_BYTES;
        let rest = self.source.as_bytes().get(from..at).unwrap_or_default();
        self.units_before.get(block).copied().unwrap_or(0) + units(rest)
    }

    /// The end of a detail.
    pub(crate) fn at(&self, at: u32) -> String {
        let (line, column) = self.line_column(at);
        format!("at line {line}, column {column}")
    }

    pub(crate) fn line_column(&self, at: u32) -> (usize, usize) {
        let at = (at as usize).min(self.source.len());
        let line = self.line_starts.partition_point(|start| *start <= at);
        let start = self.line_starts[line - 1];
        (line, self.units(at) - self.units(start) + 1)
    }
}
