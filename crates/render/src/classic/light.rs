//! sRGB bytes to light and light to bytes, by table. Source: rendering specification §C.4.

use std::sync::LazyLock;

/// Steps of the decoding table.
const STEPS: usize = 4096;

/// Light of a filtered sRGB value in 0 to 1.
#[inline]
pub(super) fn decode(srgb: f32) -> f32 {
    static TABLE: LazyLock<Vec<f32>> = LazyLock::new(|| {
        let light = |step: usize| {
            let c = step as f64 / STEPS as f64;
            let light = if c < 0.04045 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) };
            light as f32
        };
        (0..=STEPS + 1).map(light).collect()
    });
    let place = srgb.max(0.0).min(1.0) * STEPS as f32;
    let step = place as usize;
    let (low, high) = (TABLE[step], TABLE[step + 1]);
    low + (high - low) * (place - step as f32)
}

/// The byte nearest to 255 · light^(1/2.2), clamped; NaN is 0.
#[inline]
pub(super) fn encode(light: f32) -> u8 {
    /// From how much light on a byte is the answer, and the answer for the start of each step of √light.
    struct Table {
        from: [f32; 257],
        first: [u8; STEPS + 1],
    }
    static TABLE: LazyLock<Box<Table>> = LazyLock::new(|| {
        let mut table = Box::new(Table { from: [0.0; 257], first: [0; STEPS + 1] });
        for (byte, from) in table.from.iter_mut().enumerate().skip(1) {
            *from = libm::pow((byte as f64 - 0.5) / 255.0, 2.2) as f32;
        }
        table.from[256] = f32::INFINITY;
        let mut byte = 0;
        for step in 0..=STEPS {
            let root = step as f32 / STEPS as f32;
            while byte < 255 && table.from[byte + 1] <= root * root {
                byte += 1;
            }
            table.first[step] = byte as u8;
        }
        table
    });
    let light = light.max(0.0).min(1.0);
    let step = (light.sqrt() * STEPS as f32) as usize;
    // The start of the step before, since the root is rounded.
    let mut byte = TABLE.first[step.saturating_sub(1)];
    while TABLE.from[usize::from(byte) + 1] <= light {
        byte += 1;
    }
    byte
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_give_what_the_formulas_give() {
        for i in 0..=100_000_u32 {
            let c = f64::from(i) / 100_000.0;
            let light = if c < 0.04045 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) };
            let error = (f64::from(decode(c as f32)) - light).abs();
            assert!(error < 2e-6, "{c}: off by {error}");
            let byte = libm::pow(f64::from(c as f32), 1.0 / 2.2) * 255.0;
            let error = (f64::from(encode(c as f32)) - byte).abs();
            assert!(error < 0.500_1, "{c}: {byte} became {}", encode(c as f32));
        }
    }

    #[test]
    fn what_is_not_a_colour_is_clamped() {
        assert_eq!(
            [f32::NAN, -1.0, 0.0, 1.0, 7.0, f32::INFINITY].map(encode),
            [0, 0, 0, 255, 255, 255]
        );
        assert_eq!(decode(f32::NAN), 0.0);
        assert!((decode(2.0) - 1.0).abs() < 1e-6);
    }
}
