//! Texture sampling against cases worked out by hand.

use glam::{DVec2, DVec4, Vec2, Vec4};
use proptest::prelude::*;
use render::shade::colour;
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
    // Levels: bytes 26 and 178, then 102 (25.5, 178.5: ties go to even).
    let at = |texels: f32| {
        let step = Vec2::new(texels / 4.0, 0.0);
        texture.sample(&trilinear, Vec2::new(0.25, 0.5), step, Vec2::ZERO).x
    };
    near(at(1.0), 0.1, "level 0");
    near(at(2.0), 26.0 / 255.0, "level 1");
    near(at(4.0), 102.0 / 255.0, "level 2");
    near(at(1e6), 102.0 / 255.0, "no further");
    near(at(2.0 * 2.0_f32.sqrt()), (26.0 + 102.0) / 510.0, "between");
    let sharp = Sampler { anisotropy: 16, ..trilinear };
    let step = Vec2::new(0.5, 0.0);
    let stretched = texture.sample(&sharp, Vec2::new(0.25, 0.5), step, Vec2::ZERO).x;
    // 16 taps from 0 to 0.5: the mean of a ramp from the first centre on.
    near(stretched, 0.1125, "level 0, averaged along the footprint");
}

#[test]
fn odd_sizes_are_halved_about_their_middle() {
    let texels = Texels::Float(vec![1.0, 2.0, 4.0, 8.0, 16.0]);
    let texture = Texture::new(5, 1, Channels::Red, texels, false).unwrap().with_mip_levels();
    let at = |u: f32, level| {
        texture.sample_level(&Sampler::default(), Filter::Nearest, Vec2::new(u, 0.0), level).x
    };
    // Two texels read at 1.25 and 3.75: three quarters from a centre, one quarter from the next.
    let [left, right] = [0.25 * 1.0 + 0.75 * 2.0, 0.75 * 8.0 + 0.25 * 16.0];
    assert_eq!([at(0.0, 1), at(0.9, 1)], [left, right]);
    assert_eq!(at(0.5, 2), (left + right) / 2.0);
    assert_eq!(texture.level_count(), 3);
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

/// The texel index of any whole coordinate.
fn wrapped(wrap: Wrap, at: f64, size: f64) -> usize {
    let inside = match wrap {
        Wrap::Clamp => at.clamp(0.0, size - 1.0),
        Wrap::Repeat => at.rem_euclid(size),
        Wrap::Mirror => {
            let twice = at.rem_euclid(2.0 * size);
            if twice < size { twice } else { 2.0 * size - 1.0 - twice }
        }
    };
    inside as usize
}

/// Texels of one level in double precision.
#[derive(Debug)]
struct Oracle {
    width: usize,
    texels: Vec<DVec4>,
}

impl Oracle {
    fn height(&self) -> usize {
        self.texels.len() / self.width
    }

    fn read(&self, wrap: [Wrap; 2], x: f64, y: f64) -> DVec4 {
        let (w, h) = (self.width as f64, self.height() as f64);
        self.texels[wrapped(wrap[1], y, h) * self.width + wrapped(wrap[0], x, w)]
    }

    fn sample(&self, wrap: [Wrap; 2], filter: Filter, uv: DVec2) -> DVec4 {
        let at = uv * DVec2::new(self.width as f64, self.height() as f64);
        if filter == Filter::Nearest {
            return self.read(wrap, at.x.floor(), at.y.floor());
        }
        let (corner, f) = ((at - 0.5).floor(), (at - 0.5) - (at - 0.5).floor());
        let row = |y: f64| {
            self.read(wrap, corner.x, corner.y + y) * (1.0 - f.x)
                + self.read(wrap, corner.x + 1.0, corner.y + y) * f.x
        };
        row(0.0) * (1.0 - f.y) + row(1.0) * f.y
    }

    fn halved(&self) -> Self {
        let (w, h) = ((self.width / 2).max(1), (self.height() / 2).max(1));
        let centre = |i: usize, n: usize| (i as f64 + 0.5) / n as f64;
        let at = |i: usize| DVec2::new(centre(i % w, w), centre(i / w, h));
        let texel = |i| self.sample([Wrap::Clamp; 2], Filter::Linear, at(i));
        Self { width: w, texels: (0..w * h).map(texel).collect() }
    }
}

fn wrap() -> impl Strategy<Value = Wrap> {
    prop_oneof![Just(Wrap::Clamp), Just(Wrap::Repeat), Just(Wrap::Mirror)]
}

/// A texture of floats and the same in double precision.
fn floats() -> impl Strategy<Value = (Texture, Oracle)> {
    (1..9_usize, 1..9_usize).prop_flat_map(|(width, height)| {
        proptest::collection::vec(-4.0..4.0_f32, width * height * 4).prop_map(move |data| {
            let texels = data.chunks_exact(4).map(|c| Vec4::from_slice(c).as_dvec4()).collect();
            let floats = Texels::Float(data);
            let texture = Texture::new(width, height, Channels::Rgba, floats, false).unwrap();
            (texture, Oracle { width, texels })
        })
    })
}

fn differ(found: Vec4, expected: DVec4) -> f64 {
    (found.as_dvec4() - expected).abs().max_element()
}

proptest! {
    #[test]
    fn one_level_follows_the_formula(
        (texture, oracle) in floats(), wraps in [wrap(), wrap()], u in -3.0..3.0_f32, v in -3.0..3.0_f32,
    ) {
        let sampler = Sampler { wrap: wraps, ..Sampler::default() };
        let uv = Vec2::new(u, v);
        let at = uv.as_dvec2() * DVec2::new(oracle.width as f64, oracle.height() as f64);
        let expected = oracle.sample(wraps, Filter::Linear, uv.as_dvec2());
        let found = texture.sample_level(&sampler, Filter::Linear, uv, 0);
        prop_assert!(differ(found, expected) < 1e-4, "linear: {found}, not {expected}");
        // Rounding decides on the border of two texels.
        prop_assume!((at - at.round()).abs().min_element() > 1e-4);
        let expected = oracle.sample(wraps, Filter::Nearest, uv.as_dvec2());
        let found = texture.sample_level(&sampler, Filter::Nearest, uv, 0);
        prop_assert!(differ(found, expected) < 1e-6, "nearest: {found}, not {expected}");
    }

    #[test]
    fn levels_and_anisotropy_follow_the_formula(
        (texture, oracle) in floats(), wraps in [wrap(), wrap()],
        uv in [-1.0..2.0_f32, -1.0..2.0_f32], slopes in proptest::array::uniform4(-0.6..0.6_f32),
        most in 0..20_u32,
    ) {
        let texture = texture.with_mip_levels();
        let mut levels = vec![oracle];
        while levels.len() < texture.level_count() {
            levels.push(levels[levels.len() - 1].halved());
        }
        let uv = Vec2::from(uv);
        let [dx, dy] = [Vec2::new(slopes[0], slopes[1]), Vec2::new(slopes[2], slopes[3])];
        let sampler = Sampler {
            wrap: wraps,
            magnify: Filter::Linear,
            minify: Filter::Linear,
            mip: Some(Filter::Linear),
            anisotropy: most,
        };

        let size = DVec2::new(levels[0].width as f64, levels[0].height() as f64);
        let (x, y) = (dx.as_dvec2() * size, dy.as_dvec2() * size);
        let long = x.length().max(y.length());
        let stretch = (long * long / x.perp_dot(y).abs()).min(f64::from(most.clamp(1, 16)));
        // Rounding decides between two numbers of taps.
        prop_assume!((stretch.fract() - 0.5).abs() > 1e-3 && (x.length() - y.length()).abs() > 1e-4);
        // The driver's logarithm of the fourth power is straight between powers of 2.
        let fourth = libm::pow(long / stretch, 4.0);
        let whole = libm::log2(fourth).floor();
        let lod = (whole + fourth / libm::exp2(whole) - 1.0) / 4.0;
        let lod = lod.clamp(0.0, (levels.len() - 1) as f64);
        let taps = stretch.round();
        let axis = if x.length() >= y.length() { dx } else { dy }.as_dvec2();
        let mut expected = DVec4::ZERO;
        for tap in 0..taps as usize {
            let at = uv.as_dvec2() + axis * ((tap as f64 + 0.5) / taps - 0.5);
            let level = |l: f64| levels[l as usize].sample(wraps, Filter::Linear, at);
            expected += level(lod.floor()) * (1.0 - lod.fract()) + level(lod.ceil()) * lod.fract();
        }
        let found = texture.sample(&sampler, uv, dx, dy);
        prop_assert!(differ(found, expected / taps) < 2e-3, "{found}, not {}", expected / taps);
    }

    #[test]
    fn any_coordinate_gets_an_answer(
        (texture, _) in floats(), wraps in [wrap(), wrap()], n: [f32; 6], most: u32, nearest: bool,
    ) {
        let texture = texture.with_mip_levels();
        let filter = if nearest { Filter::Nearest } else { Filter::Linear };
        let [uv, dx, dy] = [0, 2, 4].map(|i| Vec2::new(n[i], n[i + 1]));
        for mip in [None, Some(Filter::Nearest), Some(Filter::Linear)] {
            let sampler = Sampler {
                wrap: wraps, magnify: Filter::Linear, minify: filter, mip, anisotropy: most,
            };
            let found = texture.sample(&sampler, uv, dx, dy);
            prop_assert!(found.abs().max_element() <= 4.001, "{found} at {uv}, {dx}, {dy}");
        }
    }

    /// Bytes and halves are read as the numbers they are.
    #[test]
    fn formats_agree(data in proptest::collection::vec(any::<u8>(), 48), u in 0.0..1.0_f32, v in 0.0..1.0_f32) {
        let byte = |srgb| Texture::new(4, 3, Channels::Rgba, Texels::Byte(data.clone()), srgb).unwrap();
        let floats = |value: &dyn Fn(usize, u8) -> f32| {
            let data = data.iter().enumerate().map(|(i, &b)| value(i, b)).collect();
            Texture::new(4, 3, Channels::Rgba, Texels::Float(data), false).unwrap()
        };
        let at = |texture: &Texture| {
            texture.sample_level(&Sampler::default(), Filter::Linear, Vec2::new(u, v), 0)
        };
        let plain = floats(&|_, b| f32::from(b) / 255.0);
        prop_assert_eq!(at(&byte(false)), at(&plain));
        let light = floats(&|i, b| {
            let c = f32::from(b) / 255.0;
            if i % 4 == 3 { c } else { colour::linear_from_srgb(c) }
        });
        prop_assert_eq!(at(&byte(true)), at(&light));
    }
}
