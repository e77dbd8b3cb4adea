//! Parameters of a request, read with the quirks of the original. Facts: rendering specification §A.5, §D.1, §E.1.

use render::scene::{Alpha, Lighting, Shot};
use render::{Camera, Lens, View};

use super::limits::{IMG_SIZE_MAX, PIXELS_MAX, VIEWS_MAX};
use super::work::Form;
use crate::js;

/// What to draw of a scene.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shots {
    /// `None` is an invalid camera: its picture shows the background only.
    pub(super) cameras: Vec<Option<Camera>>,
    /// Side of a picture, in pixels.
    pub(super) size_px: u32,
    pub(super) background: [u8; 3],
    pub(super) is_follow: bool,
    /// Between the cells of a grid, in pixels.
    pub(super) gap_px: u32,
}

/// More than a service draws for one request. The original had no such limits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooLarge {
    #[error("{found} views, our limit is {VIEWS_MAX}")]
    Views { found: usize },
    #[error("img_size {found}, our limits are 1 and {IMG_SIZE_MAX}")]
    Size { found: String },
    #[error("{found} pixels in all, our limit is {PIXELS_MAX}")]
    Pixels { found: u64 },
}

/// The value a client sent first, or the default where it is missing or empty.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn of(query: &str) -> Self {
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            String::from_utf8_lossy(&percent_decode(text.as_bytes())).into_owned()
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(pairs.collect())
    }

    /// The value a client sent last, be it empty.
    pub(super) fn last(&self, name: &str) -> Option<&str> {
        self.0.iter().rfind(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    fn get<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        let found = self.0.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty()).unwrap_or(default)
    }
}

/// `%41` is A; what is not two digits stays as it is.
fn percent_decode(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match (text[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

impl Shots {
    /// Reads what comes after the question mark.
    pub(super) fn parse(query: &str, form: Form) -> Result<Self, TooLarge> {
        let parameters = Parameters::of(query);
        let numbers = |name, default| -> Vec<f64> {
            let list = parameters.get(name, default).split(',');
            list.take(VIEWS_MAX + 1).map(js::number).collect()
        };
        let number = |name, default| js::or(js::number(parameters.get(name, "")), default);
        let thetas_deg = numbers("thetas", "24,120,216,312");
        let phis_deg = numbers("phis", "-15");
        let size = js::or(js::integer(parameters.get("img_size", "")), 518.0);
        let size_px = size as u32;
        if f64::from(size_px) != size || !(1..=IMG_SIZE_MAX).contains(&size_px) {
            return Err(TooLarge::Size { found: js::json(size) });
        }
        let n_views = thetas_deg.len();
        if n_views > VIEWS_MAX {
            let found = parameters.get("thetas", "").split(',').count();
            return Err(TooLarge::Views { found });
        }
        let gap = js::integer(parameters.get("gap", "5"));
        // What is beyond is refused with the grid it would make.
        let gap_px = if gap.is_nan() { 5 } else { gap.clamp(0.0, f64::from(1 << 20)) as u32 };
        let lens = Lens {
            radius: number("cam_radius", Lens::RADIUS),
            fov_deg: number("cam_fov_deg", Lens::FOV_DEG),
            size: size_px,
        };
        let camera = |(idx, theta_deg): (usize, &f64)| {
            let phi_deg = if phis_deg.len() == 1 { phis_deg.first() } else { phis_deg.get(idx) };
            camera(View { theta_deg: *theta_deg, phi_deg: *phi_deg? }, lens)
        };
        let shots = Self {
            cameras: thetas_deg.iter().enumerate().map(camera).collect(),
            size_px,
            background: background(parameters.get("bg_color", "808080")),
            is_follow: parameters.get("lighting", "studio") == "follow",
            gap_px,
        };
        let (width, height) = match form {
            Form::Grid => shots.grid_px(),
            Form::Views => (u64::from(size_px) * n_views as u64, u64::from(size_px)),
        };
        let found = width.saturating_mul(height);
        if found > PIXELS_MAX { Err(TooLarge::Pixels { found }) } else { Ok(shots) }
    }

    /// Columns and rows of the grid.
    pub(super) fn cells(&self) -> (u32, u32) {
        let count = self.cameras.len() as u32;
        let columns = (1..=count).find(|columns| columns * columns >= count).unwrap_or(1);
        (columns, count.div_ceil(columns))
    }

    /// A view of them. The cells of a grid are laid over its black.
    pub(super) fn shot(&self, camera: Camera, form: Form) -> Shot {
        let lighting = if self.is_follow { Lighting::Follow } else { Lighting::Studio };
        let alpha = if form == Form::Grid { Alpha::OverBlack } else { Alpha::Straight };
        Shot { camera, lighting, background: self.background, alpha }
    }

    /// Width and height of the grid.
    pub(super) fn grid_px(&self) -> (u64, u64) {
        let (columns, rows) = self.cells();
        let side = |cells: u32| {
            let cells = u64::from(cells);
            cells * u64::from(self.size_px) + (cells - 1) * u64::from(self.gap_px)
        };
        (side(columns), side(rows))
    }
}

/// `None` if any number is not finite, or so large that nothing would be in view.
fn camera(view: View, lens: Lens) -> Option<Camera> {
    let numbers = [view.theta_deg, view.phi_deg, lens.radius, lens.fov_deg];
    numbers.iter().all(|number| number.abs() < 1e6).then(|| Camera::orbit(view, lens))
}

/// Three or six hexadecimal digits; anything else is white.
fn background(text: &str) -> [u8; 3] {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    match digits.as_deref() {
        Some(&[r, g, b]) => [r * 17, g * 17, b * 17],
        Some(&[r, r2, g, g2, b, b2]) => [r * 16 + r2, g * 16 + g2, b * 16 + b2],
        _ => [255; 3],
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    /// One line: the eye of every camera to 3 digits, and the rest.
    fn outcome(query: &str) -> String {
        let shots = match Shots::parse(query, Form::Grid) {
            Ok(shots) => shots,
            Err(error) => return error.to_string(),
        };
        let eye = |camera: &Option<Camera>| {
            camera.map_or("none".to_owned(), |camera| {
                let [x, y, z] =
                    camera.eye.to_array().map(|part| (part * 1000.0).round() / 1000.0 + 0.0);
                format!("{x},{y},{z} f{:.0}", camera.focal_px)
            })
        };
        let eyes: Vec<_> = shots.cameras.iter().map(eye).collect();
        let Shots { size_px, background, is_follow, gap_px, .. } = shots;
        let light = if is_follow { "follow" } else { "studio" };
        format!("{} | {size_px} {background:02x?} {light} {gap_px}", eyes.join("; "))
    }

    #[test]
    fn defaults() {
        let defaults = outcome("");
        assert_snapshot!(defaults, @"0.786,0.518,1.765 f567; 1.673,0.518,-0.966 f567; -1.136,0.518,-1.563 f567; -1.436,0.518,1.293 f567 | 518 [80, 80, 80] studio 5");
        for query in [
            "unknown=1",
            "thetas=&phis=&img_size=&gap=&bg_color=&lighting=&cam_radius=&cam_fov_deg=",
            "img_size=0",
            "img_size=abc",
            "cam_radius=0",
            "cam_radius=x",
            "cam_fov_deg=2px",
            "gap=x",
            "lighting=Follow",
            "bg_color=%38%308080",
            "img_size=518&img_size=9",
        ] {
            assert_eq!(outcome(query), defaults, "{query}");
        }
    }

    #[test]
    fn as_the_client_asks() {
        assert_snapshot!(outcome("lighting=follow&img_size=1024&cam_radius=2.0&cam_fov_deg=49.1&thetas=30%2C330,0&phis=0,0,15&bg_color=ffffff"), @"1,0,1.732 f1121; -1,0,1.732 f1121; 0,-0.518,1.932 f1121 | 1024 [ff, ff, ff] follow 5");
    }

    #[test]
    fn quirks() {
        assert_snapshot!(outcome("thetas=0,90,180&phis=0,15"), @"0,0,2 f567; 1.932,-0.518,0 f567; none | 518 [80, 80, 80] studio 5");
        assert_snapshot!(outcome("thetas=0,x,,Infinity&phis=0"), @"0,0,2 f567; none; 0,0,2 f567; none | 518 [80, 80, 80] studio 5");
        assert_snapshot!(outcome("thetas=0&phis=nope&img_size=64.9&gap=0"), @"none | 64 [80, 80, 80] studio 0");
        assert_snapshot!(outcome("thetas=0x5a&phis=0,1,2&cam_radius=-1&gap=-3"), @"-1,0,0 f567 | 518 [80, 80, 80] studio 0");
    }

    #[test]
    fn backgrounds() {
        let texts = ["808080", "FfF", "a1b2c3", "#ffffff", "white", "12345", "ab", "0000000"];
        assert_snapshot!(texts.map(|text| format!("{:02x?}", background(text))).join(" "), @"[80, 80, 80] [ff, ff, ff] [a1, b2, c3] [ff, ff, ff] [ff, ff, ff] [ff, ff, ff] [ff, ff, ff] [ff, ff, ff]");
    }

    #[test]
    fn what_is_too_large() {
        assert_snapshot!(outcome("img_size=4097"), @"img_size 4097, our limits are 1 and 4096");
        assert_snapshot!(outcome("img_size=-5"), @"img_size -5, our limits are 1 and 4096");
        assert_snapshot!(outcome("img_size=99999999999999999999999"), @"img_size 1e+23, our limits are 1 and 4096");
        assert_snapshot!(outcome(&format!("thetas={}", "0,".repeat(1000))), @"1001 views, our limit is 256");
        assert_snapshot!(outcome("img_size=4096&thetas=1,2,3,4,5"), @"100806706 pixels in all, our limit is 67108864");
        assert_snapshot!(outcome("gap=99999999"), @"1101685350544 pixels in all, our limit is 67108864");
    }

    proptest! {
        #[test]
        fn any_query_gets_an_answer(query in "[a-z_%&=,0-9.+-]{0,80}|\\PC{0,40}") {
            Shots::parse(&query, Form::Views).ok();
            Shots::parse(&query, Form::Grid).ok();
        }
    }
}
