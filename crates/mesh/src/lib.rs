//! Triangle meshes: surfaces out of fields and splats, decimation, texture atlases, baking; and splats out of surfaces.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
