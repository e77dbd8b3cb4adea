//! The two wrappings of glTF: the binary container (magic, version, length, chunks), and plain JSON.
//! Facts: glTF 2.0, "GLB File Format Specification".

use serde_json::Value;

use super::error::ReadError;

/// Bytes of a file. The container has 32 bits for its length.
pub const FILE_BYTES_MAX: usize = u32::MAX as usize;
/// Values in the JSON: numbers, texts, lists and objects. Each of them takes memory, however short it is written.
pub const JSON_VALUES_MAX: usize = 1 << 23;

/// The JSON and the binary chunk, which is empty if there is none.
pub(super) fn split(file: &[u8]) -> Result<(Value, Vec<u8>), ReadError> {
    if file.len() > FILE_BYTES_MAX {
        return Err(too_many("bytes", file.len(), FILE_BYTES_MAX));
    }
    let (text, binary) = if file.starts_with(b"glTF") { chunks(file)? } else { (file, &[][..]) };
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let found = values(text);
    if found > JSON_VALUES_MAX {
        return Err(too_many("JSON values", found, JSON_VALUES_MAX));
    }
    Ok((serde_json::from_slice(text)?, binary.to_vec()))
}

fn too_many(what: &'static str, found: usize, max: usize) -> ReadError {
    ReadError::TooMany { place: "file".to_owned(), what, found: found as u64, max: max as u64 }
}

fn chunks(file: &[u8]) -> Result<(&[u8], &[u8]), ReadError> {
    let broken = |at, problem: String| ReadError::Container { at, problem };
    let word = |at: usize| {
        let bytes = file.get(at..).and_then(|rest| rest.first_chunk());
        let cut = || broken(at, format!("the file ends; it has {} bytes", file.len()));
        bytes.map(|bytes| u32::from_le_bytes(*bytes)).ok_or_else(cut)
    };
    let (version, len) = (word(4)?, word(8)? as usize);
    if version != 2 {
        return Err(broken(4, format!("version {version}, we read 2")));
    }
    if len > file.len() {
        return Err(broken(8, format!("{len} bytes announced, {} are there", file.len())));
    }
    let chunk = |at: usize| -> Result<(u32, &[u8]), ReadError> {
        let (size, kind) = (word(at)? as usize, word(at + 4)?);
        let start = at + 8;
        let bytes = start.checked_add(size).and_then(|end| file.get(start..end));
        let cut =
            || broken(at, format!("a chunk of {size} bytes, {} are left", file.len() - start));
        Ok((kind, bytes.ok_or_else(cut)?))
    };
    const JSON: u32 = u32::from_le_bytes(*b"JSON");
    const BIN: u32 = u32::from_le_bytes(*b"BIN\0");
    let (kind, text) = chunk(12)?;
    if kind != JSON {
        return Err(broken(16, "the first chunk is not JSON".to_owned()));
    }
    // Chunks of other kinds are left out, as the specification asks.
    let mut at = 20 + text.len();
    while at + 8 <= len {
        let (kind, bytes) = chunk(at)?;
        if kind == BIN {
            return Ok((text, bytes));
        }
        at += 8 + bytes.len();
    }
    Ok((text, &[]))
}

/// An upper bound on the number of values in a JSON text.
fn values(text: &[u8]) -> usize {
    let (mut count, mut is_text, mut is_escaped) = (1, false, false);
    for byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            b',' | b'[' | b'{' | b':' if !is_text => count += 1,
            _ => {}
        }
    }
    count
}
