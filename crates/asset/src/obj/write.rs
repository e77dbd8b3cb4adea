//! OBJ out: every surface that is drawn, in the world, with its materials and pictures.

use std::fmt::Write;

use crate::color;
use crate::glb::texture::{Source, png};
use crate::scene::baked::{Baked, leading_texture};
use crate::scene::flat::{self, Surface};
use crate::scene::{Material, Scene, SceneError, TextureId, Wrap};

/// Triangles of a file that is written.
pub const TRIANGLES_MAX: usize = 1 << 24;

/// Files to be written side by side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Files {
    /// The OBJ file.
    pub obj: Vec<u8>,
    /// The material library, which the OBJ file names.
    pub mtl: Vec<u8>,
    /// PNG pictures by the names that the library has for them.
    pub pictures: Vec<(String, Vec<u8>)>,
    /// One line for each kind of thing that the files cannot say.
    pub losses: Vec<String>,
}

/// Why a scene was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The scene does not hold together.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// More than [`TRIANGLES_MAX`].
    #[error("obj: {found} triangles, our limit is {max}", max = TRIANGLES_MAX)]
    TooMany {
        /// Triangles of the scene, instances counted.
        found: usize,
    },
}

/// Writes every visible triangle of a scene in world space. `stem` names the library (`stem.mtl`) and the pictures (`stem_0.png`, ...).
///
/// # Errors
/// [`WriteError`] if the scene does not hold together or has too many triangles.
pub fn write(scene: &Scene, stem: &str) -> Result<Files, WriteError> {
    scene.check()?;
    let stem = word(stem, "scene");
    let (surfaces, mut losses) = flat::surfaces(scene)?;
    let found = surfaces.iter().map(Surface::triangle_count).fold(0, usize::saturating_add);
    if found > TRIANGLES_MAX {
        return Err(WriteError::TooMany { found });
    }
    let mut files = Files::default();
    let mut library = Library { scene, stem: &stem, text: String::new(), files: &mut files };
    let mut is_used = vec![false; scene.materials.len()];
    surfaces.iter().for_each(|surface| is_used[surface.material_id.idx()] = true);
    for (idx, material) in scene.materials.iter().enumerate().filter(|(idx, _)| is_used[*idx]) {
        library.add(idx, material);
    }
    let mtl = library.text;
    let mut text = format!("# Crucible\nmtllib {stem}.mtl\n");
    let mut counts = [1_usize; 3];
    let mut tinted = 0;
    for surface in &surfaces {
        put_surface(&mut text, scene, surface, &mut counts);
        tinted += usize::from(surface.tint != [1.0; 3]);
    }
    let layered = scene.materials.iter().filter(|material| material.physical().is_some()).count();
    for (what, count) in [("instance colours", tinted), ("layers of physical materials", layered)] {
        if count > 0 {
            losses.push(format!("{what}: {count}"));
        }
    }
    (files.obj, files.mtl, files.losses) = (text.into_bytes(), mtl.into_bytes(), losses);
    Ok(files)
}

fn put_surface(text: &mut String, scene: &Scene, surface: &Surface<'_>, counts: &mut [usize; 3]) {
    let baked = Baked::of(scene, surface);
    if baked.triangles.is_empty() {
        return;
    }
    let name = scene.node(surface.node).map_or("", |node| node.name.as_str());
    let name = if name.is_empty() { &surface.geometry.name } else { name };
    let material = material_name(surface.material_id.idx(), surface.material);
    let mut line = |values: std::fmt::Arguments<'_>| {
        // Writing to a text does not fail.
        text.write_fmt(values).ok();
        text.push('\n');
    };
    line(format_args!("o {}\nusemtl {material}", word(name, &format!("node_{}", surface.node.0))));
    for (vertex, [x, y, z]) in baked.positions.iter().enumerate() {
        match baked.colors.get(vertex).map(|color| color.map(color::encode)) {
            Some([r, g, b]) => line(format_args!("v {x} {y} {z} {r} {g} {b}")),
            None => line(format_args!("v {x} {y} {z}")),
        }
    }
    baked.uvs.iter().for_each(|[u, v]| line(format_args!("vt {u} {v}")));
    baked.normals.iter().for_each(|[x, y, z]| line(format_args!("vn {x} {y} {z}")));
    let [v, vt, vn] = *counts;
    let (has_uv, has_normals) = (!baked.uvs.is_empty(), !baked.normals.is_empty());
    for corners in &baked.triangles {
        let [a, b, c] =
            corners.map(|corner| corner as usize).map(|at| match (has_uv, has_normals) {
                (true, true) => format!("{}/{}/{}", at + v, at + vt, at + vn),
                (true, false) => format!("{}/{}", at + v, at + vt),
                (false, true) => format!("{}//{}", at + v, at + vn),
                (false, false) => format!("{}", at + v),
            });
        line(format_args!("f {a} {b} {c}"));
    }
    *counts = [v + baked.positions.len(), vt + baked.uvs.len(), vn + baked.normals.len()];
}

struct Library<'a> {
    scene: &'a Scene,
    stem: &'a str,
    text: String,
    files: &'a mut Files,
}

impl Library<'_> {
    fn line(&mut self, values: std::fmt::Arguments<'_>) {
        self.text.write_fmt(values).ok();
        self.text.push('\n');
    }

    fn add(&mut self, idx: usize, material: &Material) {
        let unit = |value: f32| if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
        let [r, g, b] = material.color.map(|part| color::encode(unit(part)));
        self.line(format_args!("newmtl {}", material_name(idx, material)));
        self.line(format_args!("Kd {r} {g} {b}"));
        if material.transparent {
            self.line(format_args!("d {}", unit(material.opacity)));
        }
        let is_upright = leading_texture(self.scene, material).is_some_and(|found| found.flip_y);
        self.map("map_Kd", material.map.map(|id| (id, Source::Color(id))), is_upright);
        self.map("map_d", material.alpha_map.map(|id| (id, Source::Grey(id, 1))), is_upright);
        let Some(standard) = material.standard() else { return };
        let (rough, metal) = (unit(standard.roughness), unit(standard.metalness));
        self.line(format_args!("Pr {rough}\nPm {metal}"));
        let glow = standard.emissive.map(|part| unit(part * standard.emissive_intensity));
        if glow != [0.0; 3] {
            let [r, g, b] = glow.map(color::encode);
            self.line(format_args!("Ke {r} {g} {b}"));
            self.map("map_Ke", standard.emissive_map.map(|id| (id, Source::Color(id))), is_upright);
        }
        let grey = |map: Option<TextureId>, channel| map.map(|id| (id, Source::Grey(id, channel)));
        self.map("map_Pr", grey(standard.roughness_map, 1), is_upright);
        self.map("map_Pm", grey(standard.metalness_map, 2), is_upright);
        self.map("norm", standard.normal_map.map(|id| (id, Source::Data(id))), is_upright);
    }

    fn map(&mut self, key: &str, map: Option<(TextureId, Source)>, is_upright: bool) {
        let Some((texture, source)) = map else { return };
        let Some(texture) = self.scene.texture(texture) else { return };
        let name = format!("{}_{}.png", self.stem, self.files.pictures.len());
        let is_clamped = (texture.wrap_s, texture.wrap_t) == (Wrap::ClampToEdge, Wrap::ClampToEdge);
        let clamp = if is_clamped { "-clamp on " } else { "" };
        self.line(format_args!("{key} {clamp}{name}"));
        self.files.pictures.push((name, png(self.scene, source, is_upright)));
    }
}

fn material_name(idx: usize, material: &Material) -> String {
    format!("{}_{idx}", word(&material.name, "material"))
}

/// A name without spaces, which readers would take for its end.
fn word(name: &str, or: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let name: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    if name.is_empty() { or.to_owned() } else { name }
}
