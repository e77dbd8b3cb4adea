//! Copies of a mesh. Facts: `EXT_mesh_gpu_instancing`; `_COLOR_0` as Three.js reads it.

use super::nodes::compose;
use super::{At, Import, ReadError};
use crate::scene::Instances;
use crate::scene::limits::FILE;

impl Import<'_> {
    /// `None` for a node without the extension. Each of the `part_count` parts of its mesh will have them.
    pub(super) fn instances(
        &mut self,
        node: &At<'_>,
        part_count: usize,
    ) -> Result<Option<Instances>, ReadError> {
        let Some(at) = node.extension("EXT_mesh_gpu_instancing")? else { return Ok(None) };
        let attributes = at.need_object("attributes")?;
        let mut count = None;
        let mut read = |name: &str,
                        sizes: &[usize]|
         -> Result<Option<(Vec<f32>, usize)>, ReadError> {
            let Some(idx) = self.follow(&attributes, name, "accessors")? else { return Ok(None) };
            let accessor = self.document.accessor(idx)?;
            let wanted = *count.get_or_insert(accessor.count);
            if accessor.count != wanted {
                let problem = format!("{name} has {} elements, others {wanted}", accessor.count);
                return Err(attributes.error(problem));
            }
            if wanted > FILE.instances {
                return Err(attributes.too_many("instances", wanted, FILE.instances));
            }
            if !sizes.contains(&accessor.components) {
                let found = accessor.components;
                let problem = format!("{name} has {found} components, {sizes:?} are needed");
                return Err(attributes.error(problem));
            }
            Ok(Some((accessor.f32s(), accessor.components)))
        };
        let translations = read("TRANSLATION", &[3])?;
        let rotations = read("ROTATION", &[4])?;
        let scales = read("SCALE", &[3])?;
        let colors = read("_COLOR_0", &[3, 4])?;
        let count = count.unwrap_or(0);
        self.instances = self.instances.saturating_add(count.saturating_mul(part_count));
        if self.instances > FILE.instances {
            return Err(at.too_many(
                "instances, with those before",
                self.instances,
                FILE.instances,
            ));
        }
        let pick = |list: &Option<(Vec<f32>, usize)>, at: usize, or| {
            list.as_ref().map_or(or, |(values, size)| {
                std::array::from_fn(|part| f64::from(values[at * size + part]))
            })
        };
        let matrices = (0..count).map(|at| {
            let rotation = rotations.as_ref().map_or([0.0, 0.0, 0.0, 1.0], |(values, _)| {
                std::array::from_fn(|part| f64::from(values[4 * at + part]))
            });
            let matrix =
                compose(pick(&translations, at, [0.0; 3]), rotation, pick(&scales, at, [1.0; 3]));
            matrix.to_cols_array().map(|value| value as f32)
        });
        let matrices = matrices.collect();
        let colors = colors.map(|(values, size)| {
            values.chunks_exact(size).map(|color| [color[0], color[1], color[2]]).collect()
        });
        Ok(Some(Instances { matrices, colors, bounding_sphere: None }))
    }
}
