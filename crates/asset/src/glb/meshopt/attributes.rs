//! The attribute stream: blocks of elements, byte by byte of the stride, each as differences from the element before,
//! packed in groups of 16. The element before the first one is at the end of the stream.

use super::MeshoptError;

/// Elements of a group.
const GROUP: usize = 16;
/// Bytes of a block when it is decoded.
const BLOCK_BYTES_MAX: usize = 8192;
/// Elements of a block.
const BLOCK_MAX: usize = 256;
/// Shortest end of a stream, by version: it is filled up, in front.
const TAIL_MIN: [usize; 2] = [32, 24];

/// Bits of a packed difference, by the two bits of its group.
type Widths = [u32; 4];
const WIDTHS_V0: Widths = [0, 2, 4, 8];
/// By the two bits of a byte of the stride.
const WIDTHS_V1: [Widths; 2] = [[0, 1, 2, 4], [1, 2, 4, 8]];

/// `stride` is a multiple of 4 up to 256.
pub(super) fn decode(source: &[u8], count: usize, stride: usize) -> Result<Vec<u8>, MeshoptError> {
    let (&header, _) = source.split_first().ok_or(MeshoptError::Cut)?;
    let version = match header {
        0xa0 => 0,
        0xa1 => 1,
        found => return Err(MeshoptError::Header { found, wanted: 0xa0 }),
    };
    let tail = if version == 0 { stride } else { stride + stride / 4 };
    let body_end = source.len().checked_sub(tail.max(TAIL_MIN[version])).filter(|end| *end >= 1);
    let body_end = body_end.ok_or(MeshoptError::Cut)?;
    let mut body = Reader(&source[1..body_end]);
    let (last, channels) = source[source.len() - tail..].split_at(stride);
    let mut last = last.to_vec();

    let block_max = (BLOCK_BYTES_MAX / stride / GROUP * GROUP).min(BLOCK_MAX);
    let mut bytes = Vec::new();
    let mut lanes = [[0; BLOCK_MAX]; 4];
    let mut left = count;
    while left > 0 {
        let block_count = left.min(block_max);
        let controls = if version == 0 { &[][..] } else { body.take(stride / 4)? };
        let start = bytes.len();
        bytes.resize(start + block_count * stride, 0);
        for word in 0..stride / 4 {
            let control = controls.get(word).copied().unwrap_or(0);
            for (lane, values) in lanes.iter_mut().enumerate() {
                let values = &mut values[..block_count];
                match (version, control >> (2 * lane) & 3) {
                    (0, _) => unpack(&mut body, values, WIDTHS_V0)?,
                    (_, 2) => values.fill(0),
                    (_, 3) => values.copy_from_slice(body.take(block_count)?),
                    (_, kind) => unpack(&mut body, values, WIDTHS_V1[usize::from(kind)])?,
                }
            }
            let channel = channels.get(word).copied().unwrap_or(0);
            let (block, last) = (&mut bytes[start + 4 * word..], &last[4 * word..4 * word + 4]);
            add_up(&lanes, block_count, channel, last, block, stride)?;
        }
        last.copy_from_slice(&bytes[bytes.len() - stride..]);
        left -= block_count;
    }
    match body.0.len() {
        0 => Ok(bytes),
        left => Err(MeshoptError::Rest { left }),
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], MeshoptError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(MeshoptError::Cut)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, MeshoptError> {
        self.take(1).map(|bytes| bytes[0])
    }
}

/// One byte of every element of a block.
fn unpack(body: &mut Reader<'_>, values: &mut [u8], widths: Widths) -> Result<(), MeshoptError> {
    let groups = values.len().div_ceil(GROUP);
    let header = body.take(groups.div_ceil(4))?;
    for (group, values) in values.chunks_mut(GROUP).enumerate() {
        let width = widths[usize::from(header[group / 4] >> (2 * (group % 4)) & 3)];
        // The last group is packed in full, too.
        let mut all = [0; GROUP];
        match width {
            0 => {}
            8 => all.copy_from_slice(body.take(GROUP)?),
            _ => {
                let packed = body.take(GROUP * width as usize / 8)?;
                let escape = (1_u16 << width) as u8 - 1;
                let per_byte = 8 / width as usize;
                for (at, value) in all.iter_mut().enumerate() {
                    let (byte, place) = (packed[at / per_byte], (at % per_byte) as u32);
                    // Single bits come from the lowest one, others from the highest ones.
                    let shift = if width == 1 { place } else { 8 - width * (place + 1) };
                    let found = byte >> shift & escape;
                    *value = if found == escape { body.byte()? } else { found };
                }
            }
        }
        values.copy_from_slice(&all[..values.len()]);
    }
    Ok(())
}

/// Turns the differences of four bytes of the stride into values: as bytes, as two 16-bit integers, or as the bits of
/// one 32-bit word.
fn add_up(
    lanes: &[[u8; BLOCK_MAX]; 4],
    count: usize,
    channel: u8,
    last: &[u8],
    block: &mut [u8],
    stride: usize,
) -> Result<(), MeshoptError> {
    let mut last: [u8; 4] = std::array::from_fn(|lane| last[lane]);
    // Lanes behind the ones of this block may hold those of an earlier one; they are not read.
    for element in 0..count {
        let found: [u8; 4] = std::array::from_fn(|lane| lanes[lane][element]);
        last = match channel & 3 {
            0 => std::array::from_fn(|lane| {
                let delta = (found[lane] >> 1) ^ (found[lane] & 1).wrapping_neg();
                last[lane].wrapping_add(delta)
            }),
            1 => {
                let half = |lane: usize| {
                    let delta = u16::from_le_bytes([found[lane], found[lane + 1]]);
                    let delta = (delta >> 1) ^ (delta & 1).wrapping_neg();
                    u16::from_le_bytes([last[lane], last[lane + 1]]).wrapping_add(delta)
                };
                let [[a, b], [c, d]] = [half(0).to_le_bytes(), half(2).to_le_bytes()];
                [a, b, c, d]
            }
            2 => {
                let turned = u32::from_le_bytes(found).rotate_right(u32::from(channel >> 4));
                (turned ^ u32::from_le_bytes(last)).to_le_bytes()
            }
            found => return Err(MeshoptError::Channel { found }),
        };
        block[element * stride..element * stride + 4].copy_from_slice(&last);
    }
    Ok(())
}
