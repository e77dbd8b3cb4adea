//! Pixels, and when a model counts as pale.

use image::Rgba;
use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

fn class(rgb: [u8; 3]) -> String {
    let mut pixels = Pixels::default();
    pixels.count(rgb);
    let Pixels { foreground, pale, colourless } = pixels;
    let words = [(foreground, "foreground"), (colourless, "colourless"), (pale, "pale")];
    let words: Vec<_> =
        words.iter().filter(|(count, _)| *count > 0).map(|(_, word)| *word).collect();
    words.join(" ")
}

#[test]
fn worked_pixels() {
    assert_snapshot!(class([146, 128, 128]), @"");
    assert_snapshot!(class([147, 128, 128]), @"foreground colourless");
    assert_snapshot!(class([230, 230, 230]), @"foreground colourless pale");
    assert_snapshot!(class([250, 190, 180]), @"foreground pale");
    // The original counts black as gray.
    assert_snapshot!(class([0, 0, 0]), @"foreground");
}

#[test]
fn a_colourful_opponent_does_not_hide_a_pale_model() {
    let limits = Thresholds::default();
    let pale = Pixels { foreground: 100, pale: 50, colourless: 90 };
    let colourful = Pixels { foreground: 10_000, pale: 0, colourless: 10 };
    assert!(pale.fires(&limits));
    assert!(!colourful.fires(&limits));
    assert!(!Pixels::default().fires(&limits), "nothing to be seen");
    assert!(Pixels { foreground: 100, pale: 10, colourless: 60 }.fires(&limits));
    assert!(!Pixels { foreground: 100, pale: 9, colourless: 60 }.fires(&limits));
    assert!(!Pixels { foreground: 100, pale: 10, colourless: 59 }.fires(&limits));
}

#[test]
fn every_fourth_pixel_of_every_fourth_line_counts() {
    let mut picture = RgbaImage::from_pixel(9, 6, Rgba([128, 128, 128, 0]));
    picture.put_pixel(8, 4, Rgba([255, 255, 255, 0]));
    picture.put_pixel(7, 4, Rgba([255, 0, 0, 255]));
    assert_eq!(Pixels::of(&picture), Pixels { foreground: 1, pale: 1, colourless: 1 });
}

proptest! {
    #[test]
    fn any_figure_gets_an_answer(foreground: u64, pale: u64, colourless: u64) {
        let _ = Pixels { foreground, pale, colourless }.fires(&Thresholds::default());
    }
}
