//! SHA-256 of what flows through a reader or a writer, so that no file is read twice for it.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

/// Passes bytes on and hashes them.
#[derive(Debug)]
pub struct Hashing<T> {
    inner: T,
    state: Sha256,
    byte_len: u64,
}

/// Length and SHA-256 of a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Digested {
    /// Bytes.
    pub bytes: u64,
    /// 64 small hexadecimal digits.
    pub sha256: String,
}

impl<T> Hashing<T> {
    /// Nothing has flowed yet.
    pub fn new(inner: T) -> Self {
        Self { inner, state: Sha256::new(), byte_len: 0 }
    }

    /// Of all that flowed.
    #[must_use]
    pub fn finish(self) -> Digested {
        let digest = self.state.finalize();
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Digested { bytes: self.byte_len, sha256 }
    }

    fn take_in(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
        self.byte_len += bytes.len() as u64;
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
}
