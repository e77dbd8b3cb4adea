//! Bodies that are coded on the way, as object stores keep them: gzip, deflate, br, zstd, decoded as they come.
//!
//! What a body decodes to is counted as it is made, so a small answer that would be large stops at the limit.

use std::fmt;
use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder as RawZstd, Operation as _};

use crate::guarded::GuardError;

/// What coding may add to a file that cannot be made smaller.
const OVERHEAD: usize = 64 << 10;

/// Of what zstd may remember: 8 MiB, as RFC 9659 has it.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Bytes decoded at once.
const STEP: usize = 32 << 10;

/// Takes a body as it comes, and gives the file.
pub(crate) struct Body {
    coder: Coder,
    bytes_max: usize,
    /// Bytes that came.
    came: usize,
}

enum Coder {
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
    Deflate(Box<Deflate>),
    Brotli(Box<brotli_decompressor::DecompressorWriter<Sink>>),
    Zstd(Box<Zstd>),
    /// It failed.
    Broken,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("came", &self.came).finish_non_exhaustive()
    }
}

struct Deflate {
    /// Nothing before the first byte: what is called deflate is zlib, and sometimes not.
    decoder: Option<Decompress>,
    sink: Sink,
    /// Whether its end was there.
    is_whole: bool,
}

struct Zstd {
    decoder: RawZstd<'static>,
    sink: Sink,
    /// Whether a frame is under way.
    is_open: bool,
}

/// Keeps so many bytes, and fails at one more.
#[derive(Default)]
struct Sink {
    bytes: Vec<u8>,
    max: usize,
    is_over: bool,
}

impl Sink {
    /// Why it was not written to the end.
    const fn error(&self) -> GuardError {
        if self.is_over { GuardError::TooLarge } else { GuardError::Body }
    }
}

impl Write for Sink {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if part.len() > self.max - self.bytes.len() {
            self.is_over = true;
            return Err(io::Error::other("too large"));
        }
        self.bytes.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Body {
    /// Of this `Content-Encoding`; nothing for one that is not known, and for several at once.
    pub(crate) fn new(coding: Option<&[u8]>, bytes_max: usize) -> Option<Self> {
        let sink = Sink { max: bytes_max, ..Sink::default() };
        let coding = coding.unwrap_or(b"identity").trim_ascii().to_ascii_lowercase();
        let coder = match coding.as_slice() {
            b"" | b"identity" => Coder::Plain(sink),
            b"gzip" | b"x-gzip" => Coder::Gzip(Box::new(MultiGzDecoder::new(sink))),
            b"deflate" => {
                Coder::Deflate(Box::new(Deflate { decoder: None, sink, is_whole: false }))
            }
            b"br" => {
                Coder::Brotli(Box::new(brotli_decompressor::DecompressorWriter::new(sink, STEP)))
            }
            b"zstd" => {
                let mut decoder = RawZstd::new().ok()?;
                decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).ok()?;
                Coder::Zstd(Box::new(Zstd { decoder, sink, is_open: false }))
            }
            _ => return None,
        };
        Some(Self { coder, bytes_max, came: 0 })
    }

    /// How long the body may say it is.
    pub(crate) const fn coded_max(&self) -> usize {
        match self.coder {
            Coder::Plain(_) => self.bytes_max,
            _ => self.bytes_max.saturating_add(OVERHEAD),
        }
    }

    /// Bytes that came so far.
    pub(crate) const fn came(&self) -> usize {
        self.came
    }

    /// Takes the next part.
    pub(crate) fn push(&mut self, part: &[u8]) -> Result<(), GuardError> {
        if part.len() > self.coded_max() - self.came {
            return Err(GuardError::TooLarge);
        }
        self.came += part.len();
        let (pushed, sink) = match &mut self.coder {
            Coder::Plain(sink) => (sink.write_all(part), &*sink),
            Coder::Gzip(decoder) => (decoder.write_all(part), decoder.get_ref()),
            Coder::Deflate(deflate) => (deflate.push(part), &deflate.sink),
            Coder::Brotli(decoder) => (decoder.write_all(part), decoder.get_ref()),
            Coder::Zstd(zstd) => (zstd.push(part), &zstd.sink),
            Coder::Broken => return Err(GuardError::Body),
        };
        pushed.map_err(|_| sink.error())
    }

    /// The file, if the body is whole.
    pub(crate) fn end(mut self) -> Result<Vec<u8>, GuardError> {
        if self.came == 0 {
            return Ok(Vec::new());
        }
        let coder = std::mem::replace(&mut self.coder, Coder::Broken);
        let sink = match coder {
            Coder::Plain(sink) => sink,
            Coder::Gzip(mut decoder) => match decoder.try_finish() {
                Ok(()) => std::mem::take(decoder.get_mut()),
                Err(_) => return Err(decoder.get_ref().error()),
            },
            Coder::Brotli(mut decoder) => match decoder.close() {
                Ok(()) => std::mem::take(decoder.get_mut()),
                Err(_) => return Err(decoder.get_ref().error()),
            },
            Coder::Deflate(deflate) if deflate.is_whole => deflate.sink,
            Coder::Zstd(zstd) if !zstd.is_open => zstd.sink,
            Coder::Deflate(_) | Coder::Zstd(_) | Coder::Broken => return Err(GuardError::Body),
        };
        if sink.is_over { Err(GuardError::TooLarge) } else { Ok(sink.bytes) }
    }
}

impl Deflate {
    fn push(&mut self, mut part: &[u8]) -> io::Result<()> {
        let Some(&first) = part.first() else { return Ok(()) };
        // RFC 1950: method 8 and a window of up to 32 KiB.
        let is_zlib = first & 15 == 8 && first >> 4 <= 7;
        let decoder = self.decoder.get_or_insert_with(|| Decompress::new(is_zlib));
        let mut step = vec![0; STEP];
        while !self.is_whole {
            let before = (decoder.total_in(), decoder.total_out());
            let status = decoder.decompress(part, &mut step, FlushDecompress::None)?;
            let [read, written] =
                [decoder.total_in() - before.0, decoder.total_out() - before.1].map(|n| n as usize);
            part = &part[read..];
            self.sink.write_all(&step[..written])?;
            self.is_whole = status == Status::StreamEnd;
            // A full step may not have been all.
            if part.is_empty() && written < step.len() {
                return Ok(());
            }
            if read == 0 && written == 0 {
                return stuck(part);
            }
        }
        if part.is_empty() { Ok(()) } else { Err(io::Error::other("something follows its end")) }
    }
}

/// Nothing more comes of a part: it is used up, or what is left of it is wrong.
fn stuck(left: &[u8]) -> io::Result<()> {
    if left.is_empty() { Ok(()) } else { Err(io::Error::other("it does not go on")) }
}

impl Zstd {
    fn push(&mut self, mut part: &[u8]) -> io::Result<()> {
        let mut step = vec![0; STEP];
        loop {
            // Asked for more behind the end of a frame, it would begin another.
            if part.is_empty() && !self.is_open {
                return Ok(());
            }
            let status = self.decoder.run_on_buffers(part, &mut step)?;
            part = &part[status.bytes_read..];
            self.sink.write_all(&step[..status.bytes_written])?;
            self.is_open = status.remaining > 0;
            // A full step may not have been all.
            if part.is_empty() && status.bytes_written < step.len() {
                return Ok(());
            }
            if status.bytes_read == 0 && status.bytes_written == 0 {
                return stuck(part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::{Body, STEP};

    fn coded(coding: &str, file: &[u8]) -> Vec<Vec<u8>> {
        let level = Compression::default();
        match coding {
            "gzip" => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(file).expect("in memory");
                vec![encoder.finish().expect("in memory")]
            }
            "deflate" => {
                let (mut zlib, mut raw) =
                    (ZlibEncoder::new(Vec::new(), level), DeflateEncoder::new(Vec::new(), level));
                zlib.write_all(file).expect("in memory");
                raw.write_all(file).expect("in memory");
                vec![zlib.finish().expect("in memory"), raw.finish().expect("in memory")]
            }
            "zstd" => vec![zstd::encode_all(file, 3).expect("in memory")],
            _ => vec![file.to_vec()],
        }
    }

    /// Also if what was decoded last fills what is decoded at once.
    #[test]
    fn files_of_any_length_in_pieces_of_any_length() {
        for len in [1, STEP - 1, STEP, STEP + 1, 2 * STEP, 3 * STEP, 5 * STEP + 77] {
            let alike = vec![b'x'; len];
            let mut state = 7_u32;
            let mixed: Vec<u8> = std::iter::repeat_with(|| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            })
            .take(len)
            .collect();
            for file in [alike, mixed] {
                for coding in ["identity", "gzip", "deflate", "zstd"] {
                    for body in coded(coding, &file) {
                        for piece in [5, 97, STEP, usize::MAX] {
                            let mut decoder =
                                Body::new(Some(coding.as_bytes()), len).expect("it is known");
                            let what = format!("{coding}, {len} bytes, {piece} at once");
                            for part in body.chunks(piece.min(body.len())) {
                                decoder
                                    .push(part)
                                    .unwrap_or_else(|error| panic!("{what}: {error}"));
                            }
                            let found =
                                decoder.end().unwrap_or_else(|error| panic!("{what}: {error}"));
                            assert!(found == file, "{what}: another file");
                        }
                    }
                }
            }
        }
    }
}
