//! Modules per second on one core: `cargo bench -p threejs`. The module is of the usual size, 3 to 9 KB.

fn main() {
    divan::main();
}

fn typical() -> String {
    let part = "  { const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.1, 0.2, 0.3), material); mesh.position.set(i * 0.01, Math.sin(i) / 2, 0); group.add(mesh); }\n";
    format!(
        "export default function (THREE) {{\n  const group = new THREE.Group();\n  const i = 1;\n  const material = new THREE.MeshStandardMaterial({{ color: 0x808080 }});\n{}  return group;\n}}\n",
        part.repeat(40)
    )
}

#[divan::bench]
fn typical_module(bencher: divan::Bencher<'_, '_>) {
    let source = typical();
    assert!(threejs::analyse(&source).unwrap().failures.is_empty());
    bencher
        .counter(divan::counter::ItemsCount::new(1_u32))
        .bench_local(|| threejs::analyse(divan::black_box(&source)).unwrap());
}
