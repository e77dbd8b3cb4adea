//! One mesh: its primitives of splats, attribute by attribute.

use serde_json::Value;

use crate::glb::Document;
use crate::splats::{ShDegree, SplatCount, Splats, SplatsParts, bytes};
use crate::spz;

use super::{EXTENSION, Losses, ReadError, SH_DEGREE_MAX, coefficient_name, field, index};

const COMPRESSIONS: [&str; 2] =
    ["KHR_gaussian_splatting_compression_spz_2", "KHR_gaussian_splatting_compression_spz"];

/// Splats of the primitives that have any.
pub(super) fn of_mesh(
    document: &Document,
    mesh_idx: usize,
    losses: &mut Losses,
) -> Result<Vec<Splats>, ReadError> {
    let json = document.json();
    let Some(mesh) = json["meshes"].get(mesh_idx) else {
        return Err(field(format!("meshes[{mesh_idx}]"), "there is no such mesh"));
    };
    let mut found = Vec::new();
    let primitives = mesh["primitives"].as_array().map_or(&[][..], Vec::as_slice);
    for (idx, primitive) in primitives.iter().enumerate() {
        let Some(extension) = primitive["extensions"].get(EXTENSION) else {
            losses.add("meshes beside the splats");
            continue;
        };
        let place = format!("meshes[{mesh_idx}].primitives[{idx}]");
        let text = |name: &str| extension.get(name).and_then(Value::as_str);
        if let Some(kernel) = text("kernel").filter(|kernel| *kernel != "ellipse") {
            losses.add(format!("kernel {}: taken for ellipses", shortened(kernel)));
        }
        if text("colorSpace") == Some("lin_rec709_display") {
            losses.add("colour space lin_rec709_display: colours are taken as they are");
        }
        let compressed = COMPRESSIONS.iter().find_map(|name| {
            let inside = extension["extensions"].get(*name);
            inside.or_else(|| primitive["extensions"].get(*name))
        });
        let splats = match compressed {
            Some(compression) => compressed_splats(document, compression, place)?,
            None => Attributes::of(document, primitive, place)?.splats()?,
        };
        found.push(splats);
    }
    Ok(found)
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

fn compressed_splats(
    document: &Document,
    compression: &Value,
    place: String,
) -> Result<Splats, ReadError> {
    let view = compression.get("bufferView").and_then(index);
    let view =
        view.ok_or_else(|| field(place.clone(), "the compressed splats have no bufferView"))?;
    let file = document.view(view)?;
    spz::read(file, Some(file.len() as u64)).map_err(|error| ReadError::Spz { place, error })
}

/// Attributes of a primitive, with the number of splats.
struct Attributes<'a> {
    document: &'a Document,
    attributes: &'a Value,
    place: String,
    splat_count: usize,
}

impl<'a> Attributes<'a> {
    fn of(document: &'a Document, primitive: &'a Value, place: String) -> Result<Self, ReadError> {
        let mut found =
            Self { document, attributes: &primitive["attributes"], place, splat_count: 0 };
        let position = found.index("POSITION").ok_or_else(|| found.missing("POSITION"))?;
        found.splat_count = document.accessor(position)?.count;
        let max = SplatCount::MAX as usize;
        if found.splat_count > max {
            return Err(ReadError::TooMany { found: found.splat_count, max });
        }
        Ok(found)
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.attributes.get(name).and_then(index)
    }

    fn missing(&self, name: &str) -> ReadError {
        field(self.place.clone(), format!("attribute {name} is missing"))
    }

    /// Values of an attribute, `N` for each splat.
    fn values<const N: usize>(&self, name: &str) -> Result<Vec<[f32; N]>, ReadError> {
        let accessor =
            self.document.accessor(self.index(name).ok_or_else(|| self.missing(name))?)?;
        let place = || format!("{}.attributes.{name}", self.place);
        if accessor.components != N || accessor.count != self.splat_count {
            let (count, components) = (accessor.count, accessor.components);
            let expected = self.splat_count;
            return Err(field(
                place(),
                format!("{count} times {components} values, {expected} times {N} are needed"),
            ));
        }
        if !accessor.has_bytes() {
            return Err(field(place(), "the accessor has no bytes"));
        }
        Ok(accessor.f32s().as_chunks::<N>().0.to_vec())
    }

    fn own<const N: usize>(&self, name: &str) -> Result<Vec<[f32; N]>, ReadError> {
        self.values(&format!("{EXTENSION}:{name}"))
    }

    fn splats(&self) -> Result<Splats, ReadError> {
        let sh_degree = self.sh_degree();
        let mut parts = SplatsParts {
            positions: self.values("POSITION")?,
            log_scales: self.own("SCALE")?,
            rotations: self.own("ROTATION")?,
            raw_opacities: self
                .own::<1>("OPACITY")?
                .into_iter()
                .map(|[opacity]| bytes::raw_opacity_of(opacity))
                .collect(),
            sh_dc: self.values(&coefficient_name(0, 0))?,
            sh_degree,
            sh_rest: vec![0.0; self.splat_count * sh_degree.rest_values()],
        };
        for scale in &mut parts.log_scales {
            *scale = scale.map(bytes::log_scale_of);
        }
        for rotation in &mut parts.rotations {
            let [x, y, z, w] = *rotation;
            *rotation = [w, x, y, z];
        }
        let names = (1..=usize::from(sh_degree.get())).flat_map(|degree| {
            (0..2 * degree + 1).map(move |coefficient| coefficient_name(degree, coefficient))
        });
        for (coefficient, name) in names.enumerate() {
            let values = self.values::<3>(&name)?;
            for (rest, value) in parts.sh_rest.chunks_exact_mut(sh_degree.rest_values()).zip(values)
            {
                rest[3 * coefficient..3 * coefficient + 3].copy_from_slice(&value);
            }
        }
        Ok(Splats::new(parts)?)
    }

    /// The highest degree of which, and below which, there is something; what is missing of it is an error later.
    fn sh_degree(&self) -> ShDegree {
        let has = |degree: usize| {
            (0..2 * degree + 1).any(|c| self.index(&coefficient_name(degree, c)).is_some())
        };
        let highest =
            (1..=SH_DEGREE_MAX.get()).take_while(|degree| has(usize::from(*degree))).last();
        highest.and_then(ShDegree::new).unwrap_or_default()
    }
}
