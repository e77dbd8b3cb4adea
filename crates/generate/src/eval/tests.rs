use super::*;
use crate::Unobserved;

fn small() -> Settings {
    Settings { prompt_px: 192, view_px: 64, backdrop: Backdrop::Transparent }
}

fn truths(names: &[&str]) -> Vec<Truth> {
    let sampling = Sampling { target_splats: 6000, ..Sampling::default() };
    let kinds = names.iter().filter_map(|name| Kind::named(name));
    kinds
        .map(|kind| Truth {
            name: kind.name.to_owned(),
            class: Some(kind.class),
            splats: kind.splats(1, sampling),
        })
        .collect()
}

fn measure(names: &[&str], candidates: &mut [&mut dyn Candidate]) -> EvalReport {
    evaluate(truths(names).into_iter(), candidates, small(), &mut Unobserved).unwrap()
}

#[test]
fn the_truth_itself_is_perfect_and_beats_both_baselines() {
    let (mut oracle, mut card, mut balloon) = (Oracle::default(), Billboard, Inflated);
    let report = measure(&["pumpkin"], &mut [&mut oracle, &mut card, &mut balloon]);
    let [oracle, card, balloon] = [0, 1, 2].map(|idx| report.means[idx].mean);
    assert_eq!(oracle, Score { iou: 1.0, psnr_db: PSNR_CAP_DB, ssim: 1.0 });
    // A pumpkin is round: the balloon is close to it, the card is not even seen from the side.
    assert!(balloon.iou > card.iou + 0.2, "balloon {balloon:?}, card {card:?}");
    assert!(balloon.iou < 0.99 && balloon.psnr_db < 40.0, "{balloon:?}");
    let side = View::WHITE.iter().position(|named| named.name == "right").unwrap();
    let card_side = report.means[1].views[side];
    assert!(card_side.iou < 0.2, "a card seen from its edge: {card_side:?}");
}

#[test]
fn a_card_is_better_than_a_balloon_for_what_is_flat() {
    let (mut card, mut balloon) = (Billboard, Inflated);
    let report = measure(&["clock"], &mut [&mut card, &mut balloon]);
    let [card, balloon] = [0, 1].map(|idx| report.means[idx].mean);
    assert!(card.psnr_db > balloon.psnr_db, "card {card:?}, balloon {balloon:?}");
}

/// One disc: the balloon of it must be a ball, of the same extent in all directions.
#[test]
fn the_balloon_of_a_disc_is_a_ball() {
    let mut prompt = RgbaImage::new(200, 200);
    for (x, y, pixel) in prompt.enumerate_pixels_mut() {
        let (dx, dy) = (x as f32 - 99.5, y as f32 - 99.5);
        if dx * dx + dy * dy < 80.0 * 80.0 {
            pixel.0 = [200, 60, 30, 255];
        }
    }
    let ball = Inflated.make(&prompt, &mut || false).unwrap();
    let mut reach = [0.0_f32; 3];
    for position in &ball.parts().positions {
        for axis in 0..3 {
            reach[axis] = reach[axis].max(position[axis].abs());
        }
        let radius = position.iter().map(|c| c * c).sum::<f32>().sqrt();
        assert!((radius - 0.5).abs() < 0.02, "{position:?} is {radius} from the centre");
    }
    assert!(reach.iter().all(|&r| (r - 0.5).abs() < 0.015), "{reach:?}");
}

#[test]
fn a_failure_counts_as_an_empty_asset_and_says_why() {
    struct Fails;
    impl Candidate for Fails {
        fn name(&self) -> &'static str {
            "fails"
        }
        fn make(
            &mut self,
            _: &RgbaImage,
            _: &mut dyn FnMut() -> bool,
        ) -> Result<Splats, CandidateError> {
            Err(CandidateError::Failed("out of clay".to_owned()))
        }
    }
    let report = measure(&["vase"], &mut [&mut Fails]);
    assert_eq!(report.means[0].n_failures, 1);
    assert_eq!(report.means[0].mean.iou, 0.0);
    assert!(report.means[0].mean.psnr_db < 15.0, "{:?}", report.means[0].mean);
    assert!(report.to_string().ends_with("fails made nothing of vase: out of clay\n"));
}

#[test]
fn a_stop_is_obeyed() {
    struct StopsAt(usize);
    impl EvalObserver for StopsAt {
        fn should_stop(&mut self) -> bool {
            self.0 = self.0.saturating_sub(1);
            self.0 == 0
        }
    }
    let (mut card, truths) = (Billboard, truths(&["vase", "book"]));
    let stopped = evaluate(truths.into_iter(), &mut [&mut card], small(), &mut StopsAt(2));
    assert_eq!(stopped.unwrap_err().to_string(), "stopped at truth book");
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let refuse = |truths: Vec<Truth>, settings: Settings| {
        evaluate(truths.into_iter(), &mut [], settings, &mut Unobserved).unwrap_err().to_string()
    };
    let empty = Truth { name: "empty".to_owned(), class: None, splats: Splats::default() };
    insta::assert_snapshot!(refuse(vec![], small()), @"no ground-truth asset was given");
    insta::assert_snapshot!(refuse(vec![empty], small()), @"truth empty: no finite extent");
    let huge = Settings { view_px: 60_000, ..small() };
    insta::assert_snapshot!(refuse(truths(&["book"]), huge), @"view_px: 60000 pixels, between 32 and 4096 are possible");
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let measured = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| measure(&["mug"], &mut [&mut Billboard, &mut Inflated]))
    };
    assert_eq!(measured(1), measured(3));
}

#[test]
fn the_table_is_for_people() {
    let report =
        measure(&["vase", "book"], &mut [&mut Oracle::default(), &mut Billboard, &mut Inflated]);
    insta::assert_snapshot!(report.to_string(), @r"
                                                IoU                           PSNR dB                              SSIM
    object             oracle  billboard   inflated      oracle  billboard   inflated      oracle  billboard   inflated
    vase                1.000      0.561      0.859       60.00       9.17      13.44       1.000      0.228      0.574
    book                1.000      0.665      0.738       60.00      10.47      12.41       1.000      0.354      0.445
    = revolved (1)      1.000      0.561      0.859       60.00       9.17      13.44       1.000      0.228      0.574
    = flat (1)          1.000      0.665      0.738       60.00      10.47      12.41       1.000      0.354      0.445
    @ front_left        1.000      0.804      0.899       60.00      11.77      14.89       1.000      0.407      0.655
    @ front_right       1.000      0.761      0.907       60.00      11.17      15.61       1.000      0.372      0.642
    @ front_below       1.000      0.845      0.901       60.00      13.41      16.40       1.000      0.522      0.692
    @ front_above       1.000      0.810      0.893       60.00      12.10      15.48       1.000      0.402      0.589
    @ right             1.000      0.274      0.650       60.00       5.30       9.46       1.000      0.053      0.326
    @ back              1.000      0.846      0.888       60.00      11.18      12.59       1.000      0.480      0.650
    @ left              1.000      0.279      0.631       60.00       6.23       9.57       1.000      0.079      0.281
    @ top_down          1.000      0.283      0.622       60.00       7.42       9.41       1.000      0.014      0.243
    mean                1.000      0.613      0.799       60.00       9.82      12.92       1.000      0.291      0.510
    ");
}

#[test]
fn the_studio_backdrop_is_opaque_and_shows_the_object() {
    let truth = centred_unit(&truths(&["vase"])[0].splats).unwrap();
    let bare = prompt_picture(&truth, 128, Backdrop::Transparent).unwrap();
    let photo = prompt_picture(&truth, 128, Backdrop::Studio).unwrap();
    assert!(photo.pixels().all(|pixel| pixel.0[3] == 255));
    for (one, other) in bare.pixels().zip(photo.pixels()).filter(|(one, _)| one.0[3] == 255) {
        let apart = (0..3).map(|c| one.0[c].abs_diff(other.0[c])).max();
        assert!(apart <= Some(2), "{one:?} became {other:?}");
    }
}
