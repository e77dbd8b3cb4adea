//! Outlines, strokes and texts on their own.

use glam::{Vec2, Vec3};
use insta::assert_snapshot;

use super::strokes::{Goal, Painting, Stroke};
use super::{Heights, Part, descend, flat::Flat, outline, text, turned::Turned};
use crate::hypothesis::{Body, Hypothesis, Ring, slab};
use crate::map::Map;
use crate::observe::{Unobserved, Watch};
use crate::silhouette::{Axis, Silhouette, Subject};
use crate::surface::Surface;

/// A dark bar on a light ground that fades to the right.
fn goal(wraps: bool) -> Goal {
    let colours = Map::from_fn(48, 32, |x, y| {
        let bar = (10..16).contains(&y) && (8..40).contains(&x);
        Vec3::new(0.9, 0.8, 0.7 - 0.01 * x as f32) * if bar { 0.2 } else { 1.0 }
    });
    Goal { weights: Map::new(48, 32, 1.0), colours, wraps }
}

fn error(goal: &Goal, painting: &Painting) -> f64 {
    let painted = goal.painted(painting);
    let pairs = painted.values.iter().zip(&goal.colours.values).zip(&goal.weights.values);
    pairs.map(|((a, b), w)| f64::from(w * (*a - *b).length_squared())).sum()
}

fn strokes() -> Vec<Stroke> {
    let stroke = |x, y, turn, edge| Stroke {
        at: Vec2::new(x, y),
        radii: Vec2::new(9.0, 5.0),
        turn,
        edge,
        colour: Vec3::new(0.2, 0.5, 0.4),
    };
    vec![stroke(20.0, 14.0, 0.4, 1.5), stroke(26.0, 16.0, 2.0, 1.2), stroke(46.0, 20.0, 1.0, 1.0)]
}

#[test]
fn few_strokes_paint_a_simple_picture() {
    for wraps in [false, true] {
        let goal = goal(wraps);
        let mut observer = Unobserved;
        let mut watch = Watch::new(&mut observer);
        let painting = goal.paint(8, 1, &mut watch, [0.0, 1.0]).unwrap();
        let mean = error(&goal, &painting) / (3.0 * 48.0 * 32.0);
        let psnr_db = -10.0 * libm::log10(mean);
        assert!(psnr_db > 24.0, "{psnr_db} dB with wraps {wraps}");
        assert_eq!(painting.strokes.len(), 8);
    }
}

/// Exact slopes: each value of each stroke moved a little, and the error measured.
#[test]
fn slopes_are_those_of_the_error() {
    for wraps in [false, true] {
        let goal = goal(wraps);
        let mut painting = Painting { ground: Vec3::splat(0.5), strokes: strokes() };
        // No plateau in the middle: its border is a kink.
        painting.strokes.iter_mut().for_each(|stroke| stroke.edge = 0.9);
        let slopes = descend::slopes(&goal, &painting);
        for (idx, slopes) in slopes.iter().enumerate() {
            for (value, &slope) in slopes.iter().enumerate() {
                let moved = |by: f32| {
                    let mut painting = painting.clone();
                    descend::move_stroke(&mut painting.strokes[idx], value, by);
                    error(&goal, &painting)
                };
                let measured = (moved(2e-3) - moved(-2e-3)) / 4e-3;
                let off = (measured - f64::from(slope)).abs();
                assert!(
                    off < 0.05 * measured.abs() + 0.15,
                    "stroke {idx}, value {value}, wraps {wraps}: {slope}, measured {measured}"
                );
            }
        }
    }
}

#[test]
fn worths_are_what_is_lost_without_a_stroke() {
    let goal = goal(false);
    let painting = Painting { ground: Vec3::splat(0.5), strokes: strokes() };
    let whole = error(&goal, &painting);
    for (idx, worth) in descend::worths(&goal, &painting).into_iter().enumerate() {
        let mut without = painting.clone();
        without.strokes.remove(idx);
        let lost = error(&goal, &without) - whole;
        assert!(
            (lost - f64::from(worth)).abs() < 0.02 * lost.abs() + 0.02,
            "{idx}: {worth}, {lost}"
        );
    }
}

/// A ring: an outline and a hole, few corners, no point of either far from its line.
#[test]
fn outlines_have_few_corners_and_keep_holes() {
    let coverage = Map::from_fn(100, 100, |x, y| {
        let r = Vec2::new(x as f32 - 49.5, y as f32 - 49.5).length();
        (40.5 - r).clamp(0.0, 1.0).min((r - 15.5).clamp(0.0, 1.0))
    });
    let lines = outline::trace(&coverage);
    assert_eq!(lines.len(), 2);
    assert!(
        outline::area2(&lines[0]) * outline::area2(&lines[1]) < 0.0,
        "the hole runs the other way"
    );
    let simple = outline::simplified(&lines, 0.5, 60);
    let corners: usize = simple.iter().map(Vec::len).sum();
    assert!((20..=60).contains(&corners), "{corners} corners");
    let area: f32 = simple.iter().map(|line| outline::area2(line)).sum();
    let expected = 2.0 * std::f32::consts::PI * (40.0 * 40.0 - 16.0 * 16.0);
    assert!((area.abs() / expected - 1.0).abs() < 0.03, "area {area}, {expected}");
}

/// A tiny module: what is written about one outline, one profile and two strokes.
#[test]
fn a_module_reads_like_one() {
    let square = |x: usize, y: usize| (20..44).contains(&x) && (16..48).contains(&y);
    let alpha = Map::from_fn(64, 64, |x, y| f32::from(u8::from(square(x, y))));
    let subject = Subject { colour: Map::new(64, 64, Vec3::splat(0.5)), alpha };
    let silhouette = Silhouette::of(&subject, 64.0).unwrap();
    let mut chosen: Hypothesis = slab::slab(&silhouette);
    let rings = vec![Ring { radius: 0.25, trust: 1.0 }; 11];
    let body = Body { axis: Axis::default(), start: -0.1, step: 0.02, rings, ends: [-1.0, 1.0] };
    let turned = Turned::of_body(&body).remove(0);
    chosen.body = Some(body);
    let surface = Surface::new(&silhouette, &chosen.relief);
    let flat = Flat::of(&silhouette.alpha, 0.5, 20).unwrap();
    let painting = Painting { ground: Vec3::ONE, strokes: strokes()[..2].to_vec() };
    let heights = Heights::Plate { depth: 0.1 };
    let sides = [(painting.clone(), [48, 64]), (painting.clone(), [48, 64])];
    let parts =
        [Part::Turned { turned, painting, canvas: [64, 32] }, Part::Flat { flat, heights, sides }];
    let module = text::write(&surface, &chosen, &parts);
    assert_eq!((module.stroke_count, module.corner_count), (6, 8));
    let (_, written) = module.source.split_once("export default ").unwrap();
    assert_snapshot!(written, @r"
    function (THREE) {
      // Turned: radius and height from the bottom to the top, painted all around from the back over the left.
      const profile1 = [
        0, -0.101, 0.2524, -0.101, 0.2524, 0.101, 0, 0.101,
      ];
      const body1Map = paint(THREE, 512, 256, true, 0xffffff, [
        625, 438, 281, 156, 23, 1.5, 0x338066, 812, 500, 281, 156, 115, 1.2, 0x338066,
      ]);
      const body1 = turn(THREE, profile1, [0, 0, 0], 0, body1Map);

      // A plate with a rounded rim, thinner where the outline is narrow.
      const heights = (x, y, inset, room) => {
        const deepest = Math.min(0.0505, 0.9 * room);
        const round = 0.72 * deepest;
        const half = deepest - round + Math.sqrt(round ** 2 - Math.max(0, round - inset) ** 2);
        return [half, -half];
      };

      // Outline as the picture shows it, x and y in turn; holes are lines of their own.
      const beside1Outline = [
        [
          -0.3708, 0.4996, 0.3734, 0.497, 0.3708, -0.4996, -0.3734, -0.497,
        ],
      ];
      const beside1Front = paint(THREE, 240, 320, false, 0xffffff, [
        625, 438, 281, 156, 23, 1.5, 0x338066, 812, 500, 281, 156, 115, 1.2, 0x338066,
      ]);
      const beside1Back = paint(THREE, 72, 96, false, 0xffffff, [
        625, 438, 281, 156, 23, 1.5, 0x338066, 812, 500, 281, 156, 115, 1.2, 0x338066,
      ]);
      const beside1 = pillow(THREE, beside1Outline, heights, [beside1Front, beside1Back]);

      const asset = new THREE.Group();
      asset.add(body1, beside1);
      return within(THREE, asset);
    }
    ");
}

#[test]
fn numbers_are_counted_as_a_reader_would() {
    let count = |source: &str| text::number_count(source);
    assert_eq!(count("const a1 = [1, 2.5, 0xff]; // 3 of them"), 3);
    assert_eq!(count("at += x2 * 3 - -4e2;\n5"), 3);
}
