//! Quaternions in four bytes: three components, and which one is left out.

use crate::webp::Pixel;

/// Alpha where w is left out; x, y, z follow.
pub(super) const TAG_MIN: u8 = 252;

/// The pixel of a quaternion w, x, y, z of any length but zero.
pub(super) fn pixel_of(rotation: [f32; 4]) -> Pixel {
    let largest = (1..4)
        .fold(0, |best, idx| if rotation[idx].abs() > rotation[best].abs() { idx } else { best });
    // By the largest first: squares of extreme values leave the range of `f32`. This makes the largest 1.
    let scaled = rotation.map(|component| component / rotation[largest]);
    let length = scaled.iter().map(|component| component * component).sum::<f32>().sqrt();
    let mut pixel = [0, 0, 0, TAG_MIN + largest as u8];
    let others = (0..4).filter(|idx| *idx != largest);
    for (byte, idx) in pixel.iter_mut().zip(others) {
        let component = scaled[idx] / length * std::f32::consts::SQRT_2;
        *byte = ((component * 0.5 + 0.5) * 255.0).round() as u8;
    }
    pixel
}

/// The unit quaternion w, x, y, z of a pixel; `None` when its tag is none.
pub(super) fn rotation_of(pixel: Pixel) -> Option<[f32; 4]> {
    let largest = usize::from(pixel[3].checked_sub(TAG_MIN)?);
    let mut rotation = [0.0; 4];
    let mut sum = 0.0;
    for (byte, idx) in pixel.into_iter().zip((0..4).filter(|idx| *idx != largest)) {
        let component = (f32::from(byte) / 255.0 * 2.0 - 1.0) * std::f32::consts::FRAC_1_SQRT_2;
        rotation[idx] = component;
        sum += component * component;
    }
    // Three bytes near the ends are no unit quaternion: the sum is then up to 1.5.
    rotation[largest] = (1.0 - sum).max(0.0).sqrt();
    Some(rotation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pixels_come_back() {
        for tag in 252..=255 {
            for bytes in [[40, 128, 127], [30, 40, 130], [120, 200, 90], [128, 127, 128]] {
                let pixel = [bytes[0], bytes[1], bytes[2], tag];
                let rotation = rotation_of(pixel).unwrap();
                let longer = rotation.map(|component| component * -3e38);
                assert_eq!((pixel_of(rotation), pixel_of(longer)), (pixel, pixel));
            }
        }
        assert_eq!(rotation_of([0, 0, 0, 251]), None);
    }
}
