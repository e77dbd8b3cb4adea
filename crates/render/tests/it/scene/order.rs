//! What is drawn over what: lists, sort keys, depth, sides, visibility.

use asset::scene::{
    Blending, DepthFunc, Drawable, Instances, MaterialId, Materials, Node, NodeId, Primitive,
    Scene, Side,
};
use glam::{DMat4, DVec3};

use super::build::{add, basic, cube, empty, plane};
use super::middle;

const RED: [f32; 3] = [1.0, 0.0, 0.0];
const GREEN: [f32; 3] = [0.0, 1.0, 0.0];

/// The colour in the middle, by name.
fn seen(scene: &Scene) -> &'static str {
    match middle(scene) {
        [250, 16, 20, 255] => "red",
        [147, 228, 89, 255] => "green",
        [128, 128, 128, 255] => "background",
        _ => "another",
    }
}

/// A red square and a green one made after it, at their depths.
fn two(red_z: f64, green_z: f64, change: impl Fn(&mut Scene)) -> &'static str {
    let mut scene = empty();
    let at = |z| DMat4::from_translation(DVec3::new(0.0, 0.0, z));
    add(&mut scene, Primitive::Mesh, plane(1.0, 1.0), basic(RED), at(red_z));
    add(&mut scene, Primitive::Mesh, plane(1.0, 1.0), basic(GREEN), at(green_z));
    change(&mut scene);
    seen(&scene)
}

#[test]
fn nearer_hides_farther_and_of_the_same_place_the_later_is_seen() {
    assert_eq!(two(0.1, 0.0, |_| ()), "red");
    assert_eq!(two(0.0, 0.1, |_| ()), "green");
    assert_eq!(two(0.0, 0.0, |_| ()), "green");
    assert_eq!(two(0.0, 0.0, |scene| scene.materials[0].material_id = 9), "red");
    assert_eq!(two(0.0, 0.0, |scene| scene.nodes[1].render_order = 1.0), "red");
    assert_eq!(two(0.0, 0.0, |scene| scene.nodes[2].render_order = -1.0), "red");
}

#[test]
fn depth_is_tested_and_written_as_the_material_says() {
    assert_eq!(two(0.1, 0.0, |scene| scene.materials[1].depth_test = false), "green");
    assert_eq!(two(0.1, 0.0, |scene| scene.materials[0].depth_write = false), "green");
    assert_eq!(two(0.0, 0.0, |scene| scene.materials[1].depth_func = DepthFunc::Less), "red");
    assert_eq!(two(0.1, 0.0, |scene| scene.materials[1].depth_func = DepthFunc::Greater), "green");
    assert_eq!(two(0.1, 0.0, |scene| scene.materials[0].color_write = false), "background");
    let lifted = Some(asset::scene::PolygonOffset { factor: 0.0, units: 4.0 });
    assert_eq!(two(0.0, 0.0, |scene| scene.materials[1].polygon_offset = lifted), "red");
}

#[test]
fn transparent_ones_come_last_and_from_the_back() {
    let veil = |scene: &mut Scene, i: usize| scene.materials[i].transparent = true;
    // Opaque first, whatever the ids: the transparent one tests against its depth.
    assert_eq!(two(0.0, 0.1, |scene| veil(scene, 0)), "green");
    // Without depth the order alone decides: the nearer is drawn last.
    let no_depth = |scene: &mut Scene| {
        for i in 0..2 {
            veil(scene, i);
            scene.materials[i].depth_test = false;
        }
    };
    assert_eq!(two(0.1, 0.0, no_depth), "red");
    assert_eq!(two(0.0, 0.1, no_depth), "green");
    // Of the same depth the later object.
    assert_eq!(two(0.0, 0.0, no_depth), "green");
}

#[test]
fn sides_follow_the_turn_and_the_sign_of_the_transform() {
    let shown = |side: Side, at: DMat4| {
        let mut scene = empty();
        let node = add(&mut scene, Primitive::Mesh, plane(1.0, 1.0), basic(RED), at);
        scene.materials[0].side = side;
        assert_eq!(node, 1);
        seen(&scene) == "red"
    };
    let turned = DMat4::from_rotation_y(std::f64::consts::PI);
    let mirrored = DMat4::from_scale(DVec3::new(-1.0, 1.0, 1.0));
    for (side, at, is_seen) in [
        (Side::Front, DMat4::IDENTITY, true),
        (Side::Back, DMat4::IDENTITY, false),
        (Side::Double, DMat4::IDENTITY, true),
        (Side::Front, turned, false),
        (Side::Back, turned, true),
        (Side::Double, turned, true),
        (Side::Front, mirrored, true),
        (Side::Back, mirrored, false),
    ] {
        assert_eq!(shown(side, at), is_seen, "{side:?} at {at}");
    }
}

#[test]
fn instances_multiply_colours_and_are_not_turned_by_a_mirror() {
    let shown = |matrix: DMat4| {
        let mut scene = empty();
        let list = Instances {
            matrices: vec![matrix.as_mat4().to_cols_array()],
            colors: Some(vec![GREEN]),
            bounding_sphere: None,
        };
        let white = basic([1.0; 3]);
        add(&mut scene, Primitive::InstancedMesh(list), plane(1.0, 1.0), white, DMat4::IDENTITY);
        seen(&scene)
    };
    assert_eq!(shown(DMat4::IDENTITY), "green");
    assert_eq!(shown(DMat4::from_scale(DVec3::new(-1.0, 1.0, 1.0))), "background");
}

#[test]
fn what_is_not_visible_is_not_drawn() {
    let shown = |change: fn(&mut Scene)| {
        let mut scene = empty();
        add(&mut scene, Primitive::Mesh, cube(0.5), basic(RED), DMat4::IDENTITY);
        change(&mut scene);
        seen(&scene)
    };
    assert_eq!(shown(|_| ()), "red");
    assert_eq!(shown(|scene| scene.nodes[0].visible = false), "background");
    assert_eq!(shown(|scene| scene.materials[0].visible = false), "background");
    assert_eq!(shown(|scene| scene.nodes[1].layers = 2), "background");
    // Layers are asked of each object on its own.
    assert_eq!(shown(|scene| scene.nodes[0].layers = 2), "red");
    // A wrong sphere hides the object, unless it is not asked.
    assert_eq!(
        shown(|scene| {
            let far = asset::scene::Sphere { center: [50.0, 0.0, 0.0], radius: 1.0 };
            scene.geometries[0].bounding_sphere = Some(far);
        }),
        "background"
    );
    assert_eq!(
        shown(|scene| {
            let far = asset::scene::Sphere { center: [50.0, 0.0, 0.0], radius: 1.0 };
            scene.geometries[0].bounding_sphere = Some(far);
            scene.nodes[1].frustum_culled = false;
        }),
        "red"
    );
}

#[test]
fn groups_order_their_subtrees() {
    let mut scene = empty();
    let at = DMat4::IDENTITY;
    add(&mut scene, Primitive::Mesh, plane(1.0, 1.0), basic(RED), at);
    add(&mut scene, Primitive::Mesh, plane(1.0, 1.0), basic(GREEN), at);
    assert_eq!(seen(&scene), "green");
    scene.nodes[0].is_group = false;
    let group =
        Node { parent: Some(NodeId(0)), is_group: true, render_order: 5.0, ..Node::default() };
    let mut red = scene.nodes[1].clone();
    red.parent = Some(NodeId(2));
    let green = scene.nodes[2].clone();
    scene.nodes = vec![scene.nodes[0].clone(), green, group, red];
    assert_eq!(seen(&scene), "red");
}

#[test]
fn material_arrays_draw_by_group() {
    let mut scene = empty();
    let mut geometry = plane(1.0, 1.0);
    let span = |start, count| asset::scene::Span { start, count: Some(count) };
    geometry.groups = vec![
        asset::scene::Group { span: span(0, 3), material_idx: 0 },
        asset::scene::Group { span: span(3, 3), material_idx: 1 },
        asset::scene::Group { span: span(0, 6), material_idx: 7 },
    ];
    add(&mut scene, Primitive::Mesh, geometry, basic(RED), DMat4::IDENTITY);
    scene.materials.push(basic(GREEN));
    scene.nodes[1].drawable = Some(Drawable {
        materials: Materials::Array(vec![Some(MaterialId(0)), Some(MaterialId(1))]),
        ..scene.nodes[1].drawable.clone().unwrap()
    });
    let picture = super::front(&scene, 16);
    assert_eq!(picture.get_pixel(5, 5).0, [250, 16, 20, 255]);
    assert_eq!(picture.get_pixel(10, 10).0, [147, 228, 89, 255]);
}

#[test]
fn additive_blending_needs_no_transparent_list() {
    let mut scene = empty();
    let light = asset::scene::Material { blending: Blending::Additive, ..basic([0.05; 3]) };
    add(&mut scene, Primitive::Mesh, plane(1.0, 1.0), light, DMat4::IDENTITY);
    assert_eq!(middle(&scene), [178, 178, 178, 255]);
}
