//! glTF files that are read and written again stay the same.

use asset::Scene;
use asset::glb;
use proptest::prelude::*;

use crate::scenes;

pub(crate) fn write(scene: &Scene) -> Vec<u8> {
    let mut file = Vec::new();
    glb::write(scene, &mut file).expect("a good scene within limits");
    file
}

pub(crate) fn read(file: &[u8]) -> Scene {
    glb::read(file, &mut |_: &str| Err("there is none".to_owned())).expect("our own file").0
}

/// The first thing that differs.
fn difference(one: &Scene, two: &Scene) -> Option<String> {
    fn first<T: PartialEq + std::fmt::Debug>(what: &str, one: &[T], two: &[T]) -> Option<String> {
        if one.len() != two.len() {
            return Some(format!("{} and {} {what}", one.len(), two.len()));
        }
        let at = one.iter().zip(two).position(|(one, two)| one != two)?;
        Some(format!("{what} {at}:\n{:?}\n{:?}", one[at], two[at]))
    }
    first("nodes", &one.nodes, &two.nodes)
        .or_else(|| first("materials", &one.materials, &two.materials))
        .or_else(|| first("textures", &one.textures, &two.textures))
        .or_else(|| {
            let places = |scene: &Scene| -> Vec<_> {
                let geometries = scene.geometries.iter();
                geometries.map(|found| (found.position.clone(), found.index.clone())).collect()
            };
            first("geometries", &places(one), &places(two))
        })
}

/// Attributes that nothing reads are not carried along, so bytes are the same from the second time on.
#[test]
fn what_was_read_is_written_as_it_was() {
    let mut failures = Vec::new();
    for seed in 0..600 {
        let scene = match seed % 4 {
            0 => scenes::random(seed, 8),
            _ => scenes::plausible(seed, 8),
        };
        let once = read(&write(&scene));
        let file = write(&once);
        let twice = read(&file);
        if let Some(difference) = difference(&once, &twice) {
            failures.push(format!("seed {seed}: {difference}"));
        } else if file != write(&twice) {
            failures.push(format!("seed {seed}: other bytes"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Colours that are meant as they are stay so.
#[test]
fn tone_mapping_comes_back() {
    for tone_mapped in [false, true] {
        let mut scene = crate::scene_check::triangle();
        scene.materials[0].tone_mapped = tone_mapped;
        assert_eq!(read(&write(&scene)).materials[0].tone_mapped, tone_mapped);
    }
}

/// Matrices of instances go through 32 bits and back: they may differ in their last bits.
#[test]
fn instances_come_back() {
    let mut scene = crate::scene_check::triangle();
    let place = |at: u32| {
        let [x, y, z, w] = [at, 3, 7, 11].map(|part| f64::from(part % 13) - 5.5);
        let turn = glam::DQuat::from_xyzw(x, y, z, w).normalize();
        let scale = glam::DVec3::new(1.0, 0.5, 2.0) * (f64::from(at % 7) + 0.25);
        let place = glam::DVec3::new(x, y, z);
        let matrix = glam::DMat4::from_scale_rotation_translation(scale, turn, place);
        matrix.to_cols_array().map(|value| value as f32)
    };
    let count = glb::PLAIN_INSTANCES_MAX as u32 + 200;
    let matrices: Vec<_> = (0..count).map(place).collect();
    let colors = Some((0..count).map(|at| [1.0, at as f32 / count as f32, 0.0]).collect());
    let instances = asset::scene::Instances { matrices, colors, bounding_sphere: None };
    let drawable = scene.nodes[1].drawable.as_mut().expect("a triangle");
    drawable.primitive = asset::scene::Primitive::InstancedMesh(instances.clone());
    let again = read(&write(&scene));
    let drawable = again.nodes[1].drawable.as_ref().expect("a triangle");
    let asset::scene::Primitive::InstancedMesh(found) = &drawable.primitive else {
        panic!("{drawable:?}")
    };
    assert_eq!(
        (found.matrices.len(), &found.colors),
        (instances.matrices.len(), &instances.colors)
    );
    let pairs = found.matrices.as_flattened().iter().zip(instances.matrices.as_flattened());
    let error = pairs.map(|(one, two)| (one - two).abs()).fold(0.0, f32::max);
    assert!(error < 1e-5, "off by {error}");
}

proptest! {
    /// Files that are nearly right get an answer; what is read passes its check and can be written.
    #[test]
    fn changed_files_get_an_answer(
        seed in 0..200_u64,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        len in any::<proptest::sample::Index>(),
        is_cut: bool,
    ) {
        let mut file = write(&scenes::plausible(seed, 6));
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if is_cut {
            file.truncate(len.index(file.len()));
        }
        if let Ok((scene, _)) = glb::read(&file, &mut |_: &str| Ok(vec![0; 64])) {
            prop_assert_eq!(scene.check(), Ok(()));
            glb::write(&scene, Vec::new()).ok();
        }
    }

    /// Numbers of the JSON replaced by others.
    #[test]
    fn other_numbers_get_an_answer(
        seed in 0..200_u64,
        skip in 0..60_usize,
        number in proptest::sample::select(vec!["-1", "0", "1", "7", "4294967295", "1e308", "-0.5", "null", "[]", "\"x\""]),
    ) {
        let file = write(&scenes::plausible(seed, 4));
        let len = u32::from_le_bytes([file[12], file[13], file[14], file[15]]) as usize;
        let text = std::str::from_utf8(&file[20..20 + len]).expect("JSON");
        // The value behind one of the colons.
        let Some((colon, _)) = text.match_indices(':').nth(skip) else { return Ok(()) };
        let rest = &text[colon + 1..];
        if rest.starts_with(|first: char| first.is_ascii_digit()) {
            let end = rest.find([',', '}', ']']).expect("JSON");
            let text = format!("{}{number}{}", &text[..=colon], &rest[end..]);
            let json = serde_json::from_str(&text).expect("still JSON");
            let file = crate::gltf_document::container(&json, file.get(28 + len..).unwrap_or_default());
            if let Ok((scene, _)) = glb::read(&file, &mut |_: &str| Ok(vec![0; 64])) {
                glb::write(&scene, Vec::new()).ok();
            }
        }
    }
}
