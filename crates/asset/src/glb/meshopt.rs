//! Decompression of buffer views. Facts: `EXT_meshopt_compression` and `KHR_meshopt_compression` of Khronos, appendix
//! "Bitstream"; version 1 of the attribute stream is in the latter only.

mod attributes;
mod filters;
mod indices;

/// Why compressed bytes cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub(super) enum MeshoptError {
    #[error("{what} {found:?} of the compression is not defined")]
    Undefined { what: &'static str, found: String },
    #[error("byteStride {found} of the compression, {wanted}")]
    Stride { found: usize, wanted: &'static str },
    #[error("{found} indices, a multiple of 3 is needed")]
    Triangles { found: usize },
    #[error("compressed data start with byte {found:#04x}, {wanted:#04x} is needed")]
    Header { found: u8, wanted: u8 },
    #[error("compressed data end too early")]
    Cut,
    #[error("{left} bytes too many in the compressed data")]
    Rest { left: usize },
    #[error("a channel of kind {found} in the compressed data is not defined")]
    Channel { found: u8 },
}

/// The `count` × `stride` bytes of a view. Memory grows with what was decoded, not with `count`.
pub(super) fn decode(
    source: &[u8],
    mode: &str,
    filter: &str,
    count: usize,
    stride: usize,
) -> Result<Vec<u8>, MeshoptError> {
    let is_index = matches!(stride, 2 | 4);
    match mode {
        "ATTRIBUTES" => {
            if stride == 0 || stride > 256 || !stride.is_multiple_of(4) {
                let wanted = "a multiple of 4 up to 256 is needed";
                return Err(MeshoptError::Stride { found: stride, wanted });
            }
            let mut bytes = attributes::decode(source, count, stride)?;
            filters::apply(filter, &mut bytes, stride)?;
            Ok(bytes)
        }
        "TRIANGLES" | "INDICES" if !is_index => {
            Err(MeshoptError::Stride { found: stride, wanted: "2 or 4 is needed for indices" })
        }
        "TRIANGLES" | "INDICES" if filter != "NONE" => {
            Err(MeshoptError::Undefined { what: "filter of indices", found: filter.to_owned() })
        }
        "TRIANGLES" => indices::triangles(source, count, stride),
        "INDICES" => indices::sequence(source, count, stride),
        _ => Err(MeshoptError::Undefined { what: "mode", found: mode.to_owned() }),
    }
}
