//! Which descriptor to use: the built-in one, or DINOv3 with weights from a folder.

use std::path::{Path, PathBuf};

use vision::descriptor::dinov3::{CONFIG_BYTES_MAX, WEIGHTS_BYTES_MAX};
use vision::descriptor::{BuiltIn, Descriptor, DinoV3};

use crate::failure::Failure;
use crate::files;

/// The option that every command with a descriptor has.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DescriptorArgs {
    /// Folder with config.json and model.safetensors of a DINOv3 vision transformer, as `transformers` saves it [default: the built-in descriptor]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
}

impl DescriptorArgs {
    /// Of the weights, if there is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.model.as_deref()
    }

    pub(crate) fn load(&self) -> Result<Box<dyn Descriptor>, Failure> {
        let Some(folder) = &self.model else { return Ok(Box::new(BuiltIn)) };
        let read = |name: &str, max| files::read_whole(&Path::join(folder, name), max);
        let config = read("config.json", CONFIG_BYTES_MAX)?;
        let weights = read("model.safetensors", WEIGHTS_BYTES_MAX)?;
        let model = DinoV3::read(&config, &weights);
        Ok(Box::new(model.map_err(|error| Failure::input(folder, error))?))
    }
}
