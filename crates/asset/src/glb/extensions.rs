//! The glTF extensions that the reader takes, and which of them a scene has a place for.

/// Where the content of an extension goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Into the scene; or it says nothing on its own.
    Scene,
    /// Nowhere, and a line of its own tells how much of it there was.
    OwnLine,
    /// Nowhere in a scene; a file that requires it is read all the same.
    Nowhere,
}

use Place::{Nowhere, OwnLine, Scene};

/// By name, in order.
const EXTENSIONS: &[(&str, Place)] = &[
    ("EXT_mesh_gpu_instancing", Scene),
    ("EXT_meshopt_compression", Scene),
    ("EXT_texture_webp", Scene),
    ("KHR_gaussian_splatting", Nowhere),
    ("KHR_gaussian_splatting_compression_spz", Nowhere),
    ("KHR_gaussian_splatting_compression_spz_2", Nowhere),
    ("KHR_lights_punctual", OwnLine),
    ("KHR_materials_anisotropy", Scene),
    ("KHR_materials_clearcoat", Scene),
    ("KHR_materials_dispersion", Scene),
    ("KHR_materials_emissive_strength", Scene),
    ("KHR_materials_ior", Scene),
    ("KHR_materials_iridescence", Scene),
    ("KHR_materials_sheen", Scene),
    ("KHR_materials_specular", Scene),
    ("KHR_materials_transmission", Scene),
    ("KHR_materials_unlit", Scene),
    ("KHR_materials_variants", OwnLine),
    ("KHR_materials_volume", Scene),
    ("KHR_mesh_quantization", Scene),
    ("KHR_meshopt_compression", Scene),
    ("KHR_texture_transform", Scene),
    ("KHR_xmp_json_ld", Nowhere),
];

fn place(name: &str) -> Option<Place> {
    EXTENSIONS.iter().find(|(known, _)| *known == name).map(|(_, place)| *place)
}

/// Whether a file may require it.
pub(super) fn is_known(name: &str) -> bool {
    place(name).is_some()
}

/// Whether a scene loses it without a word elsewhere, so that its name has to be told.
pub(super) fn is_lost_silently(name: &str) -> bool {
    !matches!(place(name), Some(Scene | OwnLine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_once_in_order() {
        assert!(EXTENSIONS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn what_may_be_required_and_what_is_told_are_two_questions() {
        let answers = |name| (is_known(name), is_lost_silently(name));
        assert_eq!(answers("KHR_materials_sheen"), (true, false));
        assert_eq!(answers("KHR_lights_punctual"), (true, false));
        assert_eq!(answers("KHR_xmp_json_ld"), (true, true));
        assert_eq!(answers("VENDOR_other"), (false, true));
    }
}
