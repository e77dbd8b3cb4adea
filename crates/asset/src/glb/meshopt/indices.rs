//! The index streams: triangles that share edges and vertices with those just before, and plain sequences.

use super::MeshoptError;

/// Longest variable-length number.
const VARINT_BYTES_MAX: u32 = 5;

/// `count` indices of `size` bytes, three for each triangle.
pub(super) fn triangles(source: &[u8], count: usize, size: usize) -> Result<Vec<u8>, MeshoptError> {
    if !count.is_multiple_of(3) {
        return Err(MeshoptError::Triangles { found: count });
    }
    // Version 0 has no short codes for steps of one.
    let near_max = match source.first() {
        Some(0xe1) => 13,
        Some(0xe0) => 15,
        Some(&found) => return Err(MeshoptError::Header { found, wanted: 0xe1 }),
        None => return Err(MeshoptError::Cut),
    };
    let (codes, rest) = source[1..].split_at_checked(count / 3).ok_or(MeshoptError::Cut)?;
    let (data, table) = rest.split_last_chunk::<16>().ok_or(MeshoptError::Cut)?;
    let mut state = State { data, last: 0, next: 0, ..State::default() };
    let mut bytes = Vec::with_capacity(count * size);
    for &code in codes {
        let corners = if code < 0xf0 {
            state.on_edge(code >> 4, code & 15, near_max)?
        } else if code < 0xfe {
            let corners = table[usize::from(code & 15)];
            state.alone(0, corners >> 4, corners & 15)?
        } else {
            let corners = state.byte()?;
            if corners == 0 {
                state.next = 0;
            }
            state.alone(if code == 0xfe { 0 } else { 15 }, corners >> 4, corners & 15)?
        };
        corners.iter().for_each(|index| bytes.extend_from_slice(&index.to_le_bytes()[..size]));
    }
    state.end(bytes)
}

/// `count` indices of `size` bytes, each a step from one of two before.
pub(super) fn sequence(source: &[u8], count: usize, size: usize) -> Result<Vec<u8>, MeshoptError> {
    match source.first() {
        Some(0xd0 | 0xd1) => {}
        Some(&found) => return Err(MeshoptError::Header { found, wanted: 0xd1 }),
        None => return Err(MeshoptError::Cut),
    }
    let (data, _) = source[1..].split_last_chunk::<4>().ok_or(MeshoptError::Cut)?;
    // Every index takes a byte at least.
    if data.len() < count {
        return Err(MeshoptError::Cut);
    }
    let mut state = State { data, ..State::default() };
    let mut lasts = [0_u32; 2];
    let mut bytes = Vec::with_capacity(count * size);
    for _ in 0..count {
        let code = state.varint()?;
        let last = &mut lasts[(code & 1) as usize];
        *last = last.wrapping_add(unzigzag(code >> 1));
        bytes.extend_from_slice(&last.to_le_bytes()[..size]);
    }
    state.end(bytes)
}

/// What is remembered of triangles before, in rings of 16.
#[derive(Default)]
struct State<'a> {
    data: &'a [u8],
    /// The next vertex that was not seen yet.
    next: u32,
    /// The last index that was written out.
    last: u32,
    edges: [[u32; 2]; 16],
    edge_at: u8,
    vertices: [u32; 16],
    vertex_at: u8,
}

impl State<'_> {
    fn byte(&mut self) -> Result<u8, MeshoptError> {
        let (&byte, rest) = self.data.split_first().ok_or(MeshoptError::Cut)?;
        self.data = rest;
        Ok(byte)
    }

    fn varint(&mut self) -> Result<u32, MeshoptError> {
        let mut value = 0;
        for at in 0..VARINT_BYTES_MAX {
            let byte = self.byte()?;
            value |= u32::from(byte & 127) << (7 * at);
            if byte < 128 {
                break;
            }
        }
        Ok(value)
    }

    fn end(&self, bytes: Vec<u8>) -> Result<Vec<u8>, MeshoptError> {
        match self.data.len() {
            0 => Ok(bytes),
            left => Err(MeshoptError::Rest { left }),
        }
    }

    fn new_vertex(&mut self) -> u32 {
        let index = self.next;
        self.next = index.wrapping_add(1);
        index
    }

    fn written_out(&mut self) -> Result<u32, MeshoptError> {
        self.last = self.last.wrapping_add(unzigzag(self.varint()?));
        Ok(self.last)
    }

    /// The vertex `back` places ago; 1 is the last one.
    fn vertex(&self, back: u8) -> u32 {
        self.vertices[usize::from(self.vertex_at.wrapping_sub(back) & 15)]
    }

    fn push_vertex(&mut self, index: u32) {
        self.vertices[usize::from(self.vertex_at & 15)] = index;
        self.vertex_at = self.vertex_at.wrapping_add(1);
    }

    fn push_edge(&mut self, from: u32, to: u32) {
        self.edges[usize::from(self.edge_at & 15)] = [from, to];
        self.edge_at = self.edge_at.wrapping_add(1);
    }

    /// A triangle on an edge of an earlier one.
    fn on_edge(&mut self, edge: u8, third: u8, near_max: u8) -> Result<[u32; 3], MeshoptError> {
        let [a, b] = self.edges[usize::from(self.edge_at.wrapping_sub(1 + edge) & 15)];
        let (c, is_pushed) = match third {
            0 => (self.new_vertex(), true),
            near if near < near_max => (self.vertex(1 + near), false),
            15 => (self.written_out()?, true),
            step => {
                let step = if step == 13 { u32::MAX } else { 1 };
                self.last = self.last.wrapping_add(step);
                (self.last, true)
            }
        };
        if is_pushed {
            self.push_vertex(c);
        }
        self.push_edge(c, b);
        self.push_edge(a, c);
        Ok([a, b, c])
    }

    /// A triangle whose corners are each new (0), seen (1 to 14), or written out (15).
    fn alone(&mut self, first: u8, second: u8, third: u8) -> Result<[u32; 3], MeshoptError> {
        // All that is new is counted before anything is read.
        let known = |this: &mut Self, code| match code {
            0 => this.new_vertex(),
            15 => 0,
            back => this.vertex(back),
        };
        let mut corners = [first, second, third].map(|code| known(self, code));
        for (corner, code) in corners.iter_mut().zip([first, second, third]) {
            if code == 15 {
                *corner = self.written_out()?;
            }
        }
        let [a, b, c] = corners;
        for (index, code) in [(a, 0), (b, second), (c, third)] {
            if matches!(code, 0 | 15) {
                self.push_vertex(index);
            }
        }
        self.push_edge(b, a);
        self.push_edge(c, b);
        self.push_edge(a, c);
        Ok(corners)
    }
}

const fn unzigzag(code: u32) -> u32 {
    (code >> 1) ^ (code & 1).wrapping_neg()
}
