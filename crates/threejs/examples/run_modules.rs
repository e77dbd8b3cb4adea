//! Runs module files and prints verdict, figures and times: how the numbers in the docs were measured.
#![expect(clippy::print_stdout, reason = "an example for people")]

fn main() {
    let engine_start = now();
    let engine = threejs::engine::Engine::new().expect("engine");
    println!("compile {:?}", engine_start.elapsed());
    let limits = threejs::engine::Limits::default();
    for path in std::env::args().skip(1) {
        let source = fs_err::read_to_string(&path).expect("module");
        let mut times = Vec::new();
        for _ in 0..9 {
            let start = now();
            let realm = threejs::engine::Realm::new(&engine, &limits).expect("realm");
            let (made, heap) = (start.elapsed(), realm.heap_bytes());
            let outcome = realm.run(&source);
            times.push((start.elapsed(), made, heap, outcome));
        }
        times.sort_by_key(|time| time.0);
        let (whole, realm, heap, outcome) = &times[4];
        println!("{path}: whole {whole:?}, realm {realm:?}, heap {heap} B");
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

#[expect(clippy::disallowed_methods, reason = "an example that measures")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
