//! `KHR_materials_pbrSpecularGlossiness` as metallic-roughness. Facts: rendering specification §C.2; the conversion that
//! Khronos published with the extension, in the variant of trimesh 4.10.1.

#![allow(clippy::manual_clamp, reason = "`max` first takes NaN to a number, `clamp` would keep it")]

use super::{Material, Texture, light};

/// What a surface without metal reflects head-on.
const DIELECTRIC: f32 = 0.04;
const EPSILON: f32 = 1e-6;

/// The extension's object.
pub(super) struct Gloss {
    pub(super) diffuse: [f32; 4],
    pub(super) specular: [f32; 3],
    pub(super) glossiness: f32,
    pub(super) diffuse_texture: Option<Texture>,
    pub(super) specular_texture: Option<Texture>,
}

/// Linear colours of a place, converted.
struct Converted {
    base: [f32; 3],
    metallic: f32,
}

fn brightness(rgb: [f32; 3]) -> f32 {
    let [r, g, b] = rgb;
    (0.299 * r * r + 0.587 * g * g + 0.114 * b * b).sqrt()
}

fn unit(c: f32) -> f32 {
    c.max(0.0).min(1.0)
}

fn convert(diffuse: [f32; 3], specular: [f32; 3]) -> Converted {
    let strength = 1.0 - specular.iter().copied().fold(0.0, f32::max);
    let (d, s) = (brightness(diffuse), brightness(specular));
    let metallic = if s < DIELECTRIC {
        0.0
    } else {
        let b = d * strength / (1.0 - DIELECTRIC) + s - 2.0 * DIELECTRIC;
        let c = DIELECTRIC - s;
        let root = (b * b - 4.0 * DIELECTRIC * c).max(EPSILON).sqrt();
        unit((root - b) / (2.0 * DIELECTRIC))
    };
    let of_diffuse = strength / (1.0 - DIELECTRIC) / (1.0 - metallic).max(EPSILON);
    let of_specular = 1.0 / metallic.max(EPSILON);
    let square = metallic * metallic;
    let base = [0, 1, 2].map(|c| {
        let from_diffuse = diffuse[c] * of_diffuse;
        let from_specular = (specular[c] - DIELECTRIC * (1.0 - metallic)) * of_specular;
        unit(square * from_specular + (1.0 - square) * from_diffuse)
    });
    Converted { base, metallic }
}

impl Gloss {
    /// Puts its surface in place of the material's. Of two textures, the specular one is looked up at the places of the
    /// diffuse one.
    pub(super) fn replace(self, material: &mut Material) {
        let Self { diffuse, specular, glossiness, diffuse_texture, specular_texture } = self;
        let [r, g, b, alpha] = diffuse;
        let Some(size) = diffuse_texture.as_ref().or(specular_texture.as_ref()).map(Texture::size)
        else {
            let converted = convert([r, g, b], specular);
            let [r, g, b] = converted.base;
            material.base = Material::quantised([r, g, b, alpha]);
            material.metallic = converted.metallic;
            material.roughness = unit(1.0 - glossiness);
            return;
        };
        let light = |texel: [u8; 4], c: usize| light::decode(f32::from(texel[c]) / 255.0);
        let byte = |value: f32| (unit(value) * 255.0) as u8;
        let (mut base, mut rough) = (Vec::new(), Vec::new());
        for y in 0..size[1] {
            for x in 0..size[0] {
                let d = diffuse_texture.as_ref().map_or([255; 4], |t| t.nearest([x, y], size));
                let s = specular_texture.as_ref().map_or([255; 4], |t| t.nearest([x, y], size));
                let converted = convert(
                    [0, 1, 2].map(|c| light(d, c) * diffuse[c]),
                    [0, 1, 2].map(|c| light(s, c) * specular[c]),
                );
                let [r, g, b] = converted.base.map(|c| byte(srgb(c)));
                base.push([r, g, b, byte(f32::from(d[3]) / 255.0 * alpha)]);
                let roughness = 1.0 - f32::from(s[3]) / 255.0 * glossiness;
                rough.push([0, byte(roughness), byte(converted.metallic), 255]);
            }
        }
        (material.base, material.metallic, material.roughness) = ([1.0; 4], 1.0, 1.0);
        material.base_texture = Texture::new(size[0], size[1], base);
        material.metallic_roughness_texture = Texture::new(size[0], size[1], rough);
    }
}

/// The sRGB value of light.
fn srgb(c: f32) -> f32 {
    if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * libm::powf(c, 1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gloss(diffuse: [f32; 4], specular: [f32; 3]) -> Gloss {
        Gloss { diffuse, specular, glossiness: 0.75, diffuse_texture: None, specular_texture: None }
    }

    /// Values of trimesh 4.10.1, `specular_to_pbr`.
    #[test]
    fn as_the_original_converts() {
        let cases = [([0.5, 0.4, 0.3, 0.8], [0.04; 3], [0.5, 0.4, 0.3], 0.0), GOLD, HALF];
        for (diffuse, specular, base, metallic) in cases {
            let mut material = Material::default();
            gloss(diffuse, specular).replace(&mut material);
            assert!(
                (material.metallic - metallic).abs() < 2e-3,
                "{} for {metallic}",
                material.metallic
            );
            assert!((material.roughness - 0.25).abs() < 1e-6);
            for c in 0..3 {
                assert!(
                    (material.base[c] - base[c]).abs() < 5e-3,
                    "{:?} for {base:?}",
                    material.base
                );
            }
            assert!((material.base[3] - diffuse[3]).abs() < 3e-3);
        }
    }

    #[test]
    fn textures_become_textures() {
        let mut material = Material::default();
        let diffuse_texture = Texture::new(2, 1, vec![[255, 255, 255, 255], [0, 0, 0, 128]]);
        let plain = gloss([1.0; 4], [0.0; 3]);
        Gloss { diffuse_texture, ..plain }.replace(&mut material);
        assert_eq!(material.base_texture, Texture::new(2, 1, vec![[255; 4], [0, 0, 0, 128]]));
        let rough = vec![[0, 63, 0, 255]; 2];
        assert_eq!(material.metallic_roughness_texture, Texture::new(2, 1, rough));
        assert_eq!(material.base, [1.0; 4]);
    }

    type Case = ([f32; 4], [f32; 3], [f32; 3], f32);
    const GOLD: Case = ([0.0, 0.0, 0.0, 1.0], [0.9, 0.7, 0.3], [0.9000, 0.7000, 0.3000], 1.0000);
    const HALF: Case = ([0.3, 0.2, 0.1, 1.0], [0.2, 0.25, 0.3], [0.4506, 0.3645, 0.2783], 0.5770);
}
