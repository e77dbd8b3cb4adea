//! Meshes that hold anything get an answer.

use mesh::Mesh;
use mesh::atlas::{Options, unwrap};
use mesh::decimate::{Goal, decimate};
use proptest::prelude::*;

fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => -1.0_f32..1.0,
        2 => (-3_i8..4).prop_map(f32::from),
        1 => prop::sample::select(vec![0.0, -0.0, 1e-30, 1e30, -3e38, f32::INFINITY, f32::NAN]),
    ]
}

prop_compose! {
    fn any_mesh()(n in 1_usize..40)(
        positions in prop::collection::vec(prop::array::uniform3(number()), n),
        triangles in prop::collection::vec(prop::array::uniform3(0..(n as u32 + u32::from(n % 7 == 0))), 0..60),
    ) -> Mesh {
        Mesh { positions, triangles, ..Mesh::default() }
    }
}

proptest! {
    #[test]
    fn any_mesh_gets_an_answer(mesh in any_mesh(), goal in 0_usize..40) {
        let is_sound = mesh.check().is_ok();
        let simple = decimate(&mesh, Goal::triangles(goal), &|| false);
        prop_assert_eq!(simple.is_ok(), is_sound);
        if let Ok(simple) = simple {
            prop_assert!(simple.check().is_ok());
        }
        let options = Options { side_px: 256, gutter_px: 1, angle_deg: 50.0 };
        if let Ok(atlas) = unwrap(&mesh, &options, &|| false) {
            prop_assert!(atlas.mesh.check().is_ok());
            prop_assert!(mesh::bake::texture(&atlas.mesh, 32, |_, _| [0.5; 3]).is_ok());
        }
    }
}
