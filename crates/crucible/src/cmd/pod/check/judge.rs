//! Models as the competitions see them: their rules, and how different two look in the pictures of the services that judge.

use std::num::NonZeroUsize;
use std::sync::Mutex;

use asset::rules::{self, Severity};
use image::{DynamicImage, RgbaImage};
use pod::check::Judge;
use pod::wire::Kind;
use render::{classic, splats};
use vision::descriptor::{BuiltIn, Descriptor, distance};

use crate::interrupt;
use crate::module::CageArgs;

/// Draws models; runs modules in the cage.
pub(super) struct Drawn {
    cage: CageArgs,
    /// Made with the first module.
    pool: Mutex<Option<cage::Pool>>,
}

impl Drawn {
    pub(super) fn new(cage: CageArgs) -> Self {
        Self { cage, pool: Mutex::new(None) }
    }

    fn module(&self, module: &[u8]) -> Result<Vec<String>, cage::CageError> {
        let mut pool = self.pool.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let made = match pool.take() {
            Some(pool) => pool,
            None => self.cage.pool(NonZeroUsize::MIN, None)?,
        };
        let report = pool.insert(made).check(module)?;
        let line = |broken: &threejs::Failure| {
            format!("{}/{}: {}", broken.stage, broken.rule, broken.detail)
        };
        Ok(report.failures.iter().map(line).collect())
    }
}

impl Judge for Drawn {
    fn breaches(&self, kind: Kind, model: &[u8]) -> Vec<String> {
        let findings = match kind {
            Kind::Splats => rules::competition0(model, model.len() as u64),
            Kind::Mesh => rules::competition1(model, model.len() as u64),
            Kind::Module => {
                return self
                    .module(model)
                    .unwrap_or_else(|error| vec![format!("cannot be run: {error}")]);
            }
        };
        let errors = |findings: Vec<rules::Finding>| {
            let errors = findings.into_iter().filter(|it| it.severity == Severity::Error);
            errors.map(|finding| finding.to_string()).collect()
        };
        findings.map_or_else(|error| vec![error.to_string()], errors)
    }

    fn distance(&self, kind: Kind, a: &[u8], b: &[u8]) -> Result<f64, String> {
        let pictures = [picture(kind, a)?, picture(kind, b)?];
        let pictures = pictures.map(|picture| DynamicImage::from(picture).to_rgb8());
        let vectors = BuiltIn.describe(&pictures).map_err(|error| error.to_string())?;
        Ok(distance(&vectors[0], &vectors[1]))
    }
}

/// The picture of the competition's render service.
fn picture(kind: Kind, model: &[u8]) -> Result<RgbaImage, String> {
    let stop = &interrupt::asked;
    match kind {
        Kind::Splats => {
            let read = rules::service::read_splats(model).map_err(|error| error.to_string())?;
            splats::service_grid(&read, stop).map_err(|_| "stopped".to_owned())
        }
        Kind::Mesh => {
            let loaded = classic::load(model).map_err(|error| error.to_string())?;
            classic::grid(&loaded, stop).map_err(|_| "stopped".to_owned())
        }
        Kind::Module => Err("modules are not compared".into()),
    }
}
