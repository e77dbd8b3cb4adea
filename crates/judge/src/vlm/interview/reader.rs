//! Pictures of a duel: read once, with their hashes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::super::question::sha256;
use crate::{Evidence, Outage, Pictures};

/// Reads pictures, and keeps what it read while the duel lasts.
pub(crate) struct Reader<'a> {
    pictures: &'a dyn Pictures,
    read: Mutex<BTreeMap<String, Option<Bytes>>>,
    hashes: Mutex<BTreeMap<String, String>>,
    /// Whether something that was read is not what earlier evidence had.
    changed: AtomicBool,
}

impl<'a> Reader<'a> {
    /// With the hashes of `earlier` evidence.
    pub(crate) fn new(pictures: &'a dyn Pictures, earlier: Option<&Evidence>) -> Self {
        let hashes = earlier.map(|earlier| earlier.inputs.clone()).unwrap_or_default();
        let hashes = Mutex::new(hashes);
        Self { pictures, read: Mutex::default(), hashes, changed: AtomicBool::new(false) }
    }

    /// The bytes at a URL; nothing if there are none.
    pub(crate) async fn get(&self, url: &str) -> Result<Option<Bytes>, Outage> {
        let had = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned();
        if let Some(had) = had {
            return Ok(had);
        }
        let bytes = self.pictures.get(url).await?;
        let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        let is = bytes.as_deref().map(sha256);
        let was = match &is {
            Some(is) => hashes.insert(url.to_owned(), is.clone()),
            None => hashes.remove(url),
        };
        drop(hashes);
        if was.is_some() && was != is {
            self.changed.store(true, Ordering::SeqCst);
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(url.to_owned(), bytes.clone());
        Ok(bytes)
    }

    /// SHA-256, in hex, of what was read.
    pub(crate) fn hash(&self, url: &str) -> Option<String> {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned()
    }

    /// Whether something that was read is not what earlier evidence had: then the two do not go together.
    pub(crate) fn has_changed(&self) -> bool {
        self.changed.load(Ordering::SeqCst)
    }

    /// All hashes, by URL.
    pub(crate) fn into_hashes(self) -> BTreeMap<String, String> {
        self.hashes.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A picture as a URL; nothing if it is no PNG, JPEG or WebP.
pub(crate) fn data_url(bytes: &[u8]) -> Option<String> {
    let kind = match bytes {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, 0xff, ..] => "jpeg",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "webp",
        _ => return None,
    };
    Some(format!("data:image/{kind};base64,{}", STANDARD.encode(bytes)))
}
