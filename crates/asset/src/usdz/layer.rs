//! The layer: meshes and `UsdPreviewSurface` materials as text, and the pictures they name.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::glb::texture::{Source, png};
use crate::scene::baked::{Baked, leading_texture};
use crate::scene::flat::Surface;
use crate::scene::{Material, NormalMapType, Physical, Scene, Side, Standard, TextureId, Wrap};

/// The layer first, then pictures.
pub(super) struct Files {
    pub(super) list: Vec<(String, Vec<u8>)>,
    pub(super) losses: Vec<String>,
}

struct Layer<'a> {
    scene: &'a Scene,
    text: String,
    pictures: Vec<(String, Vec<u8>)>,
    known: BTreeMap<(Source, bool), String>,
    lost: BTreeMap<&'static str, usize>,
}

pub(super) fn files(scene: &Scene, surfaces: &[Surface<'_>]) -> Files {
    let mut layer = Layer {
        scene,
        text: HEAD.to_owned(),
        pictures: Vec::new(),
        known: BTreeMap::new(),
        lost: BTreeMap::new(),
    };
    let mut is_used = vec![false; scene.materials.len()];
    for (idx, surface) in surfaces.iter().enumerate() {
        if layer.mesh(idx, surface) {
            is_used[surface.material_id.idx()] = true;
        }
        layer.lose("instance colours", surface.tint != [1.0; 3]);
    }
    layer.line(format_args!("    def Scope \"Materials\"\n    {{"));
    for (idx, material) in scene.materials.iter().enumerate().filter(|(idx, _)| is_used[*idx]) {
        layer.material(idx, material);
    }
    layer.line(format_args!("    }}\n}}"));
    let mut list = vec![("scene.usda".to_owned(), layer.text.into_bytes())];
    list.append(&mut layer.pictures);
    let losses = layer.lost.into_iter().map(|(what, count)| format!("{what}: {count}"));
    Files { list, losses: losses.collect() }
}

const HEAD: &str = "#usda 1.0
(
    customLayerData = {
        string creator = \"Crucible\"
    }
    defaultPrim = \"Scene\"
    metersPerUnit = 1
    upAxis = \"Y\"
)

def Xform \"Scene\" (
    kind = \"component\"
)
{
";

impl Layer<'_> {
    fn line(&mut self, values: std::fmt::Arguments<'_>) {
        // Writing to a text does not fail.
        self.text.write_fmt(values).ok();
        self.text.push('\n');
    }

    fn lose(&mut self, what: &'static str, is_lost: bool) {
        if is_lost {
            *self.lost.entry(what).or_default() += 1;
        }
    }

    /// Whether there was anything to draw.
    fn mesh(&mut self, idx: usize, surface: &Surface<'_>) -> bool {
        let baked = Baked::of(self.scene, surface);
        if baked.triangles.is_empty() {
            return false;
        }
        let mut low = [f32::INFINITY; 3];
        let mut high = [f32::NEG_INFINITY; 3];
        for position in &baked.positions {
            for axis in 0..3 {
                low[axis] = low[axis].min(position[axis]);
                high[axis] = high[axis].max(position[axis]);
            }
        }
        let is_double = u8::from(surface.material.side == Side::Double);
        self.line(format_args!(
            "    def Mesh \"mesh_{idx}\" (\n        prepend apiSchemas = [\"MaterialBindingAPI\"]\n    )\n    {{"
        ));
        self.line(format_args!("        uniform bool doubleSided = {is_double}"));
        self.line(format_args!("        float3[] extent = [{}, {}]", tuple(&low), tuple(&high)));
        let counts = vec!["3"; baked.triangles.len()].join(", ");
        self.line(format_args!("        int[] faceVertexCounts = [{counts}]"));
        let indices: Vec<_> = baked.triangles.as_flattened().iter().map(u32::to_string).collect();
        self.line(format_args!("        int[] faceVertexIndices = [{}]", indices.join(", ")));
        let material = surface.material_id.0;
        self.line(format_args!(
            "        rel material:binding = </Scene/Materials/material_{material}>"
        ));
        self.list("normal3f[] normals", &baked.normals);
        self.line(format_args!("        point3f[] points = [{}]", tuples(&baked.positions)));
        self.list("color3f[] primvars:displayColor", &baked.colors);
        self.lose(
            "vertex colours, except in viewers that show displayColor",
            !baked.colors.is_empty(),
        );
        self.list("texCoord2f[] primvars:st", &baked.uvs);
        self.line(format_args!("        uniform token subdivisionScheme = \"none\"\n    }}"));
        true
    }

    /// One value for each vertex.
    fn list<const N: usize>(&mut self, name: &str, values: &[[f32; N]]) {
        if !values.is_empty() {
            let values = tuples(values);
            self.line(format_args!(
                "        {name} = [{values}] (\n            interpolation = \"vertex\"\n        )"
            ));
        }
    }

    fn material(&mut self, idx: usize, material: &Material) {
        let path = format!("/Scene/Materials/material_{idx}");
        self.line(format_args!("        def Material \"material_{idx}\"\n        {{"));
        if !material.name.is_empty() {
            // Names of materials are free; those of the layer are not.
            let name: String = material.name.chars().filter(|c| !c.is_control()).collect();
            let name = name.replace('\\', "\\\\").replace('"', "\\\"");
            self.line(format_args!("            uniform string crucible:name = \"{name}\""));
        }
        self.line(format_args!(
            "            token outputs:surface.connect = <{path}/Surface.outputs:surface>"
        ));
        let mut surface = Shader { path: path.clone(), inputs: Vec::new(), nodes: Vec::new() };
        self.inputs(material, &mut surface);
        self.line(format_args!(
            "            def Shader \"Surface\"\n            {{\n                uniform token info:id = \"UsdPreviewSurface\""
        ));
        for input in &surface.inputs {
            self.line(format_args!("                {input}"));
        }
        self.line(format_args!("                token outputs:surface\n            }}"));
        if !surface.nodes.is_empty() {
            self.line(format_args!(
                "            def Shader \"Coordinates\"\n            {{\n                uniform token info:id = \"UsdPrimvarReader_float2\"\n                string inputs:varname = \"st\"\n                float2 outputs:result\n            }}"
            ));
        }
        for node in &surface.nodes {
            self.line(format_args!("{node}"));
        }
        self.line(format_args!("        }}"));
    }

    fn inputs(&mut self, material: &Material, to: &mut Shader) {
        let color = material.color.map(unit);
        let is_upright = leading_texture(self.scene, material).is_some_and(|found| found.flip_y);
        let base = material.map.map(|id| (id, Source::Color(id)));
        let is_seen_through = material.transparent || material.alpha_test > 0.0;
        let [r, g, b] = color;
        let opacity = unit(material.opacity);
        let Some(standard) = material.standard() else {
            // Not lit: what it shows is what it sends out.
            to.value("color3f inputs:diffuseColor = (0, 0, 0)".to_owned());
            self.map(
                to,
                base,
                ("color3f", "emissiveColor", "rgb"),
                [r, g, b, opacity],
                is_upright,
                tuple(&color),
            );
            if is_seen_through {
                self.opacity(to, material, base, opacity, is_upright);
            }
            return;
        };
        self.map(
            to,
            base,
            ("color3f", "diffuseColor", "rgb"),
            [r, g, b, opacity],
            is_upright,
            tuple(&color),
        );
        if is_seen_through {
            self.opacity(to, material, base, opacity, is_upright);
        }
        self.standard(to, standard, is_upright);
        if let Some(physical) = material.physical() {
            self.physical(to, physical, is_upright);
        }
    }

    fn opacity(
        &mut self,
        to: &mut Shader,
        material: &Material,
        base: Option<(TextureId, Source)>,
        opacity: f32,
        is_upright: bool,
    ) {
        let grey = material.alpha_map.map(|id| (id, Source::Grey(id, 1)));
        let (map, channel) = if grey.is_some() { (grey, "r") } else { (base, "a") };
        self.map(
            to,
            map,
            ("float", "opacity", channel),
            [opacity; 4],
            is_upright,
            opacity.to_string(),
        );
        if material.alpha_test > 0.0 && !material.transparent {
            to.value(format!("float inputs:opacityThreshold = {}", unit(material.alpha_test)));
        }
    }

    fn standard(&mut self, to: &mut Shader, standard: &Standard, is_upright: bool) {
        let data = |map: Option<TextureId>| map.map(|id| (id, Source::Data(id)));
        let (rough, metal) = (unit(standard.roughness), unit(standard.metalness));
        let roughness = ("float", "roughness", "g");
        self.map(
            to,
            data(standard.roughness_map),
            roughness,
            [rough; 4],
            is_upright,
            rough.to_string(),
        );
        let metallic = ("float", "metallic", "b");
        self.map(
            to,
            data(standard.metalness_map),
            metallic,
            [metal; 4],
            is_upright,
            metal.to_string(),
        );
        let glow = standard.emissive.map(|part| part * standard.emissive_intensity);
        let glow = glow.map(|part| if part.is_finite() { part.max(0.0) } else { 0.0 });
        if glow != [0.0; 3] {
            let map = standard.emissive_map.map(|id| (id, Source::Color(id)));
            let [r, g, b] = glow;
            let emissive = ("color3f", "emissiveColor", "rgb");
            self.map(to, map, emissive, [r, g, b, 1.0], is_upright, tuple(&glow));
        }
        if standard.ao_map.is_some() {
            let occlusion = ("float", "occlusion", "r");
            self.map(to, data(standard.ao_map), occlusion, [1.0; 4], is_upright, "1".to_owned());
        }
        let is_tangent = standard.normal_map_type == NormalMapType::TangentSpace;
        if let Some(id) = standard.normal_map.filter(|_| is_tangent) {
            let map = Some((id, Source::Data(id)));
            let normal = ("normal3f", "normal", "rgb");
            self.map(to, map, normal, [2.0, 2.0, 2.0, 1.0], is_upright, "(0, 0, 1)".to_owned());
        }
    }

    fn physical(&mut self, to: &mut Shader, physical: &Physical, is_upright: bool) {
        to.value(format!("float inputs:ior = {}", physical.ior.clamp(0.0, 100.0)));
        if physical.clearcoat > 0.0 {
            let data = |map: Option<TextureId>| map.map(|id| (id, Source::Data(id)));
            let (coat, rough) = (unit(physical.clearcoat), unit(physical.clearcoat_roughness));
            let map = data(physical.clearcoat_map);
            self.map(to, map, ("float", "clearcoat", "r"), [coat; 4], is_upright, coat.to_string());
            let map = data(physical.clearcoat_roughness_map);
            let input = ("float", "clearcoatRoughness", "g");
            self.map(to, map, input, [rough; 4], is_upright, rough.to_string());
        }
        self.lose("transmission", physical.transmission > 0.0);
        self.lose("sheen", physical.sheen > 0.0);
        self.lose("iridescence", physical.iridescence > 0.0);
        self.lose("anisotropy", physical.anisotropy > 0.0);
    }

    /// An input that is a picture times a factor, or a value where there is none.
    fn map(
        &mut self,
        to: &mut Shader,
        map: Option<(TextureId, Source)>,
        (kind, input, output): (&str, &str, &str),
        scale: [f32; 4],
        is_upright: bool,
        value: String,
    ) {
        let texture = map.and_then(|(id, source)| Some((self.scene.texture(id)?, source)));
        let Some((texture, source)) = texture else {
            to.value(format!("{kind} inputs:{input} = {value}"));
            return;
        };
        let file = self.picture(source, is_upright);
        let node = format!("Picture_{input}");
        to.value(format!("{kind} inputs:{input}.connect = <{}/{node}.outputs:{output}>", to.path));
        let space =
            if matches!(source, Source::Color(_)) && output != "a" { "sRGB" } else { "raw" };
        let wrap = |wrap| match wrap {
            Wrap::Repeat => "repeat",
            Wrap::ClampToEdge => "clamp",
            Wrap::MirroredRepeat => "mirror",
        };
        let (s, t, path) = (wrap(texture.wrap_s), wrap(texture.wrap_t), &to.path);
        let bias = if input == "normal" {
            "\n                float4 inputs:bias = (-1, -1, -1, 0)"
        } else {
            ""
        };
        let scale = tuple(&scale);
        let output_kind = if output == "rgb" { "float3" } else { "float" };
        to.nodes.push(format!(
            "            def Shader \"{node}\"
            {{
                uniform token info:id = \"UsdUVTexture\"
                asset inputs:file = @{file}@
                float2 inputs:st.connect = <{path}/Coordinates.outputs:result>
                token inputs:sourceColorSpace = \"{space}\"
                token inputs:wrapS = \"{s}\"
                token inputs:wrapT = \"{t}\"
                float4 inputs:scale = {scale}{bias}
                {output_kind} outputs:{output}
            }}"
        ));
    }

    fn picture(&mut self, source: Source, is_upright: bool) -> String {
        if let Some(name) = self.known.get(&(source, is_upright)) {
            return name.clone();
        }
        let name = format!("pictures/{}.png", self.pictures.len());
        self.pictures.push((name.clone(), png(self.scene, source, is_upright)));
        self.known.insert((source, is_upright), name.clone());
        name
    }
}

/// What the surface of a material is made of.
struct Shader {
    path: String,
    inputs: Vec<String>,
    nodes: Vec<String>,
}

impl Shader {
    fn value(&mut self, line: String) {
        self.inputs.push(line);
    }
}

/// 0 to 1; NaN is 0.
fn unit(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}

fn tuple(values: &[f32]) -> String {
    let values: Vec<_> = values.iter().map(f32::to_string).collect();
    format!("({})", values.join(", "))
}

fn tuples<const N: usize>(values: &[[f32; N]]) -> String {
    let values: Vec<_> = values.iter().map(|value| tuple(value)).collect();
    values.join(", ")
}
