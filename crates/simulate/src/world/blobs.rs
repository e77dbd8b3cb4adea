//! Blobs, as a process reaches them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::Process;
use crate::fault::Op;
use crate::sabotage::{Sabotage, each};

/// Where everybody finds blobs.
pub(crate) const PUBLIC_URL: &str = "https://cdn.test";

/// The object store of a process.
#[derive(Debug)]
pub(crate) struct Blobs {
    process: Arc<Process>,
    sabotage: Option<Sabotage>,
    puts: AtomicU32,
}

impl Blobs {
    pub(crate) fn new(process: Arc<Process>, sabotage: Option<Sabotage>) -> Self {
        Self { process, sabotage, puts: AtomicU32::new(0) }
    }
}

impl fmt::Display for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("simulated blobs")
    }
}

fn failed() -> Error {
    Error::Generic { store: "simulated", source: "the store does not answer".into() }
}

fn unused() -> Error {
    Error::NotSupported { source: "the arena only puts, gets and asks for sizes".into() }
}

#[async_trait]
impl ObjectStore for Blobs {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let lost = self.sabotage == Some(Sabotage::LosesBlobs) && each(&self.puts, 9);
        let path = if lost { Path::from("lost") } else { location.clone() };
        let done = self.process.effect(Op::Put, location.as_ref(), move |world| {
            let (payload, options) = (payload.clone(), options.clone());
            // A store in memory never waits.
            world
                .objects
                .put_opts(&path, payload, options)
                .now_or_never()
                .unwrap_or_else(|| Err(failed()))
        });
        done.await.unwrap_or_else(|_| Err(failed()))
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(unused())
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let fine = self.process.effect(Op::Get, location.as_ref(), |_| ());
        fine.await.map_err(|_| failed())?;
        self.process.world.objects.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        Box::pin(futures_util::stream::once(async { Err(unused()) }))
    }

    fn list(&self, _: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        Box::pin(futures_util::stream::once(async { Err(unused()) }))
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        Err(unused())
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(unused())
    }
}
