//! What `Scene::check` refuses, and the small decisions of the model.

use asset::scene::{
    Attribute, Drawable, Geometry, GeometryId, Group, Instances, Level, Material, MaterialId,
    MaterialKind, Materials, Node, NodeId, Primitive, Scene, Span, Texels, Texture, TextureId,
};
use insta::assert_snapshot;

/// A triangle below a root.
pub(crate) fn triangle() -> Scene {
    let values = vec![0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.5, 0.0];
    let position = Some(Attribute::new(3, values));
    let texels = Texels::U8(vec![255; 4]);
    let levels = vec![Level { width: 1, height: 1, texels }];
    let materials = Materials::Single(MaterialId(0));
    let drawable = Drawable { primitive: Primitive::Mesh, geometry: GeometryId(0), materials };
    Scene {
        nodes: vec![
            Node { is_group: true, ..Node::default() },
            Node { parent: Some(NodeId(0)), drawable: Some(drawable), ..Node::default() },
        ],
        geometries: vec![Geometry { position, index: Some(vec![0, 1, 2]), ..Geometry::default() }],
        materials: vec![Material {
            map: Some(TextureId(0)),
            ..Material::new(MaterialKind::Standard(Box::default()))
        }],
        textures: vec![Texture { levels, ..Texture::default() }],
    }
}

fn outcome(change: impl FnOnce(&mut Scene)) -> String {
    let mut scene = triangle();
    change(&mut scene);
    scene
        .check_within(&asset::scene::limits::HAND_OVER)
        .map_or_else(|error| error.to_string(), |()| "good".to_owned())
}

#[test]
fn ids_and_lengths() {
    let drawable = |scene: &mut Scene, change: fn(&mut Drawable)| {
        change(scene.nodes[1].drawable.as_mut().expect("a triangle"));
    };
    let list = [
        outcome(|_| ()),
        outcome(|scene| scene.nodes.clear()),
        outcome(|scene| scene.nodes[1].parent = Some(NodeId(1))),
        outcome(|scene| scene.nodes[1].parent = None),
        outcome(|scene| drawable(scene, |drawable| drawable.geometry = GeometryId(1))),
        outcome(|scene| {
            drawable(scene, |drawable| {
                drawable.materials = Materials::Array(vec![None, Some(MaterialId(1))]);
            });
        }),
        outcome(|scene| {
            drawable(scene, |drawable| {
                let matrices = vec![[0.0; 16]; 2];
                let instances =
                    Instances { matrices, colors: Some(vec![[0.0; 3]]), bounding_sphere: None };
                drawable.primitive = Primitive::InstancedMesh(instances);
            });
        }),
        outcome(|scene| scene.geometries[0].index = Some(vec![0, 1, 3])),
        outcome(|scene| scene.geometries[0].normal = Some(Attribute::new(3, vec![0.0; 8]))),
        outcome(|scene| scene.geometries[0].color = Some(Attribute::new(5, vec![0.0; 15]))),
        outcome(|scene| scene.materials[0].alpha_map = Some(TextureId(7))),
        outcome(|scene| scene.textures[0].levels[0].width = 2),
        outcome(|scene| scene.textures[0].levels[0].height = 0),
        outcome(|scene| scene.textures[0].levels[0].height = 8193),
        outcome(|scene| scene.textures[0].channel = 4),
        outcome(|scene| {
            let texels = Texels::F32(vec![0.0; 4]);
            scene.textures[0].levels.push(Level { width: 1, height: 1, texels });
        }),
        outcome(|scene| scene.nodes[0].name = "x".repeat(257)),
        outcome(|scene| scene.geometries[0].groups = vec![Group::default(); 65537]),
    ];
    assert_snapshot!(list.join("\n"), @"
    good
    scene, node 0: the first node has to be the root, and every other one comes after its parent
    scene, node 1: the first node has to be the root, and every other one comes after its parent
    scene, node 1: the first node has to be the root, and every other one comes after its parent
    scene, node 1: geometry 1 of 1
    scene, node 1: material 1 of 1
    scene, node 1: instance colours has 1 values, 2 are needed
    scene, geometry 0: vertex 3 of 3
    scene, geometry 0: normal has 8 values, 9 are needed
    scene, geometry 0: item size is 5, it has to be 1 to 4
    scene, material 0: texture 7 of 1
    scene, texture 0: a level has 4 values, 8 are needed
    scene, texture 0: height is 0, it has to be 1 to 8192
    scene, texture 0: height is 8193, it has to be 1 to 8192
    scene, texture 0: channel is 4, it has to be 0 to 3
    scene, texture 0: level 1 has another type than the picture
    scene: 257 bytes of a name, our limit is 256
    scene: 65537 groups, our limit is 65536
    ");
}

#[test]
fn fitting_makes_lengths_agree() {
    let mut geometry = triangle().geometries.remove(0);
    geometry.index = Some(vec![0, 9, 2, 4_000_000_000]);
    geometry.normal = Some(Attribute::new(3, vec![1.0; 4]));
    geometry.color = Some(Attribute::new(4, vec![1.0; 99]));
    geometry.fit();
    assert_eq!(geometry.index.as_deref(), Some(&[0, 3, 2, 3][..]));
    assert_eq!(geometry.vertex_count(), 4);
    let scene =
        Scene { nodes: vec![Node::default()], geometries: vec![geometry], ..Scene::default() };
    assert_eq!(scene.check(), Ok(()));
}

#[test]
fn parts_follow_groups_and_draw_range() {
    let mut scene = triangle();
    let geometry = &mut scene.geometries[0];
    geometry.index = Some(vec![0, 1, 2, 2, 1, 0, 0, 2, 1]);
    geometry.draw_range = Span { start: 3, count: Some(5) };
    let group = |start, count, material_idx| Group { span: Span { start, count }, material_idx };
    geometry.groups =
        vec![group(0, Some(3), 0), group(3, Some(3), 1), group(6, None, 0), group(0, None, 7)];
    let parts = |materials| {
        let drawable = Drawable { primitive: Primitive::Mesh, geometry: GeometryId(0), materials };
        let parts = drawable.parts(&scene.geometries[0]);
        parts
            .iter()
            .map(|part| format!("{}: {:?}", part.material.0, part.range))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_snapshot!(parts(Materials::Single(MaterialId(0))), @"0: 3..8");
    let array = vec![Some(MaterialId(0)), Some(MaterialId(5))];
    assert_snapshot!(parts(Materials::Array(array)), @"5: 3..6, 0: 6..8");
    assert_snapshot!(parts(Materials::Array(Vec::new())), @"");
}

#[test]
fn missing_components_are_those_of_a_shader() {
    let two = Attribute::new(2, vec![0.25, 0.5]);
    assert_eq!(two.get(0), [0.25, 0.5, 0.0, 1.0]);
    assert_eq!(two.get(1), [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(two.get(usize::MAX), [0.0, 0.0, 0.0, 1.0]);
}
