//! Colour by spherical harmonics, backwards: from dL/d colour to the coefficients and to the direction of view.
//! Source: rendering specification §B.7; degree 4 by the definition of the real spherical harmonics.

use asset::RawSplat;
use glam::Vec3;

/// Coefficients per channel at the highest degree.
const N_MAX: usize = 25;

/// A basis function's value and its derivative by the (unit) direction.
type Term = (f32, [f32; 3]);

/// Adds dL/d coefficients to `into_dc` and `into_rest` (`[coefficient, channel]` flat) and returns dL/d position, which is
/// what turning the direction of view does. `away` is position − eye; `d_colour` is dL/d colour after the clamp at 0.
pub(super) fn backward(
    splat: &RawSplat<'_>,
    away: Vec3,
    d_colour: [f32; 3],
    into_dc: &mut [f32; 3],
    into_rest: &mut [f32],
) -> Vec3 {
    let c0 = asset::splats::SH_C0;
    if splat.sh_rest.is_empty() {
        for channel in 0..3 {
            into_dc[channel] += c0 * d_colour[channel];
        }
        return Vec3::ZERO;
    }

    let distance = away.length();
    let direction = away / distance;
    let mut terms = [(0.0, [0.0; 3]); N_MAX];
    let n_rest = splat.sh_rest.len() / 3;
    basis(direction, n_rest, &mut terms);

    let mut colour = splat.sh_dc.map(|c| 0.5 + c0 * c);
    for ((value, _), coefficient) in terms[1..].iter().zip(splat.sh_rest.chunks_exact(3)) {
        for channel in 0..3 {
            colour[channel] += value * coefficient[channel];
        }
    }
    let mut asked = d_colour;
    for channel in 0..3 {
        if colour[channel] < 0.0 {
            asked[channel] = 0.0;
        }
        into_dc[channel] += c0 * asked[channel];
    }
    let mut d_direction = Vec3::ZERO;
    let rest = splat.sh_rest.chunks_exact(3).zip(into_rest.chunks_exact_mut(3));
    for ((value, slope), (coefficient, into)) in terms[1..].iter().zip(rest) {
        let mut along = 0.0;
        for channel in 0..3 {
            into[channel] += value * asked[channel];
            along += coefficient[channel] * asked[channel];
        }
        d_direction += along * Vec3::from_array(*slope);
    }
    (d_direction - direction * direction.dot(d_direction)) / distance
}

/// Terms 1 to `n_rest` (3, 8, 15 or 24). Each is a polynomial in x, y, z, differentiated as it stands.
fn basis(direction: Vec3, n_rest: usize, terms: &mut [Term; N_MAX]) {
    let [x, y, z] = direction.to_array();
    let (xx, yy, zz) = (x * x, y * y, z * z);
    let mut set = |at: usize, scale: f32, value: f32, slope: [f32; 3]| {
        terms[at] = (scale * value, slope.map(|s| scale * s));
    };
    set(1, -0.488_602_5, y, [0.0, 1.0, 0.0]);
    set(2, 0.488_602_5, z, [0.0, 0.0, 1.0]);
    set(3, -0.488_602_5, x, [1.0, 0.0, 0.0]);
    if n_rest < 8 {
        return;
    }
    set(4, 1.092_548_4, x * y, [y, x, 0.0]);
    set(5, -1.092_548_4, y * z, [0.0, z, y]);
    set(6, 0.315_391_57, 3.0 * zz - 1.0, [0.0, 0.0, 6.0 * z]);
    set(7, -1.092_548_4, x * z, [z, 0.0, x]);
    set(8, 0.546_274_2, xx - yy, [2.0 * x, -2.0 * y, 0.0]);
    if n_rest < 15 {
        return;
    }
    set(9, -0.590_043_6, y * (3.0 * xx - yy), [6.0 * x * y, 3.0 * (xx - yy), 0.0]);
    set(10, 2.890_611_4, x * y * z, [y * z, x * z, x * y]);
    set(11, -0.457_045_8, y * (5.0 * zz - 1.0), [0.0, 5.0 * zz - 1.0, 10.0 * y * z]);
    set(12, 0.373_176_34, z * (5.0 * zz - 3.0), [0.0, 0.0, 15.0 * zz - 3.0]);
    set(13, -0.457_045_8, x * (5.0 * zz - 1.0), [5.0 * zz - 1.0, 0.0, 10.0 * x * z]);
    set(14, 1.445_305_7, z * (xx - yy), [2.0 * x * z, -2.0 * y * z, xx - yy]);
    set(15, -0.590_043_6, x * (xx - 3.0 * yy), [3.0 * (xx - yy), -6.0 * x * y, 0.0]);
    if n_rest < 24 {
        return;
    }
    let seven = 7.0 * zz - 1.0;
    set(16, 2.503_343, x * y * (xx - yy), [y * (3.0 * xx - yy), x * (xx - 3.0 * yy), 0.0]);
    set(
        17,
        -1.770_130_8,
        y * z * (3.0 * xx - yy),
        [6.0 * x * y * z, 3.0 * z * (xx - yy), y * (3.0 * xx - yy)],
    );
    set(18, 0.946_174_7, x * y * seven, [y * seven, x * seven, 14.0 * x * y * z]);
    set(
        19,
        -0.669_046_5,
        y * z * (7.0 * zz - 3.0),
        [0.0, z * (7.0 * zz - 3.0), y * (21.0 * zz - 3.0)],
    );
    set(20, 0.105_785_55, zz * (35.0 * zz - 30.0) + 3.0, [0.0, 0.0, z * (140.0 * zz - 60.0)]);
    set(
        21,
        -0.669_046_5,
        x * z * (7.0 * zz - 3.0),
        [z * (7.0 * zz - 3.0), 0.0, x * (21.0 * zz - 3.0)],
    );
    set(
        22,
        0.473_087_35,
        (xx - yy) * seven,
        [2.0 * x * seven, -2.0 * y * seven, 14.0 * z * (xx - yy)],
    );
    set(
        23,
        -1.770_130_8,
        x * z * (xx - 3.0 * yy),
        [3.0 * z * (xx - yy), -6.0 * x * y * z, x * (xx - 3.0 * yy)],
    );
    set(
        24,
        0.625_835_7,
        xx * (xx - 3.0 * yy) - yy * (3.0 * xx - yy),
        [4.0 * x * (xx - 3.0 * yy), 4.0 * y * (yy - 3.0 * xx), 0.0],
    );
}
