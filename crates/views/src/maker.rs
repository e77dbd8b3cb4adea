//! From an asset's bytes to its bundle.

use std::sync::Arc;
use std::time::Duration;

use vision::descriptor::{BuiltIn, Descriptor};

use crate::work::Work;
use crate::{Bundle, Kind, Modules, ViewsError, describe, draw};

/// Bounds of one bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Portions of work of the renderers, all pictures together. An asset that takes more is invalid, on every machine. The lantern
    /// that the project ships takes 17 584.
    pub steps_max: u64,
    /// Time to draw all pictures. What takes longer is [`ViewsError::Slow`].
    pub time_max: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { steps_max: 4_000_000, time_max: Duration::from_secs(300) }
    }
}

/// Makes bundles. Cheap to clone; any number of threads may share one.
#[derive(Debug, Clone)]
pub struct Maker {
    modules: Modules,
    descriptor: Arc<dyn Descriptor>,
    settings: Settings,
}

impl Maker {
    /// With the built-in descriptor.
    #[must_use]
    pub fn new(modules: Modules) -> Self {
        Self { modules, descriptor: Arc::new(BuiltIn), settings: Settings::default() }
    }

    /// With another descriptor.
    #[must_use]
    pub fn describing_with(self, descriptor: Arc<dyn Descriptor>) -> Self {
        Self { descriptor, ..self }
    }

    /// Within other bounds.
    #[must_use]
    pub fn within(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Which descriptor the vectors are of; see [`Descriptor::id`].
    #[must_use]
    pub fn descriptor_id(&self) -> &str {
        self.descriptor.id()
    }

    /// Pictures and descriptors of an asset, given the picture of its prompt (PNG, JPEG or WebP). Blocks, for seconds, and works on
    /// all threads of the current pool; two bundles at once take no longer than one after the other.
    ///
    /// # Errors
    ///
    /// [`ViewsError::Invalid`] before anything else: the asset breaks a rule of its competition, or takes too many steps to draw.
    /// [`ViewsError::Prompt`], [`ViewsError::Slow`], [`ViewsError::Outage`].
    pub fn bundle(&self, kind: Kind, asset: &[u8], prompt: &[u8]) -> Result<Bundle, ViewsError> {
        let subject = match kind {
            Kind::Splats => draw::read_splats(asset)?,
            Kind::Mesh => draw::read_mesh(asset)?,
            Kind::Module => draw::read_module(asset, &self.modules)?,
        };
        let prompt = describe::prompt(prompt)?;
        let work = Work::start(self.settings.steps_max, self.settings.time_max);
        let pictures = draw::draw(&subject, &|| work.step()).map_err(|_| work.why())?;
        drop(subject);
        let embeddings = describe::embeddings(&*self.descriptor, &prompt, &pictures.white)?;
        Ok(Bundle {
            white: draw::encoded(&pictures.white),
            gray: draw::encoded(&pictures.gray),
            grid: render::png::encode(&pictures.grid).into(),
            embeddings,
        })
    }
}
