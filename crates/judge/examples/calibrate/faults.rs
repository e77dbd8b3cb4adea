//! Objects of ours, what can be wrong with them, and their pictures.

use asset::{Similarity, Splats, SplatsParts};
use bytes::Bytes;
use generate::eval::{Backdrop, prompt_picture};
use generate::truth::{Class, Dice, Kind, Sampling};
use image::{DynamicImage, RgbImage, RgbaImage};
use judge::perceptual::{FRONT, Files};
use render::{Background, Camera, Lens, View, png, splats};
use serde::{Deserialize, Serialize};
use vision::descriptor::{BuiltIn, Descriptor, npz};

/// Side of views; larger ones are shrunk to this by the judge.
const VIEW_PX: u32 = 256;
const PROMPT_PX: u32 = 512;

/// What is wrong with an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Fault {
    /// Splats so wide that detail runs into itself.
    Blur,
    /// A cast of colour over everything.
    Colour,
    /// A part cut off.
    Missing,
    /// Turned so that it shows.
    Pose,
    /// A box that does not belong there.
    Extra,
    /// Specks around it.
    Floaters,
    /// Stretched along one axis.
    Stretch,
    /// Splats out of place and colours with noise.
    Noise,
    /// Pressed flat: from the front as it was.
    Facade,
    /// Pressed to a plate a fifth to a third as deep as it was.
    Plate,
    /// A flat thing made as deep as a body.
    Puffed,
    /// Nothing behind the front half.
    Half,
    /// The front on two sheets that cross.
    Crossed,
    /// The front on four sides of a box.
    Cube,
    /// A large sheet of some colour behind it.
    Backdrop,
    /// Left for right.
    Mirrored,
}

impl Fault {
    pub(crate) const ALL: [Self; 16] = [
        Self::Blur,
        Self::Colour,
        Self::Missing,
        Self::Pose,
        Self::Extra,
        Self::Floaters,
        Self::Stretch,
        Self::Noise,
        Self::Facade,
        Self::Plate,
        Self::Puffed,
        Self::Half,
        Self::Crossed,
        Self::Cube,
        Self::Backdrop,
        Self::Mirrored,
    ];

    /// Whether there is a slight and a gross kind of it.
    pub(crate) const fn has_grades(self) -> bool {
        (self as usize) < Self::Facade as usize && !matches!(self, Self::Pose)
    }

    /// The faults of an asset; `strength` 0.5 is slight, 1 usual. Nothing where the object cannot have it, or nobody would see it.
    pub(crate) fn of(
        self,
        kind: Kind,
        whole: &Splats,
        dice: &mut Dice,
        strength: f32,
    ) -> Option<Splats> {
        let mut parts = whole.clone().into_parts();
        match self {
            Self::Blur => {
                let least = libm::logf(dice.between(0.018, 0.03) * strength);
                parts.log_scales.iter_mut().flatten().for_each(|raw| *raw = raw.max(least));
            }
            Self::Colour => {
                let cast = direction(dice).map(|c| c * dice.between(0.16, 0.28) * strength);
                tint(&mut parts, |_| cast);
            }
            Self::Missing => {
                let axis = dice.pick(&[0, 1]);
                let side = dice.pick(&[-1.0, 1.0]);
                let [low, high] = bounds(&parts, axis);
                let cut = dice.between(0.18, 0.32) * strength * (high - low);
                let edge = if side > 0.0 { high - cut } else { low + cut };
                let before = parts.positions.len();
                keep(&mut parts, |position| (edge - position[axis]) * side > 0.0);
                if before - parts.positions.len() < before / 25 {
                    return None;
                }
            }
            Self::Pose => {
                let turned = turn(kind, dice);
                let splats = Splats::new(parts).ok()?.transform(&turned);
                return shows(whole, &splats).then_some(splats);
            }
            Self::Extra => {
                let size = dice.between(0.22, 0.34) * strength;
                let centre = [
                    dice.pick(&[-1.0, 1.0]) * dice.between(0.25, 0.45),
                    dice.between(-0.4, 0.4),
                    dice.between(-0.1, 0.3),
                ];
                let colour = direction(dice).map(|c| 0.5 + 0.6 * c);
                add_box(&mut parts, centre, size, colour);
            }
            Self::Floaters => {
                let count = (dice.between(18.0, 45.0) * strength) as usize;
                for _ in 0..count {
                    let place = [0; 3].map(|_| dice.between(-0.6, 0.6));
                    let colour = direction(dice).map(|c| 0.5 + 0.6 * c);
                    let raw = libm::logf(dice.between(0.012, 0.024));
                    push(&mut parts, place, raw, colour);
                }
            }
            Self::Stretch => {
                let axis = dice.pick(&[0, 1]);
                let factor = 1.0 + dice.between(0.35, 0.7) * strength;
                parts.positions.iter_mut().for_each(|position| position[axis] *= factor);
                let wider = libm::logf(factor);
                parts.log_scales.iter_mut().flatten().for_each(|raw| *raw += 0.5 * wider);
            }
            Self::Noise => {
                let (apart, loud) = (0.012 * strength, 0.16 * strength);
                for position in &mut parts.positions {
                    position.iter_mut().for_each(|c| *c += dice.between(-apart, apart));
                }
                tint(&mut parts, |_| [0; 3].map(|_| dice.between(-loud, loud)));
            }
            Self::Facade => {
                if !has_body(kind, &parts) {
                    return None;
                }
                press(&mut parts, dice.between(0.02, 0.06));
            }
            Self::Plate => {
                if !has_body(kind, &parts) {
                    return None;
                }
                press(&mut parts, dice.between(0.2, 0.34));
            }
            Self::Puffed => {
                if kind.class != Class::Flat {
                    return None;
                }
                let [low, high] = bounds(&parts, 2);
                let deeper = dice.between(0.6, 0.9) / (high - low);
                parts.positions.iter_mut().for_each(|position| position[2] *= deeper);
                let wider = 0.5 * libm::logf(deeper);
                parts.log_scales.iter_mut().flatten().for_each(|raw| *raw += wider);
            }
            Self::Half => {
                if !has_body(kind, &parts) {
                    return None;
                }
                keep(&mut parts, |position| position[2] > 0.0);
            }
            Self::Crossed | Self::Cube => {
                if !has_body(kind, &parts) {
                    return None;
                }
                let is_cube = self == Self::Cube;
                let [left, right] = bounds(&parts, 0);
                // What is behind would shine through.
                keep(&mut parts, |position| position[2] > 0.0);
                press(&mut parts, 0.02);
                let out = if is_cube { (right - left) / 2.0 } else { 0.0 };
                parts.positions.iter_mut().for_each(|position| position[2] += out);
                let sheet = Splats::new(parts).ok()?;
                let turns: &[f32] = if is_cube { &[90.0, 180.0, 270.0] } else { &[90.0] };
                parts = sheet.clone().into_parts();
                for degrees in turns {
                    let turned = rotation([0.0, 1.0, 0.0], degrees.to_radians());
                    append(&mut parts, sheet.clone().transform(&turned).into_parts());
                }
            }
            Self::Backdrop => {
                let colour = dice.pick(&[[1.0; 3], [0.5; 3], [0.9, 0.88, 0.84]]);
                add_sheet(&mut parts, colour);
            }
            Self::Mirrored => {
                for (position, [_, _, y, z]) in parts.positions.iter_mut().zip(&mut parts.rotations)
                {
                    position[0] = -position[0];
                    (*y, *z) = (-*y, -*z);
                }
                let splats = Splats::new(parts).ok()?;
                return shows(whole, &splats).then_some(splats);
            }
        }
        Splats::new(parts).ok()
    }
}

/// The same object made again: other splats, and as far off as nobody would mind.
pub(crate) fn remade(kind: Kind, seed: u64, dice: &mut Dice) -> Splats {
    let sampling = Sampling { target_splats: dice.pick(&[14_000, 18_000, 24_000]), shading: 1.0 };
    let splats = kind.splats(seed, sampling);
    let half = dice.between(-1.5, 1.5).to_radians() / 2.0;
    let turn = [libm::cosf(half), 0.0, libm::sinf(half), 0.0].map(f64::from);
    let shift = [0; 3].map(|_| f64::from(dice.between(-0.01, 0.01)));
    let scale = f64::from(dice.between(0.97, 1.03));
    let splats = splats.transform(&Similarity::new(turn, scale, shift).expect("finite"));
    let mut parts = splats.into_parts();
    let cast = direction(dice).map(|c| c * 0.008);
    tint(&mut parts, |_| cast);
    Splats::new(parts).expect("as many as before")
}

/// The photograph that the object is made after: from the front, more or less.
pub(crate) fn prompt(whole: &Splats, dice: &mut Dice, backdrop: Backdrop) -> Option<Vec<u8>> {
    let [yaw, pitch] = [dice.between(-32.0, 32.0), dice.between(-4.0, 22.0)].map(f32::to_radians);
    let turned = whole.clone().transform(&rotation([0.0, 1.0, 0.0], yaw));
    let turned = turned.transform(&rotation([1.0, 0.0, 0.0], pitch));
    Some(png::encode(&prompt_picture(&turned, PROMPT_PX, backdrop)?))
}

/// The view bundle, as far as the judge looks at it.
pub(crate) fn files(splats: &Splats, prompt: &[u8]) -> Files {
    let scene = splats::Scene::new(splats);
    let frames = View::WHITE
        .iter()
        .map(|named| scene.draw(&Camera::orbit(named.view, Lens::competition(VIEW_PX))));
    let frames: Vec<_> = frames.collect();
    let encoded = |picture: &RgbaImage| Bytes::from(png::encode(picture));
    let white: Vec<RgbaImage> = frames.iter().map(|frame| frame.over(Background::WHITE)).collect();
    let gray = frames[..FRONT].iter().map(|frame| encoded(&frame.over(Background::GRAY)));
    let rgb = |picture: &RgbaImage| -> RgbImage { DynamicImage::from(picture.clone()).into_rgb8() };
    let mut seen = vision::decode(prompt).expect("ours");
    for pixel in seen.pixels_mut() {
        let [r, g, b, a] = pixel.0.map(u32::from);
        pixel.0 = [r, g, b, 255].map(|c| ((c * a + 255 * (255 - a)) / 255) as u8);
    }
    let pictures: Vec<_> = std::iter::once(rgb(&seen)).chain(white.iter().map(rgb)).collect();
    let names = View::WHITE.iter().map(|named| format!("view_{}", named.name));
    let names = std::iter::once("prompt".to_owned()).chain(names);
    let vectors = BuiltIn.describe(&pictures).expect("pictures with pixels");
    let embeddings = npz::write(&names.zip(vectors).collect::<Vec<_>>()).expect("nine vectors");
    Files {
        white: white.iter().map(encoded).collect(),
        gray: gray.collect(),
        embeddings: Some(embeddings.into()),
    }
}

/// A direction of length 1.
fn direction(dice: &mut Dice) -> [f32; 3] {
    loop {
        let v = [0; 3].map(|_| dice.between(-1.0, 1.0));
        let length = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
        if (0.2..1.0).contains(&length) {
            return v.map(|c| c / length);
        }
    }
}

fn tint(parts: &mut SplatsParts, mut cast: impl FnMut(usize) -> [f32; 3]) {
    for (idx, dc) in parts.sh_dc.iter_mut().enumerate() {
        let cast = cast(idx);
        for (value, cast) in dc.iter_mut().zip(cast) {
            let shown = (0.5 + asset::splats::SH_C0 * *value + cast).clamp(0.0, 1.0);
            *value = (shown - 0.5) / asset::splats::SH_C0;
        }
    }
}

/// Whether there is anything behind the front.
fn has_body(kind: Kind, parts: &SplatsParts) -> bool {
    let [low, high] = bounds(parts, 2);
    kind.class != Class::Flat && high - low >= 0.3
}

/// Makes it so many times as deep.
fn press(parts: &mut SplatsParts, flat: f32) {
    parts.positions.iter_mut().for_each(|position| position[2] *= flat);
    // Discs that look sideways would stick out.
    let thin = libm::logf((0.1 * flat).max(0.006));
    parts.log_scales.iter_mut().flatten().for_each(|raw| *raw = raw.min(thin));
}

fn bounds(parts: &SplatsParts, axis: usize) -> [f32; 2] {
    let values = || parts.positions.iter().map(|position| position[axis]);
    [values().fold(f32::INFINITY, f32::min), values().fold(f32::NEG_INFINITY, f32::max)]
}

fn keep(parts: &mut SplatsParts, inside: impl Fn(&[f32; 3]) -> bool) {
    let kept: Vec<bool> = parts.positions.iter().map(inside).collect();
    fn filter<T>(values: &mut Vec<T>, kept: &[bool]) {
        let mut kept = kept.iter();
        values.retain(|_| kept.next().is_some_and(|kept| *kept));
    }
    filter(&mut parts.positions, &kept);
    filter(&mut parts.log_scales, &kept);
    filter(&mut parts.rotations, &kept);
    filter(&mut parts.raw_opacities, &kept);
    filter(&mut parts.sh_dc, &kept);
}

fn push(parts: &mut SplatsParts, place: [f32; 3], raw_scale: f32, colour: [f32; 3]) {
    parts.positions.push(place);
    parts.log_scales.push([raw_scale; 3]);
    parts.rotations.push([1.0, 0.0, 0.0, 0.0]);
    parts.raw_opacities.push(4.0);
    parts.sh_dc.push(colour.map(|c| (c.clamp(0.0, 1.0) - 0.5) / asset::splats::SH_C0));
}

fn append(parts: &mut SplatsParts, more: SplatsParts) {
    parts.positions.extend(more.positions);
    parts.log_scales.extend(more.log_scales);
    parts.rotations.extend(more.rotations);
    parts.raw_opacities.extend(more.raw_opacities);
    parts.sh_dc.extend(more.sh_dc);
}

/// A square of side 1.2 behind everything.
fn add_sheet(parts: &mut SplatsParts, colour: [f32; 3]) {
    const SIDE: usize = 60;
    let across = |at: usize| ((at as f32 + 0.5) / SIDE as f32 - 0.5) * 1.2;
    let behind = bounds(parts, 2)[0] - 0.02;
    for at in 0..SIDE * SIDE {
        let place = [across(at % SIDE), across(at / SIDE), behind];
        push(parts, place, libm::logf(0.7 * 1.2 / SIDE as f32), colour);
    }
}

fn add_box(parts: &mut SplatsParts, centre: [f32; 3], size: f32, colour: [f32; 3]) {
    const SIDE: usize = 14;
    let raw = libm::logf(size / SIDE as f32 * 0.7);
    for face in 0..6 {
        for at in 0..SIDE * SIDE {
            let across = |at: usize| ((at as f32 + 0.5) / SIDE as f32 - 0.5) * size;
            let (u, v) = (across(at % SIDE), across(at / SIDE));
            let w = if face % 2 == 0 { -0.5 } else { 0.5 } * size;
            let offset = match face / 2 {
                0 => [w, u, v],
                1 => [u, w, v],
                _ => [u, v, w],
            };
            push(parts, std::array::from_fn(|c| centre[c] + offset[c]), raw, colour);
        }
    }
}

fn rotation(axis: [f32; 3], angle: f32) -> Similarity {
    let (sin, cos) = (libm::sinf(angle / 2.0), libm::cosf(angle / 2.0));
    let [x, y, z] = axis.map(|c| f64::from(c * sin));
    Similarity::new([f64::from(cos), x, y, z], 1.0, [0.0; 3]).expect("finite")
}

/// A turn that a judge should mind.
fn turn(kind: Kind, dice: &mut Dice) -> Similarity {
    let degrees = dice.between(70.0, 110.0).to_radians();
    match dice.pick(&[0, 1, 2, 3]) {
        0 => rotation([0.0, 0.0, 1.0], degrees),
        1 => rotation([1.0, 0.0, 0.0], dice.pick(&[-1.0, 1.0]) * degrees),
        2 => rotation([0.0, 0.0, 1.0], std::f32::consts::PI),
        // What is round looks the same from everywhere.
        _ if kind.class == Class::Revolved => rotation([0.0, 0.0, 1.0], -degrees),
        _ => rotation(
            [0.0, 1.0, 0.0],
            dice.pick(&[-1.0, 1.0]) * dice.between(75.0, 180.0).to_radians(),
        ),
    }
}

/// Whether what was done to an asset shows from the front.
fn shows(one: &Splats, other: &Splats) -> bool {
    let draw = |splats: &Splats| {
        let camera = Camera::orbit(View::FRONT, Lens::competition(64));
        splats::draw(splats, &camera).over(Background::WHITE)
    };
    let (one, other) = (draw(one), draw(other));
    let pairs = one.as_raw().iter().zip(other.as_raw());
    let apart: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    apart as f64 / one.as_raw().len() as f64 > 4.0
}
