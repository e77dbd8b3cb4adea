//! Which way up a generator's models are, and which way they face.

use std::fmt;
use std::str::FromStr;

/// The axes of a generator's models. The convention here is +Y up, facing +Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axes {
    up: Axis,
    front: Axis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Axis {
    /// 0 is x, 1 is y, 2 is z.
    at: usize,
    is_negative: bool,
}

/// No [`Axes`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AxesError {
    /// Other words.
    #[error("axes {0:?} are not like \"+y up\" or \"+z up, -y front\"")]
    Words(String),
    /// The same axis twice.
    #[error("axes {0:?}: up and front are the same axis")]
    Same(String),
}

impl Axes {
    /// +Y up, facing +Z.
    pub const UPRIGHT: Self = Self { up: Axis::new(1, false), front: Axis::new(2, false) };

    /// Where each axis of an upright model comes from: number of the old axis, and its sign.
    pub(crate) fn sources(self) -> [(usize, f32); 3] {
        let Self { up, front } = self;
        // The third axis makes the system right-handed: x = y × z.
        let at = 3 - up.at - front.at;
        let is_cyclic = (up.at + 1) % 3 == front.at;
        let is_negative = up.is_negative ^ front.is_negative ^ !is_cyclic;
        [Axis::new(at, is_negative), up, front].map(|axis| (axis.at, axis.sign()))
    }

    /// The turn that makes a model upright, as a quaternion w, x, y, z.
    pub(crate) fn rotation(self) -> [f64; 4] {
        let mut rows = [[0.0_f64; 3]; 3];
        for (row, (at, sign)) in rows.iter_mut().zip(self.sources()) {
            row[at] = f64::from(sign);
        }
        let diagonal = [rows[0][0], rows[1][1], rows[2][2]];
        let [x, y, z] = diagonal;
        // Twice the components but for their signs, which the largest one settles.
        let squares = [1.0 + x + y + z, 1.0 + x - y - z, 1.0 - x + y - z, 1.0 - x - y + z];
        let differences =
            [rows[2][1] - rows[1][2], rows[0][2] - rows[2][0], rows[1][0] - rows[0][1]];
        let sums = [rows[2][1] + rows[1][2], rows[0][2] + rows[2][0], rows[1][0] + rows[0][1]];
        let largest = (0..4).fold(0, |best, i| if squares[i] > squares[best] { i } else { best });
        let [wx, wy, wz] = differences;
        let [yz, xz, xy] = sums;
        match largest {
            0 => [squares[0], wx, wy, wz],
            1 => [wx, squares[1], xy, xz],
            2 => [wy, xy, squares[2], yz],
            _ => [wz, xz, yz, squares[3]],
        }
    }
}

impl Default for Axes {
    fn default() -> Self {
        Self::UPRIGHT
    }
}

impl Axis {
    const fn new(at: usize, is_negative: bool) -> Self {
        Self { at, is_negative }
    }

    const fn sign(self) -> f32 {
        if self.is_negative { -1.0 } else { 1.0 }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.is_negative { '-' } else { '+' }, ['x', 'y', 'z'][self.at])
    }
}

impl fmt::Display for Axes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} up, {} front", self.up, self.front)
    }
}

impl FromStr for Axis {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (is_negative, letter) = match text.as_bytes() {
            [b'+', letter] | [letter] => (false, letter),
            [b'-', letter] => (true, letter),
            _ => return Err(()),
        };
        let at = b"xyz".iter().position(|axis| *axis == letter.to_ascii_lowercase()).ok_or(())?;
        Ok(Self { at, is_negative })
    }
}

impl FromStr for Axes {
    type Err = AxesError;

    /// `"+y up"`, or `"+z up, -y front"`. Without a front: +Z, but for Z up the one from which Blender looks, -Y for +Z up
    /// and +Y for -Z up.
    fn from_str(text: &str) -> Result<Self, AxesError> {
        let wrong = || AxesError::Words(text.chars().take(40).collect());
        let lower = text.to_ascii_lowercase();
        let axis = |part: &str, word: &str| -> Option<Axis> {
            part.trim().strip_suffix(word)?.trim_end().parse().ok()
        };
        let mut parts = lower.split(',');
        let up = parts.next().and_then(|part| axis(part, "up")).ok_or_else(wrong)?;
        let front = match parts.next() {
            Some(part) => axis(part, "front").ok_or_else(wrong)?,
            None if up.at == 2 => Axis::new(1, !up.is_negative),
            None => Axis::new(2, false),
        };
        if parts.next().is_some() {
            return Err(wrong());
        }
        if up.at == front.at {
            return Err(AxesError::Same(text.chars().take(40).collect()));
        }
        Ok(Self { up, front })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = ["+x", "-x", "+y", "-y", "+z", "-z"];

    fn all() -> impl Iterator<Item = Axes> {
        NAMES.iter().flat_map(|up| {
            NAMES.iter().filter_map(move |front| format!("{up} up, {front} front").parse().ok())
        })
    }

    fn apply(quaternion: [f64; 4], v: [f64; 3]) -> [f64; 3] {
        let length = quaternion.iter().map(|x| x * x).sum::<f64>().sqrt();
        let [w, x, y, z] = quaternion.map(|q| q / length);
        let cross = |a: [f64; 3], b: [f64; 3]| {
            [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
        };
        let q = [x, y, z];
        let t = cross(q, v).map(|c| 2.0 * c);
        let u = cross(q, t);
        [0, 1, 2].map(|i| v[i] + w * t[i] + u[i])
    }

    #[test]
    fn every_system_of_axes_is_a_turn_that_brings_up_to_y_and_front_to_z() {
        assert_eq!(all().count(), 24);
        for axes in all() {
            let sources = axes.sources();
            for (axis, wanted) in [(axes.up, 1), (axes.front, 2)] {
                let mut before = [0.0; 3];
                before[axis.at] = f64::from(axis.sign());
                let after = apply(axes.rotation(), before);
                let mut goal = [0.0; 3];
                goal[wanted] = 1.0;
                assert!(
                    (0..3).all(|i| (after[i] - goal[i]).abs() < 1e-12),
                    "{axes}: {before:?} went to {after:?}"
                );
            }
            let before = [0.25, 0.5, 1.0];
            let turned = apply(axes.rotation(), before);
            for (axis, (at, sign)) in sources.into_iter().enumerate() {
                assert!((turned[axis] - before[at] * f64::from(sign)).abs() < 1e-12, "{axes}");
            }
            assert_eq!(axes.to_string().parse(), Ok(axes));
        }
    }

    #[test]
    fn words() {
        let parse = |text: &str| text.parse::<Axes>().map(|axes| axes.to_string());
        for (text, meant) in [
            ("+y up", "+y up, +z front"),
            ("Y up", "+y up, +z front"),
            ("-y up", "-y up, +z front"),
            ("+z up", "+z up, -y front"),
            ("-z up", "-z up, +y front"),
            ("x up", "+x up, +z front"),
            ("+z up , +x front", "+z up, +x front"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(meant));
        }
        for text in
            ["", "up", "y", "+w up", "++y up", "y up, z front, x", "y up, z", "yup,", "é up"]
        {
            assert!(parse(text).is_err(), "{text:?} was taken");
        }
        assert!(matches!(parse("+y up, -y front"), Err(AxesError::Same(_))));
    }
}
