//! Materials with every parameter that has an effect. Facts: Three.js specification §13.4, §13.6, rendering
//! specification §D.4.1, §D.5, §D.8. Defaults are those of Three.js r183.

use super::TextureId;
use super::numbered::numbered;

/// What all materials have, and what is special about this one.
#[derive(Debug, Clone, PartialEq)]
pub struct Material {
    /// Creation order of the material among all materials (`id`), a key of draw order.
    pub material_id: u32,
    /// For people and files; may be empty.
    pub name: String,
    /// Linear.
    pub color: [f32; 3],
    /// RGBA, multiplies colour and opacity. On lines it counts if the geometry has `uv`.
    pub map: Option<TextureId>,
    /// G multiplies opacity. Lines have none.
    pub alpha_map: Option<TextureId>,
    /// 0 to 1.
    pub opacity: f32,
    /// Drawn in the transparent list, sorted from back to front.
    pub transparent: bool,
    /// Drawn at all.
    pub visible: bool,
    /// Which faces.
    pub side: Side,
    /// The geometry's `color` multiplies the material's; without that attribute the material is black.
    pub vertex_colors: bool,
    /// Over what is there.
    pub blending: Blending,
    /// Colour is multiplied by alpha before blending.
    pub premultiplied_alpha: bool,
    /// Fragments with less alpha are dropped, if above 0.
    pub alpha_test: f32,
    /// Fragments are dropped by chance, fixed in object space.
    pub alpha_hash: bool,
    /// Alpha becomes coverage of samples.
    pub alpha_to_coverage: bool,
    /// A transparent double-sided object is drawn in one pass, not in two.
    pub force_single_pass: bool,
    /// Compares with the depth buffer.
    pub depth_test: bool,
    /// Writes to the depth buffer.
    pub depth_write: bool,
    /// The comparison that passes.
    pub depth_func: DepthFunc,
    /// Writes colour.
    pub color_write: bool,
    /// Moves depth, if set.
    pub polygon_offset: Option<PolygonOffset>,
    /// Adds noise of half a level.
    pub dithering: bool,
    /// Goes through tone mapping.
    pub tone_mapped: bool,
    /// Triangles are drawn as lines.
    pub wireframe: bool,
    /// One normal per face.
    pub flat_shading: bool,
    /// What is special about this one.
    pub kind: MaterialKind,
}

/// The six materials of the module contract.
#[derive(Debug, Clone, PartialEq)]
pub enum MaterialKind {
    /// `MeshStandardMaterial`.
    Standard(Box<Standard>),
    /// `MeshPhysicalMaterial`.
    Physical(Box<Physical>),
    /// `MeshBasicMaterial`.
    Basic(Box<Basic>),
    /// `PointsMaterial`.
    Points(PointSize),
    /// `LineBasicMaterial`.
    LineBasic,
    /// `LineDashedMaterial`.
    LineDashed(Dashes),
}

/// Metallic-roughness shading.
#[derive(Debug, Clone, PartialEq)]
pub struct Standard {
    /// 0 to 1.
    pub roughness: f32,
    /// G.
    pub roughness_map: Option<TextureId>,
    /// 0 to 1.
    pub metalness: f32,
    /// B.
    pub metalness_map: Option<TextureId>,
    /// RGB, added as irradiance.
    pub light_map: Option<TextureId>,
    /// Multiplies `light_map`.
    pub light_map_intensity: f32,
    /// R, darkens indirect light only.
    pub ao_map: Option<TextureId>,
    /// Strength of `ao_map`.
    pub ao_map_intensity: f32,
    /// Linear.
    pub emissive: [f32; 3],
    /// Multiplies `emissive`.
    pub emissive_intensity: f32,
    /// RGB.
    pub emissive_map: Option<TextureId>,
    /// R, a height.
    pub bump_map: Option<TextureId>,
    /// Multiplies `bump_map`.
    pub bump_scale: f32,
    /// RGB, a direction.
    pub normal_map: Option<TextureId>,
    /// Space of `normal_map`.
    pub normal_map_type: NormalMapType,
    /// Multiplies x and y of `normal_map`.
    pub normal_scale: [f32; 2],
    /// R, moves vertices along their normals.
    pub displacement_map: Option<TextureId>,
    /// Multiplies `displacement_map`.
    pub displacement_scale: f32,
    /// Is added to it.
    pub displacement_bias: f32,
    /// Has an effect only if its mapping is equirectangular.
    pub env_map: Option<TextureId>,
    /// Multiplies `env_map`.
    pub env_map_intensity: f32,
    /// Euler angles of `env_map`, order XYZ, radians.
    pub env_map_rotation: [f32; 3],
}

/// [`Standard`] with more layers. A layer is on only if its main factor is above 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Physical {
    /// The base.
    pub standard: Standard,
    /// Index of refraction; `reflectivity` is another way to write it.
    pub ior: f32,
    /// Strength of the dielectric reflection.
    pub specular_intensity: f32,
    /// A.
    pub specular_intensity_map: Option<TextureId>,
    /// Tint of the dielectric reflection, linear.
    pub specular_color: [f32; 3],
    /// RGB.
    pub specular_color_map: Option<TextureId>,
    /// Main factor of the coat.
    pub clearcoat: f32,
    /// R.
    pub clearcoat_map: Option<TextureId>,
    /// 0 to 1.
    pub clearcoat_roughness: f32,
    /// G.
    pub clearcoat_roughness_map: Option<TextureId>,
    /// RGB, a direction in tangent space.
    pub clearcoat_normal_map: Option<TextureId>,
    /// Multiplies x and y of it.
    pub clearcoat_normal_scale: [f32; 2],
    /// Main factor of the cloth layer.
    pub sheen: f32,
    /// Linear.
    pub sheen_color: [f32; 3],
    /// RGB.
    pub sheen_color_map: Option<TextureId>,
    /// 0 to 1.
    pub sheen_roughness: f32,
    /// A.
    pub sheen_roughness_map: Option<TextureId>,
    /// Main factor of the thin film.
    pub iridescence: f32,
    /// R.
    pub iridescence_map: Option<TextureId>,
    /// Index of refraction of the film.
    pub iridescence_ior: f32,
    /// Lowest and highest thickness of the film, nanometres; the highest counts without a map.
    pub iridescence_thickness_nm: [f32; 2],
    /// G, between the two.
    pub iridescence_thickness_map: Option<TextureId>,
    /// Main factor of stretched highlights.
    pub anisotropy: f32,
    /// Radians, counter-clockwise from the tangent.
    pub anisotropy_rotation: f32,
    /// RG direction, B strength.
    pub anisotropy_map: Option<TextureId>,
    /// Main factor of glass.
    pub transmission: f32,
    /// R.
    pub transmission_map: Option<TextureId>,
    /// Of the volume below the surface, in the node's units.
    pub thickness: f32,
    /// G.
    pub thickness_map: Option<TextureId>,
    /// After which white light has `attenuation_color`; infinity is no attenuation.
    pub attenuation_distance: f32,
    /// Linear.
    pub attenuation_color: [f32; 3],
    /// Main factor of the spread of colours by refraction.
    pub dispersion: f32,
}

/// Not lit.
#[derive(Debug, Clone, PartialEq)]
pub struct Basic {
    /// RGB, multiplies colour (over π).
    pub light_map: Option<TextureId>,
    /// Multiplies `light_map`.
    pub light_map_intensity: f32,
    /// R, darkens.
    pub ao_map: Option<TextureId>,
    /// Strength of `ao_map`.
    pub ao_map_intensity: f32,
    /// R, strength of `env_map`.
    pub specular_map: Option<TextureId>,
    /// Has an effect only if its mapping is equirectangular.
    pub env_map: Option<TextureId>,
    /// Euler angles of `env_map`, order XYZ, radians.
    pub env_map_rotation: [f32; 3],
    /// How `env_map` meets the colour.
    pub combine: Combine,
    /// Strength of `env_map`.
    pub reflectivity: f32,
    /// Of indices of refraction, for a refracting `env_map`.
    pub refraction_ratio: f32,
}

/// Size of points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointSize {
    /// Pixels, or with attenuation half canvas heights at distance 1.
    pub size: f32,
    /// Smaller with distance.
    pub size_attenuation: bool,
}

/// Dashes of lines, in units of `lineDistance` × `scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dashes {
    /// Multiplies the distance.
    pub scale: f32,
    /// Length that is drawn.
    pub dash_size: f32,
    /// Length that is not.
    pub gap_size: f32,
}

/// `polygonOffset` with its two numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PolygonOffset {
    /// Times the steepest slope of depth.
    pub factor: f32,
    /// Times the smallest step of depth.
    pub units: f32,
}

/// `blending` of a material.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Blending {
    /// 0: overwrites.
    None,
    /// 1: over.
    #[default]
    Normal,
    /// 2: adds.
    Additive,
    /// 3: darkens by the inverse.
    Subtractive,
    /// 4: multiplies.
    Multiply,
    /// 5: by factors.
    Custom(BlendFactors),
}

/// Custom blending, by the constants of Three.js (equations 100–104, factors 200–214).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlendFactors {
    /// `blendEquation`.
    pub equation: u32,
    /// `blendSrc`.
    pub src: u32,
    /// `blendDst`.
    pub dst: u32,
    /// `blendEquationAlpha`, or `equation` where that is null.
    pub equation_alpha: u32,
    /// `blendSrcAlpha`, or `src` where that is null.
    pub src_alpha: u32,
    /// `blendDstAlpha`, or `dst` where that is null.
    pub dst_alpha: u32,
    /// `blendColor`, linear, and `blendAlpha`.
    pub constant: [f32; 4],
}

numbered! {
    /// Which faces are drawn.
    Side {
        /// Counter-clockwise ones.
        #[default]
        Front = 0,
        /// Clockwise ones.
        Back = 1,
        /// All.
        Double = 2,
    }
}

numbered! {
    /// The comparison with the depth buffer that passes.
    DepthFunc {
        /// None.
        Never = 0,
        /// Any.
        Always = 1,
        /// Nearer.
        Less = 2,
        /// Nearer, or as near.
        #[default]
        LessEqual = 3,
        /// As near.
        Equal = 4,
        /// Farther, or as far.
        GreaterEqual = 5,
        /// Farther.
        Greater = 6,
        /// Not as near.
        NotEqual = 7,
    }
}

numbered! {
    /// Space of a normal map.
    NormalMapType {
        /// That of the surface.
        #[default]
        TangentSpace = 0,
        /// That of the object.
        ObjectSpace = 1,
    }
}

numbered! {
    /// How an environment map meets the colour of a [`Basic`] material.
    Combine {
        /// Multiplied.
        #[default]
        Multiply = 0,
        /// Mixed.
        Mix = 1,
        /// Added.
        Add = 2,
    }
}

impl Material {
    /// With the defaults of Three.js.
    #[must_use]
    pub const fn new(kind: MaterialKind) -> Self {
        Self {
            material_id: 0,
            name: String::new(),
            color: [1.0; 3],
            map: None,
            alpha_map: None,
            opacity: 1.0,
            transparent: false,
            visible: true,
            side: Side::Front,
            vertex_colors: false,
            blending: Blending::Normal,
            premultiplied_alpha: false,
            alpha_test: 0.0,
            alpha_hash: false,
            alpha_to_coverage: false,
            force_single_pass: false,
            depth_test: true,
            depth_write: true,
            depth_func: DepthFunc::LessEqual,
            color_write: true,
            polygon_offset: None,
            dithering: false,
            tone_mapped: true,
            wireframe: false,
            flat_shading: false,
            kind,
        }
    }

    /// The metallic-roughness part, of a standard or a physical material.
    #[must_use]
    pub fn standard(&self) -> Option<&Standard> {
        match &self.kind {
            MaterialKind::Standard(standard) => Some(standard),
            MaterialKind::Physical(physical) => Some(&physical.standard),
            _ => None,
        }
    }

    /// The physical part, of a physical material.
    #[must_use]
    pub fn physical(&self) -> Option<&Physical> {
        match &self.kind {
            MaterialKind::Physical(physical) => Some(physical),
            _ => None,
        }
    }

    /// Every texture, with the name of its slot in Three.js.
    #[must_use]
    pub fn textures(&self) -> Vec<(&'static str, TextureId)> {
        let mut slots = vec![("map", self.map), ("alphaMap", self.alpha_map)];
        if let Some(s) = self.standard() {
            slots.extend([
                ("roughnessMap", s.roughness_map),
                ("metalnessMap", s.metalness_map),
                ("lightMap", s.light_map),
                ("aoMap", s.ao_map),
                ("emissiveMap", s.emissive_map),
                ("bumpMap", s.bump_map),
                ("normalMap", s.normal_map),
                ("displacementMap", s.displacement_map),
                ("envMap", s.env_map),
            ]);
        }
        if let Some(p) = self.physical() {
            slots.extend([
                ("specularIntensityMap", p.specular_intensity_map),
                ("specularColorMap", p.specular_color_map),
                ("clearcoatMap", p.clearcoat_map),
                ("clearcoatRoughnessMap", p.clearcoat_roughness_map),
                ("clearcoatNormalMap", p.clearcoat_normal_map),
                ("sheenColorMap", p.sheen_color_map),
                ("sheenRoughnessMap", p.sheen_roughness_map),
                ("iridescenceMap", p.iridescence_map),
                ("iridescenceThicknessMap", p.iridescence_thickness_map),
                ("anisotropyMap", p.anisotropy_map),
                ("transmissionMap", p.transmission_map),
                ("thicknessMap", p.thickness_map),
            ]);
        }
        if let MaterialKind::Basic(b) = &self.kind {
            slots.extend([
                ("lightMap", b.light_map),
                ("aoMap", b.ao_map),
                ("specularMap", b.specular_map),
                ("envMap", b.env_map),
            ]);
        }
        slots.into_iter().filter_map(|(slot, texture)| Some((slot, texture?))).collect()
    }
}

impl Default for Standard {
    fn default() -> Self {
        Self {
            roughness: 1.0,
            roughness_map: None,
            metalness: 0.0,
            metalness_map: None,
            light_map: None,
            light_map_intensity: 1.0,
            ao_map: None,
            ao_map_intensity: 1.0,
            emissive: [0.0; 3],
            emissive_intensity: 1.0,
            emissive_map: None,
            bump_map: None,
            bump_scale: 1.0,
            normal_map: None,
            normal_map_type: NormalMapType::TangentSpace,
            normal_scale: [1.0; 2],
            displacement_map: None,
            displacement_scale: 1.0,
            displacement_bias: 0.0,
            env_map: None,
            env_map_intensity: 1.0,
            env_map_rotation: [0.0; 3],
        }
    }
}

impl Default for Physical {
    fn default() -> Self {
        Self {
            standard: Standard::default(),
            ior: 1.5,
            specular_intensity: 1.0,
            specular_intensity_map: None,
            specular_color: [1.0; 3],
            specular_color_map: None,
            clearcoat: 0.0,
            clearcoat_map: None,
            clearcoat_roughness: 0.0,
            clearcoat_roughness_map: None,
            clearcoat_normal_map: None,
            clearcoat_normal_scale: [1.0; 2],
            sheen: 0.0,
            sheen_color: [0.0; 3],
            sheen_color_map: None,
            sheen_roughness: 1.0,
            sheen_roughness_map: None,
            iridescence: 0.0,
            iridescence_map: None,
            iridescence_ior: 1.3,
            iridescence_thickness_nm: [100.0, 400.0],
            iridescence_thickness_map: None,
            anisotropy: 0.0,
            anisotropy_rotation: 0.0,
            anisotropy_map: None,
            transmission: 0.0,
            transmission_map: None,
            thickness: 0.0,
            thickness_map: None,
            attenuation_distance: f32::INFINITY,
            attenuation_color: [1.0; 3],
            dispersion: 0.0,
        }
    }
}

impl Default for Basic {
    fn default() -> Self {
        Self {
            light_map: None,
            light_map_intensity: 1.0,
            ao_map: None,
            ao_map_intensity: 1.0,
            specular_map: None,
            env_map: None,
            env_map_rotation: [0.0; 3],
            combine: Combine::Multiply,
            reflectivity: 1.0,
            refraction_ratio: 0.98,
        }
    }
}

impl Default for PointSize {
    fn default() -> Self {
        Self { size: 1.0, size_attenuation: true }
    }
}

impl Default for Dashes {
    fn default() -> Self {
        Self { scale: 1.0, dash_size: 3.0, gap_size: 1.0 }
    }
}

impl Default for BlendFactors {
    /// As Three.js starts: source alpha over.
    fn default() -> Self {
        Self {
            equation: 100,
            src: 204,
            dst: 205,
            equation_alpha: 100,
            src_alpha: 204,
            dst_alpha: 205,
            constant: [0.0; 4],
        }
    }
}
