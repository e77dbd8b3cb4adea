//! Runs module files and prints verdict, figures and times: how the numbers in the docs were measured.
#![expect(clippy::print_stdout, reason = "an example for people")]

use std::time::Duration;

use threejs::engine::{Engine, Limits, Realm, wire};

const RUNS: u32 = 20;

fn main() {
    let engine_start = busy();
    let engine = Engine::new().expect("engine");
    println!("compile {:?}", busy() - engine_start);
    let limits = Limits::default();
    for path in std::env::args().skip(1) {
        let source = fs_err::read_to_string(&path).expect("module");
        // Set up, run, encode, decode: sums over all runs, since the system counts in steps of milliseconds.
        let (mut times, mut last) = ([Duration::ZERO; 4], None);
        for _ in 0..RUNS {
            let start = busy();
            let realm = Realm::new(&engine, &limits).expect("realm");
            let made = busy();
            let outcome = realm.run(&source);
            let run = busy();
            let message = wire::encode(&outcome);
            let encoded = busy();
            let decoded = wire::decode(&message).expect("our own message");
            let ends = [made, run, encoded, busy()];
            for ((time, start), end) in times.iter_mut().zip([start, made, run, encoded]).zip(ends)
            {
                *time += end - start;
            }
            last = Some((decoded, message.len()));
        }
        let (outcome, bytes) = last.expect("at least one run");
        let [set_up, run, encode, decode] = times.map(|time| time / RUNS);
        println!(
            "{path}: set up {set_up:?}, run {run:?}, encode {encode:?}, decode {decode:?} ({bytes} B)"
        );
        println!("  fuel {} + {}", outcome.module_load_fuel, outcome.generate_fuel);
        println!("  {:?}\n  {:?}", outcome.failures, outcome.metrics);
        if let Some(scene) = &outcome.scene {
            summarise(scene);
        }
    }
}

/// What is in a scene, in numbers.
fn summarise(scene: &asset::scene::Scene) {
    let drawables = scene.nodes.iter().filter_map(|node| node.drawable.as_ref());
    let mut kinds = std::collections::BTreeMap::new();
    for drawable in drawables {
        let kind = format!("{:?}", drawable.primitive);
        let name: String = kind.chars().take_while(|letter| letter.is_alphabetic()).collect();
        *kinds.entry(name).or_insert(0) += 1;
    }
    let vertices: usize = scene.geometries.iter().map(asset::scene::Geometry::vertex_count).sum();
    let uploaded = scene.textures.iter().filter(|texture| !texture.levels.is_empty()).count();
    println!(
        "  {} nodes {kinds:?}, {} geometries with {vertices} vertices, {} materials, {} textures ({uploaded} uploaded)",
        scene.nodes.len(),
        scene.geometries.len(),
        scene.materials.len(),
        scene.textures.len()
    );
}

/// What this thread has used of a processor so far: other jobs on the machine do not count.
fn busy() -> Duration {
    let line = fs_err::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanos = line.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanos.expect("a number"))
}
