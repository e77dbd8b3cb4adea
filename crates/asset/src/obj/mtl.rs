//! Material libraries.

use std::collections::BTreeMap;

use crate::color;
use crate::glb::{inside_plain, picture};
use crate::scene::limits::{FILE, NAME_BYTES_MAX};
use crate::scene::{
    ColorSpace, MagFilter, Material, MaterialKind, MinFilter, Scene, Standard, Texture, TextureId,
    Wrap,
};

/// Materials while they are read.
#[derive(Default)]
pub(super) struct Library {
    pub(super) names: BTreeMap<String, usize>,
    pub(super) materials: Vec<Material>,
    pub(super) textures: Vec<Texture>,
    /// By path, use and options.
    known: BTreeMap<String, TextureId>,
    texel_bytes: usize,
    pub(super) lost: BTreeMap<String, usize>,
}

/// A picture as a statement names it.
struct Map<'a> {
    path: &'a str,
    scale: [f64; 2],
    offset: [f64; 2],
    strength: f32,
    is_clamped: bool,
}

impl Library {
    pub(super) fn lose(&mut self, what: impl Into<String>) {
        *self.lost.entry(what.into()).or_default() += 1;
    }

    /// # Errors
    /// A text for a number that is none, a path out of the folder, or a picture that is broken.
    pub(super) fn read(
        &mut self,
        text: &str,
        resolve: &mut impl FnMut(&str) -> Result<Vec<u8>, String>,
    ) -> Result<(), (usize, String)> {
        // The shininess of older models counts where there is no roughness.
        let mut has_roughness = false;
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            let (key, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let rest = rest.trim();
            if key.is_empty() || key.starts_with('#') {
                continue;
            }
            if key == "newmtl" {
                self.begin(rest).map_err(|problem| (at + 1, problem))?;
                has_roughness = false;
                continue;
            }
            let Some(material) = self.materials.len().checked_sub(1) else { continue };
            self.statement(material, key, rest, &mut has_roughness, resolve)
                .map_err(|problem| (at + 1, problem))?;
        }
        Ok(())
    }

    pub(super) fn begin(&mut self, name: &str) -> Result<usize, String> {
        let idx = self.materials.len();
        if idx >= FILE.materials {
            return Err(format!("{} materials, our limit is {}", idx + 1, FILE.materials));
        }
        let mut material = Material::new(MaterialKind::Standard(Box::<Standard>::default()));
        material.material_id = idx as u32;
        name[..name.floor_char_boundary(NAME_BYTES_MAX)].clone_into(&mut material.name);
        self.materials.push(material);
        self.names.insert(name.to_owned(), idx);
        Ok(idx)
    }

    fn statement(
        &mut self,
        idx: usize,
        key: &str,
        rest: &str,
        has_roughness: &mut bool,
        resolve: &mut impl FnMut(&str) -> Result<Vec<u8>, String>,
    ) -> Result<(), String> {
        match key {
            "Kd" => self.materials[idx].color = rgb(rest)?.map(color::decode),
            "d" => self.set_opacity(idx, number(rest)?),
            "Tr" => self.set_opacity(idx, 1.0 - number(rest)?),
            "Ke" => self.standard(idx).emissive = rgb(rest)?.map(color::decode),
            "Pr" => (self.standard(idx).roughness, *has_roughness) = (number(rest)?, true),
            "Pm" => self.standard(idx).metalness = number(rest)?,
            // Blinn–Phong exponent to roughness.
            "Ns" if !*has_roughness => {
                self.standard(idx).roughness = (2.0 / (number(rest)?.max(0.0) + 2.0)).sqrt();
            }
            "map_Kd" => self.materials[idx].map = self.map(rest, true, resolve)?,
            "map_d" => {
                self.materials[idx].alpha_map = self.map(rest, false, resolve)?;
                self.materials[idx].transparent = true;
            }
            "map_Ke" => {
                let map = self.map(rest, true, resolve)?;
                let standard = self.standard(idx);
                if standard.emissive == [0.0; 3] {
                    standard.emissive = [1.0; 3];
                }
                standard.emissive_map = map;
            }
            "map_Pr" => self.standard(idx).roughness_map = self.map(rest, false, resolve)?,
            "map_Pm" => self.standard(idx).metalness_map = self.map(rest, false, resolve)?,
            "norm" | "map_Kn" => {
                let strength = self::map(rest)?.strength;
                let map = self.map(rest, false, resolve)?;
                let standard = self.standard(idx);
                (standard.normal_map, standard.normal_scale) = (map, [strength; 2]);
            }
            "bump" | "map_bump" | "map_Bump" => {
                let strength = self::map(rest)?.strength;
                let map = self.map(rest, false, resolve)?;
                let standard = self.standard(idx);
                (standard.bump_map, standard.bump_scale) = (map, strength);
            }
            // What a lit surface of today has no use for.
            "Ka" | "Ks" | "Ns" | "Ni" | "Tf" | "illum" => {}
            _ => {
                let key: String = key.chars().take(32).collect();
                self.lose(format!("material statement {key}"));
            }
        }
        Ok(())
    }

    fn standard(&mut self, idx: usize) -> &mut Standard {
        let kind = &mut self.materials[idx].kind;
        if !matches!(kind, MaterialKind::Standard(_)) {
            *kind = MaterialKind::Standard(Box::default());
        }
        match kind {
            MaterialKind::Standard(standard) => standard,
            _ => unreachable!("made above"),
        }
    }

    fn set_opacity(&mut self, idx: usize, opacity: f32) {
        let material = &mut self.materials[idx];
        material.opacity = opacity;
        material.transparent = opacity < 1.0;
        material.depth_write = opacity >= 1.0;
    }

    /// `None` for a picture that could not be had, which is told as a loss.
    fn map(
        &mut self,
        rest: &str,
        is_srgb: bool,
        resolve: &mut impl FnMut(&str) -> Result<Vec<u8>, String>,
    ) -> Result<Option<TextureId>, String> {
        let Map { path, scale, offset, is_clamped, .. } = map(rest)?;
        // Exporters on Windows write paths with backslashes.
        let path = path.replace('\\', "/");
        let path = inside_plain(&path).map_err(|problem| format!("{path:?} {problem}"))?;
        let key = format!("{path} {is_srgb} {scale:?} {offset:?} {is_clamped}");
        if let Some(id) = self.known.get(&key) {
            return Ok(Some(*id));
        }
        let bytes = match resolve(&path) {
            Ok(bytes) => bytes,
            Err(problem) => {
                self.lose(format!("picture {path:?} ({problem})"));
                return Ok(None);
            }
        };
        let level = picture::decode(&bytes, &mut self.texel_bytes);
        let level = level.map_err(|problem| format!("{path:?}: {problem}"))?;
        let ([sx, sy], [x, y]) = (scale, offset);
        let wrap = if is_clamped { Wrap::ClampToEdge } else { Wrap::Repeat };
        let name = path[..path.floor_char_boundary(NAME_BYTES_MAX)].to_owned();
        self.textures.push(Texture {
            name,
            levels: vec![level],
            color_space: if is_srgb { ColorSpace::Srgb } else { ColorSpace::Linear },
            wrap_s: wrap,
            wrap_t: wrap,
            mag_filter: MagFilter::Linear,
            min_filter: MinFilter::LinearMipmapLinear,
            generate_mipmaps: true,
            flip_y: true,
            uv_matrix: [sx, 0.0, 0.0, 0.0, sy, 0.0, x, y, 1.0],
            ..Texture::default()
        });
        let id = TextureId(self.textures.len() as u32 - 1);
        self.known.insert(key, id);
        Ok(Some(id))
    }

    /// Hands out what was read.
    pub(super) fn finish(self, scene: &mut Scene) -> BTreeMap<String, usize> {
        (scene.materials, scene.textures) = (self.materials, self.textures);
        self.lost
    }
}

pub(super) fn number(word: &str) -> Result<f32, String> {
    word.parse().map_err(|_| {
        let word: String = word.chars().take(40).collect();
        format!("{word:?} is not a number")
    })
}

/// Three numbers, or one for all.
fn rgb(rest: &str) -> Result<[f32; 3], String> {
    let words: Vec<_> = rest.split_ascii_whitespace().take(3).collect();
    match words[..] {
        [r, g, b] => Ok([number(r)?, number(g)?, number(b)?]),
        [one] => Ok([number(one)?; 3]),
        _ => Err(format!("{} numbers for a colour, 3 are needed", words.len())),
    }
}

/// Options in front of a path, which may have spaces.
fn map(rest: &str) -> Result<Map<'_>, String> {
    let mut map =
        Map { path: "", scale: [1.0; 2], offset: [0.0; 2], strength: 1.0, is_clamped: false };
    let mut rest = rest;
    while let Some(option) = rest.strip_prefix('-') {
        let (name, mut tail) = option.split_once(char::is_whitespace).unwrap_or((option, ""));
        // Options of three numbers may have fewer.
        let (least, most) = match name {
            "s" | "o" | "t" => (1, 3),
            "mm" => (2, 2),
            _ => (1, 1),
        };
        let mut values = Vec::new();
        while values.len() < most {
            let Some((word, after)) = tail.trim_start().split_once(char::is_whitespace) else {
                break;
            };
            if values.len() >= least && word.parse::<f64>().is_err() {
                break;
            }
            values.push(word);
            tail = after;
        }
        let first = |at: usize, or: f64| match values.get(at) {
            Some(word) => number(word).map(f64::from),
            None => Ok(or),
        };
        match name {
            "s" => map.scale = [first(0, 1.0)?, first(1, 1.0)?],
            "o" => map.offset = [first(0, 0.0)?, first(1, 0.0)?],
            "bm" => map.strength = first(0, 1.0)? as f32,
            "clamp" => map.is_clamped = values.first() == Some(&"on"),
            _ => {}
        }
        rest = tail.trim_start();
    }
    map.path = rest.trim();
    if map.path.is_empty() { Err("a map without a file".to_owned()) } else { Ok(map) }
}
