//! The scene that pictures for the refinement are taken of.

use asset::scene::{Basic, Material, MaterialKind, Primitive, Scene};

use super::Light;

/// The same scene without what splats are not made of (lines, points, wireframes, displaced surfaces stay flat), and, for
/// [`Light::Albedo`], with all materials unlit.
pub(super) fn lit(scene: &Scene, light: Light) -> Scene {
    let mut scene = scene.clone();
    for node in &mut scene.nodes {
        let has_faces = node.drawable.as_ref().is_some_and(|drawable| {
            matches!(drawable.primitive, Primitive::Mesh | Primitive::InstancedMesh(_))
        });
        if !has_faces {
            node.drawable = None;
        }
    }
    for material in &mut scene.materials {
        material.visible &= !material.wireframe;
        match &mut material.kind {
            MaterialKind::Standard(standard) => standard.displacement_map = None,
            MaterialKind::Physical(physical) => physical.standard.displacement_map = None,
            _ => {}
        }
        if light == Light::Albedo {
            unlight(material);
        }
    }
    scene
}

/// Base colour alone, plus what is emitted evenly.
fn unlight(material: &mut Material) {
    if let Some(standard) = material.standard()
        && material.map.is_none()
        && standard.emissive_map.is_none()
    {
        let glow = standard.emissive.map(|c| c * standard.emissive_intensity);
        material.color = [0, 1, 2].map(|k: usize| material.color[k] + glow[k]);
    }
    if matches!(material.kind, MaterialKind::Standard(_) | MaterialKind::Physical(_)) {
        material.kind = MaterialKind::Basic(Box::<Basic>::default());
    }
    material.tone_mapped = false;
    material.dithering = false;
}
