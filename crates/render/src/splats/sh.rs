//! Colour of a splat from its spherical harmonics, degrees 0 to 4.
//! Source: rendering specification §B.7 (degrees 0–3); degree 4 continues the same real basis, signs (−1)^m, and the
//! tests check that all 25 functions are orthonormal on the sphere.

use asset::splats::SH_C0;

/// Basis functions above degree 0 that [`basis`] fills at most.
pub(crate) const REST_MAX: usize = 24;

/// Values of the basis functions above degree 0 in coefficient order, for a unit direction from the eye to the splat.
/// Only the first (degree + 1)² − 1 are filled; the rest stay 0.
#[inline(always)]
pub(crate) fn basis(degree: u8, [x, y, z]: [f32; 3]) -> [f32; REST_MAX] {
    let mut b = [0.0; REST_MAX];
    if degree >= 1 {
        b[0] = -0.488_602_52 * y;
        b[1] = 0.488_602_52 * z;
        b[2] = -0.488_602_52 * x;
    }
    let (xx, yy, zz) = (x * x, y * y, z * z);
    if degree >= 2 {
        b[3] = 1.092_548_4 * x * y;
        b[4] = -1.092_548_4 * y * z;
        b[5] = 0.946_174_7 * zz - 0.315_391_57;
        b[6] = -1.092_548_4 * x * z;
        b[7] = 0.546_274_2 * (xx - yy);
    }
    if degree >= 3 {
        let ring = 0.457_045_8 - 2.285_229 * zz;
        b[8] = -0.590_043_6 * y * (3.0 * xx - yy);
        b[9] = 2.890_611_4 * x * y * z;
        b[10] = y * ring;
        b[11] = z * (1.865_881_7 * zz - 1.119_529);
        b[12] = x * ring;
        b[13] = 1.445_305_7 * z * (xx - yy);
        b[14] = -0.590_043_6 * x * (xx - 3.0 * yy);
    }
    if degree >= 4 {
        b[15] = 2.503_343 * x * y * (xx - yy);
        b[16] = -1.770_130_8 * y * z * (3.0 * xx - yy);
        b[17] = 0.946_174_7 * x * y * (7.0 * zz - 1.0);
        b[18] = -0.669_046_5 * y * z * (7.0 * zz - 3.0);
        b[19] = 0.105_785_55 * (zz * (35.0 * zz - 30.0) + 3.0);
        b[20] = -0.669_046_5 * x * z * (7.0 * zz - 3.0);
        b[21] = 0.473_087_35 * (xx - yy) * (7.0 * zz - 1.0);
        b[22] = -1.770_130_8 * x * z * (xx - 3.0 * yy);
        b[23] = 0.625_835_7 * (xx * (xx - 3.0 * yy) - yy * (3.0 * xx - yy));
    }
    b
}

/// Display-referred colour: 0.5 + Σ basis · coefficient. Clamped below at 0 only when the degree is 1 or more, as the
/// original does. `rest` is `[coefficient, channel]` flat and empty at degree 0; `direction` is a unit vector.
#[inline(always)]
pub(crate) fn colour(degree: u8, dc: [f32; 3], rest: &[f32], direction: [f32; 3]) -> [f32; 3] {
    let mut colour = dc.map(|c| 0.5 + SH_C0 * c);
    if degree == 0 {
        return colour;
    }
    let basis = basis(degree, direction);
    for (weight, coefficient) in basis.iter().zip(rest.as_chunks::<3>().0) {
        for (sum, value) in colour.iter_mut().zip(coefficient) {
            *sum += weight * value;
        }
    }
    // Not `max`: a NaN must stay one, so that the splat is skipped.
    colour.map(|c| if c < 0.0 { 0.0 } else { c })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gauss–Legendre would be exact; a fine midpoint rule is plain and good to 1e−4.
    #[test]
    fn basis_is_orthonormal_on_the_sphere() {
        let (n_theta, n_phi) = (300, 80);
        let mut gram = vec![[0.0_f64; REST_MAX + 1]; REST_MAX + 1];
        for i in 0..n_theta {
            let z = -1.0 + (f64::from(i) + 0.5) * 2.0 / f64::from(n_theta);
            let ring = (1.0 - z * z).sqrt();
            for j in 0..n_phi {
                let phi = (f64::from(j) + 0.5) * std::f64::consts::TAU / f64::from(n_phi);
                let direction = [ring * libm::cos(phi), ring * libm::sin(phi), z];
                let mut values = [f64::from(SH_C0); REST_MAX + 1];
                for (value, b) in values[1..].iter_mut().zip(basis(4, direction.map(|c| c as f32)))
                {
                    *value = f64::from(b);
                }
                let area = 4.0 * std::f64::consts::PI / f64::from(n_theta * n_phi);
                for (row, a) in gram.iter_mut().zip(values) {
                    for (cell, b) in row.iter_mut().zip(values) {
                        *cell += area * a * b;
                    }
                }
            }
        }
        for (i, row) in gram.iter().enumerate() {
            for (j, &found) in row.iter().enumerate() {
                let expected = f64::from(u8::from(i == j));
                assert!((found - expected).abs() < 1e-3, "<{i},{j}> = {found}, not {expected}");
            }
        }
    }

    #[test]
    fn only_degrees_above_zero_are_clamped() {
        let dark = [-4.0, 0.0, 4.0];
        let plain = colour(0, dark, &[], [0.0, 0.0, 1.0]);
        assert!(plain[0] < -0.5, "{plain:?}");
        let seen = colour(1, dark, &[0.0; 9], [0.0, 0.0, 1.0]);
        assert_eq!(seen, [0.0, plain[1], plain[2]]);
    }

    #[test]
    fn a_lower_degree_ignores_the_higher_functions() {
        let direction = [0.48, -0.6, 0.64];
        let all = basis(4, direction);
        for degree in 0..4_u8 {
            let n = (usize::from(degree) + 1).pow(2) - 1;
            let some = basis(degree, direction);
            assert_eq!(some[..n], all[..n]);
            assert!(some[n..].iter().all(|&b| b == 0.0));
        }
    }
}
