//! Assets made of drawn pictures of known objects.

use generate::eval::{Backdrop, prompt_picture};
use generate::truth::{Kind, Sampling};
use generate::{Generated, Options, Quality, ShapeKind, Unobserved, generate};
use image::RgbaImage;
use render::{Camera, Lens, View};

pub(crate) fn picture_of(kind: &str, seed: u64, size_px: u32) -> RgbaImage {
    let sampling = Sampling { target_splats: 12_000, ..Sampling::default() };
    let truth = Kind::named(kind).expect("a kind of ours").splats(seed, sampling);
    prompt_picture(&truth, size_px, Backdrop::Transparent).expect("the object is seen")
}

fn draft(picture: &RgbaImage, seed: u64, shape: Option<ShapeKind>) -> Generated {
    let options = Options { seed, quality: Quality::Draft, shape, ..Options::default() };
    generate(picture, &options, &mut Unobserved).expect("an asset")
}

fn figures(made: &Generated) -> &generate::SplatFigures {
    made.report.splats.as_ref().expect("splats are what is made unless something else is asked for")
}

/// One object of each class that a shape was made for.
#[test]
fn the_evidence_decides_as_a_person_would() {
    for (kind, expected) in [
        ("vase", ShapeKind::Revolved),
        ("clock", ShapeKind::Slab),
        ("crate", ShapeKind::Block),
        ("bear", ShapeKind::Inflated),
    ] {
        let made = draft(&picture_of(kind, 0, 320), 0, None);
        assert_eq!(made.report.shape, expected, "{kind}\n{}", made.report);
        assert!(figures(&made).front_iou > 0.95, "{kind}\n{}", made.report);
        assert!(figures(&made).front_psnr_db > 19.0, "{kind}\n{}", made.report);
    }
}

#[test]
fn a_shape_can_be_forced() {
    let made = draft(&picture_of("vase", 1, 256), 0, Some(ShapeKind::Slab));
    assert_eq!((made.report.shape, made.report.shape_forced), (ShapeKind::Slab, true));
    assert!(figures(&made).extent_m[2] < 0.4, "{}", made.report);
}

#[test]
fn same_bytes_on_any_number_of_threads() {
    let picture = picture_of("toadstool", 3, 256);
    let on = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| draft(&picture, 7, None))
    };
    let (one, three) = (on(1), on(3));
    assert!(one.splats == three.splats, "splats differ between 1 and 3 threads");
    assert_eq!(one.report, three.report);
}

#[test]
fn seeds_move_the_samples_and_nothing_else() {
    let picture = picture_of("bottle", 2, 256);
    let (a, b) = (draft(&picture, 1, None), draft(&picture, 2, None));
    assert!(a.splats != b.splats, "two seeds gave the same splats");
    assert_eq!(a.report.verdicts, b.report.verdicts);
    let difference = (figures(&a).front_psnr_db - figures(&b).front_psnr_db).abs();
    assert!(difference < 1.5, "{difference} dB apart");
}

/// Centred, and the largest side that of the box.
#[test]
fn fills_the_unit_box() {
    for kind in ["vase", "book", "car"] {
        let made = draft(&picture_of(kind, 1, 256), 0, None);
        let (mut low, mut high) = ([f32::MAX; 3], [f32::MIN; 3]);
        for splat in made.splats.iter() {
            for axis in 0..3 {
                low[axis] = low[axis].min(splat.position[axis]);
                high[axis] = high[axis].max(splat.position[axis]);
            }
        }
        let sides: Vec<f32> = (0..3).map(|k| high[k] - low[k]).collect();
        let largest = sides.iter().copied().fold(0.0, f32::max);
        assert!((0.985..=1.0).contains(&largest), "{kind}: sides {sides:?}");
        for axis in 0..3 {
            let middle = 0.5 * (low[axis] + high[axis]);
            assert!(middle.abs() < 0.012, "{kind}: middle of axis {axis} at {middle}");
        }
    }
}

/// From each white view, what is covered is opaque but for a rim: no pixel whose neighbourhood is covered lets light
/// through.
#[test]
fn no_holes_from_any_white_view() {
    const SIZE: usize = 200;
    for kind in ["goblet", "clock", "crate"] {
        let made = draft(&picture_of(kind, 0, 256), 0, None);
        for named in View::WHITE {
            let camera = Camera::orbit(named.view, Lens::competition(SIZE as u32));
            let frame = render::splats::draw(&made.splats, &camera);
            let alpha = |x: usize, y: usize| 1.0 - frame.transmittance[y * SIZE + x];
            let mut n_holes = 0;
            for y in 3..SIZE - 3 {
                for x in 3..SIZE - 3 {
                    let ring = [(3, 0), (0, 3), (6, 3), (3, 6), (1, 1), (5, 1), (1, 5), (5, 5)];
                    let covered = ring.iter().all(|(dx, dy)| alpha(x + dx - 3, y + dy - 3) > 0.8);
                    n_holes += usize::from(covered && alpha(x, y) < 0.8);
                }
            }
            assert!(n_holes <= 8, "{kind}, {}: {n_holes} pixels of holes", named.name);
        }
    }
}
