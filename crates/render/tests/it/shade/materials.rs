//! Nine materials under both lights, against values computed in double precision from the same formulas.

use glam::{Vec2, Vec3};
use proptest::prelude::*;
use render::shade::anisotropy::Anisotropy;
use render::shade::clearcoat::Clearcoat;
use render::shade::iridescence::Iridescence;
use render::shade::normal::Frame;
use render::shade::sheen::Sheen;
use render::shade::{Layers, Lighting, Specular, Surface, colour, physical, standard};

struct Case {
    name: &'static str,
    surface: Surface,
    layers: Layers,
    studio: ([f32; 3], [u8; 3]),
    follow: ([f32; 3], [u8; 3]),
}

fn surface(roughness: f32, metalness: f32) -> Surface {
    let normal = Vec3::new(0.3, 0.4, 0.87).normalize();
    Surface::new(Vec3::new(0.8, 0.4, 0.2), roughness, metalness, normal, Vec3::Z)
}

fn cases() -> [Case; 9] {
    let none = Layers::default();
    let normal = surface(0.5, 0.0).normal;
    let tangent = Vec3::Y.cross(normal).normalize();
    let frame = Frame { tangent, bitangent: normal.cross(tangent) };
    [
        Case {
            name: "half rough",
            surface: surface(0.5, 0.0),
            layers: none,
            studio: ([0.38939, 0.22950, 0.14955], [182, 146, 119]),
            follow: ([0.51088, 0.27036, 0.15009], [199, 159, 122]),
        },
        Case {
            name: "rough",
            surface: surface(1.0, 0.0),
            layers: none,
            studio: ([0.32429, 0.16440, 0.08446], [169, 122, 84]),
            follow: ([0.48619, 0.24567, 0.12541], [197, 152, 111]),
        },
        Case {
            name: "metal",
            surface: surface(0.3, 1.0),
            layers: none,
            studio: ([8.83578, 4.42273, 2.21625], [254, 251, 246]),
            follow: ([0.28721, 0.14363, 0.07186], [160, 112, 74]),
        },
        Case {
            name: "half metal",
            surface: surface(0.6, 0.5),
            layers: none,
            studio: ([0.51174, 0.26380, 0.14047], [200, 157, 118]),
            follow: ([0.49564, 0.25299, 0.13246], [198, 154, 114]),
        },
        Case {
            name: "specular colour",
            surface: Surface {
                specular: Specular::physical(2.0, Vec3::new(1.0, 0.5, 0.2), 0.5),
                ..surface(0.5, 0.0)
            },
            layers: none,
            studio: ([0.41512, 0.20793, 0.09962], [187, 140, 96]),
            follow: ([0.52228, 0.26120, 0.12860], [201, 157, 113]),
        },
        Case {
            name: "clearcoat",
            surface: surface(0.5, 0.0),
            layers: Layers {
                clearcoat: Some(Clearcoat { strength: 1.0, roughness: 0.1, normal }),
                ..none
            },
            studio: ([0.83280, 0.67943, 0.60275], [220, 212, 207]),
            follow: ([0.49027, 0.25956, 0.14421], [197, 156, 119]),
        },
        Case {
            name: "sheen",
            surface: surface(0.5, 0.0),
            layers: Layers {
                sheen: Some(Sheen { colour: Vec3::new(0.5, 0.3, 0.8), roughness: 0.4 }),
                ..none
            },
            studio: ([0.37776, 0.22301, 0.14907], [180, 144, 119]),
            follow: ([0.49752, 0.26329, 0.14619], [198, 157, 120]),
        },
        Case {
            name: "iridescence",
            surface: surface(0.5, 0.0),
            layers: Layers {
                iridescence: Some(Iridescence { strength: 1.0, ior: 1.3, thickness_nm: 400.0 }),
                ..none
            },
            studio: ([0.31979, 0.20824, 0.13918], [168, 139, 113]),
            follow: ([0.48105, 0.26153, 0.14601], [196, 156, 120]),
        },
        Case {
            name: "anisotropy",
            surface: surface(0.4, 0.0),
            layers: Layers {
                anisotropy: Some(Anisotropy { vector: Anisotropy::vector(0.8, 0.5, None), frame }),
                ..none
            },
            studio: ([0.35534, 0.19545, 0.11550], [176, 135, 102]),
            follow: ([0.50119, 0.26067, 0.14041], [198, 156, 118]),
        },
    ]
}

#[test]
fn nine_materials_match_their_reference_values() {
    // The reference light is normalize(1, 1, 2): an eye at z = 2.
    let follow = Lighting::follow(Vec3::new(0.0, 0.0, 2.0));
    let mut wrong = Vec::new();
    for case in cases() {
        let lights = [("studio", Lighting::studio(), case.studio), ("follow", follow, case.follow)];
        for (light, lighting, (linear, bytes)) in lights {
            let out = physical::shade(&case.surface, &case.layers, &lighting);
            let off = (out - Vec3::from(linear)).abs().max_element();
            // The head of a highlight subtracts nearly equal `f32` values: 3e-5 of it is rounding.
            let limit = 1e-4_f32.max(5e-5 * out.max_element());
            let shown = colour::display_bytes(out, true);
            if off > limit || shown != bytes {
                wrong.push(format!(
                    "{} {light}: {out} {shown:?}, not {linear:?} {bytes:?}",
                    case.name
                ));
            }
            if case.layers == Layers::default() {
                assert_eq!(standard::shade(&case.surface, &lighting), out, "{}", case.name);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn tone_map_bytes_are_those_measured() {
    let greys = [
        (0.0, 0),
        (0.02, 21),
        (0.05, 50),
        (0.1, 86),
        (0.18, 127),
        (0.3, 165),
        (0.5, 197),
        (0.7, 213),
        (0.8, 219),
        (1.0, 226),
        (2.0, 242),
        (5.0, 251),
        (16.3, 255),
    ];
    for (linear, byte) in greys {
        assert_eq!(colour::display_bytes(Vec3::splat(linear), true), [byte; 3], "grey {linear}");
    }
    let hex =
        |rgb: [u8; 3]| Vec3::from(rgb.map(|b| colour::linear_from_srgb_bytes()[usize::from(b)]));
    let colours = [
        (Vec3::X, [250, 16, 20]),
        (Vec3::Y, [147, 228, 89]),
        (Vec3::Z, [0, 0, 228]),
        (Vec3::new(1.0, 1.0, 0.0), [230, 226, 106]),
        (hex([0x80; 3]), [141; 3]),
        (hex([0xFF, 0x80, 0]), [240, 151, 33]),
    ];
    for (linear, bytes) in colours {
        assert_eq!(colour::display_bytes(linear, true), bytes, "colour {linear}");
        assert_eq!(colour::display(linear, true).to_array().map(colour::byte), bytes, "{linear}");
    }
    for b in 0..=255_u8 {
        assert_eq!(colour::display_bytes(hex([b; 3]), false), [b; 3], "without a tone map");
    }
}

#[test]
fn anisotropy_maps_turn_and_scale() {
    let map = Vec3::new(0.5, 1.0, 0.5);
    let v = Anisotropy::vector(1.0, 0.0, Some(map));
    assert!((v - Vec2::new(0.0, 0.5)).length() < 1e-6, "a quarter turn at half strength: {v}");
}

/// Ordinary numbers, and what broken geometry and extreme materials bring.
pub(super) fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        3 => -2.0..2.0_f32,
        1 => Just(0.0),
        1 => Just(1.0),
        1 => Just(-1.0),
        1 => any::<f32>().prop_filter("finite", |x| x.is_finite()),
    ]
}

pub(super) fn vector() -> impl Strategy<Value = Vec3> {
    [number(), number(), number()].prop_map(Vec3::from)
}

/// Unit length, or none.
pub(super) fn direction() -> impl Strategy<Value = Vec3> {
    vector().prop_map(Vec3::normalize_or_zero)
}

proptest! {
    #[test]
    fn finite_in_is_finite_out(
        (albedo, emissive, light_map) in (vector(), vector(), vector()),
        (normal, view, coat, tangent) in (direction(), direction(), direction(), direction()),
        n in proptest::array::uniform14(number()),
    ) {
        let surface = Surface {
            specular: Specular::physical(n[0], albedo, n[1]),
            spread: n[2].abs(),
            occlusion: n[3],
            light_map,
            emissive,
            ..Surface::new(albedo, n[4], n[5], normal, view)
        };
        let frame = Frame { tangent, bitangent: normal.cross(tangent) };
        let layers = Layers {
            clearcoat: Some(Clearcoat { strength: n[6], roughness: n[7], normal: coat }),
            sheen: Some(Sheen { colour: emissive, roughness: n[8] }),
            iridescence: Some(Iridescence { strength: n[9], ior: n[10], thickness_nm: n[11] }),
            anisotropy: Some(Anisotropy { vector: Vec2::new(n[12], n[13]), frame }),
            transmission: None,
        surroundings: None,
        };
        for lighting in [Lighting::studio(), Lighting::follow(albedo)] {
            let plain = standard::shade(&surface, &lighting);
            let full = physical::shade(&surface, &layers, &lighting);
            prop_assert!(plain.is_finite() && full.is_finite(), "{plain} {full}");
            let shown = colour::display(full, true);
            prop_assert!(shown.is_finite() && shown.min_element() >= 0.0, "{shown}");
        }
    }

    /// A light without a direction leaves ambient light alone.
    #[test]
    fn ambient_light_alone_is_lambert(
        normal in direction(), view in direction(), roughness in 0.0..1.0_f32, albedo in 0.0..1.0_f32,
    ) {
        let surface = Surface::new(Vec3::splat(albedo), roughness, 0.0, normal, view);
        let dark = standard::shade(&surface, &Lighting::follow(Vec3::new(-1.0, -1.0, 0.0)));
        // Ambient light alone: 0.4 in, Lambert out.
        prop_assert!((dark.x - 0.4 * albedo / std::f32::consts::PI).abs() < 1e-6, "{dark}");
    }
}
