//! Reading: one stream (versions 1 to 3) or one per attribute (version 4), unpacked piece by piece into the splats.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;
use rayon::prelude::*;

use crate::splats::{Splats, SplatsParts};

use super::error::Problem;
use super::guard::Guard;
use super::header::{FLAG_EXTENSIONS, Legacy, MAGIC, V4};
use super::notes::Notes;
use super::planes::{ALL, Plane, Planes};
use super::values;

/// Bytes unpacked and decoded at a time. Two such buffers are held.
const CHUNK_BYTES: usize = 1 << 20;
/// Splats decoded by one task.
const BLOCK_SPLATS: usize = 4096;
/// Vendor records longer than this are refused; those we know have 20 bytes.
const EXTENSIONS_BYTES_MAX: u32 = 1 << 20;
/// zstd's own default, 128 MiB: memory that is touched only as far as data comes.
const WINDOW_LOG_MAX: u32 = 27;

pub(super) fn read(reader: impl Read, byte_len: Option<u64>) -> Result<(Splats, Notes), Problem> {
    let guard = Guard::default();
    let mut reader = BufReader::with_capacity(64 << 10, guard.watch(reader));
    let mut first = Vec::new();
    reader.by_ref().take(MAGIC.len() as u64).read_to_end(&mut first)?;
    let is_plain = first == MAGIC;
    let mut reader = io::Cursor::new(first).chain(reader);
    if is_plain {
        return read_v4(&mut reader, &guard, byte_len);
    }
    let mut stream = OneStream::new(GzDecoder::new(reader), &guard, "gzip");
    let header = Legacy::parse(&stream.header()?, 1..=3)?;
    let planes = Planes::of(&header);
    Guard::refuse_announced(planes.total_bytes(), byte_len)?;
    let splats = read_planes(&planes, &mut stream)?;
    let n_more_max = if header.flags & FLAG_EXTENSIONS == 0 { 0 } else { EXTENSIONS_BYTES_MAX };
    let more = stream.rest(n_more_max.into(), header.splat_count.get())?;
    let notes = Notes::of(&header, &more)?;
    Ok((notes.to_our_frame(splats), notes))
}

/// Where the bytes of an attribute come from.
pub(crate) trait PlaneSource {
    /// Called once for each attribute that has bytes, before the first of them is asked for.
    fn begin(&mut self, plane: Plane) -> Result<(), Problem>;
    /// As [`Read::read`].
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Problem>;
    /// Called after the last byte of an attribute.
    fn end(&mut self) -> Result<(), Problem>;
}

/// All attributes out of one decompressor.
pub(crate) struct OneStream<'a, D> {
    decoder: D,
    guard: &'a Guard,
    codec: &'static str,
}

impl<'a, D: Read> OneStream<'a, D> {
    pub(crate) fn new(decoder: D, guard: &'a Guard, codec: &'static str) -> Self {
        Self { decoder, guard, codec }
    }

    pub(crate) fn header(&mut self) -> Result<[u8; Legacy::BYTES], Problem> {
        let mut raw = [0; Legacy::BYTES];
        let n_read = fill(&mut raw, |buffer| self.read(buffer))?;
        if n_read < raw.len() {
            return Err(Problem::HeaderCut { byte: self.guard.packed() });
        }
        Ok(raw)
    }

    /// What follows the last attribute: at most `n_bytes_max`. Reading to the end checks the stream's checksum.
    pub(crate) fn rest(&mut self, n_bytes_max: u64, count: usize) -> Result<Vec<u8>, Problem> {
        let mut rest = Vec::new();
        (&mut self.decoder)
            .take(n_bytes_max + 1)
            .read_to_end(&mut rest)
            .map_err(|error| self.guard.blame(error, self.codec))?;
        if rest.len() as u64 > n_bytes_max {
            return Err(Problem::GoesOn { part: "the stream", count });
        }
        Ok(rest)
    }

    pub(crate) fn into_decoder(self) -> D {
        self.decoder
    }
}

impl<D: Read> PlaneSource for OneStream<'_, D> {
    fn begin(&mut self, _: Plane) -> Result<(), Problem> {
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Problem> {
        match self.decoder.read(buffer) {
            // A cut stream and one that ended early are the same to whoever asked for more.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            Err(error) => Err(self.guard.blame(error, self.codec)),
            Ok(n_bytes) => {
                self.guard.add_unpacked(n_bytes)?;
                Ok(n_bytes)
            }
        }
    }

    fn end(&mut self) -> Result<(), Problem> {
        Ok(())
    }
}

fn read_v4(
    reader: &mut impl BufRead,
    guard: &Guard,
    byte_len: Option<u64>,
) -> Result<(Splats, Notes), Problem> {
    let mut raw = [0; V4::BYTES];
    read_plain(reader, &mut raw, guard)?;
    let header = V4::parse(&raw)?;
    let planes = Planes::of(&header.common);
    Guard::refuse_announced(planes.total_bytes(), byte_len)?;

    let n_extension_bytes = header.toc_offset - V4::BYTES as u32;
    if n_extension_bytes > EXTENSIONS_BYTES_MAX {
        return Err(Problem::Wrong {
            at: 16,
            name: "offset of the table of contents".to_owned(),
            found: header.toc_offset.into(),
            expected: format!("at most {}", V4::BYTES as u32 + EXTENSIONS_BYTES_MAX),
        });
    }
    let mut extensions = vec![0; n_extension_bytes as usize];
    read_plain(reader, &mut extensions, guard)?;
    let has_records = header.common.flags & FLAG_EXTENSIONS != 0;
    let notes = Notes::of(&header.common, if has_records { &extensions } else { &[] })?;

    let present = || ALL.into_iter().filter(|plane| planes.plane_bytes(*plane) > 0);
    if usize::from(header.stream_count) != present().count() {
        return Err(Problem::Wrong {
            at: 15,
            name: "number of streams".to_owned(),
            found: header.stream_count.into(),
            expected: present().count().to_string(),
        });
    }
    let mut packed_bytes = Vec::new();
    for (plane, at) in present().zip((u64::from(header.toc_offset)..).step_by(16)) {
        let mut entry = [0; 16];
        read_plain(reader, &mut entry, guard)?;
        let word = u128::from_le_bytes(entry);
        let (packed, unpacked) = (word as u64, (word >> 64) as u64);
        if unpacked != planes.plane_bytes(plane) {
            return Err(Problem::Wrong {
                at: at + 8,
                name: format!("size of the {}", plane.name()),
                found: unpacked,
                expected: planes.plane_bytes(plane).to_string(),
            });
        }
        packed_bytes.push(packed);
    }
    let mut streams = Streams {
        reader,
        guard,
        packed_bytes: packed_bytes.into_iter(),
        open: None,
        count: planes.splat_count,
    };
    let splats = read_planes(&planes, &mut streams)?;
    if !reader.fill_buf()?.is_empty() {
        return Err(Problem::GoesOn { part: "the file", count: planes.splat_count });
    }
    Ok((notes.to_our_frame(splats), notes))
}

/// Version 4: one zstd stream after the other. A stream is kept whole while it is unpacked, as it comes: a lying
/// length costs nothing.
struct Streams<'a, R> {
    reader: &'a mut R,
    guard: &'a Guard,
    packed_bytes: std::vec::IntoIter<u64>,
    open: Option<zstd::Decoder<'static, io::Cursor<Vec<u8>>>>,
    count: usize,
}

impl<R: BufRead> PlaneSource for Streams<'_, R> {
    fn begin(&mut self, plane: Plane) -> Result<(), Problem> {
        let n_bytes = self.packed_bytes.next().unwrap_or_default();
        let mut packed = Vec::new();
        self.reader.by_ref().take(n_bytes).read_to_end(&mut packed)?;
        if (packed.len() as u64) < n_bytes {
            let (attribute, count) = (plane.name(), self.count);
            return Err(Problem::Cut { attribute, splat: 0, count });
        }
        let mut decoder = zstd::Decoder::with_buffer(io::Cursor::new(packed))?;
        decoder.window_log_max(WINDOW_LOG_MAX)?;
        self.open = Some(decoder);
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Problem> {
        let Some(decoder) = &mut self.open else { return Ok(0) };
        match decoder.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            Err(error) => Err(self.guard.blame(error, "zstd")),
            Ok(n_bytes) => {
                self.guard.add_unpacked(n_bytes)?;
                Ok(n_bytes)
            }
        }
    }

    fn end(&mut self) -> Result<(), Problem> {
        if self.read(&mut [0])? > 0 {
            return Err(Problem::GoesOn { part: "a stream", count: self.count });
        }
        self.open = None;
        Ok(())
    }
}

/// A decompressor for the one frame of 404-SPZ.
pub(crate) fn one_frame<R: BufRead>(reader: R) -> io::Result<zstd::Decoder<'static, R>> {
    let mut decoder = zstd::Decoder::with_buffer(reader)?.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    Ok(decoder)
}

fn read_plain(reader: &mut impl Read, to: &mut [u8], guard: &Guard) -> Result<(), Problem> {
    reader.read_exact(to).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Problem::HeaderCut { byte: guard.packed() },
        _ => Problem::Io(error),
    })
}

/// Reads until `buffer` is full or nothing more comes; the number of bytes.
fn fill(
    buffer: &mut [u8],
    mut read: impl FnMut(&mut [u8]) -> Result<usize, Problem>,
) -> Result<usize, Problem> {
    let mut n_read = 0;
    while n_read < buffer.len() {
        match read(&mut buffer[n_read..])? {
            0 => break,
            n => n_read += n,
        }
    }
    Ok(n_read)
}

/// Reads the six attributes.
pub(crate) fn read_planes(
    planes: &Planes,
    source: &mut impl PlaneSource,
) -> Result<Splats, Problem> {
    let step = values::fixed_step(planes.fractional_bits);
    let n_rest = planes.sh_degree.rest_values();
    let positions = read_plane(planes, Plane::Positions, source, 1, |raw, to| {
        to[0] = if planes.has_half_positions {
            let (halves, _) = raw.as_chunks::<2>();
            [0, 1, 2].map(|axis| values::half_from(halves[axis]))
        } else {
            let (fixed, _) = raw.as_chunks::<3>();
            [0, 1, 2].map(|axis| values::fixed_from(fixed[axis], step))
        };
    })?;
    let opacities: Vec<f32> = (0..=255).map(values::opacity_from).collect();
    let raw_opacities = read_plane(planes, Plane::Opacities, source, 1, |raw, to| {
        to[0] = opacities[usize::from(raw[0])];
    })?;
    let sh_dc = read_plane(planes, Plane::Colours, source, 1, |raw, to| {
        to[0] = [raw[0], raw[1], raw[2]].map(values::colour_from);
    })?;
    let log_scales = read_plane(planes, Plane::Scales, source, 1, |raw, to| {
        to[0] = [raw[0], raw[1], raw[2]].map(values::scale_from);
    })?;
    let rotations = read_plane(planes, Plane::Rotations, source, 1, |raw, to| {
        to[0] = match *raw {
            [a, b, c, d] => values::smallest_three_from([a, b, c, d]),
            _ => values::first_three_from([raw[0], raw[1], raw[2]]),
        };
    })?;
    let sh_rest = read_plane(planes, Plane::Sh, source, n_rest, |raw, to| {
        for (to, raw) in to.iter_mut().zip(raw) {
            *to = values::sh_from(*raw);
        }
    })?;
    let sh_degree = planes.sh_degree;
    let parts =
        SplatsParts { positions, log_scales, rotations, raw_opacities, sh_dc, sh_degree, sh_rest };
    Ok(Splats::new(parts)?)
}

/// One attribute: `n_values` of `T` a splat, made by `decode` from its bytes. Decodes one piece in parallel while the
/// next one is unpacked; memory grows with what really comes.
fn read_plane<T: Copy + Default + Send>(
    planes: &Planes,
    plane: Plane,
    source: &mut impl PlaneSource,
    n_values: usize,
    decode: impl Fn(&[u8], &mut [T]) + Sync,
) -> Result<Vec<T>, Problem> {
    let splat_bytes = planes.splat_bytes(plane);
    let mut values = Vec::new();
    if planes.plane_bytes(plane) == 0 {
        return Ok(values);
    }
    source.begin(plane)?;
    let count = planes.splat_count;
    let mut read_chunk = |buffer: &mut Vec<u8>, n_before: usize| {
        let n_splats = (CHUNK_BYTES / splat_bytes).min(count - n_before);
        buffer.resize(n_splats * splat_bytes, 0);
        let n_read = fill(buffer, |buffer| source.read(buffer))?;
        if n_read < buffer.len() {
            let splat = n_before + n_read / splat_bytes;
            return Err(Problem::Cut { attribute: plane.name(), splat, count });
        }
        Ok(n_splats)
    };
    let (mut ready, mut next) = (Vec::new(), Vec::new());
    let mut n_read = read_chunk(&mut ready, 0)?;
    let mut n_ready = n_read;
    while n_ready > 0 {
        let start = values.len();
        let end = start + n_ready * n_values;
        if values.capacity() < end {
            let room = end.max(2 * start).min(count * n_values);
            values.reserve_exact(room - start);
        }
        values.resize(end, T::default());
        let fresh = &mut values[start..];
        let n_next = rayon::in_place_scope(|scope| {
            scope.spawn(|_| {
                fresh
                    .par_chunks_mut(BLOCK_SPLATS * n_values)
                    .zip(ready.par_chunks(BLOCK_SPLATS * splat_bytes))
                    .for_each(|(to, raw)| {
                        let splats = to.chunks_exact_mut(n_values);
                        for (to, raw) in splats.zip(raw.chunks_exact(splat_bytes)) {
                            decode(raw, to);
                        }
                    });
            });
            read_chunk(&mut next, n_read)
        })?;
        n_read += n_next;
        n_ready = n_next;
        std::mem::swap(&mut ready, &mut next);
    }
    source.end()?;
    Ok(values)
}
