//! Coordinate frames that a file may be stored in, and the way from each to ours.
//! Source: nianticlabs/spz, extension `SPZ_ADOBE_coordinate_system`: the numbers and the names.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::splats::Similarity;

/// Names by number, from 1 on.
const NAMES: [&str; 16] = [
    "LDB", "RDB", "LUB", "RUB", "LDF", "RDF", "LUF", "RUF", "LFD", "RFD", "LFU", "RFU", "LBD",
    "RBD", "LBU", "RBU",
];

/// Directions of the axes, by number. The library of the format's makers (@adobe/spz 0.2.3), which wrote what files with
/// such records there are, stores other ones than the names of 9, 10, 15 and 16 tell; what it does counts.
const AXES: [&[u8; 3]; 16] = [
    b"LDB", b"RDB", b"LUB", b"RUB", b"LDF", b"RDF", b"LUF", b"RUF", b"LBU", b"RBU", b"LFU", b"RFU",
    b"LBD", b"RBD", b"LFD", b"RFD",
];

/// A coordinate frame by the directions of its x, y and z axes: right or left, up or down, back (to the viewer) or front.
/// Ours is `RUB`; 3DGS training mostly uses `RDF`, Unity `RUF`. Frames of one hand mirror those of the other.
///
/// `LFD`, `RFD`, `LBU` and `RBU` are names only: by them the format's library stores what it should call `LBU`, `RBU`, `LFD`
/// and `RFD`, and so do we.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Frame(u8);

impl Frame {
    /// Right, up, back: ours, and that of a file that names none.
    pub const OURS: Self = Self(4);

    /// By its number in files, 1 to 16. 0 (unspecified) is [`None`] as well.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| (1..=16).contains(number)).map(Self)
    }

    /// By its name, like `RDF`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let idx = NAMES.iter().position(|known| *known == name)?;
        Some(Self(idx as u8 + 1))
    }

    /// All sixteen.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=16).map(Self)
    }

    /// The number in files.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0 as u32
    }

    /// Three letters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        NAMES[self.0 as usize - 1]
    }

    /// From values in this frame to ours. No map between frames changes sizes: each is a turn, some with a mirror.
    #[must_use]
    pub fn to_ours(self) -> Similarity {
        similarity(self.matrix())
    }

    /// From our values to this frame.
    #[must_use]
    pub fn from_ours(self) -> Similarity {
        let rows = self.matrix();
        similarity([0, 1, 2].map(|column| rows.map(|row| row[column])))
    }

    /// Rows: right, up, back; columns: x, y, z.
    fn matrix(self) -> [[f64; 3]; 3] {
        let mut rows = [[0.0; 3]; 3];
        for (column, letter) in AXES[self.0 as usize - 1].iter().enumerate() {
            let (row, sign) = match letter {
                b'R' => (0, 1.0),
                b'L' => (0, -1.0),
                b'U' => (1, 1.0),
                b'D' => (1, -1.0),
                b'B' => (2, 1.0),
                _ => (2, -1.0),
            };
            rows[row][column] = sign;
        }
        rows
    }
}

impl std::fmt::Display for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// `rows` has one 1 or −1 in each row and each column.
fn similarity(rows: [[f64; 3]; 3]) -> Similarity {
    let [[a, b, c], [d, e, f], [g, h, i]] = rows;
    let determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
    let rows = rows.map(|row| row.map(|value| determinant * value));
    Similarity::new(quaternion(rows), determinant, [0.0; 3]).unwrap_or(Similarity::IDENTITY)
}

/// w, x, y, z of a rotation matrix whose entries are 0, 1 and −1. The x axis stays in its line in every frame, so components
/// are 0, ±√½ and ±1.
fn quaternion(rows: [[f64; 3]; 3]) -> [f64; 4] {
    let [x, y, z] = [rows[0][0], rows[1][1], rows[2][2]];
    // Four times the square of each component.
    let squares = [1.0 + x + y + z, 1.0 + x - y - z, 1.0 - x + y - z, 1.0 - x - y + z];
    let mut q = squares.map(|square| match square {
        square if square > 3.0 => 1.0,
        square if square > 1.0 => FRAC_1_SQRT_2,
        _ => 0.0,
    });
    // About x if there is a w; else a half turn, its axis given but for the sign between y and z.
    let is_negative = if q[0] > 0.0 { rows[2][1] < 0.0 } else { rows[2][1] + rows[1][2] < 0.0 };
    if is_negative {
        let idx = if q[0] > 0.0 { 1 } else { 3 };
        q[idx] = -q[idx];
    }
    q
}
