//! Modules per second on one core: `cargo bench -p threejs --bench analyse`. `typical` is of the usual size, 3 to 9 KB;
//! `largest` has as many parts as the literal budget allows.

use divan::counter::{BytesCount, ItemsCount};

fn main() {
    divan::main();
}

/// A module of `parts` equal parts with names, numbers, calls, loops and members as honest modules have them.
fn module(parts: usize) -> String {
    let part = "  {
    const mesh = new THREE.Mesh(new THREE.CylinderGeometry(0.1, 0.2, 0.3, 24), materials.body);
    mesh.position.set(Math.cos(angle) * 0.3, 0.05, Math.sin(angle) / 4);
    mesh.rotation.y = angle + Math.PI / 2;
    for (let i = 0; i < 3; i++) {
      const copy = mesh.clone();
      copy.scale.setScalar(1 - i * 0.1);
      group.add(copy);
    }
    angle += step;
  }
";
    format!(
        "const step = 0.25;
export default function (THREE) {{
  const {{ Group, Color }} = THREE;
  const group = new Group();
  const materials = {{
    body: new THREE.MeshStandardMaterial({{ color: new Color(0x808080), roughness: 0.6 }}),
  }};
  let angle = 0;
{}  return group;
}}
",
        part.repeat(parts)
    )
}

#[divan::bench(args = [("small", 2), ("typical", 12), ("long", 60), ("largest", 1_900)])]
fn analyse(bencher: divan::Bencher<'_, '_>, (_, parts): (&str, usize)) {
    let source = module(parts);
    assert_eq!(threejs::analyse(&source).expect("a thread").failures, [], "{} bytes", source.len());
    bencher
        .counter(ItemsCount::new(1_u32))
        .counter(BytesCount::new(source.len()))
        .bench_local(|| threejs::analyse(divan::black_box(&source)).expect("a thread"));
}
