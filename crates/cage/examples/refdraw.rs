use std::path::Path;
use render::scene::{Prepared, Lighting};
use render::{Camera, Lens, View};
fn main() {
    // refdraw OUT module name:lighting:size:bg:th_ph,th_ph ...
    let args: Vec<String> = std::env::args().collect();
    let src = std::fs::read_to_string(&args[2]).unwrap();
    let an = threejs::analyse(&src);
    for f in &an.failures { println!("{}: {:?}", args[2], f); }
    let engine = threejs::engine::Engine::new().unwrap();
    let o = std::thread::Builder::new().stack_size(16<<20).spawn(move || engine.run(&src, &threejs::engine::Limits::default()).unwrap()).unwrap().join().unwrap();
    for f in &o.failures { println!("{}: {:?}", args[2], f); }
    let Some(scene) = o.scene else { return };
    let t = std::time::Instant::now();
    let p = Prepared::new(&scene);
    eprintln!("prepare {:?} {:?}", t.elapsed(), o.metrics);
    for r in &args[3..] {
        let v: Vec<&str> = r.split(':').collect();
        let light = if v[1] == "follow" { Lighting::Follow } else { Lighting::Studio };
        let bg = u8::from_str_radix(&v[3][..2], 16).unwrap();
        std::fs::create_dir_all(Path::new(&args[1]).join(v[0])).unwrap();
        let shots: Vec<_> = v[4].split(',').map(|x| { let (a,b) = x.split_once('_').unwrap(); (x, Camera::orbit(View{theta_deg:a.parse().unwrap(),phi_deg:b.parse().unwrap()}, Lens::competition(v[2].parse().unwrap()))) }).collect();
        let t = std::time::Instant::now();
        let mut pics = vec![];
        for (_, c) in &shots { pics.push(p.draw(c, light, [bg;3])); }
        eprintln!("{} {:?}/view", r, t.elapsed()/shots.len() as u32);
        for ((n,_),pic) in shots.iter().zip(pics) { std::fs::write(Path::new(&args[1]).join(v[0]).join(format!("{n}.png")), render::png::encode(&pic)).unwrap(); }
    }
}
