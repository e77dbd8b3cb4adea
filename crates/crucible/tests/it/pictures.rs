//! `crucible render`: which files, which sizes, which bytes.

use image::Rgba;

use crate::workplace::Workplace;

#[test]
fn the_grid_is_one_picture_of_four_cells() {
    let place = Workplace::new();
    place.ball("ball.ply");
    place.ok("render ball.ply -o grid.png");
    let grid = place.picture("grid.png");
    assert_eq!(grid.dimensions(), (1041, 1041));
    assert_eq!(grid.get_pixel(0, 0), &Rgba([128, 128, 128, 255]), "background");
    assert_eq!(grid.get_pixel(520, 100), &Rgba([0, 0, 0, 255]), "gap");
    assert_ne!(grid.get_pixel(259, 259), &Rgba([128, 128, 128, 255]), "the ball");
}

#[test]
fn sets_and_lists_write_one_picture_per_view() {
    let place = Workplace::new();
    place.ball("ball.ply");
    place.ok("render ball.ply -o white --views white --size 64");
    let white = "back.png front_above.png front_below.png front_left.png front_right.png left.png right.png top_down.png";
    assert_eq!(place.names("white").join(" "), white);
    place.ok("render ball.ply -o gray --views gray --size 64");
    let gray = "front_above.png front_below.png front_left.png front_right.png";
    assert_eq!(place.names("gray").join(" "), gray);
    place.ok("render ball.ply -o list --views 30,0;330,-15 --size 64");
    assert_eq!(place.names("list").join(" "), "theta30_phi0.png theta330_phi-15.png");
    place.ok("render ball.ply -o all --views all --size 32");
    assert_eq!(place.names("all").len(), 12);
    assert_eq!(place.read("white/front_left.png"), place.read("list/theta30_phi0.png"));
}

#[test]
fn size_background_radius_and_fov_are_obeyed() {
    let place = Workplace::new();
    place.ball("ball.ply");
    place.ok("render ball.ply -o out --views 0,0 --size 80 --background 204060");
    let picture = place.picture("out/theta0_phi0.png");
    assert_eq!(picture.dimensions(), (80, 80));
    assert_eq!(picture.get_pixel(0, 0), &Rgba([0x20, 0x40, 0x60, 255]));
    place.ok("render ball.ply -o out --views 0,0 --size 80 --background transparent");
    let clear = place.picture("out/theta0_phi0.png");
    assert_eq!(clear.get_pixel(0, 0)[3], 0);
    assert!(clear.get_pixel(40, 40)[3] >= 250, "{:?}", clear.get_pixel(40, 40));

    let covered = |args: &str| {
        place.ok(&format!(
            "render ball.ply -o out --views 0,0 --size 80 --background transparent {args}"
        ));
        place.picture("out/theta0_phi0.png").pixels().filter(|pixel| pixel[3] > 127).count()
    };
    let (near, usual, far) = (covered("--radius 1.5"), covered(""), covered("--radius 4"));
    assert!(near > usual && usual > far, "covered pixels: {near}, {usual}, {far}");
    let (narrow, wide) = (covered("--fov 30"), covered("--fov 80"));
    assert!(narrow > usual && usual > wide, "covered pixels: {narrow}, {usual}, {wide}");
}

#[test]
fn the_bytes_do_not_depend_on_the_number_of_threads() {
    let place = Workplace::new();
    place.ball("ball.ply");
    place.ok("render ball.ply -o one.png --size 128 --threads 1");
    place.ok("render ball.ply -o five.png --size 128 --threads 5");
    assert_eq!(place.read("one.png"), place.read("five.png"));
}

#[test]
fn normalisation_happens_only_when_asked_for() {
    let place = Workplace::new();
    place.ball("ball.ply");
    place.ok("render ball.ply -o plain.png --size 96 --radius 2.5");
    place.ok("render ball.ply -o normalised.png --size 96 --normalise");
    let covered = |name: &str| {
        place.picture(name).pixels().filter(|pixel| pixel.0 != [128, 128, 128, 255]).count()
    };
    // The original scales the largest side from 0.9 to 1.5.
    let ratio = covered("normalised.png") as f64 / covered("plain.png") as f64;
    assert!(
        (2.3..3.4).contains(&ratio),
        "area grew {ratio:.2} times, (1.5 / 0.9)² = 2.78 expected"
    );
}
