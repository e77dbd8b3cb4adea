//! Pictures that are no photograph of one object: what the user is told.

use image::{Rgba, RgbaImage};
use insta::assert_snapshot;
use proptest::prelude::*;
use vision::Matte;
use vision::cutout::{
    CutOutError, CutOutModel, Effort, Segmentation, Source, cut_out, cut_out_with,
};

use crate::scene::{noise, photograph, studio};

/// Everything a caller can see, on a few lines.
fn told(picture: &RgbaImage) -> String {
    match cut_out(picture, Effort::Standard) {
        Err(error) => format!("error: {error}"),
        Ok(found) => {
            let covered: f32 = found.matte.alpha.iter().sum();
            let share = 100.0 * covered / found.matte.alpha.len() as f32;
            let mut lines = vec![format!("{:?}, {share:.1} % covered", found.source)];
            lines.extend(found.notes.iter().map(|note| format!("note: {note}")));
            lines.join("\n")
        }
    }
}

fn plain(width: u32, height: u32, rgba: [u8; 4]) -> RgbaImage {
    RgbaImage::from_pixel(width, height, Rgba(rgba))
}

#[test]
fn no_object() {
    assert_snapshot!(told(&plain(64, 48, [120, 130, 140, 255])), @"error: picture: no object stands out from the backdrop");
    let (empty, _) = photograph(128, |_, _| None, studio, None);
    assert_snapshot!(told(&empty), @"error: picture: no object stands out from the backdrop");
}

#[test]
fn too_small() {
    assert_snapshot!(told(&plain(7, 100, [0, 0, 0, 255])), @"error: picture, width: 7 pixels, the least is 8");
    assert_snapshot!(told(&plain(100, 0, [0, 0, 0, 255])), @"error: picture, height: 0 pixels, the least is 8");
}

#[test]
fn alpha_channel() {
    assert_snapshot!(told(&plain(64, 64, [200, 10, 10, 0])), @"error: picture, alpha channel: every pixel is transparent");
    let mut cut = plain(64, 64, [200, 10, 10, 0]);
    for y in 20..44 {
        for x in 0..32 {
            cut.get_pixel_mut(x, y)[3] = 255;
        }
    }
    assert_snapshot!(told(&cut), @r"
    Alpha, 18.8 % covered
    note: the object touches the left border: what lies outside is not known
    ");
    // A few transparent pixels are no mask: the photograph is segmented.
    let (mut picture, _) = photograph(
        128,
        |x, y| ((x - 0.5).abs() < 0.2 && (y - 0.5).abs() < 0.2).then_some([0.8, 0.2, 0.1]),
        studio,
        None,
    );
    picture.get_pixel_mut(0, 0)[3] = 0;
    assert_snapshot!(told(&picture), @"Segmented, 16.1 % covered");
}

#[test]
fn object_at_the_border() {
    let (picture, _) = photograph(
        128,
        |x, y| (x < 0.45 && (y - 0.5).abs() < 0.2).then_some([0.8, 0.2, 0.1]),
        studio,
        None,
    );
    assert_snapshot!(told(&picture), @r"
    Segmented, 18.1 % covered
    note: the object touches the left border: what lies outside is not known
    ");
    // A cross that reaches all four borders.
    let (picture, _) = photograph(
        128,
        |x, y| ((x - 0.5).abs() < 0.14 || (y - 0.5).abs() < 0.14).then_some([0.8, 0.2, 0.1]),
        studio,
        None,
    );
    assert_snapshot!(told(&picture), @"error: picture: there is no backdrop along the borders; give one with an alpha channel, or with room around the object");
}

#[test]
fn several_objects() {
    let (picture, _) = photograph(
        256,
        |x, y| {
            let big = (x - 0.28).abs() < 0.18 && (y - 0.5).abs() < 0.18;
            let small = (x - 0.8).abs() < 0.1 && (y - 0.5).abs() < 0.1;
            (big || small).then_some([0.1, 0.5, 0.2])
        },
        studio,
        None,
    );
    assert_snapshot!(told(&picture), @r"
    Segmented, 12.9 % covered
    note: objects left out beside the largest: 1
    ");
}

#[test]
fn tiny_object() {
    let (picture, _) = photograph(
        256,
        |x, y| ((x - 0.4).abs() < 0.02 && (y - 0.5).abs() < 0.02).then_some([0.8, 0.1, 0.1]),
        studio,
        None,
    );
    assert_snapshot!(told(&picture), @"Segmented, 0.2 % covered");
}

/// A model that always says "the left half".
struct LeftHalf;

impl CutOutModel for LeftHalf {
    fn source(&self) -> Source {
        Source::Model("left half".into())
    }

    fn segment(&self, picture: &RgbaImage) -> Result<Segmentation, CutOutError> {
        if picture.width() > 100 {
            let message = "the picture is too wide for me".into();
            return Err(CutOutError::Model { name: "left half".into(), message });
        }
        // Far coarser than the picture: the edge is found by what comes after.
        let alpha = (0..64).map(|at| if at % 8 < 4 { 1.0 } else { 0.0 }).collect();
        Ok(Segmentation { matte: Matte { width: 8, height: 8, alpha }, notes: Vec::new() })
    }
}

#[test]
fn another_model_can_be_used() {
    let picture = RgbaImage::from_fn(64, 64, |x, _| {
        Rgba(if x < 34 { [200, 40, 30, 255] } else { [90, 100, 110, 255] })
    });
    let found = cut_out_with(&picture, &LeftHalf).unwrap();
    assert_eq!(found.source, Source::Model("left half".into()));
    let row: Vec<f32> = found.matte.alpha[32 * 64 + 30..32 * 64 + 38].to_vec();
    assert_eq!(row, [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0], "the true edge is at 34");
    let error = cut_out_with(&plain(101, 64, [9, 9, 9, 255]), &LeftHalf).unwrap_err();
    assert_snapshot!(error, @"cut-out model left half: the picture is too wide for me");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Blocks of noise in any size: an answer with all values in range, never a panic.
    #[test]
    fn any_small_picture_gets_an_answer(
        width in 1_u32..48,
        height in 1_u32..48,
        block in 1_u32..16,
        levels in 1_u32..256,
        with_alpha: bool,
        salt: u32,
    ) {
        let picture = RgbaImage::from_fn(width, height, |x, y| {
            let value = |c: u32| {
                let level = (noise(x / block, y / block, salt ^ c) + 0.5) * levels as f32;
                (level.floor() / levels as f32 * 255.0) as u8
            };
            Rgba([value(1), value(2), value(3), if with_alpha { value(4) } else { 255 }])
        });
        for effort in [Effort::Draft, Effort::Standard] {
            if let Ok(found) = cut_out(&picture, effort) {
                prop_assert_eq!(found.matte.alpha.len(), (width * height) as usize);
                prop_assert!(found.matte.alpha.iter().all(|alpha| (0.0..=1.0).contains(alpha)));
                prop_assert!(found.colour.iter().flatten().all(|c| (0.0..=1.0).contains(c)));
            }
        }
    }
}
