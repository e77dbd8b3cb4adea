//! glTF files that are read and written again stay the same.

use asset::Scene;
use asset::glb;

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
