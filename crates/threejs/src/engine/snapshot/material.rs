//! A material as the module left it. Facts: Three.js specification §13.4, rendering specification §D.4.1.

use asset::scene::{
    Basic, BlendFactors, Blending, Combine, Dashes, DepthFunc, Material, MaterialKind,
    NormalMapType, Physical, PointSize, PolygonOffset, Side, Standard, TextureId,
};
use rquickjs::Object;

use super::{
    Snapshot, Stop,
    props::{self, Res},
};

/// Every slot for a texture, and whether the rule on texture data looks at it: it does at all but the last.
const SLOTS: [&str; 24] = [
    "map",
    "normalMap",
    "roughnessMap",
    "metalnessMap",
    "aoMap",
    "emissiveMap",
    "displacementMap",
    "bumpMap",
    "alphaMap",
    "lightMap",
    "specularIntensityMap",
    "specularColorMap",
    "sheenRoughnessMap",
    "sheenColorMap",
    "transmissionMap",
    "thicknessMap",
    "clearcoatMap",
    "clearcoatNormalMap",
    "clearcoatRoughnessMap",
    "iridescenceMap",
    "iridescenceThicknessMap",
    "envMap",
    "anisotropyMap",
    "specularMap",
];

/// What is in the slots of one material.
struct Slots {
    found: [Slot; SLOTS.len()],
    /// The first slot that was asked for and holds something else than a `DataTexture`.
    wrong: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Slot {
    #[default]
    Empty,
    Texture(TextureId),
    Wrong,
}

impl Slots {
    fn read<'js>(of: &Object<'js>, snapshot: &mut Snapshot<'js>) -> Res<Self> {
        let mut found = [Slot::Empty; SLOTS.len()];
        for (slot, name) in found.iter_mut().zip(SLOTS) {
            let held = props::value(of, name)?;
            if !props::is_truthy(&held) {
                continue;
            }
            *slot = Slot::Wrong;
            if let Some(texture) = held.into_object()
                && let Some(id) = snapshot.texture(&texture, name != "specularMap")?
            {
                *slot = Slot::Texture(id);
            }
        }
        Ok(Self { found, wrong: None })
    }

    fn take(&mut self, name: &'static str) -> Option<TextureId> {
        let at = SLOTS.iter().position(|slot| *slot == name)?;
        match self.found[at] {
            Slot::Empty => None,
            Slot::Texture(id) => Some(id),
            Slot::Wrong => {
                self.wrong.get_or_insert(name);
                None
            }
        }
    }
}

/// The material, and why it cannot be drawn if so.
pub(super) fn read<'js>(
    of: &Object<'js>,
    snapshot: &mut Snapshot<'js>,
) -> Res<(Material, Option<String>)> {
    let mut slots = Slots::read(of, snapshot)?;
    let class = props::text(of, "type", &snapshot.short)?;
    let visible = props::is(of, "visible")?;
    let kind = match class.as_str() {
        "MeshStandardMaterial" => MaterialKind::Standard(Box::new(standard(of, &mut slots)?)),
        "MeshPhysicalMaterial" => MaterialKind::Physical(Box::new(physical(of, &mut slots)?)),
        "MeshBasicMaterial" => MaterialKind::Basic(Box::new(basic(of, &mut slots)?)),
        "PointsMaterial" => MaterialKind::Points(PointSize {
            size: props::float(of, "size")?,
            size_attenuation: props::is_true(of, "sizeAttenuation")?,
        }),
        "LineBasicMaterial" => MaterialKind::LineBasic,
        "LineDashedMaterial" => MaterialKind::LineDashed(Dashes {
            scale: props::float(of, "scale")?,
            dash_size: props::float(of, "dashSize")?,
            gap_size: props::float(of, "gapSize")?,
        }),
        _ => {
            // Three.js never looks at an invisible one.
            let mut unknown = Material::new(MaterialKind::LineBasic);
            unknown.visible = false;
            let trouble = format!("a material of type {class:?} cannot be drawn");
            return Ok((unknown, visible.then_some(trouble)));
        }
    };
    let mut material = Material::new(kind);
    material.visible = visible;
    common(of, &mut slots, &mut material)?;
    material.name = props::text(of, "name", &snapshot.short)?;
    let trouble = slots.wrong.map(|slot| format!("{slot} of a material is not a DataTexture"));
    Ok((material, trouble.filter(|_| visible)))
}

fn common(of: &Object<'_>, slots: &mut Slots, m: &mut Material) -> Res<()> {
    m.material_id = props::number(of, "id")? as u32;
    m.color = props::color(of, "color", 1.0)?;
    m.map = slots.take("map");
    if !matches!(m.kind, MaterialKind::LineBasic | MaterialKind::LineDashed(_)) {
        m.alpha_map = slots.take("alphaMap");
    }
    m.opacity = props::float(of, "opacity")?;
    m.transparent = props::is(of, "transparent")?;
    m.side = Side::from_number(constant(of, "side")?).unwrap_or_default();
    m.vertex_colors = props::is(of, "vertexColors")?;
    m.blending = blending(of)?;
    m.premultiplied_alpha = props::is(of, "premultipliedAlpha")?;
    m.alpha_test = props::float(of, "alphaTest")?;
    m.alpha_hash = props::is(of, "alphaHash")?;
    m.alpha_to_coverage = props::is_true(of, "alphaToCoverage")?;
    m.force_single_pass = props::is(of, "forceSinglePass")?;
    m.depth_test = props::is(of, "depthTest")?;
    m.depth_write = props::is(of, "depthWrite")?;
    m.depth_func = DepthFunc::from_number(constant(of, "depthFunc")?).unwrap_or_default();
    m.color_write = props::is(of, "colorWrite")?;
    if props::is(of, "polygonOffset")? {
        m.polygon_offset = Some(PolygonOffset {
            factor: props::float(of, "polygonOffsetFactor")?,
            units: props::float(of, "polygonOffsetUnits")?,
        });
    }
    m.dithering = props::is(of, "dithering")?;
    m.tone_mapped = props::is(of, "toneMapped")?;
    m.wireframe = props::is_true(of, "wireframe")?;
    m.flat_shading = props::is_true(of, "flatShading")?;
    Ok(())
}

/// A constant of Three.js; `u32::MAX`, which is none, for what is no such number.
fn constant(of: &Object<'_>, key: &'static str) -> Res<u32> {
    let number = props::number(of, key)?;
    Ok(if number >= 0.0 && number.fract() == 0.0 { number as u32 } else { u32::MAX })
}

fn blending(of: &Object<'_>) -> Res<Blending> {
    Ok(match constant(of, "blending")? {
        0 => Blending::None,
        2 => Blending::Additive,
        3 => Blending::Subtractive,
        4 => Blending::Multiply,
        5 => Blending::Custom(blend_factors(of)?),
        // Three.js complains of other constants and goes on as it did before.
        _ => Blending::Normal,
    })
}

fn blend_factors(of: &Object<'_>) -> Res<BlendFactors> {
    let or = |key, other: u32| {
        let held = props::value(of, key)?;
        if !props::is_truthy(&held) {
            return Ok::<_, Stop>(other);
        }
        Ok(props::to_number(of.ctx(), held)? as u32)
    };
    let equation = constant(of, "blendEquation")?;
    let src = constant(of, "blendSrc")?;
    let dst = constant(of, "blendDst")?;
    let [r, g, b] = props::color(of, "blendColor", 0.0)?;
    Ok(BlendFactors {
        equation,
        src,
        dst,
        equation_alpha: or("blendEquationAlpha", equation)?,
        src_alpha: or("blendSrcAlpha", src)?,
        dst_alpha: or("blendDstAlpha", dst)?,
        constant: [r, g, b, props::float(of, "blendAlpha")?],
    })
}

fn standard(of: &Object<'_>, slots: &mut Slots) -> Res<Standard> {
    let normal_map_type = constant(of, "normalMapType")?;
    Ok(Standard {
        roughness: props::float(of, "roughness")?,
        roughness_map: slots.take("roughnessMap"),
        metalness: props::float(of, "metalness")?,
        metalness_map: slots.take("metalnessMap"),
        light_map: slots.take("lightMap"),
        light_map_intensity: props::float(of, "lightMapIntensity")?,
        ao_map: slots.take("aoMap"),
        ao_map_intensity: props::float(of, "aoMapIntensity")?,
        emissive: props::color(of, "emissive", 0.0)?,
        emissive_intensity: props::float(of, "emissiveIntensity")?,
        emissive_map: slots.take("emissiveMap"),
        bump_map: slots.take("bumpMap"),
        bump_scale: props::float(of, "bumpScale")?,
        normal_map: slots.take("normalMap"),
        normal_map_type: NormalMapType::from_number(normal_map_type).unwrap_or_default(),
        normal_scale: pair(of, "normalScale")?,
        displacement_map: slots.take("displacementMap"),
        displacement_scale: props::float(of, "displacementScale")?,
        displacement_bias: props::float(of, "displacementBias")?,
        env_map: slots.take("envMap"),
        env_map_intensity: props::float(of, "envMapIntensity")?,
        env_map_rotation: angles(of)?,
    })
}

fn physical(of: &Object<'_>, slots: &mut Slots) -> Res<Physical> {
    Ok(Physical {
        standard: standard(of, slots)?,
        ior: props::float(of, "ior")?,
        specular_intensity: props::float(of, "specularIntensity")?,
        specular_intensity_map: slots.take("specularIntensityMap"),
        specular_color: props::color(of, "specularColor", 1.0)?,
        specular_color_map: slots.take("specularColorMap"),
        clearcoat: props::float(of, "clearcoat")?,
        clearcoat_map: slots.take("clearcoatMap"),
        clearcoat_roughness: props::float(of, "clearcoatRoughness")?,
        clearcoat_roughness_map: slots.take("clearcoatRoughnessMap"),
        clearcoat_normal_map: slots.take("clearcoatNormalMap"),
        clearcoat_normal_scale: pair(of, "clearcoatNormalScale")?,
        sheen: props::float(of, "sheen")?,
        sheen_color: props::color(of, "sheenColor", 0.0)?,
        sheen_color_map: slots.take("sheenColorMap"),
        sheen_roughness: props::float(of, "sheenRoughness")?,
        sheen_roughness_map: slots.take("sheenRoughnessMap"),
        iridescence: props::float(of, "iridescence")?,
        iridescence_map: slots.take("iridescenceMap"),
        iridescence_ior: props::float(of, "iridescenceIOR")?,
        iridescence_thickness_nm: thickness(of)?,
        iridescence_thickness_map: slots.take("iridescenceThicknessMap"),
        anisotropy: props::float(of, "anisotropy")?,
        anisotropy_rotation: props::float(of, "anisotropyRotation")?,
        anisotropy_map: slots.take("anisotropyMap"),
        transmission: props::float(of, "transmission")?,
        transmission_map: slots.take("transmissionMap"),
        thickness: props::float(of, "thickness")?,
        thickness_map: slots.take("thicknessMap"),
        attenuation_distance: props::float(of, "attenuationDistance")?,
        attenuation_color: props::color(of, "attenuationColor", 1.0)?,
        dispersion: props::float(of, "dispersion")?,
    })
}

fn basic(of: &Object<'_>, slots: &mut Slots) -> Res<Basic> {
    Ok(Basic {
        light_map: slots.take("lightMap"),
        light_map_intensity: props::float(of, "lightMapIntensity")?,
        ao_map: slots.take("aoMap"),
        ao_map_intensity: props::float(of, "aoMapIntensity")?,
        specular_map: slots.take("specularMap"),
        env_map: slots.take("envMap"),
        env_map_rotation: angles(of)?,
        combine: Combine::from_number(constant(of, "combine")?).unwrap_or_default(),
        reflectivity: props::float(of, "reflectivity")?,
        refraction_ratio: props::float(of, "refractionRatio")?,
    })
}

fn pair(of: &Object<'_>, key: &'static str) -> Res<[f32; 2]> {
    Ok(props::numbers(of, key, ["x", "y"], [1.0; 2])?.map(|number| number as f32))
}

fn angles(of: &Object<'_>) -> Res<[f32; 3]> {
    let read = props::numbers(of, "envMapRotation", ["x", "y", "z"], [0.0; 3])?;
    Ok(read.map(|number| number as f32))
}

fn thickness(of: &Object<'_>) -> Res<[f32; 2]> {
    let Some(range) = props::maybe_object(of, "iridescenceThicknessRange")? else {
        return Ok([100.0, 400.0]);
    };
    Ok([props::number(&range, 0_u32)? as f32, props::number(&range, 1_u32)? as f32])
}
