//! Splats to meshes: closed, where the splats are, and of their colours.

use asset::scene::Scene;
use asset::{Splats, SplatsParts};
use generate::truth::{Kind, Sampling};
use glam::{Quat, Vec3};
use mesh::from_splats::{Options, from_splats};
use mesh::{Mesh, MeshError};
use proptest::prelude::*;
use render::scene::{Lighting, Prepared};
use render::{Background, Camera, Lens, View};

use crate::fields::on_any_threads;

/// Small enough for a test.
const QUICK: Options = Options {
    cells: 48,
    triangles: 4000,
    texture_px: 256,
    views: 24,
    view_px: 160,
    ..Options::DEFAULT
};

fn run(splats: &Splats, options: &Options) -> Scene {
    let scene = from_splats(splats, options, &|| false).unwrap();
    scene.check().unwrap();
    scene
}

/// The triangles of a scene, vertices at the same place made one.
fn welded(scene: &Scene) -> Mesh {
    let geometry = &scene.geometries[0];
    let position = geometry.position.as_ref().unwrap();
    let mut places = std::collections::BTreeMap::new();
    let mut mesh = Mesh::default();
    for corners in geometry.index.as_ref().unwrap().chunks_exact(3) {
        let corner = |k: usize| {
            let [x, y, z, _] = position.get(corners[k] as usize);
            (*places.entry([x, y, z].map(f32::to_bits)).or_insert_with(|| {
                mesh.positions.push([x, y, z]);
                mesh.positions.len() - 1
            })) as u32
        };
        mesh.triangles.push([0, 1, 2].map(corner));
    }
    mesh
}

/// Flat discs on a ball of radius 0.4, coloured by place.
pub(crate) fn ball_of_discs(count: u32) -> SplatsParts {
    let mut parts = SplatsParts::default();
    let along = libm::logf(0.5 * (4.0 * std::f32::consts::PI * 0.16 / count as f32).sqrt());
    for i in 0..count {
        let y = 1.0 - (2.0 * i as f32 + 1.0) / count as f32;
        let (sin, cos) = libm::sincosf(2.399_963 * i as f32);
        let ring = (1.0 - y * y).sqrt();
        let normal = Vec3::new(ring * sin, y, ring * cos);
        let turn = Quat::from_rotation_arc(Vec3::Z, normal);
        parts.positions.push((0.4 * normal).to_array());
        parts.log_scales.push([along, along, along - 2.0]);
        parts.rotations.push([turn.w, turn.x, turn.y, turn.z]);
        parts.raw_opacities.push(4.0);
        parts.sh_dc.push((normal * 1.2).to_array());
    }
    parts
}

#[test]
fn a_ball_stays_a_ball() {
    let splats = Splats::new(ball_of_discs(3000)).unwrap();
    let mesh = welded(&run(&splats, &QUICK));
    let topology = mesh.topology().unwrap();
    assert!(topology.is_closed_manifold(), "{topology:?}");
    assert_eq!((topology.euler(), topology.pieces), (2, 1));
    let off = mesh.positions.iter().map(|&p| (Vec3::from(p).length() - 0.4).abs());
    let off = off.fold(0.0, f32::max);
    assert!(off < 0.016, "{off} m off");
}

#[test]
fn floaters_go_and_do_not_matter() {
    let mut parts = ball_of_discs(3000);
    for (i, place) in [[3.0, 0.0, 0.0], [0.0, -50.0, 1.0], [0.75, 0.0, 0.0]].into_iter().enumerate()
    {
        parts.positions[i * 700] = place;
    }
    let mesh = welded(&run(&Splats::new(parts).unwrap(), &QUICK));
    let topology = mesh.topology().unwrap();
    assert_eq!((topology.is_closed_manifold(), topology.pieces), (true, 1), "{topology:?}");
    let far = mesh.positions.iter().map(|&p| Vec3::from(p).length()).fold(0.0, f32::max);
    assert!(far < 0.45, "{far} m");
}

/// PSNR inside of the mask, dB, the mean over the eight views.
fn psnr(splats: &Splats, scene: &Scene, side: u32) -> f64 {
    let prepared = Prepared::new(scene);
    let one = |named: &render::NamedView| {
        let camera = Camera::orbit(named.view, Lens::competition(side));
        let frame = render::splats::draw(splats, &camera);
        let mask = vision::Matte {
            width: side as usize,
            height: side as usize,
            alpha: frame.transmittance.iter().map(|t| 1.0 - t).collect(),
        };
        let picture = prepared.draw(&camera, Lighting::Follow, [255; 3]);
        vision::metrics::psnr(&frame.over(Background::WHITE), &picture, Some(&mask)).unwrap()
    };
    View::WHITE.iter().map(one).sum::<f64>() / 8.0
}

/// A few objects at a coarse setting; the example `there_and_back` measures all of them at the default one.
#[test]
fn pictures_of_known_objects_stay() {
    for (name, least) in PICTURES {
        let kind = Kind::named(name).unwrap();
        let splats = kind.splats(0, Sampling { target_splats: 12_000, ..Sampling::default() });
        let options = Options {
            cells: 64,
            triangles: 6000,
            texture_px: 256,
            views: 26,
            view_px: 192,
            ..Options::DEFAULT
        };
        let scene = run(&splats, &options);
        let found = psnr(&splats, &scene, 128);
        assert!(found > least, "{name}: {found} dB, not {least}");
    }
}

const PICTURES: [(&str, f64); 2] = [("toadstool", 18.0), ("crate", 18.0)];

#[test]
fn nothing_solid_is_an_empty_scene() {
    let mut veil = ball_of_discs(50);
    veil.raw_opacities.fill(-6.0);
    for parts in [SplatsParts::default(), veil] {
        let scene = run(&Splats::new(parts).unwrap(), &QUICK);
        assert!(scene.geometries.is_empty());
    }
}

#[test]
fn threads_do_not_show() {
    let splats = Splats::new(ball_of_discs(800)).unwrap();
    on_any_threads(|| run(&splats, &Options { cells: 24, view_px: 128, views: 14, ..QUICK }));
}

#[test]
fn stops_and_refuses() {
    let splats = Splats::new(ball_of_discs(800)).unwrap();
    assert_eq!(from_splats(&splats, &QUICK, &|| true), Err(MeshError::Stopped));
    let wrong = from_splats(&splats, &Options { cells: 7, ..QUICK }, &|| false).unwrap_err();
    assert_eq!(wrong.to_string(), "mesh: number of cells is 7, it has to be 16 to 400");
    let mut far = ball_of_discs(100);
    far.positions.iter_mut().for_each(|p| p[0] += 1e9);
    let wrong = from_splats(&Splats::new(far).unwrap(), &QUICK, &|| false).unwrap_err();
    assert!(matches!(wrong, MeshError::Range { .. }), "{wrong}");
}

fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -1.0_f32..1.0,
        1 => prop::sample::select(vec![0.0, 1e-20, 1e5, -3e38, f32::INFINITY, f32::NAN]),
    ]
}

prop_compose! {
    fn any_splats()(n in 1_usize..30)(
        positions in prop::collection::vec(prop::array::uniform3(number()), n),
        log_scales in prop::collection::vec(prop::array::uniform3(number()), n),
        rotations in prop::collection::vec(prop::array::uniform4(number()), n),
        raw_opacities in prop::collection::vec(number(), n),
        sh_dc in prop::collection::vec(prop::array::uniform3(number()), n),
    ) -> Splats {
        let parts = SplatsParts { positions, log_scales, rotations, raw_opacities, sh_dc, ..SplatsParts::default() };
        Splats::new(parts).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn any_splats_get_an_answer(splats in any_splats()) {
        let options = Options { cells: 16, view_px: 128, views: 14, ..QUICK };
        if let Ok(scene) = from_splats(&splats, &options, &|| false) {
            prop_assert!(scene.check().is_ok());
        }
    }
}
