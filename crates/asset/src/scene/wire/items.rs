//! What a scene is made of, field by field in the order written here. A change of anything needs another
//! [`super::VERSION`].

use super::WireError;
use super::cursor::{Cursor, Wire};
use crate::scene::{
    Attribute, Basic, BlendFactors, Blending, ColorSpace, Combine, Dashes, DepthFunc, Drawable,
    Format, Geometry, GeometryId, Group, Instances, Level, MagFilter, Mapping, Material,
    MaterialId, MaterialKind, Materials, MinFilter, Node, NodeId, NormalMapType, Physical,
    PointSize, PolygonOffset, Primitive, Side, Span, Sphere, Standard, Texels, Texture, TextureId,
    Wrap,
};

/// Fields one after the other. The number is the shortest encoding, where lists of them occur.
macro_rules! structs {
    ($($name:ident $bytes_min:literal { $($field:ident),* $(,)? })*) => {$(
        impl Wire for $name {
            const BYTES_MIN: usize = $bytes_min;

            fn put(&self, message: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $($field.put(message);)*
            }

            fn take(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
                Ok(Self { $($field: Wire::take(cursor)?),* })
            }
        }
    )*};
}

/// The constant of Three.js.
macro_rules! constants {
    ($($name:ident $what:literal),* $(,)?) => {$(
        impl Wire for $name {
            fn put(&self, message: &mut Vec<u8>) {
                self.number().put(message);
            }

            fn take(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
                let number = u32::take(cursor)?;
                Self::from_number(number).ok_or_else(|| cursor.undefined(4, $what, number))
            }
        }
    )*};
}

/// A byte, and what the variant holds.
macro_rules! variants {
    ($($name:ident $what:literal { $($variant:ident $(($held:ident))? = $tag:literal),* $(,)? })*) => {$(
        impl Wire for $name {
            fn put(&self, message: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($held))? => {
                        message.push($tag);
                        $($held.put(message);)?
                    })*
                }
            }

            fn take(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
                match u8::take(cursor)? {
                    $($tag => {
                        $(let $held = Wire::take(cursor)?;)?
                        Ok(Self::$variant $(($held))?)
                    })*
                    found => Err(cursor.undefined(1, $what, found.into())),
                }
            }
        }
    )*};
}

/// All bits set mean none; `Scene::check` refuses an id that large.
macro_rules! ids {
    ($($name:ident),*) => {$(
        impl Wire for $name {
            const BYTES_MIN: usize = 4;
            const OPTION_BYTES_MIN: usize = 4;

            fn put(&self, message: &mut Vec<u8>) {
                self.0.put(message);
            }

            fn take(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
                u32::take(cursor).map(Self)
            }

            fn put_option(value: Option<&Self>, message: &mut Vec<u8>) {
                value.map_or(u32::MAX, |id| id.0).put(message);
            }

            fn take_option(cursor: &mut Cursor<'_>) -> Result<Option<Self>, WireError> {
                Ok(Some(u32::take(cursor)?).filter(|id| *id != u32::MAX).map(Self))
            }
        }
    )*};
}

ids!(NodeId, GeometryId, MaterialId, TextureId);

structs! {
    Node 284 {
        parent, object_id, name, matrix, world, visible, layers, render_order, is_group, frustum_culled, drawable,
    }
    Drawable 1 { geometry, materials, primitive }
    Instances 1 { matrices, colors, bounding_sphere }
    Geometry 24 {
        name, position, normal, uvs, color, tangent, line_distance, index, groups, draw_range, bounding_sphere,
    }
    Attribute 1 { item_size, undrawable, values }
    Span 5 { start, count }
    Group 9 { span, material_idx }
    Sphere 1 { center, radius }
    Material 61 {
        material_id, name, color, map, alpha_map, opacity, transparent, visible, side, vertex_colors, blending,
        premultiplied_alpha, alpha_test, alpha_hash, alpha_to_coverage, force_single_pass, depth_test, depth_write,
        depth_func, color_write, polygon_offset, dithering, tone_mapped, wireframe, flat_shading, kind,
    }
    Standard 1 {
        roughness, roughness_map, metalness, metalness_map, light_map, light_map_intensity, ao_map, ao_map_intensity,
        emissive, emissive_intensity, emissive_map, bump_map, bump_scale, normal_map, normal_map_type, normal_scale,
        displacement_map, displacement_scale, displacement_bias, env_map, env_map_intensity, env_map_rotation,
    }
    Physical 1 {
        standard, ior, specular_intensity, specular_intensity_map, specular_color, specular_color_map, clearcoat,
        clearcoat_map, clearcoat_roughness, clearcoat_roughness_map, clearcoat_normal_map, clearcoat_normal_scale,
        sheen, sheen_color, sheen_color_map, sheen_roughness, sheen_roughness_map, iridescence, iridescence_map,
        iridescence_ior, iridescence_thickness_nm, iridescence_thickness_map, anisotropy, anisotropy_rotation,
        anisotropy_map, transmission, transmission_map, thickness, thickness_map, attenuation_distance,
        attenuation_color, dispersion,
    }
    Basic 1 {
        light_map, light_map_intensity, ao_map, ao_map_intensity, specular_map, env_map, env_map_rotation, combine,
        reflectivity, refraction_ratio,
    }
    PointSize 1 { size, size_attenuation }
    Dashes 1 { scale, dash_size, gap_size }
    PolygonOffset 1 { factor, units }
    BlendFactors 1 { equation, src, dst, equation_alpha, src_alpha, dst_alpha, constant }
    Texture 106 {
        name, levels, format, color_space, wrap_s, wrap_t, mag_filter, min_filter, anisotropy, flip_y,
        generate_mipmaps, uv_matrix, channel, mapping,
    }
    Level 13 { width, height, texels }
}

constants! {
    Side "side", DepthFunc "depth function", NormalMapType "normal map type", Combine "combine", Wrap "wrapping",
    MagFilter "mag filter", MinFilter "min filter",
}

variants! {
    Primitive "primitive" { Mesh = 0, InstancedMesh(instances) = 1, Line = 2, LineSegments = 3, Points = 4 }
    Materials "materials" { Single(material) = 0, Array(materials) = 1 }
    MaterialKind "material" {
        Standard(standard) = 0, Physical(physical) = 1, Basic(basic) = 2, Points(points) = 3, LineBasic = 4,
        LineDashed(dashes) = 5,
    }
    Blending "blending" { None = 0, Normal = 1, Additive = 2, Subtractive = 3, Multiply = 4, Custom(factors) = 5 }
    Texels "texel type" { U8(values) = 0, F16(values) = 1, F32(values) = 2 }
    Format "texture format" { Red = 0, Rg = 1, Rgba = 2 }
    ColorSpace "colour space" { Linear = 0, Srgb = 1 }
    Mapping "mapping" { Uv = 0, EquirectangularReflection = 1, EquirectangularRefraction = 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list asks for as many bytes before it takes memory: too many would refuse good messages, too few would give
    /// memory for nothing.
    fn shortest<T: Wire>(item: &T, times: usize) {
        let mut message = Vec::new();
        item.put(&mut message);
        let name = std::any::type_name::<T>();
        assert_eq!(message.len(), T::BYTES_MIN, "{name}");
        assert!(
            size_of::<T>() <= times * T::BYTES_MIN,
            "{name}: {} bytes in memory",
            size_of::<T>()
        );
    }

    #[test]
    fn shortest_encodings() {
        shortest(&Node::default(), 4);
        // There are 4,096 at most.
        shortest(&Geometry::default(), 18);
        shortest(&Group::default(), 4);
        shortest(&Material::new(MaterialKind::LineBasic), 4);
        shortest(&Texture::default(), 4);
        shortest(&Level::default(), 4);
        shortest(&None::<MaterialId>, 4);
    }
}
