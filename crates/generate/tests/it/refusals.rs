//! Pictures that nothing can be made of, and the wish to stop.

use generate::{GenerateError, Observer, Options, Outputs, Quality, Stage, Unobserved, generate};
use image::{Rgba, RgbaImage};
use insta::assert_snapshot;

fn outcome(picture: &RgbaImage) -> String {
    let options = Options { quality: Quality::Draft, ..Options::default() };
    match generate(picture, &options, &mut Unobserved) {
        Ok(made) => format!("{} splats", made.splats.len()),
        Err(error) => error.to_string(),
    }
}

fn disc(size: u32, radius: f32) -> RgbaImage {
    RgbaImage::from_fn(size, size, |x, y| {
        let middle = size as f32 / 2.0;
        let (dx, dy) = (x as f32 + 0.5 - middle, y as f32 + 0.5 - middle);
        let inside = dx * dx + dy * dy < radius * radius;
        Rgba([200, 90, 40, if inside { 255 } else { 0 }])
    })
}

#[test]
fn errors_say_what_is_wrong_with_the_picture() {
    assert_snapshot!(outcome(&RgbaImage::new(64, 64)), @"no object found in the picture: picture, alpha channel: every pixel is transparent");
    assert_snapshot!(outcome(&disc(64, 3.0)), @"the object covers 32 pixels, 6 at most across; 64 pixels, 8 across are needed");
}

/// Asks to stop at the n-th question.
struct Impatient(usize, Vec<Stage>);

impl Observer for Impatient {
    fn should_stop(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 == 0
    }

    fn progress(&mut self, stage: Stage, fraction: f32) {
        assert!((0.0..=1.0).contains(&fraction), "{stage:?} {fraction}");
        if self.1.last() != Some(&stage) {
            self.1.push(stage);
        }
    }
}

#[test]
fn stops_at_any_step_and_says_where() {
    let picture = disc(96, 40.0);
    let options = Options { quality: Quality::Draft, ..Options::default() };
    let mut stopped_in = Vec::new();
    for n_questions in 1.. {
        let mut observer = Impatient(n_questions, Vec::new());
        match generate(&picture, &options, &mut observer) {
            Err(GenerateError::Stopped { stage }) => stopped_in.push(stage),
            Ok(_) => {
                assert_eq!(observer.1, of_splats(), "stages out of order");
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
    stopped_in.dedup();
    assert_eq!(stopped_in, of_splats());
}

/// The stages where splats alone are asked for.
fn of_splats() -> Vec<Stage> {
    let is_asked = |stage: &Stage| !matches!(stage, Stage::Module | Stage::Mesh);
    Stage::ALL.into_iter().filter(is_asked).collect()
}

/// Asks to stop once a stage has begun.
struct Until(Stage, bool);

impl Observer for Until {
    fn should_stop(&mut self) -> bool {
        self.1
    }

    fn progress(&mut self, stage: Stage, _fraction: f32) {
        self.1 |= stage == self.0;
    }
}

#[test]
fn stops_while_a_module_or_a_mesh_is_made() {
    let outputs = Outputs { splats: false, mesh: true, module: true };
    let options = Options { quality: Quality::Draft, outputs, ..Options::default() };
    for asked in [Stage::Module, Stage::Mesh] {
        match generate(&disc(96, 40.0), &options, &mut Until(asked, false)) {
            Err(GenerateError::Stopped { stage }) => assert_eq!(stage, asked),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("not stopped in {asked:?}"),
        }
    }
}
