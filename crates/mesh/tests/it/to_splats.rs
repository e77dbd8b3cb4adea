//! Meshes to splats: on the surface, evenly, of the right colours; and any scene gets an answer.

use asset::Splats;
use asset::scene::{
    Attribute, Drawable, Geometry, GeometryId, Instances, Level, Material, MaterialId,
    MaterialKind, Materials, Node, NodeId, Primitive, Scene, Standard, Texels, Texture, TextureId,
};
use glam::{DMat4, DVec3, Vec3};
use mesh::to_splats::{Light, Options, to_splats};
use mesh::{Look, Mesh, MeshError};
use proptest::prelude::*;
use render::scene::{Lighting, Prepared};
use render::{Background, Camera, Lens, View};

use crate::fields::{ball, mesh_of, on_any_threads};

const PLAIN: Options = Options { count: 2000, refine_steps: 0, ..Options::DEFAULT };

fn run(scene: &Scene, options: &Options) -> Splats {
    to_splats(scene, options, &|| false).unwrap()
}

/// A ball with one material of the given colour, linear.
fn ball_scene(color: [f32; 3]) -> Scene {
    let mut scene = mesh_of(ball, 24).to_scene("ball", None, Look::default());
    scene.materials[0].color = color;
    scene
}

#[test]
fn discs_lie_evenly_on_the_surface() {
    let splats = run(&ball_scene([1.0, 0.5, 0.0]), &PLAIN);
    assert!((1900..=2000).contains(&splats.len()), "{} splats", splats.len());
    let points: Vec<Vec3> = splats.parts().positions.iter().map(|&p| Vec3::from(p)).collect();
    // Even: the nearest neighbour is nowhere near or far. 0.032 m is the side of a square for each.
    let nearest = |at: usize| {
        let others = points.iter().enumerate().filter(|(other, _)| *other != at);
        others.map(|(_, p)| p.distance(points[at])).fold(f32::INFINITY, f32::min)
    };
    let mut distances: Vec<f32> = (0..points.len()).map(nearest).collect();
    distances.sort_unstable_by(f32::total_cmp);
    let (low, high) = (distances[points.len() / 100], distances[points.len() - 1]);
    assert!(low > 0.018 && high < 0.05, "neighbours at {low} to {high} m");
    for (at, splat) in splats.iter().enumerate() {
        let active = splat.activate();
        assert!((points[at].length() - 0.4).abs() < 4e-3, "{} m", points[at].length());
        let [w, x, y, z] = active.rotation;
        let normal = glam::Quat::from_xyzw(x, y, z, w) * Vec3::Z;
        assert!(normal.dot(points[at].normalize()) > 0.97, "{normal} at {}", points[at]);
        assert!(active.scale[2] < 0.2 * active.scale[0]);
        let off = Vec3::from(active.base_colour).distance(Vec3::new(1.0, 0.735_36, 0.0));
        assert!(off < 1e-3, "{:?}", active.base_colour);
    }
}

/// A square in the plane z = 0 with a texture of two halves, black and white.
fn square() -> Scene {
    let mut texels = Vec::new();
    for at in 0..64 * 64 {
        let byte = if at % 64 < 32 { 0 } else { 255 };
        texels.extend([byte, byte, byte, 255]);
    }
    let level = Level { width: 64, height: 64, texels: Texels::U8(texels) };
    let mut material = Material::new(MaterialKind::Standard(Box::<Standard>::default()));
    material.map = Some(TextureId(0));
    let corners = vec![-0.4, -0.4, 0.0, 0.4, -0.4, 0.0, 0.4, 0.4, 0.0, -0.4, 0.4, 0.0];
    let geometry = Geometry {
        position: Some(Attribute::new(3, corners)),
        uvs: [
            Some(Attribute::new(2, vec![0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0])),
            None,
            None,
            None,
        ],
        index: Some(vec![0, 1, 2, 0, 2, 3]),
        ..Geometry::default()
    };
    let drawable = Drawable {
        primitive: Primitive::Mesh,
        geometry: GeometryId(0),
        materials: Materials::Single(MaterialId(0)),
    };
    let node = Node { parent: Some(NodeId(0)), drawable: Some(drawable), ..Node::default() };
    Scene {
        nodes: vec![Node::default(), node],
        geometries: vec![geometry],
        materials: vec![material],
        textures: vec![Texture { levels: vec![level], ..Texture::default() }],
    }
}

#[test]
fn textures_are_read_and_detail_is_finer() {
    let splats = run(&square(), &PLAIN);
    let (mut at_edge, mut elsewhere) = (0, 0);
    for splat in splats.iter() {
        let active = splat.activate();
        let [x, _, z] = active.position;
        assert!(z.abs() < 1e-6);
        if x.abs() > 0.02 {
            let wanted = if x < 0.0 { 0.0 } else { 1.0 };
            let found = active.base_colour[0];
            assert!((found - wanted).abs() < 0.01, "{found} at {x}");
        }
        // A band of 0.02 m around the edge, and one of the same width elsewhere.
        at_edge += usize::from(x.abs() < 0.01);
        elsewhere += usize::from((x - 0.2).abs() < 0.01);
    }
    assert!(
        at_edge as f32 > 1.4 * elsewhere as f32,
        "{at_edge} at the edge, {elsewhere} elsewhere"
    );
}

#[test]
fn worlds_instances_and_hidden_things() {
    let mut scene = square();
    let turn = DMat4::from_translation(DVec3::X * 5.0)
        * DMat4::from_rotation_y(std::f64::consts::FRAC_PI_2);
    scene.nodes[1].world = turn.to_cols_array();
    let places = [DMat4::IDENTITY, DMat4::from_translation(DVec3::new(0.0, 0.0, 2.0))];
    let instances = Instances {
        matrices: places.map(|m| m.as_mat4().to_cols_array()).to_vec(),
        colors: Some(vec![[1.0; 3], [0.0, 1.0, 0.0]]),
        bounding_sphere: None,
    };
    scene.nodes[1].drawable.as_mut().unwrap().primitive = Primitive::InstancedMesh(instances);
    let splats = run(&scene, &PLAIN);
    let (mut near, mut far) = (0, 0);
    for splat in splats.iter() {
        let active = splat.activate();
        // Local z is world x.
        let x = active.position[0];
        assert!((x - 5.0).abs() < 1e-5 || (x - 7.0).abs() < 1e-5, "{x}");
        if x < 6.0 {
            near += 1;
        } else {
            far += 1;
            assert!(active.base_colour[0] < 1e-3, "{:?}", active.base_colour);
        }
    }
    assert!((near as f32 / far as f32 - 1.0).abs() < 0.1, "{near} and {far}");
    scene.nodes[0].visible = false;
    assert!(run(&scene, &PLAIN).is_empty());
}

/// PSNR over all pixels, dB, the mean over the eight views, against the mesh unlit over white.
fn psnr(splats: &Splats, scene: &Scene) -> f64 {
    let prepared = Prepared::new(scene);
    let one = |named: &render::NamedView| {
        let camera = Camera::orbit(named.view, Lens::competition(160));
        let found = render::splats::draw(splats, &camera).over(Background::WHITE);
        let wanted = prepared.draw(&camera, Lighting::Follow, [255; 3]);
        vision::metrics::psnr(&wanted, &found, None).unwrap()
    };
    View::WHITE.iter().map(one).sum::<f64>() / 8.0
}

#[test]
fn refinement_comes_nearer() {
    let mut scene = mesh_of(ball, 24).to_scene("ball", None, Look::Unlit);
    scene.materials[0].color = [0.1, 0.3, 0.6];
    let options = Options { count: 1500, views: 12, view_px: 160, ..Options::DEFAULT };
    let before = psnr(&run(&scene, &Options { refine_steps: 0, ..options }), &scene);
    let after = psnr(&run(&scene, &Options { refine_steps: 40, ..options }), &scene);
    assert!(before > 20.0 && after > before + 2.0, "{before} dB before, {after} dB after");
}

#[test]
fn studio_light_is_taken_from_pictures() {
    let scene = ball_scene([0.5; 3]);
    let options = Options {
        count: 1500,
        light: Light::Studio,
        refine_steps: 0,
        views: 12,
        view_px: 128,
        ..Options::DEFAULT
    };
    let splats = run(&scene, &options);
    let mean = |keep: fn(&[f32; 3]) -> bool| {
        let kept: Vec<f32> = splats
            .iter()
            .map(|splat| splat.activate())
            .filter(|active| keep(&active.position))
            .map(|active| active.base_colour[1])
            .collect();
        kept.iter().sum::<f32>() / kept.len() as f32
    };
    let (top, bottom) = (mean(|p| p[1] > 0.3), mean(|p| p[1] < -0.3));
    assert!(top > bottom + 0.1, "{top} above, {bottom} below");
}

#[test]
fn nothing_to_show_is_no_splats() {
    let empty = Scene { nodes: vec![Node::default()], ..Scene::default() };
    assert!(run(&empty, &PLAIN).is_empty());
    let mut flat = square();
    if let Some(position) = &mut flat.geometries[0].position {
        position.values.fill(0.25);
    }
    assert!(run(&flat, &PLAIN).is_empty());
    let mut clear = square();
    clear.materials[0].transparent = true;
    clear.materials[0].opacity = 0.0;
    assert!(run(&clear, &Options::DEFAULT).is_empty());
}

#[test]
fn stops_and_refuses() {
    let scene = square();
    assert_eq!(to_splats(&scene, &PLAIN, &|| true), Err(MeshError::Stopped));
    let wrong = to_splats(&scene, &Options { count: 3, ..PLAIN }, &|| false).unwrap_err();
    assert_eq!(wrong.to_string(), "mesh: number of splats is 3, it has to be 100 to 2000000");
    let broken = Scene { nodes: Vec::new(), ..scene };
    assert!(matches!(to_splats(&broken, &PLAIN, &|| false), Err(MeshError::Scene(_))));
}

#[test]
fn threads_and_seeds() {
    let scene = square();
    let options =
        Options { count: 500, refine_steps: 2, views: 8, view_px: 64, ..Options::DEFAULT };
    let one = on_any_threads(|| run(&scene, &options));
    let other = run(&scene, &Options { seed: 1, ..options });
    assert!(one != other, "the seed does not matter");
}

fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -1.0_f32..1.0,
        1 => prop::sample::select(vec![0.0, 1e-30, 1e9, -3e38, f32::INFINITY, f32::NAN]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_scene_gets_an_answer(
        positions in prop::collection::vec(prop::array::uniform3(number()), 3..20),
        world in prop::array::uniform16(number()),
        color in prop::array::uniform3(number()),
        opacity in number(),
    ) {
        let count = positions.len() as u32;
        let triangles = (0..count).map(|i| [i, (i + 1) % count, (i + 2) % count]).collect();
        let mesh = Mesh { positions, triangles, ..Mesh::default() };
        let mut scene = mesh.to_scene("", None, Look::default());
        scene.nodes[1].world = world.map(f64::from);
        scene.materials[0].color = color;
        scene.materials[0].opacity = opacity;
        scene.materials[0].transparent = true;
        let options = Options { count: 200, refine_steps: 1, views: 8, view_px: 64, ..Options::DEFAULT };
        if let Ok(splats) = to_splats(&scene, &options, &|| false) {
            for splat in splats.iter() {
                prop_assert!(splat.position.iter().all(|c| c.is_finite()));
                prop_assert!(splat.log_scale.iter().all(|c| c.is_finite()));
            }
        }
    }
}
