//! Assets for tests: small, of many colours, and different from every side.

use asset::scene::{
    Attribute, ColorSpace, Drawable, Format, Geometry, GeometryId, Level, Material, MaterialId,
    MaterialKind, Materials, Node, NodeId, Primitive, Standard, Texels, Texture, TextureId,
};
use asset::{Scene, ShDegree, Splats, SplatsParts};

/// Counter in, evenly spread value from −1 to 1 out.
fn noise(counter: usize) -> f32 {
    let mut bits = (counter as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((bits >> 40) as f32 / 8_388_608.0) - 1.0
}

/// A body with a long nose to the front, one arm to its left and a foot, in the unit box.
pub(crate) fn figure(splat_count: usize, sh_degree: u8) -> Splats {
    let sh_degree = ShDegree::new(sh_degree).expect("a degree up to 4");
    let mut parts = SplatsParts { sh_degree, ..SplatsParts::default() };
    for idx in 0..splat_count {
        let v = |salt: usize| noise(idx * 97 + salt);
        let (centre, size, dc) = match idx % 4 {
            0 => ([0.0, 0.0, -0.1], [0.2, 0.25, 0.2], [1.2, -0.9, -1.2]),
            1 => ([0.0, 0.1, 0.25], [0.05, 0.05, 0.2], [-1.0, 1.3, -0.7]),
            2 => ([0.3, 0.05, -0.1], [0.16, 0.04, 0.05], [-1.2, -0.6, 1.4]),
            _ => ([0.05, -0.35, 0.0], [0.06, 0.12, 0.1], [0.9, 0.9, -1.3]),
        };
        parts.positions.push([0, 1, 2].map(|c| centre[c] + size[c] * v(c)));
        parts.log_scales.push([10, 11, 12].map(|salt| -4.0 + 0.5 * v(salt)));
        parts.rotations.push([20, 21, 22, 23].map(v));
        parts.raw_opacities.push(2.0 + 2.0 * v(30));
        parts.sh_dc.push([0, 1, 2].map(|c| dc[c] + 0.3 * v(40 + c)));
        parts.sh_rest.extend((0..sh_degree.rest_values()).map(|n| 0.08 * v(50 + n)));
    }
    Splats::new(parts).expect("attributes of one length")
}

/// Boxes of several colours: one with a texture, one with colours of vertices, one turned and a little transparent node
/// further down.
pub(crate) fn toy() -> Scene {
    let places = [
        ([0.0, 0.0, -0.1], [0.2, 0.25, 0.2]),
        ([0.0, 0.1, 0.25], [0.05, 0.05, 0.2]),
        ([0.3, 0.05, -0.1], [0.16, 0.04, 0.05]),
    ];
    let mut scene = Scene { nodes: vec![Node::default()], ..Scene::default() };
    for (idx, (centre, size)) in places.into_iter().enumerate() {
        let mut matrix = asset::scene::IDENTITY;
        matrix[12..15].copy_from_slice(&centre);
        let (geometry, material) = (GeometryId(idx as u32), MaterialId(idx as u32));
        let drawable = Drawable {
            primitive: Primitive::Mesh,
            geometry,
            materials: Materials::Single(material),
        };
        scene.geometries.push(cuboid(size, idx == 1));
        scene.materials.push(paint(idx as u32));
        scene.nodes.push(Node {
            parent: Some(NodeId(0)),
            object_id: idx as u32 + 1,
            name: format!("part {idx}"),
            matrix,
            world: matrix,
            drawable: Some(drawable),
            ..Node::default()
        });
    }
    let texels = (0..16_u32).flat_map(|texel| match (texel + texel / 4) % 2 {
        0 => [230, 60, 40, 255],
        _ => [250, 220, 160, 255],
    });
    scene.textures.push(Texture {
        name: "checks".into(),
        levels: vec![Level { width: 4, height: 4, texels: Texels::U8(texels.collect()) }],
        format: Format::Rgba,
        color_space: ColorSpace::Srgb,
        ..Texture::default()
    });
    scene.check().expect("a scene that holds together");
    scene
}

fn paint(idx: u32) -> Material {
    let standard = Standard { roughness: 0.6, metalness: 0.1, ..Standard::default() };
    let mut material = Material::new(MaterialKind::Standard(Box::new(standard)));
    material.material_id = idx;
    material.name = format!("paint {idx}");
    material.map = (idx == 0).then_some(TextureId(0));
    material.vertex_colors = idx == 1;
    if idx == 2 {
        material.color = [0.05, 0.1, 0.7];
    }
    material
}

/// A box about the origin; six sides with normals, uv, and colours if asked for.
fn cuboid(half: [f64; 3], is_coloured: bool) -> Geometry {
    let (mut position, mut normal, mut uv, mut color) = (vec![], vec![], vec![], vec![]);
    let mut index = Vec::new();
    for side in 0..6_usize {
        let (axis, sign) = (side / 2, if side % 2 == 0 { 1.0 } else { -1.0 });
        let first = (position.len() / 3) as u32;
        for (u, v) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
            let mut corner = [0.0; 3];
            corner[axis] = sign;
            // The other two axes, so that the side is counter-clockwise from outside.
            corner[(axis + 1) % 3] = u * sign;
            corner[(axis + 2) % 3] = v;
            position.extend((0..3).map(|c| (corner[c] * half[c]) as f32));
            normal.extend((0..3).map(|c| if c == axis { sign as f32 } else { 0.0 }));
            uv.extend([(u * 0.5 + 0.5) as f32, (v * 0.5 + 0.5) as f32]);
            color.extend([0.1_f32, 0.3 + 0.1 * side as f32, 0.2]);
        }
        index.extend([0, 1, 2, 0, 2, 3].map(|corner| first + corner));
    }
    Geometry {
        position: Some(Attribute::new(3, position)),
        normal: Some(Attribute::new(3, normal)),
        uvs: [Some(Attribute::new(2, uv)), None, None, None],
        color: is_coloured.then(|| Attribute::new(3, color)),
        index: Some(index),
        ..Geometry::default()
    }
}
