#[path = "../tests/it/scene/build.rs"]
mod build;
use render::scene::*;
use render::*;
fn main() {
    let p = Prepared::new(&build::typical());
    let camera = Camera::orbit(View { theta_deg: 24.0, phi_deg: -15.0 }, Lens::competition(1024));
    let pic = p.draw(&camera, scene::Lighting::Studio, [128; 3]);
    pic.save("/tmp/raster3/typical.png").unwrap();
}
