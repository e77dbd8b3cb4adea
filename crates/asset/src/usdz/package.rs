//! The package: a zip file, nothing compressed, the bytes of each file at a multiple of 64.

use flate2::Crc;

use super::WriteError;

/// Where the bytes of a file may start.
const ALIGNMENT: usize = 64;
/// Bytes of a header in front of a file, without its name and what fills it up.
const LOCAL: usize = 30;
/// The first of January 1980, the earliest date that a zip file has.
const DATE: u16 = 1 << 5 | 1;

pub(super) fn pack(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, WriteError> {
    let mut package = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in files {
        let found = package.len() + bytes.len();
        let (Ok(size), Ok(offset)) = (u32::try_from(bytes.len()), u32::try_from(package.len()))
        else {
            return Err(WriteError::TooLong { found });
        };
        let mut crc = Crc::new();
        crc.update(bytes);
        // An extra field has four bytes in front.
        let start = package.len() + LOCAL + name.len() + 4;
        let fill = start.next_multiple_of(ALIGNMENT) - start;
        let common = |extra: u16| {
            let mut header = Vec::new();
            // Version 1.0, no flags, stored, no time.
            for value in [10_u16, 0, 0, 0, DATE] {
                header.extend(value.to_le_bytes());
            }
            for value in [crc.sum(), size, size] {
                header.extend(value.to_le_bytes());
            }
            header.extend((name.len() as u16).to_le_bytes());
            header.extend(extra.to_le_bytes());
            header
        };
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(common(0));
        // No comment, first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());

        package.extend(b"PK\x03\x04");
        package.extend(common(4 + fill as u16));
        package.extend(name.as_bytes());
        // Kind and length of the extra field, which means nothing.
        package.extend([0x86, 0x19]);
        package.extend((fill as u16).to_le_bytes());
        package.resize(package.len() + fill, 0);
        package.extend(bytes);
    }
    let found = package.len() + directory.len();
    let (Ok(offset), Ok(count)) = (u32::try_from(package.len()), u16::try_from(files.len())) else {
        return Err(WriteError::TooLong { found });
    };
    package.extend(&directory);
    package.extend(b"PK\x05\x06\0\0\0\0");
    package.extend([count; 2].iter().flat_map(|count| count.to_le_bytes()));
    package.extend((directory.len() as u32).to_le_bytes());
    package.extend(offset.to_le_bytes());
    package.extend([0, 0]);
    Ok(package)
}
