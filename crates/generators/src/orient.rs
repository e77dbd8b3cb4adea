//! Turning a model upright.

use bytes::Bytes;
use pod::wire::Kind;

use crate::{Axes, Failure};
use asset::Similarity;

/// The same model, +Y up and facing +Z.
pub(crate) fn upright(bytes: &Bytes, kind: Kind, axes: Axes) -> Result<Bytes, Failure> {
    let invalid = |error: &dyn std::fmt::Display| Failure::Invalid(error.to_string());
    match kind {
        Kind::Splats => {
            let splats = asset::ply::read(&bytes[..], Some(bytes.len() as u64));
            let splats = splats.map_err(|error| invalid(&error))?;
            let turn = Similarity::new(axes.rotation(), 1.0, [0.0; 3]);
            let splats = splats.transform(&turn.map_err(|error| invalid(&error))?);
            let mut turned = Vec::with_capacity(bytes.len());
            asset::ply::write(&splats, &mut turned).map_err(|error| invalid(&error))?;
            Ok(turned.into())
        }
        Kind::Mesh => Err(Failure::Invalid("GLB cannot be turned yet".to_owned())),
        Kind::Module => Err(Failure::Invalid(format!("a module cannot be turned from {axes}"))),
    }
}
