//! Small scenes made by hand, for tests and benches.
#![allow(dead_code, reason = "not every user needs every shape")]

use asset::scene::{
    Attribute, Drawable, Geometry, GeometryId, Material, MaterialId, MaterialKind, Materials, Node,
    NodeId, Primitive, Scene, Standard,
};
use glam::{DMat4, DVec3, Vec3};

/// An empty scene: its root.
pub fn empty() -> Scene {
    Scene { nodes: vec![Node { is_group: true, ..Node::default() }], ..Scene::default() }
}

/// Adds an object under the root; its ids grow as in a module that makes one thing after the other.
pub fn add(
    scene: &mut Scene,
    primitive: Primitive,
    geometry: Geometry,
    material: Material,
    at: DMat4,
) -> usize {
    scene.geometries.push(geometry);
    let geometry = GeometryId(scene.geometries.len() as u32 - 1);
    scene.materials.push(Material { material_id: scene.materials.len() as u32, ..material });
    let materials = Materials::Single(MaterialId(scene.materials.len() as u32 - 1));
    scene.nodes.push(Node {
        parent: Some(NodeId(0)),
        object_id: scene.nodes.len() as u32,
        matrix: at.to_cols_array(),
        world: at.to_cols_array(),
        drawable: Some(Drawable { primitive, geometry, materials }),
        ..Node::default()
    });
    scene.nodes.len() - 1
}

/// Positions, normals and coordinates of a grid of `columns` × `rows` faces.
fn grid(columns: u32, rows: u32, place: impl Fn(f32, f32) -> (Vec3, Vec3)) -> Geometry {
    let (mut positions, mut normals, mut uvs) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..=rows {
        for column in 0..=columns {
            let (u, v) = (column as f32 / columns as f32, row as f32 / rows as f32);
            let (position, normal) = place(u, v);
            positions.extend(position.to_array());
            normals.extend(normal.to_array());
            uvs.extend([u, 1.0 - v]);
        }
    }
    let mut index = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            let a = row * (columns + 1) + column;
            let (b, c, d) = (a + columns + 1, a + columns + 2, a + 1);
            index.extend([a, b, d, b, c, d]);
        }
    }
    Geometry {
        position: Some(Attribute::new(3, positions)),
        normal: Some(Attribute::new(3, normals)),
        uvs: [Some(Attribute::new(2, uvs)), None, None, None],
        index: Some(index),
        ..Geometry::default()
    }
}

/// A sphere with poles on the y axis.
pub fn sphere(radius: f32, columns: u32, rows: u32) -> Geometry {
    grid(columns, rows, |u, v| {
        let (phi, theta) = (u * std::f32::consts::TAU, v * std::f32::consts::PI);
        let normal = Vec3::new(
            -libm::cosf(phi) * libm::sinf(theta),
            libm::cosf(theta),
            libm::sinf(phi) * libm::sinf(theta),
        );
        (normal * radius, normal)
    })
}

/// A rectangle in the xy plane that faces +z.
pub fn plane(width: f32, height: f32) -> Geometry {
    grid(1, 1, |u, v| (Vec3::new((u - 0.5) * width, (0.5 - v) * height, 0.0), Vec3::Z))
}

/// The twelve triangles of a box.
pub fn cube(side: f32) -> Geometry {
    let h = side / 2.0;
    let faces = [Vec3::X, Vec3::NEG_X, Vec3::Y, Vec3::NEG_Y, Vec3::Z, Vec3::NEG_Z];
    let (mut positions, mut normals, mut index) = (Vec::new(), Vec::new(), Vec::new());
    for normal in faces {
        let up = if normal.y == 0.0 { Vec3::Y } else { Vec3::Z };
        let right = up.cross(normal);
        let first = (positions.len() / 3) as u32;
        for (x, y) in [(-h, -h), (h, -h), (h, h), (-h, h)] {
            positions.extend((normal * h + right * x + up * y).to_array());
            normals.extend(normal.to_array());
        }
        index.extend([0, 1, 2, 0, 2, 3].map(|i| first + i));
    }
    Geometry {
        position: Some(Attribute::new(3, positions)),
        normal: Some(Attribute::new(3, normals)),
        index: Some(index),
        ..Geometry::default()
    }
}

/// A standard material.
pub fn standard(color: [f32; 3], roughness: f32, metalness: f32) -> Material {
    let standard = Standard { roughness, metalness, ..Standard::default() };
    Material { color, ..Material::new(MaterialKind::Standard(Box::new(standard))) }
}

/// An unlit material.
pub fn basic(color: [f32; 3]) -> Material {
    Material { color, ..Material::new(MaterialKind::Basic(Box::default())) }
}

/// Some 3,000 triangles in 30 parts of five standard materials, as modules are.
pub fn typical() -> Scene {
    let mut scene = empty();
    let materials = [
        standard([0.6, 0.1, 0.05], 0.4, 0.0),
        standard([0.1, 0.3, 0.6], 0.7, 0.0),
        standard([0.9, 0.8, 0.4], 0.25, 1.0),
        standard([0.2, 0.2, 0.22], 0.9, 0.1),
        standard([0.8, 0.8, 0.8], 0.5, 0.5),
    ];
    let mut put = |i: usize, geometry: Geometry, at: DVec3, turn: f64| {
        let at = DMat4::from_translation(at) * DMat4::from_rotation_y(turn);
        add(&mut scene, Primitive::Mesh, geometry, materials[i % 5].clone(), at);
    };
    put(0, sphere(0.3, 32, 16), DVec3::new(0.0, 0.1, 0.0), 0.0);
    put(1, cube(0.45), DVec3::new(0.0, -0.25, 0.0), 0.6);
    for i in 0..28 {
        let angle = f64::from(i) * std::f64::consts::TAU / 28.0;
        let (sin, cos) = libm::sincos(angle);
        let at = DVec3::new(0.4 * cos, 0.3 * libm::sin(3.0 * angle), 0.4 * sin);
        let geometry = if i % 3 == 0 { cube(0.12) } else { sphere(0.08, 12, 8) };
        put(i as usize, geometry, at, angle);
    }
    scene
}
