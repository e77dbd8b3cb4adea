//! Fragments shaded together have the bits of fragments shaded one by one.

use glam::{Vec2, Vec3};
use proptest::prelude::*;
use render::shade::anisotropy::Anisotropy;
use render::shade::clearcoat::Clearcoat;
use render::shade::environment::Surroundings;
use render::shade::iridescence::Iridescence;
use render::shade::lanes::LANES;
use render::shade::normal::Frame;
use render::shade::sheen::Sheen;
use render::shade::transmission::Transmitted;
use render::shade::{Fragments, Layers, Lighting, Specular, Surface, colour, physical, standard};

use super::materials::{direction, number, vector};

fn surface() -> impl Strategy<Value = Surface> {
    let vectors = (vector(), vector(), vector(), vector(), direction(), direction());
    (vectors, proptest::array::uniform5(number())).prop_map(
        |((albedo, f0, light_map, emissive, normal, view), n)| Surface {
            specular: Specular { f0, f90: n[0] },
            spread: n[1].abs(),
            occlusion: n[2],
            light_map,
            emissive,
            ..Surface::new(albedo, n[3], n[4], normal, view)
        },
    )
}

fn layers() -> impl Strategy<Value = Layers> {
    let vectors = (vector(), vector(), direction(), direction(), direction());
    let on = proptest::array::uniform6(any::<bool>());
    (vectors, proptest::array::uniform9(number()), on).prop_map(
        |((colour, seen, normal, tangent, bitangent), n, on)| Layers {
            clearcoat: on[0].then_some(Clearcoat { strength: n[0], roughness: n[1], normal }),
            sheen: on[1].then_some(Sheen { colour, roughness: n[2] }),
            iridescence: on[2].then_some(Iridescence {
                strength: n[3],
                ior: n[4],
                thickness_nm: n[5],
            }),
            anisotropy: on[3].then_some(Anisotropy {
                vector: Vec2::new(n[6], n[7]),
                frame: Frame { tangent, bitangent },
            }),
            transmission: on[4].then_some(Transmitted { colour: seen, alpha: 1.0, amount: n[8] }),
            surroundings: on[5].then_some(Surroundings {
                irradiance: seen.abs(),
                radiance: colour.abs(),
                clearcoat: tangent.abs(),
            }),
        },
    )
}

/// The only place that knows how lanes are filled one value at a time.
fn fill(fragments: &mut Fragments, lane: usize, surface: &Surface) {
    fragments.albedo.set(lane, surface.albedo);
    fragments.roughness.0[lane] = surface.roughness;
    fragments.metalness.0[lane] = surface.metalness;
    fragments.f0.set(lane, surface.specular.f0);
    fragments.f90.0[lane] = surface.specular.f90;
    fragments.occlusion.0[lane] = surface.occlusion;
    fragments.light_map.set(lane, surface.light_map);
    fragments.emissive.set(lane, surface.emissive);
}

proptest! {
    #[test]
    fn together_is_one_by_one(
        surfaces in proptest::collection::vec(surface(), 1..=LANES),
        layers in layers(),
        follow: bool,
    ) {
        let lighting = if follow { Lighting::follow(Vec3::Z) } else { Lighting::studio() };
        for layers in [Layers::default(), layers] {
            let mut fragments = Fragments::new(&surfaces[0], &layers);
            for surface in &surfaces {
                let lane = fragments.push(surface.normal, surface.view, surface.spread);
                fill(&mut fragments, lane, surface);
            }
            let shaded = fragments.shade(&lighting);
            let (bytes, plain) = (shaded.bytes(true), shaded.bytes(false));
            for (lane, surface) in surfaces.iter().enumerate() {
                prop_assert_eq!(fragments.surface(lane), *surface);
                prop_assert_eq!(fragments.layers(lane), layers);
                let alone = physical::shade(surface, &layers, &lighting);
                prop_assert_eq!(shaded.linear(lane), alone, "lane {} of {:?}", lane, layers);
                prop_assert_eq!(bytes[lane], colour::display_bytes(alone, true));
                prop_assert_eq!(plain[lane], colour::display_bytes(alone, false));
                if layers == Layers::default() {
                    prop_assert_eq!(standard::shade(surface, &lighting), alone);
                }
            }
        }
    }
}
