//! The stages in order.

use asset::scene::Scene;
use glam::Vec3;
use image::{Rgba, RgbaImage, imageops};
use rayon::prelude::*;
use render::scene::Lighting;
use render::{Background, Camera, Lens, View};
use vision::Matte;
use vision::cutout::{CutOut, Effort, cut_out};

use crate::choose;
use crate::colour::{Front, Painter, smoothstep};
use crate::error::GenerateError;
use crate::fit::{self, Shift};
use crate::gauge::Gauge;
use crate::hypothesis::{Hypothesis, block, inflate, revolve, slab};
use crate::map::Map;
use crate::module::{self, Module};
use crate::observe::{Observer, Stage, Watch};
use crate::options::{Options, Quality};
use crate::pictures;
use crate::refine::{self, Goal};
use crate::report::{MeshFigures, ModuleFigures, Report, SplatFigures, Verdict};
use crate::sample::Sampler;
use crate::silhouette::{Silhouette, Subject, without_specks};
use crate::splats::{discs, fit_box};
use crate::surface::Surface;
use crate::textured;

/// Larger pictures are made smaller first: nothing that a few hundred thousand splats can show is lost.
pub const PICTURE_SIDE_PX_MAX: u32 = 2048;

/// Size of meshes and modules as a share of that of the surface of the splats. A side behind the plane on which the
/// outline is measured is larger than the outline.
const MESH_EXTENT: f32 = 0.975;

/// What was made.
#[derive(Debug)]
pub struct Generated {
    /// The asset: +Y up, facing +Z, centred, its largest side that of the unit box. None if not asked for.
    pub splats: asset::Splats,
    /// The same as a closed mesh with a texture, if asked for: one node with one geometry.
    pub mesh: Option<Scene>,
    /// The same as a Three.js module, if asked for.
    pub module: Option<Module>,
    /// Tells how near the mesh, or the scene that the module builds, is to the picture.
    pub gauge: Gauge,
    /// How it came about, and how near it is to the picture.
    pub report: Report,
}

/// Makes assets of the object in a picture.
///
/// The picture is taken as what `Camera::orbit(View::FRONT, Lens::competition(..))` sees, up to a shift and a zoom.
///
/// # Errors
/// [`GenerateError::CutOut`] when no object can be told from the backdrop, [`GenerateError::TooSmall`] when there is
/// almost nothing of it, [`GenerateError::Stopped`] when the observer asks to stop.
pub fn generate(
    picture: &RgbaImage,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Generated, GenerateError> {
    let mut watch = Watch::new(observer);
    let (cut, subject) = watch.stage(Stage::CutOut, |watch| cut(picture, options, watch))?;
    let made = make(subject, options, &mut watch)?;
    let report = Report {
        shape: made.chosen,
        shape_forced: options.shape.is_some(),
        verdicts: made.verdicts,
        cut_out: cut,
        seed: options.seed,
        quality: options.quality,
        splats: made.splats.as_ref().map(|(_, figures)| figures.clone()),
        mesh: made.mesh.as_ref().map(|(_, figures)| figures.clone()),
        module: made.module.as_ref().map(ModuleFigures::of),
        stages: std::mem::take(&mut watch.timings),
    };
    let splats = made.splats.map(|(splats, _)| splats).unwrap_or_default();
    let mesh = made.mesh.map(|(scene, _)| scene);
    Ok(Generated { splats, mesh, module: made.module, gauge: made.gauge, report })
}

/// Cuts the object out, and says how.
fn cut(
    picture: &RgbaImage,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<(String, Subject), GenerateError> {
    let side = picture.width().max(picture.height());
    let smaller = (side > PICTURE_SIDE_PX_MAX).then(|| {
        let scale = f64::from(PICTURE_SIDE_PX_MAX) / f64::from(side);
        let [w, h] =
            [picture.width(), picture.height()].map(|s| ((f64::from(s) * scale) as u32).max(1));
        imageops::resize(picture, w, h, imageops::FilterType::Triangle)
    });
    let effort = if options.quality == Quality::Draft { Effort::Draft } else { Effort::Standard };
    let cut: CutOut = cut_out(smaller.as_ref().unwrap_or(picture), effort)?;
    watch.picture("1_cut_out", || cut.picture());
    let how = cut
        .notes
        .iter()
        .fold(format!("{:?}", cut.source).to_lowercase(), |text, note| format!("{text}; {note}"));
    let CutOut { matte: Matte { width, height, alpha }, colour, .. } = cut;
    let colour = colour.into_iter().map(Vec3::from).collect();
    let alpha = without_specks(&Map { width, height, values: alpha });
    watch.picture("1_mask", || pictures::grey(&alpha, 0.0, 1.0));
    Ok((how, Subject { alpha, colour: Map { width, height, values: colour } }))
}

struct Made {
    splats: Option<(asset::Splats, SplatFigures)>,
    mesh: Option<(Scene, MeshFigures)>,
    module: Option<Module>,
    gauge: Gauge,
    chosen: crate::options::ShapeKind,
    verdicts: Vec<Verdict>,
}

/// From the cut-out on.
fn make(subject: Subject, options: &Options, watch: &mut Watch<'_>) -> Result<Made, GenerateError> {
    let budget = options.quality.budget();
    let silhouette = watch.stage(Stage::Silhouette, |watch| {
        let silhouette = Silhouette::of(&subject, budget.working_px)?;
        let widest = silhouette.thickness.values.iter().copied().fold(1.0, f32::max);
        watch.picture("2_thickness", || pictures::grey(&silhouette.thickness, 0.0, widest));
        watch.observer.text("2_silhouette", format!("{:#?}", silhouette.traits));
        Ok(silhouette)
    })?;
    let hypotheses = watch.stage(Stage::Hypotheses, |watch| hypotheses(&silhouette, watch))?;
    let (chosen, verdicts, front) = watch.stage(Stage::Choice, |watch| {
        let front = Front::of(&subject, &silhouette);
        let verdicts = choose::judge(&silhouette, &front.working, &hypotheses);
        let best = options.shape.or(verdicts.first().map(|verdict| verdict.shape));
        let chosen = hypotheses.iter().find(|h| Some(h.shape) == best).unwrap_or(&hypotheses[0]);
        let lines: Vec<String> = verdicts.iter().map(ToString::to_string).collect();
        watch.observer.text("4_choice", format!("{} taken\n{}", chosen.shape, lines.join("\n")));
        Ok((chosen, verdicts, front))
    })?;
    let surface = Surface::new(&silhouette, &chosen.relief);
    let painter = watch.stage(Stage::Colour, |watch| {
        let painter = Painter::new(front, &surface, chosen);
        watch.picture("5_front", || pictures::colours(&painter.front.colours));
        watch.picture("5_back", || pictures::colours(&painter.back));
        watch.picture("5_without_highlights", || pictures::colours(painter.clean()));
        Ok(painter)
    })?;
    let wanted = options.outputs;
    let splats =
        wanted.splats.then(|| splats(&subject, &surface, &painter, options, watch)).transpose()?;
    let surface = surface.shrunk(MESH_EXTENT);
    let gauge = Gauge::new(goal(&subject, None, &surface, u32::MAX));
    let module = wanted
        .module
        .then(|| {
            watch.stage(Stage::Module, |watch| {
                module::build(&surface, &painter, chosen, options, watch)
            })
        })
        .transpose()?;
    let mesh = wanted
        .mesh
        .then(|| {
            watch.stage(Stage::Mesh, |watch| {
                let textured =
                    textured::build(&surface, &painter, chosen.shape, options.quality, watch)?;
                let (front, picture) = gauge.measure(&textured.scene(), Lighting::Follow);
                watch.picture("9_mesh_front", || picture);
                let figures = MeshFigures {
                    triangle_count: textured.mesh.triangles.len(),
                    vertex_count: textured.mesh.positions.len(),
                    texture_px: textured.texture_px,
                    closed: textured.closed,
                    front,
                };
                Ok((textured.scene(), figures))
            })
        })
        .transpose()?;
    let chosen = chosen.shape;
    Ok(Made { mesh, splats, module, gauge, chosen, verdicts })
}

/// The surface as splats, refined against the picture, and how well they do.
fn splats(
    subject: &Subject,
    surface: &Surface<'_>,
    painter: &Painter,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<(asset::Splats, SplatFigures), GenerateError> {
    let budget = options.quality.budget();
    let shift = Shift::of_solid(surface);
    let mut refined_goal = goal(subject, Some(&painter.front), surface, budget.refine_px);
    let (mut splats, trusts, fitting) = watch.stage(Stage::Splats, |watch| {
        let sampler = Sampler::new(surface, &shift, &painter.front.colours, painter.front.scale);
        let mut points = sampler.sample_about(budget.splats, options.seed);
        watch.step(Stage::Splats, 0.7)?;
        let colours: Vec<Vec3> =
            points.par_iter().map(|point| painter.colour(surface, point)).collect();
        let mut splats = discs(surface, &points, &colours);
        let outline = goal(subject, None, surface, budget.working_px as u32 + 16);
        fit::settle(surface, &outline, &mut splats, &mut points, 3);
        let fitting = fit_box(&mut splats);
        let facing = painter.facing;
        let trusts: Vec<f32> = points
            .iter()
            .map(|point| {
                painter.least_trust * smoothstep(0.0, 0.1, point.facing)
                    + (1.0 - painter.least_trust) * smoothstep(facing[0], facing[1], point.facing)
            })
            .collect();
        Ok((splats, trusts, fitting))
    })?;
    watch.stage(Stage::Refinement, |watch| {
        refined_goal.camera = fitting.camera(refined_goal.camera);
        refine::refine(&mut splats, &refined_goal, &trusts, &budget, watch)
    })?;
    let front = watch.stage(Stage::Check, |watch| {
        let gauge = Gauge::new(goal(subject, None, surface, u32::MAX));
        let frame = render::splats::draw(&splats, &fitting.camera(gauge.goal().camera));
        let front =
            gauge.compare(|at| (Vec3::from(frame.colour[at]), 1.0 - frame.transmittance[at]));
        watch.picture("8_front", || frame.over(Background::WHITE));
        watch.picture("8_views", || contact_sheet(&splats, 384));
        Ok(front)
    })?;
    let figures = SplatFigures {
        splat_count: splats.len(),
        front_psnr_db: front.front_psnr_db,
        front_iou: front.front_iou,
        extent_m: extent(&splats),
    };
    Ok((splats, figures))
}

fn hypotheses(
    silhouette: &Silhouette,
    watch: &mut Watch<'_>,
) -> Result<Vec<Hypothesis>, GenerateError> {
    let cushion = inflate::cushion(silhouette);
    let mut all = vec![
        inflate::inflated(silhouette, &cushion),
        revolve::revolved(silhouette, &cushion),
        slab::slab(silhouette),
    ];
    all.extend(block::block(silhouette));
    for Hypothesis { shape, relief, .. } in &all {
        watch.step(Stage::Hypotheses, 0.8)?;
        watch.picture(&format!("3_{shape}_depth"), || pictures::depth(relief));
        watch.picture(&format!("3_{shape}_normal"), || pictures::normals(silhouette, relief));
    }
    Ok(all)
}

/// What the picture's camera should see, at most `side_px` wide and high, never finer than the picture itself.
/// Colours are the cut-out's own, or those of `front`, of which the rim is clean.
fn goal(subject: &Subject, front: Option<&Front>, surface: &Surface<'_>, side_px: u32) -> Goal {
    let silhouette = surface.silhouette;
    let sides = [silhouette.alpha.width, silhouette.alpha.height]
        .map(|side| side as f32 * silhouette.picture_scale);
    let shrink = (sides[0].max(sides[1]) / side_px as f32).max(1.0);
    let [width, height] = sides.map(|side| (side / shrink).round().max(1.0) as usize);
    let corner = silhouette.picture_corner;
    let camera: Camera =
        surface.camera(f64::from(shrink), corner.map(f64::from), [width as u32, height as u32]);
    let at = |x: usize, y: usize| [(x as f32 + 0.5) * shrink, (y as f32 + 0.5) * shrink];
    let alpha = Map::from_fn(width, height, |x, y| {
        let [px, py] = at(x, y);
        let (x, y) = (corner[0] + px, corner[1] + py);
        let within = x >= 0.0
            && y >= 0.0
            && x <= subject.alpha.width as f32
            && y <= subject.alpha.height as f32;
        if within { subject.alpha.area(x, y, shrink) } else { 0.0 }
    });
    let colour = Map::from_fn(width, height, |x, y| {
        let [px, py] = at(x, y);
        front.map_or_else(
            || subject.colour.area(corner[0] + px, corner[1] + py, shrink),
            |front| {
                let scale = front.scale / silhouette.picture_scale;
                front.colours.area(px * scale, py * scale, shrink * scale)
            },
        )
    });
    Goal { camera, colour, alpha }
}

/// The eight white views, four in a row, each `side_px` wide.
fn contact_sheet(splats: &asset::Splats, side_px: u32) -> RgbaImage {
    let scene = render::splats::Scene::new(splats);
    let mut sheet = RgbaImage::from_pixel(4 * side_px, 2 * side_px, Rgba([255; 4]));
    for (k, named) in View::WHITE.iter().enumerate() {
        let view = scene.draw(&Camera::orbit(named.view, Lens::competition(side_px)));
        let [column, row] = [k as i64 % 4, k as i64 / 4];
        let place = [column, row].map(|n| n * i64::from(side_px));
        imageops::replace(&mut sheet, &view.over(Background::WHITE), place[0], place[1]);
    }
    sheet
}

/// Sides of the box around all centres, metres.
fn extent(splats: &asset::Splats) -> [f32; 3] {
    let mut range = [[f32::MAX; 3], [f32::MIN; 3]];
    for position in &splats.parts().positions {
        for axis in 0..3 {
            range[0][axis] = range[0][axis].min(position[axis]);
            range[1][axis] = range[1][axis].max(position[axis]);
        }
    }
    [0, 1, 2].map(|axis| (range[1][axis] - range[0][axis]).max(0.0))
}
