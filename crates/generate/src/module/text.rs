//! The module as text: constants by name, one statement per part, numbers as short as they may be.

use std::fmt::Write;

use glam::{Vec2, Vec3};

use super::strokes::{Painting, Stroke};
use super::{Heights, Module, Part, light, rim_point};
use crate::hypothesis::Hypothesis;
use crate::surface::Surface;

const PAINT: &str = include_str!("js/paint.js");
const TURNED: &str = include_str!("js/turned.js");
const PILLOW: &str = include_str!("js/pillow.js");
const FIT: &str = include_str!("js/fit.js");

/// Strokes are measured in such parts of the longer side of their canvas.
const STROKE_UNITS: f32 = 2000.0;
/// Points along a profile and around it.
const RINGS: usize = 128;
/// See [`RINGS`].
const SECTORS: usize = 96;
/// Grid steps along the longer side of an outline.
const CELLS: usize = 150;
/// Columns of the text.
const WIDTH: usize = 116;

/// Up to `digits` decimals, none that say nothing.
fn number(value: f32, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Items with commas between them, in lines that are not too long.
fn list(items: impl IntoIterator<Item = String>, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let (mut text, mut column) = (String::new(), WIDTH);
    for item in items {
        if column + item.len() + 2 > WIDTH {
            text.push('\n');
            text.push_str(&margin);
            column = indent;
        } else {
            text.push(' ');
            column += 1;
        }
        column += item.len() + 1;
        text.push_str(&item);
        text.push(',');
    }
    text
}

fn hex(colour: Vec3) -> String {
    let [r, g, b] = colour.to_array().map(|c| (c.clamp(0.0, 1.0) * 255.0).round() as u32);
    format!("0x{:06x}", r << 16 | g << 8 | b)
}

fn stroke(stroke: &Stroke, unit: f32) -> String {
    let length = |px: f32| number(px * unit, 0);
    let degrees = stroke.turn.to_degrees().rem_euclid(180.0);
    format!(
        "{}, {}, {}, {}, {}, {}, {}",
        length(stroke.at.x),
        length(stroke.at.y),
        number((stroke.radii.x * unit).max(2.0), 0),
        number((stroke.radii.y * unit).max(2.0), 0),
        number(degrees, 0),
        number(stroke.edge, 1),
        hex(stroke.colour)
    )
}

/// `paint(…)` of a canvas that is `[width, height]` pixels, drawn at `side_px` along its longer side.
fn paint(painting: &Painting, canvas: [usize; 2], side_px: usize, wraps: bool) -> String {
    let longer = canvas[0].max(canvas[1]) as f32;
    let size = canvas.map(|side| ((side * side_px) as f32 / longer).round().max(2.0));
    let unit = STROKE_UNITS / longer;
    let rows = painting.strokes.iter().map(|s| stroke(s, unit));
    format!(
        "paint(THREE, {}, {}, {wraps}, {}, [{}\n  ])",
        size[0],
        size[1],
        hex(painting.ground),
        list(rows, 4)
    )
}

fn points(points: &[Vec2], digits: usize) -> impl Iterator<Item = String> {
    points.iter().map(move |p| format!("{}, {}", number(p.x, digits), number(p.y, digits)))
}

/// The function that gives the heights of a pillow, metres.
fn heights(surface: &Surface<'_>, heights: &Heights) -> String {
    let metres = |length: f32| number(length * surface.scale, 4);
    let z0 = surface.to_metres(Vec3::ZERO).z;
    let z = |sign: char| {
        if z0.abs() < 5e-5 {
            if sign == '-' { "-half".to_owned() } else { "half".to_owned() }
        } else {
            format!("{} {sign} half", number(z0, 4))
        }
    };
    match heights {
        Heights::Cushion { fullness } => format!(
            "// A cushion: balls of all sizes, the thick ones a little deeper than wide.\n  \
             const heights = (x, y, inset, room, dome) => {{\n    \
             const half = Math.sqrt(Math.max(0, dome) * (1 + {} * Math.min(1, room / {})));\n    \
             return [{}, {}];\n  }};",
            number(fullness - 1.0, 2),
            metres(0.06),
            z('+'),
            z('-'),
        ),
        Heights::Plate { depth } => format!(
            "// A plate with a rounded rim, thinner where the outline is narrow.\n  \
             const heights = (x, y, inset, room) => {{\n    \
             const deepest = Math.min({}, 0.9 * room);\n    \
             const round = 0.72 * deepest;\n    \
             const half = deepest - round + Math.sqrt(round ** 2 - Math.max(0, round - inset) ** 2);\n    \
             return [{}, {}];\n  }};",
            metres(0.5 * depth),
            z('+'),
            z('-'),
        ),
        Heights::Block { footprint } => {
            let corner = |p: Vec2| {
                let m = surface.to_metres(Vec3::new(p.x, 0.0, p.y));
                format!("[{}, {}]", number(m.x, 4), number(m.z, 4))
            };
            format!(
                "// A block over one of its upright edges: corners of its footprint, x and z.\n  \
                 const [near, left, right, far] = [{}, {}, {}, {}];\n  \
                 const between = ([x0, z0], [x1, z1], x) => z0 + (z1 - z0) * Math.min(1, Math.max(0, (x - x0) / (x1 - x0)));\n  \
                 const wall = (middle, x) => (x < middle[0] ? between(left, middle, x) : between(middle, right, x));\n  \
                 const heights = (x, y, inset, room) => {{\n    \
                 // The line of sight meets the wall where both say the same.\n    \
                 let front = RIM;\n    \
                 let at = x;\n    \
                 for (let k = 0; k < 12; k++) {{\n      \
                 at = EYE[0] + ((x - EYE[0]) * (EYE[2] - front)) / (EYE[2] - RIM);\n      \
                 front = wall(near, at);\n    }}\n    \
                 // What is thin does not go through the whole depth.\n    \
                 const whole = 0.5 * (front - wall(far, at));\n    \
                 const share = Math.min(1, Math.max(0, room / {thin} - 1));\n    \
                 const half = Math.min(whole, 1.2 * room + share * whole);\n    \
                 const edge = Math.min(1, Math.max(0, 1 - inset / {ramp}));\n    \
                 const trim = Math.min(half, {ramp} * (1 - Math.sqrt(1 - edge * edge)));\n    \
                 return [front - trim, front - 2 * half + trim];\n  }};",
                corner(footprint.near),
                corner(footprint.left),
                corner(footprint.right),
                corner(footprint.far),
                thin = metres(0.022),
                ramp = metres(0.012),
            )
        }
    }
}

/// The whole text.
pub(super) fn write(surface: &Surface<'_>, chosen: &Hypothesis, parts: &[Part]) -> Module {
    let mut stroke_count = 0;
    let mut corner_count = 0;
    let has_turned = parts.iter().any(|part| matches!(part, Part::Turned { .. }));
    let has_flat = parts.iter().any(|part| matches!(part, Part::Flat { .. }));
    let eye = surface.to_metres(Vec3::new(0.0, 0.0, surface.eye_z));
    let rim = surface.to_metres(Vec3::new(0.0, 0.0, surface.relief.rim_z)).z;

    let mut body = String::new();
    let mut names = Vec::new();
    let (mut n_turned, mut n_flat) = (0, 0);
    let mut said = false;
    for part in parts {
        match part {
            Part::Turned { turned, painting, canvas } => {
                n_turned += 1;
                let name = format!("body{n_turned}");
                stroke_count += painting.strokes.len();
                corner_count += turned.profile.len();
                let profile: Vec<Vec2> =
                    turned.profile.iter().map(|p| *p * surface.scale).collect();
                let axis = chosen.body.as_ref().map(|body| body.axis).unwrap_or_default();
                let foot = surface.to_metres(Vec3::new(axis.offset, 0.0, 0.0));
                let _ = write!(
                    body,
                    "  // Turned: radius and height from the bottom to the top, painted all around from the back over the left.\n  \
                     const profile{n_turned} = [{}\n  ];\n  \
                     const {name}Map = {};\n  \
                     const {name} = turn(THREE, profile{n_turned}, [{}, {}, {}], {}, {name}Map);\n\n",
                    list(points(&profile, 4), 4),
                    paint(painting, *canvas, 512, true),
                    number(foot.x, 4),
                    number(foot.y, 4),
                    number(foot.z, 4),
                    number(libm::atanf(axis.tilt), 4),
                );
                names.push(name);
            }
            Part::Flat { flat, heights: of, sides } => {
                n_flat += 1;
                let name =
                    if has_turned { format!("beside{n_flat}") } else { format!("body{n_flat}") };
                let [front, back] = sides;
                stroke_count += front.0.strokes.len() + back.0.strokes.len();
                if !said {
                    said = true;
                    let _ = write!(body, "  {}\n\n", heights(surface, of));
                }
                let mut lines = String::new();
                for line in &flat.lines {
                    corner_count += line.len();
                    let line: Vec<Vec2> = line.iter().map(|p| rim_point(surface, *p)).collect();
                    let _ = write!(lines, "\n    [{}\n    ],", list(points(&line, 4), 6));
                }
                let _ = write!(
                    body,
                    "  // Outline as the picture shows it, x and y in turn; holes are lines of their own.\n  \
                     const {name}Outline = [{lines}\n  ];\n  \
                     const {name}Front = {};\n  \
                     const {name}Back = {};\n  \
                     const {name} = pillow(THREE, {name}Outline, heights, [{name}Front, {name}Back]);\n\n",
                    paint(&front.0, front.1, 320, false),
                    paint(&back.0, back.1, 96, false),
                );
                names.push(name);
            }
        }
    }

    let mut source = format!(
        "// Made by Crucible from one picture, shape: {}. Metres, y up, facing +z, inside the unit box.\n\n\
         // Share of the light that surfaces give off by themselves, and what they make of the light on them.\n\
         const GLOW = {};\nconst LIT_COLOUR = {};\n",
        chosen.shape,
        number(1.0 - light::LIT, 2),
        number(light::colour_factor(), 3),
    );
    if has_turned {
        let _ = write!(
            source,
            "// Points along a profile, and around it.\nconst RINGS = {RINGS};\nconst SECTORS = {SECTORS};\n"
        );
    }
    if has_flat {
        let _ = write!(
            source,
            "// Grid steps along the longer side of an outline.\nconst CELLS = {CELLS};\n\
             // Where the picture was taken from, and z of the plane that it shows in true size.\n\
             const EYE = [{}, {}, {}];\nconst RIM = {};\n",
            number(eye.x, 4),
            number(eye.y, 4),
            number(eye.z, 4),
            number(rim, 4),
        );
    }
    source.push('\n');
    source.push_str(PAINT);
    source.push('\n');
    if has_turned {
        source.push_str(TURNED);
        source.push('\n');
    }
    if has_flat {
        source.push_str(PILLOW);
        source.push('\n');
    }
    source.push_str(FIT);
    let _ = write!(
        source,
        "\nexport default function (THREE) {{\n{body}  const asset = new THREE.Group();\n  asset.add({});\n  return within(THREE, asset);\n}}\n",
        names.join(", ")
    );
    Module { source, stroke_count, corner_count }
}

/// Numbers in a text that are not in comments, names or strings of ours.
pub(super) fn number_count(source: &str) -> usize {
    let mut n = 0;
    for line in source.lines() {
        let code = line.split("//").next().unwrap_or_default();
        let mut in_word = false;
        for c in code.chars() {
            let is_word = c.is_ascii_alphanumeric() || c == '_' || c == '.';
            if is_word && !in_word && c.is_ascii_digit() {
                n += 1;
            }
            in_word = is_word;
        }
    }
    n
}
