//! Textures: right where the surface is, filled in between; and what the scene looks like when drawn and written.

use asset::scene::{Texels, Texture};
use mesh::atlas::{Options, unwrap};
use mesh::{Look, Mesh, MeshError, bake};
use render::scene::{Lighting, Prepared};
use render::{Camera, Lens, View};

use crate::fields::{ball, cuboid, mesh_of, on_any_threads};

fn unwrapped(side_px: u32) -> Mesh {
    let mesh = mesh_of(ball, 24);
    unwrap(&mesh, &Options { side_px, ..Options::default() }, &|| false).unwrap().mesh
}

fn bytes(texture: &Texture) -> &[u8] {
    match &texture.levels[0].texels {
        Texels::U8(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn texels_know_their_place() {
    let mesh = unwrapped(256);
    let texels = bake::texels(&mesh, 256).unwrap();
    let known = texels.iter().flatten().count();
    assert!(known > 25_000, "{known} texels");
    for texel in texels.iter().flatten() {
        assert!(ball(texel.point).abs() < 3e-3, "{texel:?} is {} m off", ball(texel.point));
        let outwards = glam::Vec3::from(texel.point).dot(glam::Vec3::from(texel.normal)) / 0.4;
        assert!(outwards > 0.98, "{texel:?}");
    }
}

#[test]
fn empty_texels_take_the_nearest_colour() {
    let mesh = unwrapped(128);
    let texture = bake::texture(&mesh, 128, |_, _| [1.0, 0.5, 0.25]).unwrap();
    assert!(bytes(&texture).chunks(4).all(|texel| texel == [255, 128, 64, 255]));
}

/// The sides of a box each in their colour: drawn unlit, the middle of each view is that colour to the byte, and no
/// seam shows.
#[test]
fn colours_come_out_as_they_went_in() {
    let plain = mesh_of(cuboid, 24);
    let mesh =
        unwrap(&plain, &Options { side_px: 256, ..Options::default() }, &|| false).unwrap().mesh;
    let texture = bake::texture(&mesh, 256, |p, _| [p[0] + 0.5, p[1] + 0.5, p[2] + 0.5]).unwrap();
    let scene = mesh.to_scene("box", Some(texture), Look::Unlit);
    scene.check().unwrap();
    let prepared = Prepared::new(&scene);
    for (view, middle) in
        [(View::WHITE[4].view, [230, 128, 128]), (View::WHITE[5].view, [128, 128, 77])]
    {
        let camera = Camera::orbit(view, Lens::competition(256));
        let picture = prepared.draw(&camera, Lighting::Follow, [255; 3]);
        let pixel = &picture.get_pixel(128, 128).0[..3];
        let off = pixel.iter().zip(middle).map(|(a, b)| a.abs_diff(b)).max().unwrap();
        assert!(off <= 3, "{pixel:?} is not {middle:?}");
        // No jumps between neighbours inside of the silhouette.
        for y in 90..166 {
            for x in 98..157 {
                let (a, b) = (picture.get_pixel(x, y).0, picture.get_pixel(x + 1, y).0);
                let jump = a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().unwrap();
                assert!(jump <= 9, "{view:?}: {a:?} beside {b:?} at {x},{y}");
            }
        }
    }
}

#[test]
fn glb_files_lose_nothing() {
    let mesh = unwrapped(64);
    let texture = bake::texture(&mesh, 64, |_, normal| normal).unwrap();
    for look in [Look::Unlit, Look::Lit { roughness: 0.4, metalness: 1.0 }] {
        let scene = mesh.to_scene("ball", Some(texture.clone()), look);
        let mut file = Vec::new();
        let losses = asset::glb::write(&scene, &mut file).unwrap();
        assert_eq!(losses, Vec::<String>::new());
        assert!(file.len() > 1000);
    }
}

#[test]
fn refusals() {
    let mesh = unwrapped(64);
    let plain = Mesh { uvs: Vec::new(), ..mesh.clone() };
    let wrong = bake::texels(&plain, 64).unwrap_err();
    assert!(matches!(wrong, MeshError::Length { attribute: "uvs", .. }), "{wrong}");
    let mut far = mesh.clone();
    far.uvs[5] = [0.5, 1.5];
    let wrong = bake::texels(&far, 64).unwrap_err().to_string();
    assert_eq!(wrong, "mesh: a texture coordinate is 1.5, it has to be 0 to 1");
    assert!(bake::texels(&mesh, 0).is_err());
}

#[test]
fn threads_do_not_show() {
    let mesh = unwrapped(64);
    on_any_threads(|| bake::texture(&mesh, 64, |point, _| point).unwrap());
}
