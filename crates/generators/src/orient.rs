//! Turning a model upright.

mod glb;

use asset::Similarity;
use bytes::Bytes;
use pod::wire::Kind;

use crate::{Axes, Failure, text};

/// The same model, +Y up and facing +Z.
pub(crate) fn upright(bytes: &Bytes, kind: Kind, axes: Axes) -> Result<Bytes, Failure> {
    let turned = match kind {
        Kind::Splats => splats(bytes, axes),
        Kind::Mesh => glb::upright(bytes, axes),
        Kind::Module => Err(format!("a module cannot be turned from {axes}")),
    };
    turned.map(Bytes::from).map_err(|why| Failure::Invalid(text::head(&why)))
}

fn splats(bytes: &[u8], axes: Axes) -> Result<Vec<u8>, String> {
    let splats = asset::ply::read(bytes, Some(bytes.len() as u64)).map_err(|e| e.to_string())?;
    let turn = Similarity::new(axes.rotation(), 1.0, [0.0; 3]).map_err(|e| e.to_string())?;
    let mut turned = Vec::with_capacity(bytes.len());
    asset::ply::write(&splats.transform(&turn), &mut turned).map_err(|e| e.to_string())?;
    Ok(turned)
}
