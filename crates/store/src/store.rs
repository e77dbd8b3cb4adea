//! The store itself.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as Location;
use object_store::{Attribute, Attributes, ObjectStore, ObjectStoreExt as _, PutOptions};

use crate::digest::Digest;
use crate::key::{escaped, key_problem, unescaped};

/// What a write wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Where.
    pub key: String,
    /// What.
    pub sha256: Digest,
    /// How much.
    pub size_bytes: u64,
}

/// Why a file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A key no store has.
    #[error("\"{key}\" is no key: it {problem}")]
    Key {
        /// As given, without control characters, 60 characters at most.
        key: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// Past the caller's limit.
    #[error("{key}: {found} bytes, the limit is {limit}")]
    TooLarge {
        /// Where.
        key: String,
        /// How much there is.
        found: u64,
        /// How much may be.
        limit: u64,
    },
    /// Something else than was recorded.
    #[error("{key}: SHA-256 {found}, recorded was {expected}")]
    Changed {
        /// Where.
        key: String,
        /// What is there.
        found: Digest,
        /// What should be.
        expected: Digest,
    },
    /// Not there.
    #[error("{key}: there is no such file")]
    Missing {
        /// Where.
        key: String,
    },
    /// The store failed. It may be well later.
    #[error("{key}: {source}")]
    Failed {
        /// Where.
        key: String,
        /// Why.
        source: object_store::Error,
    },
}

/// Files by key, with an address under which others find them.
#[derive(Debug, Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    /// Without `/` at its end.
    public_url: String,
    /// Whether files can carry their content type.
    typed: bool,
}

impl Store {
    /// In a folder, which is made. `public_url` is where it is served, as in `https://cdn.example`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub fn folder(folder: &Path, public_url: &str) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Failed { key: folder.display().to_string(), source };
        fs_err::create_dir_all(folder).map_err(|error| {
            failed(object_store::Error::Generic { store: "folder", source: Box::new(error) })
        })?;
        let objects = LocalFileSystem::new_with_prefix(folder).map_err(failed)?.with_fsync(true);
        Ok(Self { typed: false, ..Self::over(Arc::new(objects), public_url) })
    }

    /// In memory, for simulations and tests.
    #[must_use]
    pub fn memory(public_url: &str) -> Self {
        Self::over(Arc::new(InMemory::new()), public_url)
    }

    /// Over any store that keeps the content type of files.
    #[must_use]
    pub fn over(objects: Arc<dyn ObjectStore>, public_url: &str) -> Self {
        let public_url = public_url.trim_end_matches('/').to_owned();
        Self { objects, public_url, typed: true }
    }

    /// Writes a file in the place of what was there. Readers see the old one or the new one, never a part of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`]. After [`StoreError::Failed`] the file may be the old one or the new one.
    pub async fn put(
        &self,
        key: &str,
        content: Bytes,
        content_type: &'static str,
    ) -> Result<Blob, StoreError> {
        let location = location(key)?;
        let size_bytes = content.len() as u64;
        let sha256 = Digest::of(&content);
        let mut options = PutOptions::default();
        if self.typed {
            options.attributes = Attributes::from_iter([(Attribute::ContentType, content_type)]);
        }
        let written = self.objects.put_opts(&location, content.into(), options).await;
        written.map_err(|source| StoreError::Failed { key: key.to_owned(), source })?;
        Ok(Blob { key: key.to_owned(), sha256, size_bytes })
    }

    /// Reads a file of at most `limit` bytes; nothing if there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn get(&self, key: &str, limit: u64) -> Result<Option<Bytes>, StoreError> {
        let location = location(key)?;
        let failed = |source| StoreError::Failed { key: key.to_owned(), source };
        let found = match self.objects.get(&location).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            found => found.map_err(failed)?,
        };
        let size = found.meta.size;
        if size > limit {
            return Err(StoreError::TooLarge { key: key.to_owned(), found: size, limit });
        }
        found.bytes().await.map(Some).map_err(failed)
    }

    /// Reads a file of at most `limit` bytes that must be there and have the recorded content.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn get_exact(
        &self,
        key: &str,
        expected: Digest,
        limit: u64,
    ) -> Result<Bytes, StoreError> {
        let missing = || StoreError::Missing { key: key.to_owned() };
        let content = self.get(key, limit).await?.ok_or_else(missing)?;
        let found = Digest::of(&content);
        if found != expected {
            return Err(StoreError::Changed { key: key.to_owned(), found, expected });
        }
        Ok(content)
    }

    /// The size of a file in bytes; nothing if there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn size(&self, key: &str) -> Result<Option<u64>, StoreError> {
        match self.objects.head(&location(key)?).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(StoreError::Failed { key: key.to_owned(), source }),
        }
    }

    /// Where others find a file.
    #[must_use]
    pub fn url(&self, key: &str) -> String {
        format!("{}/{}", self.public_url, escaped(key))
    }

    /// The key of a URL that [`Store::url`] made; nothing for any other URL.
    #[must_use]
    pub fn key_of(&self, url: &str) -> Option<String> {
        let key = unescaped(url.strip_prefix(&self.public_url)?.strip_prefix('/')?)?;
        key_problem(&key).is_none().then_some(key)
    }
}

/// The key as `object_store` has it: as it is, so that a folder or bucket can be served by anything.
fn location(key: &str) -> Result<Location, StoreError> {
    let refused = |problem| {
        let key = key.chars().filter(|c| !c.is_control()).take(60).collect();
        StoreError::Key { key, problem }
    };
    if let Some(problem) = key_problem(key) {
        return Err(refused(problem));
    }
    Location::parse(key).map_err(|_| refused("has a part that stores refuse"))
}
