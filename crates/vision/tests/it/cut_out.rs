//! Cut-outs of pictures whose masks are known.

use image::RgbaImage;
use vision::cutout::{CutOut, Effort, Source, cut_out};
use vision::metrics::iou;

use crate::scene::{Backdrop, Shape, outdoors, photograph, studio, white};

fn disk(x: f32, y: f32, cx: f32, cy: f32, r: f32) -> bool {
    (x - cx) * (x - cx) + (y - cy) * (y - cy) < r * r
}

/// Orange ball with stripes, on a stalk that is 2 pixels wide at 256.
fn striped(x: f32, y: f32) -> Option<[f32; 3]> {
    let stalk = (x - 0.5).abs() < 0.004 && (0.08..0.3).contains(&y);
    let knob = disk(x, y, 0.5, 0.08, 0.03);
    let stripe = 0.15 * libm::sinf(40.0 * x);
    let ball = disk(x, y, 0.5, 0.52, 0.26);
    if ball {
        Some([0.85, 0.45 + stripe, 0.1])
    } else {
        (stalk || knob).then_some([0.1, 0.3, 0.12])
    }
}

fn ring(x: f32, y: f32) -> Option<[f32; 3]> {
    let inside = disk(x, y, 0.5, 0.5, 0.3) && !disk(x, y, 0.5, 0.5, 0.12);
    inside.then_some([0.75, 0.2, 0.4 + 0.2 * y])
}

fn black(x: f32, y: f32) -> Option<[f32; 3]> {
    disk(x, y, 0.5, 0.5, 0.3).then_some([0.07, 0.07, 0.08])
}

fn pale(x: f32, y: f32) -> Option<[f32; 3]> {
    disk(x, y, 0.5, 0.5, 0.3).then_some([0.87 - 0.1 * y, 0.85 - 0.1 * y, 0.8 - 0.1 * y])
}

/// A van: light body, windows of about the wood's colour, black tyres.
fn van(x: f32, y: f32) -> Option<[f32; 3]> {
    if disk(x, y, 0.32, 0.7, 0.07) || disk(x, y, 0.68, 0.7, 0.07) {
        return Some([0.06, 0.06, 0.065]);
    }
    if (0.28..0.45).contains(&x) && (0.4..0.5).contains(&y) {
        return Some([0.36, 0.4, 0.3]);
    }
    let body = (0.2..0.8).contains(&x) && (0.35..0.7).contains(&y);
    body.then_some([0.72, 0.76, 0.8])
}

fn portrait(x: f32, y: f32) -> Option<[f32; 3]> {
    if disk(x, y, 0.5, 0.35, 0.17) {
        return Some([0.85, 0.65, 0.55]);
    }
    ((0.3..0.7).contains(&x) && y > 0.5).then_some([0.12, 0.22, 0.55])
}

struct Case {
    name: &'static str,
    shape: Shape,
    backdrop: Backdrop,
    shadow: Option<([f32; 4], f32)>,
    /// The overlap that has to be reached; measured are 0.999 and more.
    least: f64,
}

const FEET: Option<([f32; 4], f32)> = Some(([0.5, 0.79, 0.3, 0.05], 0.75));

const CASES: [Case; 7] = [
    Case { name: "striped ball", shape: striped, backdrop: studio, shadow: FEET, least: 0.98 },
    Case { name: "ring", shape: ring, backdrop: studio, shadow: FEET, least: 0.98 },
    Case { name: "black on white", shape: black, backdrop: white, shadow: FEET, least: 0.98 },
    Case { name: "pale on white", shape: pale, backdrop: white, shadow: FEET, least: 0.97 },
    Case { name: "black in a studio", shape: black, backdrop: studio, shadow: FEET, least: 0.98 },
    Case { name: "van outdoors", shape: van, backdrop: outdoors, shadow: FEET, least: 0.95 },
    Case { name: "portrait", shape: portrait, backdrop: studio, shadow: None, least: 0.98 },
];

fn measured(effort: Effort, size_px: u32, slack: f64) {
    let mut failures = Vec::new();
    for case in &CASES {
        let (picture, truth) = photograph(size_px, case.shape, case.backdrop, case.shadow);
        let found = cut_out(&picture, effort).expect(case.name);
        assert_eq!(found.source, Source::Segmented);
        let overlap = iou(&found.matte, &truth, 0.5).expect("same size");
        let error: f32 = std::iter::zip(&found.matte.alpha, &truth.alpha)
            .map(|(found, truth)| (found - truth).abs())
            .sum::<f32>()
            / truth.alpha.iter().sum::<f32>();
        let line = format!("{}: IoU {overlap:.4}, alpha error {error:.4}", case.name);
        if overlap < case.least - slack || f64::from(error) > (1.0 - case.least + slack) {
            failures.push(line);
        }
    }
    assert!(failures.is_empty(), "too far from the true mask: {failures:#?}");
}

#[test]
fn known_masks_are_found() {
    measured(Effort::Standard, 384, 0.0);
}

#[test]
fn known_masks_are_found_in_a_hurry() {
    measured(Effort::Draft, 256, 0.02);
}

/// The stalk is 3 pixels wide: it has to be there along its whole length.
#[test]
fn thin_parts_stay() {
    let (picture, _) = photograph(384, striped, studio, FEET);
    let found = cut_out(&picture, Effort::Standard).unwrap();
    let missing: Vec<usize> =
        (40..110).filter(|y| (190..194).all(|x| found.matte.alpha[y * 384 + x] < 0.5)).collect();
    assert!(missing.len() < 3, "no stalk in rows {missing:?}");
}

/// Laid over its own colour, an object shows no tint of the backdrop at its edge.
#[test]
fn edges_have_the_colour_of_the_object() {
    fn red(x: f32, y: f32) -> Option<[f32; 3]> {
        disk(x, y, 0.5, 0.5, 0.3).then_some([0.8, 0.1, 0.1])
    }
    let (picture, _) = photograph(256, red, |_, _| [0.1, 0.7, 0.2], None);
    let found = cut_out(&picture, Effort::Standard).unwrap();
    let soft =
        (0..found.matte.alpha.len()).filter(|&at| (0.2..0.9).contains(&found.matte.alpha[at]));
    let greens: Vec<f32> = soft.map(|at| found.colour[at][1]).collect();
    assert!(greens.len() > 200, "only {} soft pixels", greens.len());
    let mean = greens.iter().sum::<f32>() / greens.len() as f32;
    assert!((mean - 0.1).abs() < 0.04, "mean green at the edge is {mean}, the object's 0.1");
    // Far outside, too, there is the object's colour.
    assert!((found.colour[0][0] - 0.8).abs() < 0.05, "{:?}", found.colour[0]);
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let (picture, _) = photograph(200, van, outdoors, FEET);
    let with = |threads: usize| -> CutOut {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| cut_out(&picture, Effort::Standard).unwrap())
    };
    let one = with(1);
    assert!(one == with(3), "three threads differ from one");
    assert!(one == with(8), "eight threads differ from one");
}

/// Mirroring changes the order of all sums, and next to nothing else.
#[test]
fn mirrored_picture_gives_mirrored_mask() {
    let (picture, _) = photograph(256, van, outdoors, FEET);
    let found = cut_out(&picture, Effort::Standard).unwrap();
    let mut other =
        cut_out(&image::imageops::flip_horizontal(&picture), Effort::Standard).unwrap().matte;
    other.alpha.chunks_exact_mut(256).for_each(<[f32]>::reverse);
    let overlap = iou(&found.matte, &other, 0.5).unwrap();
    assert!(overlap > 0.97, "IoU {overlap} with the mirrored one");
}

#[test]
fn picture_of_a_cut_out_has_its_alpha() {
    let (picture, _) = photograph(64, black, white, None);
    let found = cut_out(&picture, Effort::Draft).unwrap();
    let cut: RgbaImage = found.picture();
    assert_eq!(cut.dimensions(), (64, 64));
    assert_eq!(cut.get_pixel(0, 0)[3], 0);
    assert_eq!(cut.get_pixel(32, 32)[3], 255);
}
