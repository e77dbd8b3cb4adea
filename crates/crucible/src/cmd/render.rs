//! `crucible render`: pictures of an asset.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use asset::rules::FILE_BYTES_MAX;
use asset::{Scene, Splats};
use convert::Asset;
use image::RgbaImage;
use rayon::prelude::*;
use render::classic::{self, LoadError, Model};
use render::scene::{Alpha, Lighting, Prepared, Shot};
use render::{Background, Camera, Lens, View};

use crate::failure::{Failure, exit};
use crate::module::{CageArgs, is_module};
use crate::{files, interrupt, output};

/// Draws an asset: one grid picture, or one picture per view
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Asset to draw: splats or meshes in any format we read, or a Three.js module, .js
    input: PathBuf,

    /// PNG to write (--views grid), or the folder for one PNG per view
    #[arg(short, long)]
    output: PathBuf,

    /// grid, white (8 views), gray (4), all (both and the grid's four), or a list of theta,phi in degrees: "30,0;330,0"
    #[arg(long, default_value = "grid", value_name = "SET|LIST", allow_hyphen_values = true)]
    views: Views,

    /// Side of a picture (of a cell of the grid) in pixels [default: 518 for grid and lists, else 1024]
    #[arg(long, value_name = "PIXELS")]
    size: Option<u32>,

    /// RRGGBB, or transparent [default: 808080 for grid and gray, else ffffff]
    #[arg(long, value_name = "COLOUR")]
    background: Option<BackgroundArg>,

    /// Distance of the camera from the origin [default: 2; with --normalise 2.5, as the original service]
    #[arg(long, value_name = "METRES")]
    radius: Option<f64>,

    /// Vertical field of view in degrees
    #[arg(long, value_name = "DEG", default_value_t = Lens::FOV_DEG)]
    fov: f64,

    /// Recentre and rescale splats as the original splat service did (its scalar mean, its change of opacity)
    #[arg(long)]
    normalise: bool,

    /// Draw splats as the services of competitions 0 and 1 did over HTTP: upside down, from the other side
    #[arg(long)]
    flipped: bool,

    /// Light for modules and meshes [default: studio for grid and lists, follow for named views; meshes: studio]
    #[arg(long, value_enum, value_name = "MODE")]
    lighting: Option<LightingArg>,

    #[command(flatten)]
    cage: CageArgs,
}

/// Light set-ups of the render service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LightingArg {
    /// Three lights, fixed in the world
    Studio,
    /// One light that goes with the camera
    Follow,
    /// As the mesh competition drew and checked its files: one mesh of a GLB, on white
    Classic,
}

/// What `--views` names.
#[derive(Debug, Clone, PartialEq)]
enum Views {
    Grid,
    White,
    Gray,
    All,
    List(Vec<View>),
}

impl FromStr for Views {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "grid" => Ok(Self::Grid),
            "white" => Ok(Self::White),
            "gray" | "grey" => Ok(Self::Gray),
            "all" => Ok(Self::All),
            list => render::view::parse_list(list).map(Self::List).map_err(|error| {
                format!(
                    "{error}; use grid, white, gray, all, or a list of theta,phi as in 30,0;330,0"
                )
            }),
        }
    }
}

impl Views {
    /// File name without extension, and pose.
    fn named(&self) -> Vec<(String, View)> {
        let by_name = |views: &[render::NamedView]| -> Vec<(String, View)> {
            views.iter().map(|named| (named.name.to_owned(), named.view)).collect()
        };
        let by_angle = |views: &[View]| -> Vec<(String, View)> {
            views.iter().map(|view| (view.file_stem(), *view)).collect()
        };
        match self {
            Self::Grid => by_angle(&View::GRID),
            Self::White => by_name(&View::WHITE),
            Self::Gray => by_name(&View::GRAY),
            Self::All => [by_name(&View::WHITE), by_angle(&View::GRID)].concat(),
            Self::List(views) => by_angle(views),
        }
    }

    const fn default_size(&self) -> u32 {
        match self {
            Self::Grid | Self::List(_) => 518,
            Self::White | Self::Gray | Self::All => 1024,
        }
    }

    const fn default_background(&self) -> Background {
        match self {
            Self::Grid | Self::Gray => Background::GRAY,
            Self::White | Self::All | Self::List(_) => Background::WHITE,
        }
    }
}

/// A colour as on the wire, six hexadecimal digits, or `transparent`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct BackgroundArg(Background);

impl FromStr for BackgroundArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "transparent" {
            return Ok(Self(Background::Transparent));
        }
        let digits = text.strip_prefix('#').unwrap_or(text);
        let well_formed = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| well_formed);
        let value =
            value.ok_or("a background is six hexadecimal digits (ffffff) or transparent")?;
        let [_, r, g, b] = value.to_be_bytes();
        Ok(Self(Background::Solid([r, g, b].map(|byte| f32::from(byte) / 255.0))))
    }
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let radius = args.radius.unwrap_or(if args.normalise { 2.5 } else { Lens::RADIUS });
    let size = args.size.unwrap_or_else(|| args.views.default_size());
    let lens =
        Lens::new(radius, args.fov, size).map_err(|error| Failure::usage(error.to_string()))?;
    let is_classic = args.lighting == Some(LightingArg::Classic);
    if is_classic && size > classic::SIZE_PX_MAX {
        let max = classic::SIZE_PX_MAX;
        let text = format!("--size {size}: with --lighting classic {max} is our limit");
        return Err(Failure::usage(text));
    }
    let default = if is_classic { Background::WHITE } else { args.views.default_background() };
    let background = args.background.map_or(default, |arg| arg.0);

    let subject = Subject::read(&args, background)?;
    let pictures = |named: &[(String, View)]| -> Result<Vec<RgbaImage>, Failure> {
        interrupt::check()?;
        subject.draw(named, lens)
    };

    let named = args.views.named();
    if args.views == Views::Grid {
        let grid = render::grid::compose(&pictures(&named)?, render::grid::GAP_PX);
        write_png(&grid, &args.output)?;
        output::line(format_args!("{}: grid of 4 views", args.output.display()));
        return Ok(ExitCode::from(exit::OK));
    }
    files::create_folder(&args.output)?;
    // A few at a time: views are drawn in parallel, and each holds its own working memory.
    for some in named.chunks(4) {
        for ((stem, _), picture) in some.iter().zip(pictures(some)?) {
            write_png(&picture, &args.output.join(format!("{stem}.png")))?;
        }
    }
    output::line(format_args!("{}: {} views", args.output.display(), named.len()));
    Ok(ExitCode::from(exit::OK))
}

/// What is drawn.
enum Subject {
    Splats { splats: Splats, background: Background, camera: fn(View, Lens) -> Camera },
    Scene { prepared: Box<Prepared>, background: Background, light: Light, alpha: Alpha },
    Model { model: Box<Model>, background: Background },
}

/// Which light a view of a scene has.
#[derive(Debug, Clone, Copy)]
enum Light {
    Same(Lighting),
    /// That of the client who asks for views of this kind.
    OfView,
}

impl Subject {
    fn read(args: &Args, background: Background) -> Result<Self, Failure> {
        let chosen = match args.lighting {
            Some(LightingArg::Classic) => return Self::read_model(args, background),
            Some(LightingArg::Studio) => Some(Light::Same(Lighting::Studio)),
            Some(LightingArg::Follow) => Some(Light::Same(Lighting::Follow)),
            None => None,
        };
        if is_module(&args.input) {
            refuse_splat_options(args)?;
            let (scene, _) = args.cage.scene(&args.input)?;
            return Self::scene(args, &scene, background, chosen.unwrap_or(Light::OfView));
        }
        match files::read_asset(&args.input)?.asset {
            Asset::Scene(scene) => {
                refuse_splat_options(args)?;
                let studio = Light::Same(Lighting::Studio);
                Self::scene(args, &scene, background, chosen.unwrap_or(studio))
            }
            Asset::Splats(_) if chosen.is_some() => {
                let text = "--lighting is for modules and meshes; splats have their own light";
                Err(Failure::usage(text))
            }
            Asset::Splats(mut splats) => {
                if args.normalise {
                    splats = render::splats::normalise(&splats).map_err(|error| {
                        Failure::input(&args.input, format!("--normalise: {error}"))
                    })?;
                }
                let camera = if args.flipped { Camera::flipped_orbit } else { Camera::orbit };
                Ok(Self::Splats { splats, background, camera })
            }
        }
    }

    fn scene(
        args: &Args,
        scene: &Scene,
        background: Background,
        light: Light,
    ) -> Result<Self, Failure> {
        let prepared = Prepared::new_until(scene, &interrupt::asked);
        let prepared = Box::new(prepared.map_err(|_| Failure::interrupted())?);
        // In a grid, what is left transparent is laid over its black, as the original service does.
        let is_grid = args.views == Views::Grid;
        let alpha = if is_grid { Alpha::OverBlack } else { Alpha::Straight };
        Ok(Self::Scene { prepared, background, light, alpha })
    }

    /// The only mesh of a GLB, refused as the mesh competition's service refused files.
    fn read_model(args: &Args, background: Background) -> Result<Self, Failure> {
        refuse_splat_options(args)?;
        let (file, byte_len) = files::open(&args.input)?;
        if byte_len > FILE_BYTES_MAX {
            let text = format!("{byte_len} bytes, at most {FILE_BYTES_MAX} are allowed");
            return Err(Failure::no(&args.input, text));
        }
        let mut bytes = Vec::with_capacity(byte_len as usize);
        let read = file.take(FILE_BYTES_MAX).read_to_end(&mut bytes);
        read.map_err(|error| Failure::io(&error))?;
        let model = classic::load(&bytes).map_err(|error| match error {
            LoadError::Refused(_) => Failure::no(&args.input, error),
            LoadError::Failed(_) => Failure::input(&args.input, error),
        })?;
        Ok(Self::Model { model: Box::new(model), background })
    }

    fn draw(&self, named: &[(String, View)], lens: Lens) -> Result<Vec<RgbaImage>, Failure> {
        match self {
            Self::Splats { splats, background, camera } => {
                let cameras: Vec<_> = named.iter().map(|(_, view)| camera(*view, lens)).collect();
                let frames = render::splats::draw_all(splats, &cameras);
                Ok(frames.iter().map(|frame| frame.over(*background)).collect())
            }
            Self::Scene { prepared, background, light, alpha } => over(*background, |background| {
                let shots = named.iter().map(|(stem, view)| Shot {
                    camera: Camera::orbit(*view, lens),
                    lighting: match light {
                        Light::Same(lighting) => *lighting,
                        Light::OfView => default_lighting(stem),
                    },
                    background,
                    alpha: *alpha,
                });
                let shots: Vec<_> = shots.collect();
                prepared.draw_all(&shots, &interrupt::asked).map_err(|_| Failure::interrupted())
            }),
            Self::Model { model, background } => over(*background, |background| {
                let one = |(_, view): &(String, View)| {
                    classic::draw(model, *view, lens, background, &interrupt::asked)
                };
                let pictures: Result<Vec<_>, _> = named.par_iter().map(one).collect();
                pictures.map_err(|_| Failure::interrupted())
            }),
        }
    }
}

/// What only splats know.
fn refuse_splat_options(args: &Args) -> Result<(), Failure> {
    for (is_given, option) in [(args.normalise, "--normalise"), (args.flipped, "--flipped")] {
        if is_given {
            let text = format!("{option} is for splats; modules and meshes are drawn as they are");
            return Err(Failure::usage(text));
        }
    }
    Ok(())
}

/// Pictures over a background; over none, drawn over black and over white to tell what is clear.
fn over(
    background: Background,
    draw: impl Fn([u8; 3]) -> Result<Vec<RgbaImage>, Failure>,
) -> Result<Vec<RgbaImage>, Failure> {
    match background {
        Background::Solid(color) => draw(color.map(|part| (part * 255.0).round() as u8)),
        Background::Transparent => {
            let (black, white) = (draw([0; 3])?, draw([255; 3])?);
            let pairs = black.iter().zip(&white);
            Ok(pairs.map(|(black, white)| render::frame::cut_out(black, white)).collect())
        }
    }
}

/// Views by name are lit as the client of the competition asks for them, those by angle as its grid.
fn default_lighting(stem: &str) -> Lighting {
    if stem.starts_with("theta") { Lighting::Studio } else { Lighting::Follow }
}

/// Encodes and writes a picture, whole or not at all.
pub(crate) fn write_png(picture: &RgbaImage, path: &Path) -> Result<(), Failure> {
    let bytes = render::png::encode(picture);
    files::write_atomically(path, |writer| {
        writer.write_all(&bytes).map_err(|error| Failure::input(path, error))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backgrounds_are_read_as_on_the_wire() {
        let read = |text: &str| text.parse::<BackgroundArg>().map(|arg| arg.0);
        assert_eq!(read("ffffff"), Ok(Background::WHITE));
        assert_eq!(read("#808080"), Ok(Background::GRAY));
        assert_eq!(read("transparent"), Ok(Background::Transparent));
        for wrong in ["", "fff", "+12345", "white", "1234567", "ÿÿÿ"] {
            assert!(read(wrong).is_err(), "{wrong} was taken for a colour");
        }
    }

    #[test]
    fn every_picture_of_a_set_has_its_own_name() {
        for views in ["grid", "white", "gray", "all", "30,0;330,0"] {
            let mut stems: Vec<_> =
                views.parse::<Views>().unwrap().named().into_iter().map(|named| named.0).collect();
            let n_views = stems.len();
            stems.sort();
            stems.dedup();
            assert_eq!(stems.len(), n_views, "--views {views}");
        }
    }
}
