//! Files in and out. Output appears whole or not at all: it is written beside its place and renamed.

use std::io::{BufWriter, Read, Write};
use std::path::Path;

use asset::{Format, ReadError, Splats};
use convert::{Asset, Loaded};
use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::interrupt;

/// No picture file we read is larger than this.
const PICTURE_BYTES_MAX: u64 = 256 << 20;

/// No file that an asset names beside itself is larger than this.
const BESIDE_BYTES_MAX: u64 = 512 << 20;

/// An open file and its length; folders and pipes are refused.
pub(crate) fn open(path: &Path) -> Result<(fs_err::File, u64), Failure> {
    let file = fs_err::File::open(path).map_err(|error| Failure::io(&error))?;
    let metadata = file.metadata().map_err(|error| Failure::io(&error))?;
    if !metadata.is_file() {
        return Err(Failure::input(path, "is not a file"));
    }
    Ok((file, metadata.len()))
}

/// An asset in any format we read but modules: told by content, and by the name's ending where the content has no mark.
pub(crate) fn read_asset(path: &Path) -> Result<Loaded, Failure> {
    let (file, byte_len) = open(path)?;
    read_asset_from(path, file, byte_len)
}

/// The same, where the caller watches the bytes go by.
pub(crate) fn read_asset_from(
    path: &Path,
    source: impl Read,
    byte_len: u64,
) -> Result<Loaded, Failure> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    convert::read(source, Some(byte_len), extension, &mut |name| beside(path, name))
        .map_err(|error| Failure::input(path, error))
}

/// Splats in any format we read.
pub(crate) fn read_splats(path: &Path) -> Result<(Splats, Format, u64), Failure> {
    let (file, byte_len) = open(path)?;
    let loaded = read_asset_from(path, file, byte_len)?;
    match loaded.asset {
        Asset::Splats(splats) => Ok((splats, loaded.format, byte_len)),
        Asset::Scene(_) => Err(Failure::input(path, ReadError::NotSplats(loaded.format))),
    }
}

/// A file that an asset names beside itself. Nothing outside of the asset's folder is read, links included.
fn beside(asset: &Path, name: &str) -> Result<Vec<u8>, String> {
    let folder = folder_of(asset);
    let real = |path: &Path| fs_err::canonicalize(path).map_err(|error| error.to_string());
    let (folder, path) = (real(folder)?, real(&folder.join(name))?);
    if !path.starts_with(&folder) {
        return Err(format!("{name} is outside of the file's folder, and nothing there is read"));
    }
    let file = fs_err::File::open(&path).map_err(|error| error.to_string())?;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err(format!("{name} is not a file"));
    }
    if metadata.len() > BESIDE_BYTES_MAX {
        let found = metadata.len();
        return Err(format!("{name} has {found} bytes, our limit is {BESIDE_BYTES_MAX}"));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.take(BESIDE_BYTES_MAX).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Where a file is, or is to be.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A whole picture file, not yet decoded.
pub(crate) fn read_picture_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let (file, byte_len) = open(path)?;
    if byte_len > PICTURE_BYTES_MAX {
        let text = format!("the file has {byte_len} bytes, our limit is {PICTURE_BYTES_MAX}");
        return Err(Failure::input(path, text));
    }
    let mut bytes = Vec::with_capacity(byte_len as usize);
    file.take(PICTURE_BYTES_MAX).read_to_end(&mut bytes).map_err(|error| Failure::io(&error))?;
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
    write_checked(path, fill, |(), _| Ok(()))
}

/// The same, but `check` may look at the complete file, under the name it has until then, and refuse it: nothing appears.
pub(crate) fn write_checked<T, U>(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<T, Failure>,
    check: impl FnOnce(T, &Path) -> Result<U, Failure>,
) -> Result<U, Failure> {
    let folder = folder_of(path);
    create_folder(folder)?;
    if path.is_dir() {
        return Err(Failure::input(path, "is a folder; name a file"));
    }
    let temporary = tempfile::Builder::new()
        .prefix(".crucible-")
        .tempfile_in(folder)
        .map_err(|error| Failure::input(path, format!("cannot write into its folder: {error}")))?;
    let mut writer = Interruptible(BufWriter::with_capacity(1 << 20, temporary));
    let filled = fill(&mut writer)?;
    let temporary = writer.0.into_inner().map_err(|error| Failure::input(path, error.error()))?;
    let checked = check(filled, temporary.path())?;
    persist(temporary, path)?;
    Ok(checked)
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
