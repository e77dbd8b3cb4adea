//! Scenes nobody would make: any number anywhere, and far too much of everything.

use std::sync::atomic::{AtomicU32, Ordering};

use asset::scene::{
    Attribute, Geometry, Instances, Material, MaterialKind, Physical, PointSize, PolygonOffset,
    Primitive, Scene, Side, Texels, Texture, TextureId,
};
use glam::DMat4;
use proptest::prelude::*;
use render::scene::{Alpha, Lighting, Prepared, Shot, Stopped};
use render::{Camera, Lens, View};

use super::build::{add, empty, plane, sphere, standard};

/// Ordinary numbers most of the time, otherwise anything.
fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -1.0_f32..1.0,
        1 => prop::num::f32::ANY,
        1 => prop::sample::select(vec![0.0, -0.0, 1e-40, 1e30, -1e38, f32::NAN, f32::INFINITY]),
    ]
}

fn attribute(size: u8, count: usize) -> impl Strategy<Value = Attribute> {
    let values = prop::collection::vec(number(), count * usize::from(size));
    values.prop_map(move |values| Attribute::new(size, values))
}

fn geometry() -> impl Strategy<Value = Geometry> {
    (3_usize..12).prop_flat_map(|count| {
        (
            attribute(3, count),
            prop::option::of(attribute(3, count)),
            prop::option::of(attribute(2, count)),
            prop::option::of(attribute(4, count)),
            prop::option::of(attribute(4, count)),
            prop::option::of(prop::collection::vec(0..count as u32, 0..30)),
        )
            .prop_map(|(position, normal, uv, color, tangent, index)| Geometry {
                position: Some(position),
                normal,
                uvs: [uv, None, None, None],
                color,
                tangent,
                index,
                ..Geometry::default()
            })
    })
}

fn primitive() -> impl Strategy<Value = Primitive> {
    let matrices = prop::collection::vec(prop::array::uniform16(number()), 0..5);
    prop_oneof![
        4 => Just(Primitive::Mesh),
        1 => Just(Primitive::Line),
        1 => Just(Primitive::LineSegments),
        1 => Just(Primitive::Points),
        1 => matrices.prop_map(|matrices| {
            let colors = Some(vec![[0.5; 3]; matrices.len()]);
            Primitive::InstancedMesh(Instances { matrices, colors, bounding_sphere: None })
        }),
    ]
}

fn kind() -> impl Strategy<Value = MaterialKind> {
    let physical = prop::collection::vec(number(), 16).prop_map(|n| {
        let mut p = Physical::default();
        (p.standard.roughness, p.standard.metalness, p.ior) = (n[0], n[1], n[2]);
        (p.clearcoat, p.sheen, p.iridescence) = (n[3], n[4], n[5]);
        (p.anisotropy, p.anisotropy_rotation, p.transmission) = (n[6], n[7], n[8]);
        (p.thickness, p.attenuation_distance, p.dispersion) = (n[9], n[10], n[11]);
        (p.clearcoat_roughness, p.sheen_roughness, p.specular_intensity) = (n[12], n[13], n[14]);
        p.standard.emissive = [n[15]; 3];
        (p.standard.normal_map, p.clearcoat_normal_map) = (Some(TextureId(0)), Some(TextureId(0)));
        p.standard.displacement_map = (n[0] > 0.5).then_some(TextureId(0));
        MaterialKind::Physical(Box::new(p))
    });
    let points = (number(), any::<bool>()).prop_map(|(size, size_attenuation)| {
        MaterialKind::Points(PointSize { size, size_attenuation })
    });
    let standard = (number(), number())
        .prop_map(|(roughness, metalness)| standard([0.5; 3], roughness, metalness).kind);
    prop_oneof![physical, points, standard, Just(MaterialKind::LineBasic)]
}

fn material() -> impl Strategy<Value = Material> {
    let flags = prop::collection::vec(any::<bool>(), 12);
    let numbers = prop::collection::vec(number(), 7);
    let side = prop::sample::select(Side::ALL.to_vec());
    (kind(), flags, numbers, side).prop_map(|(kind, f, n, side)| Material {
        color: [n[0], n[1], n[2]],
        opacity: n[3],
        alpha_test: n[4],
        transparent: f[0],
        vertex_colors: f[1],
        premultiplied_alpha: f[2],
        alpha_hash: f[3] && f[4],
        alpha_to_coverage: f[5],
        dithering: f[6],
        wireframe: f[7] && f[8],
        flat_shading: f[9],
        map: f[10].then_some(TextureId(0)),
        polygon_offset: f[11].then_some(PolygonOffset { factor: n[5], units: n[6] }),
        side,
        ..Material::new(kind)
    })
}

prop_compose! {
    fn scene()(
        parts in prop::collection::vec((geometry(), primitive(), material()), 1..4),
        matrix in prop::array::uniform16(number()),
        texels in prop::collection::vec(number(), 16),
    ) -> Scene {
        let mut scene = empty();
        let level = asset::scene::Level { width: 2, height: 2, texels: Texels::F32(texels) };
        scene.textures.push(Texture { levels: vec![level], ..Texture::default() });
        for (i, (geometry, primitive, material)) in parts.into_iter().enumerate() {
            let odd = DMat4::from_cols_array(&matrix.map(f64::from));
            let at = if i == 0 { odd } else { DMat4::IDENTITY };
            add(&mut scene, primitive, geometry, material, at);
        }
        scene
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_checked_scene_can_be_drawn(scene in scene(), theta_deg in -180.0..180.0) {
        scene.check().unwrap();
        let camera = Camera::orbit(View { theta_deg, phi_deg: -10.0 }, Lens::competition(33));
        let picture = Prepared::new(&scene).draw(&camera, Lighting::Studio, [1, 2, 3]);
        prop_assert_eq!(picture.dimensions(), (33, 33));
    }
}

/// 20,000 instances of 120,000 vertices would be 2.4 thousand million: far more than may be held at once.
#[test]
fn far_too_much_is_stopped_and_was_never_held() {
    let mut scene = empty();
    let list = Instances {
        matrices: vec![DMat4::IDENTITY.as_mat4().to_cols_array(); 20_000],
        ..Instances::default()
    };
    let many = sphere(0.4, 400, 300);
    let material = standard([0.5; 3], 0.5, 0.0);
    add(&mut scene, Primitive::InstancedMesh(list), many, material, DMat4::IDENTITY);
    scene.check().unwrap();
    let camera = Camera::orbit(View::FRONT, Lens::competition(64));
    let shot =
        Shot { camera, lighting: Lighting::Follow, background: [0; 3], alpha: Alpha::Straight };
    let asked = AtomicU32::new(0);
    let stop = || asked.fetch_add(1, Ordering::Relaxed) > 40;
    assert_eq!(Prepared::new(&scene).draw_all(&[shot], &stop), Err(Stopped));
}

/// More primitives than a batch holds, drawn in parts.
#[test]
fn batches_do_not_show() {
    let picture = |copies: usize| {
        let mut scene = empty();
        let list = Instances {
            matrices: vec![DMat4::IDENTITY.as_mat4().to_cols_array(); copies],
            ..Instances::default()
        };
        let material = standard([0.5, 0.2, 0.1], 0.5, 0.0);
        add(
            &mut scene,
            Primitive::InstancedMesh(list),
            sphere(0.4, 60, 40),
            material,
            DMat4::IDENTITY,
        );
        let veil = Material { transparent: true, opacity: 0.5, ..standard([0.1; 3], 1.0, 0.0) };
        add(
            &mut scene,
            Primitive::Mesh,
            plane(0.5, 0.5),
            veil,
            DMat4::from_translation(glam::DVec3::Z * 0.45),
        );
        super::front(&scene, 64)
    };
    assert!(picture(1) == picture(60));
}
