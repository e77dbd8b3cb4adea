//! Splats as the PLY route of the render services of competitions 0 and 1 read them: what they refused with which kind of
//! answer, and what they let pass. Source: rendering specification §B.1, §B.9, §E.2.

use crate::Splats;
use crate::ply::{self, HEADER_BYTES_MAX, HeaderError, ReadError};

/// Why the service drew nothing. The two kinds had statuses of their own: 400 and 500.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// What the original knew to be a fault of the file.
    #[error("{0}")]
    Refused(String),
    /// What it stumbled over.
    #[error("{0}")]
    Failed(String),
}

/// Reads a PLY to be drawn. Records that are cut off after a whole one, and bytes beyond the last, do not matter; a record
/// that is cut does.
///
/// # Errors
/// [`ServiceError`], with the texts of the original where the specification names them.
pub fn read_splats(file: &[u8]) -> Result<Splats, ServiceError> {
    if file.is_empty() {
        return Err(ServiceError::Refused("Empty PLY payload".to_owned()));
    }
    let fitted = fit(file);
    let file = fitted.as_deref().unwrap_or(file);
    match ply::read_with_dialect(file, Some(file.len() as u64)) {
        Ok((splats, remarks)) => match remarks.first() {
            Some(remark) => {
                let text = format!("ply: {}: the service takes {}", remark.found, remark.expected);
                Err(ServiceError::Failed(text))
            }
            None if splats.is_empty() => {
                Err(ServiceError::Refused("ply: there is no vertex".to_owned()))
            }
            None => Ok(splats),
        },
        Err(error) => Err(kind(&error, file)),
    }
}

fn kind(error: &ReadError, file: &[u8]) -> ServiceError {
    let text = error.to_string();
    let head = &file[..file.len().min(HEADER_BYTES_MAX)];
    match error {
        ReadError::Header { problem: HeaderError::Missing { .. }, .. } => {
            ServiceError::Failed(text)
        }
        // A header that is no text at all cannot be decoded.
        ReadError::Header { .. } if head.is_ascii() => ServiceError::Failed(text),
        ReadError::Header { .. }
        | ReadError::Truncated { .. }
        | ReadError::GoesOn { .. }
        | ReadError::NotANumber { .. }
        | ReadError::ValueCount { .. } => ServiceError::Refused(text),
        _ => ServiceError::Failed(text),
    }
}

/// A binary file whose only element is `vertex`, with the number of records in its header that it really has, and nothing
/// behind the announced ones. `None` where nothing has to be changed.
fn fit(file: &[u8]) -> Option<Vec<u8>> {
    const END: &[u8] = b"\nend_header";
    let head = &file[..file.len().min(HEADER_BYTES_MAX)];
    let end = head.windows(END.len()).position(|here| here == END)? + END.len();
    let head = match &file[end..] {
        [b'\n', ..] => &file[..=end],
        [b'\r', b'\n', ..] => &file[..end + 2],
        _ => return None,
    };
    let lines: Vec<&str> = std::str::from_utf8(head).ok()?.lines().collect();
    let words = |line: &&str| line.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (mut count, mut record_bytes) = (None, 0_usize);
    for words in lines.iter().map(words) {
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["format", "ascii", ..] | ["property", "list", ..] => return None,
            ["element", "vertex", n] if count.is_none() => count = n.parse::<usize>().ok(),
            ["element", ..] => return None,
            ["property", kind, _] => record_bytes += size(kind)?,
            _ => {}
        }
    }
    let (count, body) = (count?, &file[head.len()..]);
    let found = body.len().checked_div(record_bytes)?;
    let is_cut_between = found < count && body.len() == found * record_bytes;
    if is_cut_between {
        let line = |line: &&str| {
            let is_count = words(line).first().is_some_and(|word| word == "element");
            if is_count { format!("element vertex {found}\n") } else { format!("{line}\n") }
        };
        let head: String = lines.iter().map(line).collect();
        return Some([head.as_bytes(), body].concat());
    }
    let needed = count.checked_mul(record_bytes)?;
    (body.len() > needed).then(|| file[..head.len() + needed].to_vec())
}

/// Bytes of a number.
fn size(kind: &str) -> Option<usize> {
    Some(match kind {
        "char" | "uchar" | "int8" | "uint8" => 1,
        "short" | "ushort" | "int16" | "uint16" => 2,
        "int" | "uint" | "int32" | "uint32" | "float" | "float32" => 4,
        "double" | "float64" | "int64" | "uint64" => 8,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 14] = [
        "x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
        "rot_0", "rot_1", "rot_2", "rot_3",
    ];

    /// A file of `announced` splats that has `bytes` bytes of records.
    fn file(announced: usize, bytes: usize, last: &str) -> Vec<u8> {
        let mut head =
            format!("ply\nformat binary_little_endian 1.0\nelement vertex {announced}\n");
        for name in NAMES {
            let name = if name == "rot_3" { last } else { name };
            head += &format!("property float {name}\n");
        }
        head += "end_header\n";
        let mut file = head.into_bytes();
        file.resize(file.len() + bytes, 0);
        file
    }

    fn outcome(file: &[u8]) -> String {
        match read_splats(file) {
            Ok(splats) => format!("{} splats", splats.len()),
            Err(ServiceError::Refused(text)) => format!("400 {text}"),
            Err(ServiceError::Failed(text)) => format!("500 {text}"),
        }
    }

    #[test]
    fn what_is_cut_and_what_goes_on() {
        assert_snapshot!(outcome(&file(3, 168, "rot_3")), @"3 splats");
        assert_snapshot!(outcome(&file(3, 112, "rot_3")), @"2 splats");
        assert_snapshot!(outcome(&file(3, 113, "rot_3")), @"400 ply: the file ends at byte 470, in record 2 of 3 of element vertex");
        assert_snapshot!(outcome(&file(3, 1000, "rot_3")), @"3 splats");
        assert_snapshot!(outcome(&file(0, 0, "rot_3")), @"400 ply: there is no vertex");
        assert_snapshot!(outcome(&file(3, 0, "rot_3")), @"400 ply: there is no vertex");
    }

    #[test]
    fn what_is_refused() {
        assert_snapshot!(outcome(b""), @"400 Empty PLY payload");
        assert_snapshot!(outcome(&file(1, 56, "rot_4")), @"500 ply header, line 3: element vertex has no property rot_3");
        assert_snapshot!(outcome(b"glTF"), @r#"500 ply header, line 1: the first line must be "ply", found "glTF""#);
        assert_snapshot!(outcome(b"ply\n\xff\xfe"), @"400 ply header: the file ends at byte 6, before end_header");
        let other = String::from_utf8_lossy(&file(1, 56, "rot_3")).replace("float x", "char x");
        assert_snapshot!(outcome(other.as_bytes()), @"500 ply: type char of property x: the service takes no char, short, ushort or float64 in a binary file");
    }

    proptest! {
        #[test]
        fn any_file_gets_an_answer(at in 0_usize..600, byte: u8, cut in 0_usize..600) {
            let mut file = file(3, 168, "rot_3");
            if let Some(here) = file.get_mut(at) {
                *here = byte;
            }
            file.truncate(cut.max(1));
            read_splats(&file).ok();
        }
    }
}
