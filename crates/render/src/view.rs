//! Views: where the camera stands on its orbit, and the sets of views the competitions use.
//! Source: rendering specification §A.1, §A.2, §A.4.

use crate::camera::{LensError, check_range};

/// One camera pose on the orbit around the origin. Angles in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Azimuth about +Y from +Z: 0 sees the front, 90 stands on +X.
    pub theta_deg: f64,
    /// Elevation with the sign of the wire: **positive is below**, negative above the object.
    pub phi_deg: f64,
}

/// A view with the name its picture has in files and on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NamedView {
    /// For example `front_left`.
    pub name: &'static str,
    /// The pose.
    pub view: View,
}

const fn named(name: &'static str, theta_deg: f64, phi_deg: f64) -> NamedView {
    NamedView { name, view: View { theta_deg, phi_deg } }
}

impl View {
    /// Straight from the front, +Z.
    pub const FRONT: Self = Self { theta_deg: 0.0, phi_deg: 0.0 };

    /// The white set: 8 views, in the order of the wire.
    pub const WHITE: [NamedView; 8] = [
        named("front_left", 30.0, 0.0),
        named("front_right", 330.0, 0.0),
        named("front_below", 0.0, 15.0),
        named("front_above", 0.0, -30.0),
        named("right", 90.0, 0.0),
        named("back", 180.0, 0.0),
        named("left", 270.0, 0.0),
        named("top_down", 0.0, -90.0),
    ];

    /// The gray set: the first four of the white set.
    pub const GRAY: [NamedView; 4] =
        [Self::WHITE[0], Self::WHITE[1], Self::WHITE[2], Self::WHITE[3]];

    /// The four cells of the grid picture, row by row.
    pub const GRID: [Self; 4] = [
        Self { theta_deg: 24.0, phi_deg: -15.0 },
        Self { theta_deg: 120.0, phi_deg: -15.0 },
        Self { theta_deg: 216.0, phi_deg: -15.0 },
        Self { theta_deg: 312.0, phi_deg: -15.0 },
    ];
}

/// Views asked for at once, at most.
pub const VIEWS_MAX: usize = 256;

/// Angles of a view, degrees: ten turns either way.
pub const ANGLE_DEG_RANGE: [f64; 2] = [-3600.0, 3600.0];

/// A list of views that cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ViewListError {
    /// Nothing between two semicolons, or no view at all.
    #[error("view {place} is empty; a list of views looks like 30,0;330,0")]
    Empty {
        /// Which view of the list, from 1.
        place: usize,
    },
    /// Not two numbers with a comma between them.
    #[error("view {place} is {found:?}, not two numbers theta,phi in degrees")]
    NotAnglePair {
        /// Which view of the list, from 1.
        place: usize,
        /// The text, cut short when long.
        found: String,
    },
    /// An angle outside [`ANGLE_DEG_RANGE`].
    #[error("view {place}: {source}")]
    Angle {
        /// Which view of the list, from 1.
        place: usize,
        /// Which angle and range.
        source: LensError,
    },
    /// More than [`VIEWS_MAX`] views.
    #[error("more than {VIEWS_MAX} views")]
    TooMany,
    /// Two views have pictures of the same name.
    #[error("view {place} is the same as view {first_place}")]
    Twice {
        /// The later one, from 1.
        place: usize,
        /// The earlier one, from 1.
        first_place: usize,
    },
}

/// Reads views such as `30,0;330,0`: theta and phi of each in degrees, semicolons between views. Spaces around numbers
/// are fine, and so is one semicolon at the end.
///
/// # Errors
/// [`ViewListError`] says which view and why. Views whose [`View::file_stem`] would be the same are refused.
pub fn parse_list(text: &str) -> Result<Vec<View>, ViewListError> {
    let text = text.trim();
    let text = text.strip_suffix(';').unwrap_or(text);
    let mut views: Vec<View> = Vec::new();
    let mut stems: Vec<String> = Vec::new();
    for (place, one) in (1..).zip(text.split(';')) {
        if place > VIEWS_MAX {
            return Err(ViewListError::TooMany);
        }
        let view = parse_one(one, place)?;
        let stem = view.file_stem();
        if let Some(first) = stems.iter().position(|other| *other == stem) {
            return Err(ViewListError::Twice { place, first_place: first + 1 });
        }
        stems.push(stem);
        views.push(view);
    }
    Ok(views)
}

fn parse_one(text: &str, place: usize) -> Result<View, ViewListError> {
    if text.trim().is_empty() {
        return Err(ViewListError::Empty { place });
    }
    let pair = || {
        let (theta, phi) = text.split_once(',')?;
        Some((theta.trim().parse::<f64>().ok()?, phi.trim().parse::<f64>().ok()?))
    };
    let Some((theta_deg, phi_deg)) = pair() else {
        let found = text.trim().chars().take(40).collect();
        return Err(ViewListError::NotAnglePair { place, found });
    };
    for (field, angle_deg) in [("theta (degrees)", theta_deg), ("phi (degrees)", phi_deg)] {
        check_range(field, angle_deg, ANGLE_DEG_RANGE)
            .map_err(|source| ViewListError::Angle { place, source })?;
    }
    Ok(View { theta_deg, phi_deg })
}

impl View {
    /// File name without extension: `theta30_phi0`, `theta22.5_phi-15`. Angles as written, to a thousandth of a degree,
    /// without zeros at the end.
    #[must_use]
    pub fn file_stem(self) -> String {
        // Adding 0 makes −0 a plain 0.
        let number = |angle_deg: f64| (angle_deg * 1000.0).round() / 1000.0 + 0.0;
        format!("theta{}_phi{}", number(self.theta_deg), number(self.phi_deg))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The only function here that knows the API: names of the pictures, or the error.
    fn outcome(text: &str) -> String {
        match parse_list(text) {
            Ok(views) => views.into_iter().map(View::file_stem).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn lists_of_views() {
        assert_eq!(outcome("30,0;330,0"), "theta30_phi0 theta330_phi0");
        assert_eq!(outcome(" 22.5 , -15 ; -0.0,1e1; "), "theta22.5_phi-15 theta0_phi10");
        assert_eq!(outcome("0.1234567,-0.0001"), "theta0.123_phi0");
    }

    #[test]
    fn errors_name_the_view() {
        assert_eq!(outcome(""), "view 1 is empty; a list of views looks like 30,0;330,0");
        assert_eq!(outcome("1,2;;3,4"), "view 2 is empty; a list of views looks like 30,0;330,0");
        let not_pair = "view 2 is \"3\", not two numbers theta,phi in degrees";
        assert_eq!(outcome("1,2;3"), not_pair);
        assert_eq!(outcome("a,b"), "view 1 is \"a,b\", not two numbers theta,phi in degrees");
        assert_eq!(outcome("1,2,3"), "view 1 is \"1,2,3\", not two numbers theta,phi in degrees");
        assert_eq!(outcome("0,inf"), "view 1: phi (degrees) inf is outside -3600 to 3600");
        assert_eq!(outcome("NaN,0"), "view 1: theta (degrees) NaN is outside -3600 to 3600");
        assert_eq!(outcome("4000,0"), "view 1: theta (degrees) 4000 is outside -3600 to 3600");
        assert_eq!(outcome("1,2;3,4;1.0,2.0"), "view 3 is the same as view 1");
        let many: String = (0..257).map(|theta| format!("{theta},0;")).collect();
        assert_eq!(outcome(&many), "more than 256 views");
        assert_eq!(parse_list(&many[..many.len() - 6]).unwrap().len(), 256);
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(text in "\\PC{0,60}|[0-9,;. -]{0,60}") {
            parse_list(&text).ok();
        }

        #[test]
        fn what_was_written_is_read(angles in prop::collection::vec((-3600_i32..3600, -90_i32..90), 1..20)) {
            let text: Vec<_> = angles.iter().map(|(theta, phi)| format!("{theta},{phi}")).collect();
            match parse_list(&text.join(";")) {
                Ok(views) => {
                    let found: Vec<_> =
                        views.iter().map(|v| (v.theta_deg as i32, v.phi_deg as i32)).collect();
                    prop_assert_eq!(found, angles);
                }
                Err(error) => {
                    let twice = matches!(error, ViewListError::Twice { .. });
                    prop_assert!(twice, "{}", error);
                }
            }
        }
    }
}
