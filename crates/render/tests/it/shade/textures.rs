//! Texture sampling against cases worked out by hand.

use glam::{Vec2, Vec4};
use render::shade::texture::{Channels, Filter, Sampler, Texels, Texture, Transform, Wrap};

/// Four texels in a row: 0, 51, 102, 255.
fn row() -> Texture {
    Texture::new(4, 1, Channels::Red, Texels::Byte(vec![0, 51, 102, 255]), true).unwrap()
}

fn red(texture: &Texture, sampler: &Sampler, u: f32) -> f32 {
    texture.sample(sampler, Vec2::new(u, 0.5), Vec2::ZERO, Vec2::ZERO).x
}

fn near(found: f32, expected: f32, what: &str) {
    assert!((found - expected).abs() < 1e-5, "{what}: {found}, not {expected}");
}

#[test]
fn filters_and_wraps() {
    let nearest = Sampler::default();
    near(red(&row(), &nearest, 0.26), 0.2, "the texel it is in");
    near(red(&row(), &nearest, -3.0), 0.0, "clamped");
    near(red(&row(), &nearest, 1.0), 1.0, "clamped at the end");
    let repeat = Sampler { wrap: [Wrap::Repeat; 2], ..nearest };
    near(red(&row(), &repeat, 1.3), 0.2, "repeated");
    near(red(&row(), &repeat, -0.1), 1.0, "repeated to the left");
    let mirror = Sampler { wrap: [Wrap::Mirror; 2], ..nearest };
    near(red(&row(), &mirror, 1.3), 0.4, "mirrored");
    near(red(&row(), &mirror, -0.3), 0.2, "mirrored to the left");

    let linear = Sampler { magnify: Filter::Linear, minify: Filter::Linear, ..nearest };
    near(red(&row(), &linear, 0.375), 0.2, "a centre");
    near(red(&row(), &linear, 0.25), 0.1, "half way");
    near(red(&row(), &linear, 0.0), 0.0, "before the first centre");
    let seam = Sampler { wrap: [Wrap::Repeat; 2], ..linear };
    near(red(&row(), &seam, 0.0), 0.5, "across the seam");
    for u in [f32::NAN, f32::INFINITY, -1e30] {
        assert!(red(&row(), &seam, u).is_finite(), "at {u}");
    }
}

#[test]
fn formats_fill_missing_channels() {
    let at = |t: Texture| t.sample(&Sampler::default(), Vec2::splat(0.5), Vec2::ZERO, Vec2::ZERO);
    let one = |channels, texels, srgb| at(Texture::new(1, 1, channels, texels, srgb).unwrap());
    let half = one(Channels::RedGreen, Texels::Half(vec![0x3C00, 0xC000]), false);
    assert_eq!(half, Vec4::new(1.0, -2.0, 0.0, 1.0));
    let float = one(Channels::Red, Texels::Float(vec![7.5]), true);
    assert_eq!(float, Vec4::new(7.5, 0.0, 0.0, 1.0));
    let srgb = one(Channels::Rgba, Texels::Byte(vec![128, 0, 255, 128]), true);
    near(srgb.x, 0.215_860_5, "decoded");
    near(srgb.w, 128.0 / 255.0, "alpha is not");
    assert_eq!(at(Texture::empty().with_mip_levels()), Vec4::ZERO);
    let short = Texture::new(2, 2, Channels::Rgba, Texels::Byte(vec![0; 15]), false);
    assert_eq!(short.unwrap_err().to_string(), "texture of 2 × 2: 15 numbers do not fill it");
}

#[test]
fn mip_levels_are_chosen_by_footprint() {
    let texture = row().with_mip_levels();
    assert_eq!(texture.level_count(), 3);
    let trilinear = Sampler {
        magnify: Filter::Linear,
        minify: Filter::Linear,
        mip: Some(Filter::Linear),
        ..Sampler::default()
    };
    // Levels: bytes 26 and 179, then 103 (halves go up).
    let at = |texels: f32| {
        let step = Vec2::new(texels / 4.0, 0.0);
        texture.sample(&trilinear, Vec2::new(0.25, 0.5), step, Vec2::ZERO).x
    };
    near(at(1.0), 0.1, "level 0");
    near(at(2.0), 26.0 / 255.0, "level 1");
    near(at(4.0), 103.0 / 255.0, "level 2");
    near(at(1e6), 103.0 / 255.0, "no further");
    near(at(2.0 * 2.0_f32.sqrt()), (26.0 + 103.0) / 510.0, "between");
    let sharp = Sampler { anisotropy: 16, ..trilinear };
    let step = Vec2::new(0.5, 0.0);
    let stretched = texture.sample(&sharp, Vec2::new(0.25, 0.5), step, Vec2::ZERO).x;
    near(stretched, 0.1, "two texels of level 0, averaged along the footprint");
}

#[test]
fn srgb_mip_levels_average_light() {
    let texels = Texels::Byte(vec![0, 0, 0, 255, 255, 255, 255, 255]);
    let texture = Texture::new(2, 1, Channels::Rgba, texels, true).unwrap().with_mip_levels();
    let mean = texture.sample_level(&Sampler::default(), Filter::Nearest, Vec2::ZERO, 1);
    assert!((mean.x - 0.5).abs() < 0.005, "{mean}");
}

#[test]
fn coordinates_turn_about_their_centre() {
    let quarter = Transform {
        repeat: Vec2::new(2.0, 1.0),
        offset: Vec2::new(0.0, 0.25),
        centre: Vec2::splat(0.5),
        rotation: std::f32::consts::FRAC_PI_2,
    };
    let found = quarter.resolve().point(Vec2::new(0.5, 0.75));
    assert!((found - Vec2::new(1.0, 0.75)).length() < 1e-6, "{found}");
}
