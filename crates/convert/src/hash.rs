//! SHA-256 of what flows through a reader or a writer, so that no file is read twice for it.

use std::io::{self, Read, Write};
use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};

use sha2::{Digest, Sha256};

/// Bytes that are hashed at a time.
const PORTION_BYTES: usize = 1 << 20;
/// Portions that may wait for the thread that hashes them.
const WAITING_MAX: usize = 4;

/// Passes bytes on and hashes them. From the first whole mebibyte on, a thread beside does the hashing.
#[derive(Debug)]
pub struct Hashing<T> {
    inner: T,
    /// Not hashed yet, less than a portion.
    portion: Vec<u8>,
    hasher: Hasher,
    byte_len: u64,
}

/// Who hashes.
#[derive(Debug)]
enum Hasher {
    Here(Sha256),
    Beside(SyncSender<Vec<u8>>, JoinHandle<Sha256>),
}

/// Length and SHA-256 of a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Digested {
    /// Bytes.
    pub bytes: u64,
    /// 64 small hexadecimal digits.
    pub sha256: String,
}

impl Hasher {
    /// A thread beside, or the one that asks where there is none to be had.
    fn start() -> Self {
        let (sender, receiver) = mpsc::sync_channel::<Vec<u8>>(WAITING_MAX);
        let hash = move || {
            let mut state = Sha256::new();
            receiver.iter().for_each(|portion| state.update(portion));
            state
        };
        match thread::Builder::new().name("hash".to_owned()).spawn(hash) {
            Ok(thread) => Self::Beside(sender, thread),
            Err(_) => Self::Here(Sha256::new()),
        }
    }

    fn take_in(&mut self, portion: Vec<u8>) {
        match self {
            Self::Here(state) => state.update(portion),
            // It listens until the sender is gone.
            Self::Beside(sender, _) => sender.send(portion).expect("the thread listens"),
        }
    }

    fn finish(self) -> Sha256 {
        match self {
            Self::Here(state) => state,
            Self::Beside(sender, thread) => {
                drop(sender);
                thread.join().expect("hashing does not fail")
            }
        }
    }
}

impl<T> Hashing<T> {
    /// Nothing has flowed yet.
    pub fn new(inner: T) -> Self {
        Self { inner, portion: Vec::new(), hasher: Hasher::Here(Sha256::new()), byte_len: 0 }
    }

    /// Of all that flowed.
    #[must_use]
    pub fn finish(mut self) -> Digested {
        self.byte_len += self.portion.len() as u64;
        self.hasher.take_in(self.portion);
        let digest = self.hasher.finish().finalize();
        let sha256 = faster_hex::hex_string(&digest);
        Digested { bytes: self.byte_len, sha256 }
    }

    fn take_in(&mut self, mut bytes: &[u8]) {
        while self.portion.len() + bytes.len() >= PORTION_BYTES {
            let (now, later) = bytes.split_at(PORTION_BYTES - self.portion.len());
            if self.byte_len == 0 {
                self.hasher = Hasher::start();
            }
            self.portion.extend_from_slice(now);
            self.hasher.take_in(std::mem::take(&mut self.portion));
            self.byte_len += PORTION_BYTES as u64;
            bytes = later;
        }
        self.portion.extend_from_slice(bytes);
    }
}

impl<R: Read> Hashing<R> {
    /// Reads what the format's reader left, so that the hash is that of the whole file.
    ///
    /// # Errors
    /// Those of the reader inside.
    pub fn finish_reading(mut self) -> io::Result<Digested> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(self.finish())
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.take_in(&buffer[..n]);
        Ok(n)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.take_in(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-2, appendix B.1.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn both_ways_hash_what_flows() {
        let mut reader = Hashing::new(&b"abc"[..]);
        reader.read_exact(&mut [0]).unwrap();
        let read = reader.finish_reading().unwrap();
        assert_eq!((read.bytes, read.sha256.as_str()), (3, ABC));
        let mut writer = Hashing::new(Vec::new());
        writer.write_all(b"abc").unwrap();
        assert_eq!(writer.finish(), read);
    }

    #[test]
    fn portions_are_hashed_in_their_order() {
        let bytes: Vec<u8> = (0..5 * PORTION_BYTES + 77).map(|at| ((at * at) >> 7) as u8).collect();
        let whole: String =
            Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        for step in [999, PORTION_BYTES - 1, PORTION_BYTES, 3 * PORTION_BYTES + 1] {
            let mut writer = Hashing::new(io::sink());
            bytes.chunks(step).for_each(|some| writer.write_all(some).unwrap());
            let found = writer.finish();
            assert_eq!((found.bytes, &found.sha256), (bytes.len() as u64, &whole), "by {step}");
        }
    }
}
