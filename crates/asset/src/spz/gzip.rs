//! gzip by all threads: blocks are compressed on their own and put one after the other into one member.
//!
//! Facts: RFC 1951 and 1952. A block ends at a byte (an empty stored block, as zlib's sync flush makes it), so what every
//! reader sees is one deflate stream. Blocks always have the same length, so the bytes do not depend on the threads.

use std::io::{self, Write};

use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use rayon::prelude::*;

/// A block forgets what came before it: 32 KiB of 1 MiB, 0.1 % of the size of real files.
const BLOCK_BYTES: usize = 1 << 20;
/// Blocks compressed at a time; so much is held twice.
const N_BLOCKS: usize = 8;
/// Magic, deflate, no flags, no time, no hint, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Compresses what is written to it. [`Self::finish`] has to be called.
pub(super) struct Gzip<W> {
    writer: W,
    level: Compression,
    ready: Vec<u8>,
    crc: Crc,
}

impl<W: Write> Gzip<W> {
    pub(super) fn new(mut writer: W, level: u32) -> io::Result<Self> {
        writer.write_all(&HEADER)?;
        Ok(Self { writer, level: Compression::new(level), ready: Vec::new(), crc: Crc::new() })
    }

    /// The last block and the trailer.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.compress(true)?;
        self.writer.write_all(&self.crc.sum().to_le_bytes())?;
        self.writer.write_all(&self.crc.amount().to_le_bytes())?;
        Ok(self.writer)
    }

    /// What is ready. The last block of the stream may be short or empty, others are whole.
    fn compress(&mut self, is_last: bool) -> io::Result<()> {
        let mut blocks: Vec<&[u8]> = self.ready.chunks(BLOCK_BYTES).collect();
        if blocks.is_empty() && is_last {
            blocks.push(&[]);
        }
        let n_blocks = blocks.len();
        let packed = (blocks.into_par_iter().enumerate())
            .map(|(idx, block)| {
                let mut crc = Crc::new();
                crc.update(block);
                deflate(block, self.level, is_last && idx + 1 == n_blocks)
                    .map(|packed| (packed, crc))
            })
            .collect::<io::Result<Vec<_>>>()?;
        for (packed, crc) in &packed {
            self.writer.write_all(packed)?;
            self.crc.combine(crc);
        }
        self.ready.clear();
        Ok(())
    }
}

impl<W: Write> Write for Gzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = N_BLOCKS * BLOCK_BYTES - self.ready.len();
        let n_taken = room.min(bytes.len());
        self.ready.extend_from_slice(&bytes[..n_taken]);
        if n_taken == room {
            self.compress(false)?;
        }
        Ok(n_taken)
    }

    /// Does nothing: blocks are compressed when they are whole.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn deflate(block: &[u8], level: Compression, is_last: bool) -> io::Result<Vec<u8>> {
    let mut compress = Compress::new(level, false);
    let flush = if is_last { FlushCompress::Finish } else { FlushCompress::Sync };
    let mut packed = Vec::with_capacity(block.len() / 2 + 64);
    loop {
        let rest = &block[compress.total_in() as usize..];
        let status = compress.compress_vec(rest, &mut packed, flush).map_err(io::Error::other)?;
        // A flush is done when there was room left; without room it goes on.
        let is_done = match status {
            Status::StreamEnd => true,
            Status::Ok | Status::BufError => {
                !is_last
                    && compress.total_in() == block.len() as u64
                    && packed.len() < packed.capacity()
            }
        };
        if is_done {
            return Ok(packed);
        }
        packed.reserve(block.len() / 2 + 64);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn every_length_comes_back_and_threads_change_nothing() {
        let noise = |idx: usize| (idx.wrapping_mul(2_654_435_761) >> 13) as u8;
        let full = N_BLOCKS * BLOCK_BYTES;
        for n_bytes in [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, full, full + 1] {
            // Half of it does not compress at all.
            let content: Vec<u8> =
                (0..n_bytes).map(|idx| if idx & 4096 == 0 { noise(idx) } else { 7 }).collect();
            let pack = || {
                let mut gzip = Gzip::new(Vec::new(), 6).expect("memory");
                gzip.write_all(&content).expect("memory");
                gzip.finish().expect("memory")
            };
            let files: Vec<_> = [1, 2, 5]
                .map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads"))
                .map(|pool| pool.install(pack))
                .into();
            assert!(files.iter().all(|file| *file == files[0]), "{n_bytes} bytes");
            let mut back = Vec::new();
            flate2::read::GzDecoder::new(&files[0][..]).read_to_end(&mut back).expect("gzip");
            assert!(back == content, "{n_bytes} bytes");
        }
    }
}
