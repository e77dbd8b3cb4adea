//! Filters: numbers that were stored in another way so that they compress better. Facts: `EXT_meshopt_compression`,
//! appendix "Filters"; the colour filter is in `KHR_meshopt_compression` only.

use super::MeshoptError;

pub(super) fn apply(filter: &str, bytes: &mut [u8], stride: usize) -> Result<(), MeshoptError> {
    let need = |is_good: bool, wanted| {
        if is_good { Ok(()) } else { Err(MeshoptError::Stride { found: stride, wanted }) }
    };
    let four_or_eight = || need(matches!(stride, 4 | 8), "4 or 8 is needed for this filter");
    match filter {
        "NONE" => {}
        "OCTAHEDRAL" => {
            four_or_eight()?;
            each(bytes, stride, octahedral);
        }
        "QUATERNION" => {
            need(stride == 8, "8 is needed for this filter")?;
            each(bytes, stride, |values, _| quaternion(values));
        }
        "COLOR" => {
            four_or_eight()?;
            each(bytes, stride, color);
        }
        "EXPONENTIAL" => bytes.as_chunks_mut::<4>().0.iter_mut().for_each(|bytes| {
            *bytes = exponential(i32::from_le_bytes(*bytes)).to_le_bytes();
        }),
        _ => {
            let found = filter.chars().take(40).collect();
            return Err(MeshoptError::Undefined { what: "filter", found });
        }
    }
    Ok(())
}

/// Rewrites every element as four signed integers of 8 or 16 bits; their largest value goes along.
fn each(bytes: &mut [u8], stride: usize, rewrite: impl Fn([i32; 4], i32) -> [i32; 4]) {
    if stride == 4 {
        for bytes in bytes.as_chunks_mut::<4>().0 {
            let values = bytes.map(|byte| byte.cast_signed().into());
            *bytes = rewrite(values, 127).map(|value| value as u8);
        }
    } else {
        for bytes in bytes.as_chunks_mut::<8>().0 {
            let halves = bytes.as_chunks_mut::<2>().0;
            let values = std::array::from_fn(|at| i16::from_le_bytes(halves[at]).into());
            for (half, value) in halves.iter_mut().zip(rewrite(values, 32767)) {
                *half = (value as u16).to_le_bytes();
            }
        }
    }
}

/// A whole number, half away from zero.
fn round(value: f32) -> i32 {
    (value + if value >= 0.0 { 0.5 } else { -0.5 }) as i32
}

/// A direction as a place on an unfolded octahedron, whose size is the third value. The fourth value stays.
fn octahedral([x, y, one, w]: [i32; 4], max: i32) -> [i32; 4] {
    let (mut x, mut y, one) = (x as f32, y as f32, one as f32);
    let z = one - x.abs() - y.abs();
    let below = z.min(0.0);
    x += if x >= 0.0 { below } else { -below };
    y += if y >= 0.0 { below } else { -below };
    let scale = max as f32 / (x * x + y * y + z * z).sqrt();
    [round(x * scale), round(y * scale), round(z * scale), w]
}

/// Three components of a rotation; the largest one follows from them. The fourth value says which one it is, and how
/// large the others can be.
fn quaternion([x, y, z, code]: [i32; 4]) -> [i32; 4] {
    let scale = std::f32::consts::FRAC_1_SQRT_2 / (code | 3) as f32;
    let [x, y, z] = [x, y, z].map(|value| value as f32 * scale);
    let largest = (1.0 - x * x - y * y - z * z).max(0.0).sqrt();
    let mut turned = [largest, x, y, z].map(|value| round(value * 32767.0));
    turned.rotate_right((code & 3) as usize);
    turned
}

/// A mantissa of 24 bits and an exponent of 8, both signed.
fn exponential(code: i32) -> f32 {
    let (exponent, mantissa) = (code >> 24, code << 8 >> 8);
    // Both factors are exact; a product that is too small for a float is rounded once.
    (f64::from(mantissa) * f64::from_bits(((1023 + exponent) as u64) << 52)) as f32
}

/// Luma and two differences; the highest bit of alpha says how many bits there are.
fn color([luma, orange, green, alpha]: [i32; 4], max: i32) -> [i32; 4] {
    let mask = 2 * max + 1;
    let (luma, alpha) = (luma & mask, alpha & mask);
    let bits = 32 - alpha.leading_zeros();
    let largest = ((1_i64 << bits) - 1) as i32;
    let expanded = ((alpha << 1) & largest) | (alpha & 1);
    let scale = mask as f32 / largest as f32;
    let [r, g, b] = [luma + orange - green, luma + green, luma - orange - green];
    [r, g, b, expanded].map(|value| (value as f32 * scale + 0.5) as i32)
}
