//! OBJ in: objects and groups become nodes, runs of one material become parts of them.

use std::collections::{BTreeMap, HashMap};

use glam::DVec3;

use super::index::{self, Corner};
use super::mtl::{Library, number};
use super::polygon;
use crate::color;
use crate::glb::inside_plain;
use crate::scene::limits::{FILE, NAME_BYTES_MAX};
use crate::scene::{
    Attribute, Drawable, Geometry, GeometryId, Material, MaterialId, MaterialKind, Materials, Node,
    NodeId, PointSize, Primitive, Scene, SceneError, Standard,
};

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A statement that is wrong.
    #[error("obj, line {line}: {problem}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A statement of a material library that is wrong.
    #[error("obj, {library:?}, line {line}: {problem}")]
    Library {
        /// As in the file.
        library: String,
        /// From 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// No face, line or point.
    #[error("obj: there is no face, line or point")]
    Empty,
    /// More than a limit of scenes.
    #[error(transparent)]
    Scene(#[from] SceneError),
}

/// What is drawn in one go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    object: usize,
    material: Option<usize>,
    kind: Kind,
    has_uv: bool,
    has_normals: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Faces,
    Lines,
    Points,
}

/// Vertices of a part, each corner of the file once.
#[derive(Default)]
struct Part {
    known: HashMap<Corner, u32>,
    corners: Vec<Corner>,
    index: Vec<u32>,
}

#[derive(Default)]
struct Reader {
    positions: Vec<[f32; 3]>,
    /// As many as places, from the first coloured one on.
    colors: Vec<[f32; 3]>,
    uvs: Vec<[f32; 2]>,
    normals: Vec<[f32; 3]>,
    objects: Vec<String>,
    material: Option<usize>,
    parts: BTreeMap<Key, Part>,
    library: Library,
    element_count: usize,
    vertex_count: usize,
}

/// Reads a file as a scene. `resolve` is asked for material libraries and pictures by relative path, only for paths inside the folder.
/// One that cannot be had is told in the lines that come with the scene, as is what a scene does not hold.
///
/// # Errors
/// [`ReadError`] names the line and what is wrong there.
pub fn read(
    file: &[u8],
    resolve: &mut impl FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<(Scene, Vec<String>), ReadError> {
    let mut reader = Reader { objects: vec![String::new()], ..Reader::default() };
    let mut lines = file.split(|byte| *byte == b'\n').enumerate();
    while let Some((at, line)) = lines.next() {
        let mut line = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        // A backslash at the end goes on in the next line.
        while line.ends_with('\\') {
            line.pop();
            let Some((_, next)) = lines.next() else { break };
            line.push(' ');
            line.push_str(&String::from_utf8_lossy(next.trim_ascii_end()));
        }
        reader.statement(line.trim(), at + 1, resolve)?;
    }
    reader.finish()
}

impl Reader {
    fn statement(
        &mut self,
        line: &str,
        at: usize,
        resolve: &mut impl FnMut(&str) -> Result<Vec<u8>, String>,
    ) -> Result<(), ReadError> {
        let (key, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let done = match key {
            "v" => self.vertex(rest),
            "vt" => numbers(rest, 1).map(|found| {
                self.uvs.push([found[0], found.get(1).copied().unwrap_or(0.0)]);
            }),
            "vn" => numbers(rest, 3).map(|found| self.normals.push([found[0], found[1], found[2]])),
            "f" => self.element(rest, Kind::Faces, 3),
            "l" => self.element(rest, Kind::Lines, 2),
            "p" => self.element(rest, Kind::Points, 1),
            "o" | "g" => self.object(rest),
            "usemtl" => self.use_material(rest),
            "mtllib" => return self.use_library(rest, at, resolve),
            "" | "s" | "vp" => Ok(()),
            _ if key.starts_with('#') => Ok(()),
            _ => {
                let key: String = key.chars().take(32).collect();
                self.library.lose(format!("statement {key}"));
                Ok(())
            }
        };
        done.map_err(|problem| ReadError::Line { line: at, problem })
    }

    fn vertex(&mut self, rest: &str) -> Result<(), String> {
        let found = numbers(rest, 3)?;
        if self.positions.len() >= FILE.vertices {
            return Err(format!("{} vertices, our limit is {0}", FILE.vertices));
        }
        // Three more numbers are a colour; one more is a weight, which only curves use.
        if let [r, g, b] = found[3.min(found.len())..] {
            self.colors.resize(self.positions.len(), [1.0; 3]);
            self.colors.push([r, g, b].map(color::decode));
        } else if !self.colors.is_empty() {
            self.colors.push([1.0; 3]);
        }
        self.positions.push([found[0], found[1], found[2]]);
        Ok(())
    }

    fn object(&mut self, name: &str) -> Result<(), String> {
        if self.objects.len() >= FILE.geometries {
            return Err(format!("{} objects and groups, our limit is {0}", FILE.geometries));
        }
        self.objects.push(name[..name.floor_char_boundary(NAME_BYTES_MAX)].to_owned());
        Ok(())
    }

    fn use_material(&mut self, name: &str) -> Result<(), String> {
        let known = self.library.names.get(name).copied();
        self.material = Some(match known {
            Some(idx) => idx,
            None => {
                self.library.lose("materials that no library has");
                self.library.begin(name)?
            }
        });
        Ok(())
    }

    fn use_library(
        &mut self,
        name: &str,
        line: usize,
        resolve: &mut impl FnMut(&str) -> Result<Vec<u8>, String>,
    ) -> Result<(), ReadError> {
        let name = name.replace('\\', "/");
        let path = inside_plain(&name).map_err(|problem| {
            let name: String = name.chars().take(80).collect();
            ReadError::Line { line, problem: format!("{name:?} {problem}") }
        })?;
        match resolve(&path) {
            Ok(bytes) => self
                .library
                .read(&String::from_utf8_lossy(&bytes), resolve)
                .map_err(|(line, problem)| ReadError::Library { library: path, line, problem }),
            Err(problem) => {
                self.library.lose(format!("material library {path:?} ({problem})"));
                Ok(())
            }
        }
    }

    fn element(&mut self, rest: &str, kind: Kind, least: usize) -> Result<(), String> {
        let counts = [self.positions.len(), self.uvs.len(), self.normals.len()];
        let corners: Result<Vec<_>, _> =
            rest.split_ascii_whitespace().map(|word| index::corner(word, counts)).collect();
        let corners = corners?;
        if corners.len() < least {
            return Err(format!("{} corners, {least} are needed", corners.len()));
        }
        let elements: Vec<Corner> = match kind {
            Kind::Points => corners.clone(),
            Kind::Lines => corners.windows(2).flatten().copied().collect(),
            Kind::Faces => {
                let place = |corner: &Corner| {
                    let [x, y, z] = self.positions[corner.position as usize].map(f64::from);
                    DVec3::new(x, y, z)
                };
                let places: Vec<_> = corners.iter().map(place).collect();
                polygon::triangles(&places).iter().flatten().map(|at| corners[*at]).collect()
            }
        };
        self.element_count += elements.len();
        if self.element_count > FILE.indices {
            return Err(format!("{} indices, our limit is {}", self.element_count, FILE.indices));
        }
        let key = Key {
            object: self.objects.len() - 1,
            material: self.material,
            kind,
            has_uv: corners.iter().all(|corner| corner.uv.is_some()),
            has_normals: corners.iter().all(|corner| corner.normal.is_some()),
        };
        let part = self.parts.entry(key.clone()).or_default();
        for mut corner in elements {
            corner.uv = corner.uv.filter(|_| key.has_uv);
            corner.normal = corner.normal.filter(|_| key.has_normals);
            let next = part.corners.len() as u32;
            let vertex = *part.known.entry(corner).or_insert(next);
            if vertex == next {
                part.corners.push(corner);
                self.vertex_count += 1;
            }
            part.index.push(vertex);
        }
        if self.vertex_count > FILE.vertices {
            return Err(format!("{} vertices, our limit is {}", self.vertex_count, FILE.vertices));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(Scene, Vec<String>), ReadError> {
        let parts = std::mem::take(&mut self.parts);
        if parts.is_empty() {
            return Err(ReadError::Empty);
        }
        if !self.colors.is_empty() {
            self.colors.resize(self.positions.len(), [1.0; 3]);
        }
        let mut scene = Scene { nodes: vec![Node::default()], ..Scene::default() };
        let library = std::mem::take(&mut self.library);
        let lost = library.finish(&mut scene);
        let mut looks = BTreeMap::new();
        for (key, part) in parts {
            let geometry = self.geometry(&key, part);
            let look = (key.material, key.kind, key.has_normals, geometry.color.is_some());
            let material = *looks
                .entry(look)
                .or_insert_with(|| add_material(&mut scene, &key, geometry.color.is_some()));
            scene.geometries.push(geometry);
            let primitive = match key.kind {
                Kind::Faces => Primitive::Mesh,
                Kind::Lines => Primitive::LineSegments,
                Kind::Points => Primitive::Points,
            };
            let geometry = GeometryId(scene.geometries.len() as u32 - 1);
            let materials = Materials::Single(material);
            scene.nodes.push(Node {
                parent: Some(NodeId(0)),
                object_id: scene.nodes.len() as u32,
                name: self.objects[key.object].clone(),
                drawable: Some(Drawable { primitive, geometry, materials }),
                ..Node::default()
            });
        }
        scene.check()?;
        let lines = lost.into_iter().map(|(what, count)| format!("{what}: {count}"));
        Ok((scene, lines.collect()))
    }

    fn geometry(&self, key: &Key, part: Part) -> Geometry {
        let corners = &part.corners;
        let flat = |size, values: Vec<f32>| Some(Attribute::new(size, values));
        let of = |list: &[[f32; 3]]| {
            corners.iter().flat_map(|corner| list[corner.position as usize]).collect::<Vec<_>>()
        };
        let uvs =
            corners.iter().filter_map(|corner| corner.uv).flat_map(|at| self.uvs[at as usize]);
        let normals = corners.iter().filter_map(|corner| corner.normal);
        let normals = normals.flat_map(|at| self.normals[at as usize]);
        let uv = if key.has_uv { flat(2, uvs.collect()) } else { None };
        Geometry {
            name: self.objects[key.object].clone(),
            position: flat(3, of(&self.positions)),
            normal: if key.has_normals { flat(3, normals.collect()) } else { None },
            uvs: [uv, None, None, None],
            color: if self.colors.is_empty() { None } else { flat(3, of(&self.colors)) },
            index: Some(part.index),
            ..Geometry::default()
        }
    }
}

/// The material of a part, as it is used there.
fn add_material(scene: &mut Scene, key: &Key, has_colors: bool) -> MaterialId {
    let found = key.material.and_then(|idx| scene.materials.get(idx).cloned());
    let mut material =
        found.unwrap_or_else(|| Material::new(MaterialKind::Standard(Box::<Standard>::default())));
    material.vertex_colors = has_colors;
    match key.kind {
        Kind::Faces => material.flat_shading = !key.has_normals,
        Kind::Lines => material.kind = MaterialKind::LineBasic,
        Kind::Points => {
            let size = PointSize { size: 1.0, size_attenuation: false };
            material.kind = MaterialKind::Points(size);
        }
    }
    // The one that was read stays for the first look of it.
    let is_plain = key.material.is_some_and(|idx| scene.materials.get(idx) == Some(&material));
    match key.material.filter(|_| is_plain) {
        Some(idx) => MaterialId(idx as u32),
        None => {
            material.material_id = scene.materials.len() as u32;
            scene.materials.push(material);
            MaterialId(scene.materials.len() as u32 - 1)
        }
    }
}

/// At least `least` numbers.
fn numbers(rest: &str, least: usize) -> Result<Vec<f32>, String> {
    const MOST: usize = 8;
    let found: Result<Vec<_>, _> = rest.split_ascii_whitespace().take(MOST).map(number).collect();
    let found = found?;
    if found.len() < least {
        return Err(format!("{} numbers, {least} are needed", found.len()));
    }
    Ok(found)
}
