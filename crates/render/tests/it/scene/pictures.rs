//! Whole pictures: kept ones, the same on any number of threads, and the same alone as together.

use asset::scene::{Blending, Material, MaterialKind, Physical, Primitive, Scene, Side};
use glam::{DMat4, DVec3};
use image::RgbaImage;
use render::scene::{Alpha, Lighting, Prepared, Shot};
use render::{Camera, Lens, View};

use super::build::{add, basic, cube, empty, plane, sphere, standard, typical};
use super::draw;
use crate::golden::check;

const ABOVE: View = View { theta_deg: 24.0, phi_deg: -25.0 };

fn at(x: f64, y: f64, z: f64) -> DMat4 {
    DMat4::from_translation(DVec3::new(x, y, z))
}

/// Spheres of the layers physical materials have, with glass in front.
fn layers() -> Scene {
    let mut scene = empty();
    let mut put = |x: f64, y: f64, change: fn(&mut Physical)| {
        let mut physical = Physical::default();
        physical.standard.roughness = 0.4;
        change(&mut physical);
        let kind = MaterialKind::Physical(Box::new(physical));
        let material = Material { color: [0.6, 0.2, 0.1], ..Material::new(kind) };
        add(&mut scene, Primitive::Mesh, sphere(0.14, 24, 16), material, at(x, y, 0.0));
    };
    put(-0.3, 0.2, |p| (p.clearcoat, p.clearcoat_roughness) = (1.0, 0.1));
    put(0.0, 0.2, |p| (p.sheen, p.sheen_color) = (1.0, [0.2, 0.4, 0.9]));
    put(0.3, 0.2, |p| p.iridescence = 1.0);
    put(-0.3, -0.2, |p| p.anisotropy = 0.8);
    put(0.0, -0.2, |p| (p.transmission, p.thickness, p.standard.roughness) = (1.0, 0.2, 0.1));
    put(0.3, -0.2, |p| p.standard.metalness = 1.0);
    add(
        &mut scene,
        Primitive::Mesh,
        cube(0.2),
        standard([0.1, 0.5, 0.2], 0.6, 0.0),
        at(0.05, -0.25, -0.3),
    );
    scene
}

/// Blending, wire and both sides.
fn mixed() -> Scene {
    let mut scene = empty();
    let veil = |color: [f32; 3], blending| Material {
        transparent: true,
        opacity: 0.6,
        blending,
        side: Side::Double,
        ..standard(color, 0.5, 0.0)
    };
    let cubes = Material { wireframe: true, ..basic([0.0, 0.1, 0.6]) };
    add(&mut scene, Primitive::Mesh, cube(0.8), cubes, DMat4::from_rotation_y(0.3));
    add(
        &mut scene,
        Primitive::Mesh,
        sphere(0.25, 24, 16),
        veil([0.8, 0.1, 0.1], Blending::Normal),
        at(-0.1, 0.0, 0.1),
    );
    add(
        &mut scene,
        Primitive::Mesh,
        plane(0.5, 0.5),
        veil([0.1, 0.4, 0.1], Blending::Additive),
        at(0.15, 0.1, 0.2),
    );
    add(&mut scene, Primitive::Points, sphere(0.45, 12, 8), basic([0.0; 3]), DMat4::IDENTITY);
    scene
}

#[test]
fn kept_pictures() {
    check("scene_typical.png", &draw(&typical(), ABOVE, 96));
    check("scene_layers.png", &draw(&layers(), ABOVE, 96));
    check("scene_mixed.png", &draw(&mixed(), ABOVE, 96));
}

fn shots(size: u32) -> Vec<Shot> {
    let shot = |view, background, lighting| Shot {
        camera: Camera::orbit(view, Lens::competition(size)),
        lighting,
        background,
        alpha: Alpha::Straight,
    };
    vec![
        shot(ABOVE, [255; 3], Lighting::Follow),
        shot(ABOVE, [128; 3], Lighting::Follow),
        shot(ABOVE, [128; 3], Lighting::Studio),
        shot(View::FRONT, [255; 3], Lighting::Follow),
    ]
}

#[test]
fn threads_and_company_change_nothing() {
    for scene in [typical(), layers(), mixed()] {
        let prepared = Prepared::new(&scene);
        let shots = shots(70);
        let with = |threads: usize| -> Vec<RgbaImage> {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| prepared.draw_all(&shots, &|| false).unwrap())
        };
        let together = with(1);
        assert!(together == with(5), "the number of threads shows");
        for (shot, picture) in shots.iter().zip(&together) {
            let alone = prepared.draw(&shot.camera, shot.lighting, shot.background);
            assert!(alone == *picture, "a shot differs from the same shot among others");
        }
    }
}
