//! Finds Three.js r183 and puts its core into the build: the folder named by `CRUCIBLE_THREE_DIR` (a checkout of the
//! npm package), else the package in the user's cache folder, else what `npm pack` brings there. Always checked by hash.

use std::{
    env, io,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
};

use fs_err as fs;
use sha2::{Digest, Sha256, Sha512};

const PACKAGE: &str = "three@0.183.2";
const TARBALL: &str = "three-0.183.2.tgz";
/// The package's integrity value of the npm registry, in hexadecimal instead of base64.
const TARBALL_SHA512: &str = "762dc1b0bd85110d4f03b1dcbe7e1fc893a5c514601580693137323a093024868339d24c79b1053c0fadf7c12f8ee9630f1e2136e9401b017a2888edc08e6381";
const CORE: &str = "build/three.core.js";
const CORE_SHA256: &str = "6a7fc83437818534d5e30ce8c8e0ce76230ca2245446ea24744bb3d88c436583";
/// The core is 1.4 MB; nothing in the package that we unpack is larger than this.
const UNPACKED_BYTES_MAX: u64 = 64 << 20;

fn main() {
    println!("cargo::rerun-if-env-changed=CRUCIBLE_THREE_DIR");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let core = find().unwrap_or_else(|message| {
        println!("cargo::error={message}");
        std::process::exit(1)
    });
    fs::write(out.join("three.core.js"), core).expect("OUT_DIR can be written");
}

fn find() -> Result<Vec<u8>, String> {
    if let Some(folder) = env::var_os("CRUCIBLE_THREE_DIR") {
        let path = Path::new(&folder).join(CORE);
        let core = fs::read(&path).map_err(|error| format!("CRUCIBLE_THREE_DIR: {error}"))?;
        return checked::<Sha256>(core, CORE_SHA256, &path.display().to_string());
    }
    let cache = cache_folder()?.join("crucible").join("three");
    let tarball = cache.join(TARBALL);
    if !tarball.exists() {
        pack(&cache)?;
    }
    let bytes = fs::read(&tarball).map_err(|error| error.to_string())?;
    let bytes = checked::<Sha512>(bytes, TARBALL_SHA512, &tarball.display().to_string())?;
    let core = unpack(&bytes).map_err(|error| format!("{}: {error}", tarball.display()))?;
    checked::<Sha256>(core, CORE_SHA256, CORE)
}

fn cache_folder() -> Result<PathBuf, String> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .ok_or_else(|| "neither XDG_CACHE_HOME nor HOME is set; set CRUCIBLE_THREE_DIR".to_owned())
}

/// Packs into a folder of this build first, so that two builds at once never see half a file.
fn pack(cache: &Path) -> Result<(), String> {
    let hint = format!(
        "Three.js is needed once: install npm, or unpack {PACKAGE} and set CRUCIBLE_THREE_DIR to it"
    );
    fs::create_dir_all(cache).map_err(|error| error.to_string())?;
    let own = cache.join(format!("pack-{}", std::process::id()));
    fs::create_dir_all(&own).map_err(|error| error.to_string())?;
    let run = Command::new("npm").args(["pack", "--silent", PACKAGE]).current_dir(&own).output();
    let result = match run {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(format!("npm was not found. {hint}"))
        }
        Err(error) => Err(format!("npm did not start: {error}. {hint}")),
        Ok(run) if !run.status.success() => {
            let text = String::from_utf8_lossy(&run.stderr);
            Err(format!("`npm pack {PACKAGE}` failed: {}. {hint}", text.trim().replace('\n', " ")))
        }
        Ok(_) => {
            fs::rename(own.join(TARBALL), cache.join(TARBALL)).map_err(|error| error.to_string())
        }
    };
    // What is left is an empty folder or a broken download; neither is worth failing for.
    fs::remove_dir_all(&own).ok();
    result
}

fn checked<D: Digest>(bytes: Vec<u8>, expected: &str, what: &str) -> Result<Vec<u8>, String> {
    let found: String = D::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found == expected {
        return Ok(bytes);
    }
    Err(format!("{what} is not the file of {PACKAGE}: its hash is {found}, expected {expected}"))
}

/// One file out of a gzipped tar: blocks of 512 bytes, name at 0, octal size at 124.
fn unpack(tarball: &[u8]) -> Result<Vec<u8>, String> {
    let mut tar = Vec::new();
    let reader = flate2::read::GzDecoder::new(tarball).take(UNPACKED_BYTES_MAX);
    io::BufReader::new(reader).read_to_end(&mut tar).map_err(|error| error.to_string())?;
    let wanted = format!("package/{CORE}");
    let mut at = 0;
    while let Some(header) = tar.get(at..at + 512) {
        let name: Vec<u8> = header[..100].iter().copied().take_while(|&byte| byte != 0).collect();
        let size: String = header[124..136]
            .iter()
            .map(|&byte| byte as char)
            .filter(char::is_ascii_digit)
            .collect();
        let size = usize::from_str_radix(&size, 8).unwrap_or(0);
        at += 512;
        if name == wanted.as_bytes() {
            return tar
                .get(at..at + size)
                .map(<[u8]>::to_vec)
                .ok_or_else(|| format!("{wanted} is cut short"));
        }
        at += size.div_ceil(512) * 512;
    }
    Err(format!("{wanted} is not in it"))
}
