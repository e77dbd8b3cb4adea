//! Files in and out. Output appears whole or not at all: it is written beside its place and renamed.

use std::io::{BufWriter, Read, Write};
use std::path::Path;

use asset::{Format, Splats};
use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::interrupt;

/// No picture file we read is larger than this.
const PICTURE_BYTES_MAX: u64 = 256 << 20;

/// An open file and its length; folders and pipes are refused.
pub(crate) fn open(path: &Path) -> Result<(fs_err::File, u64), Failure> {
    let file = fs_err::File::open(path).map_err(|error| Failure::io(&error))?;
    let metadata = file.metadata().map_err(|error| Failure::io(&error))?;
    if !metadata.is_file() {
        return Err(Failure::input(path, "is not a file"));
    }
    Ok((file, metadata.len()))
}

/// Splats in any format we read, told by content.
pub(crate) fn read_splats(path: &Path) -> Result<(Splats, Format, u64), Failure> {
    let (file, byte_len) = open(path)?;
    let (splats, format) =
        asset::read_splats(file, Some(byte_len)).map_err(|error| Failure::input(path, error))?;
    Ok((splats, format, byte_len))
}

/// A whole picture file, not yet decoded.
pub(crate) fn read_picture_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    read_whole(path, PICTURE_BYTES_MAX)
}

/// A whole file of at most so many bytes.
pub(crate) fn read_whole(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let (file, byte_len) = open(path)?;
    if byte_len > bytes_max {
        let text = format!("the file has {byte_len} bytes, our limit is {bytes_max}");
        return Err(Failure::input(path, text));
    }
    let mut bytes = Vec::with_capacity(byte_len as usize);
    file.take(bytes_max).read_to_end(&mut bytes).map_err(|error| Failure::io(&error))?;
    Ok(bytes)
}

/// Makes a folder and its parents.
pub(crate) fn create_folder(path: &Path) -> Result<(), Failure> {
    fs_err::create_dir_all(path).map_err(|error| Failure::io(&error))
}

/// Writes a file through `fill`, in a folder that is made if need be; nobody ever sees it incomplete. Ctrl-C meanwhile leaves the old file, if any.
pub(crate) fn write_atomically(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    create_folder(folder)?;
    if path.is_dir() {
        return Err(Failure::input(path, "is a folder; name a file"));
    }
    let temporary = tempfile::Builder::new()
        .prefix(".crucible-")
        .tempfile_in(folder)
        .map_err(|error| Failure::input(path, format!("cannot write into its folder: {error}")))?;
    let mut writer = Interruptible(BufWriter::with_capacity(1 << 20, temporary));
    fill(&mut writer)?;
    let temporary = writer.0.into_inner().map_err(|error| Failure::input(path, error.error()))?;
    persist(temporary, path)
}

fn persist(temporary: NamedTempFile, path: &Path) -> Result<(), Failure> {
    interrupt::check()?;
    #[cfg(unix)]
    {
        // Temporary files are private; the result gets the permissions any new file has.
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o644);
        temporary.as_file().set_permissions(mode).map_err(|error| Failure::input(path, error))?;
    }
    temporary.persist(path).map_err(|error| Failure::input(path, error.error))?;
    Ok(())
}

/// Stops writing once the user pressed Ctrl-C.
struct Interruptible(BufWriter<NamedTempFile>);

impl Write for Interruptible {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if interrupt::asked() {
            return Err(std::io::Error::other("interrupted"));
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
