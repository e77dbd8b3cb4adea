//! Filters on the command line: their names, their values, and the order in which they were given.

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};
use convert::filters::{Filter, Placement, Recolour, Region};

/// Filters in the order of the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filters(pub(crate) Vec<Filter>);

type Parse = fn(&str) -> Result<Filter, String>;

/// Name, name of the value (none: it has no value; in brackets: it may be left out), help, meaning of the value.
const FILTERS: [(&str, &str, &str, Parse); 19] = [
    (
        "drop-invalid",
        "",
        "Remove splats with a value that is not finite or a rotation of length zero",
        |_| Ok(Filter::DropInvalid),
    ),
    (
        "crop-box",
        "X,Y,Z,X,Y,Z",
        "Keep splats with their centre between two corners, smallest first, metres",
        |text| Ok(Filter::Crop(cuboid(text)?, true)),
    ),
    ("cut-box", "X,Y,Z,X,Y,Z", "Remove them instead", |text| {
        Ok(Filter::Crop(cuboid(text)?, false))
    }),
    (
        "crop-sphere",
        "X,Y,Z,R",
        "Keep splats with their centre within R metres of a point",
        |text| Ok(Filter::Crop(sphere(text)?, true)),
    ),
    ("cut-sphere", "X,Y,Z,R", "Remove them instead", |text| Ok(Filter::Crop(sphere(text)?, false))),
    ("min-opacity", "O", "Remove splats with a lower opacity, 0 to 1", |text| {
        Ok(Filter::MinOpacity(within(text, 0.0, 1.0)?))
    }),
    (
        "min-scale",
        "M",
        "Remove splats whose largest standard deviation is smaller, metres",
        |text| Ok(Filter::MinScale(within(text, 0.0, f64::MAX)?)),
    ),
    (
        "max-scale",
        "M",
        "Remove splats whose largest standard deviation is larger, metres",
        |text| Ok(Filter::MaxScale(within(text, 0.0, f64::MAX)?)),
    ),
    (
        "remove-floaters",
        "[SHARE]",
        "Remove groups apart from the rest with less than this share of all opacity [default: 0.01]",
        |text| {
            Ok(Filter::RemoveFloaters(within(
                if text.is_empty() { "0.01" } else { text },
                0.0,
                1.0,
            )?))
        },
    ),
    ("sh", "DEGREE", "Keep spherical harmonics up to this degree, 0 to 3", |text| {
        let degree = text.parse().ok().filter(|degree| *degree <= 3).and_then(asset::ShDegree::new);
        degree.map(Filter::Sh).ok_or_else(|| "a degree from 0 to 3 is needed".into())
    }),
    ("decimate", "N", "Keep the N splats with the largest product of opacity and area", |text| {
        let count = text.parse().ok().filter(|count| *count > 0);
        count.map(Filter::Decimate).ok_or_else(|| "a number of splats from 1 is needed".into())
    }),
    ("translate", "X,Y,Z", "Move, metres", |text| {
        Ok(Filter::Place(Placement::Translate(numbers(text)?)))
    }),
    ("rotate", "X,Y,Z", "Turn about the x, then the y, then the z axis, degrees", |text| {
        Ok(Filter::Place(Placement::Rotate(numbers(text)?)))
    }),
    ("scale", "F", "Scale from the origin", |text| {
        Ok(Filter::Place(Placement::Scale(within(text, 1e-9, 1e9)?)))
    }),
    ("fit", "", "Centre the box of the asset and make its longest side 1", |_| Ok(Filter::Fit)),
    ("gain", "F", "Multiply colours", |text| {
        Ok(Filter::Recolour(Recolour::Gain(within(text, 0.0, 1e6)?)))
    }),
    ("tint", "R,G,B", "Multiply red, green and blue, each by its factor", |text| {
        Ok(Filter::Recolour(Recolour::Tint(numbers(text)?)))
    }),
    ("brightness", "B", "Add to colours, where 0 is black and 1 full", |text| {
        Ok(Filter::Recolour(Recolour::Brightness(within(text, -1e6, 1e6)?)))
    }),
    ("saturation", "S", "0 makes colours grey, 1 leaves them, more makes them stronger", |text| {
        Ok(Filter::Recolour(Recolour::Saturation(within(text, 0.0, 1e6)?)))
    }),
];

impl clap::Args for Filters {
    fn augment_args(mut command: Command) -> Command {
        for (name, value, help, parse) in FILTERS {
            let arg = Arg::new(name)
                .long(name)
                .help(help)
                .help_heading("Filters, applied in the order given")
                .action(ArgAction::Append)
                .value_parser(ValueParser::new(parse));
            let arg = match value {
                "" => arg.num_args(0).default_missing_value(""),
                optional if optional.starts_with('[') => arg
                    .num_args(0..=1)
                    .require_equals(true)
                    .default_missing_value("")
                    .value_name(optional.trim_matches(['[', ']'])),
                needed => arg.value_name(needed).allow_hyphen_values(true),
            };
            command = command.arg(arg);
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Filters {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut placed: Vec<(usize, Filter)> = Vec::new();
        for (name, ..) in FILTERS {
            let places = matches.indices_of(name).into_iter().flatten();
            let filters = matches.get_many::<Filter>(name).into_iter().flatten().cloned();
            placed.extend(places.zip(filters));
        }
        placed.sort_by_key(|(place, _)| *place);
        Ok(Self(placed.into_iter().map(|(_, filter)| filter).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// So many finite numbers with commas between them.
fn numbers<const N: usize>(text: &str) -> Result<[f64; N], String> {
    let read = |part: &str| part.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let found: Option<Vec<f64>> = text.split(',').map(read).collect();
    found
        .and_then(|found| found.try_into().ok())
        .ok_or_else(|| format!("{N} numbers with commas between them are needed"))
}

fn within(text: &str, low: f64, high: f64) -> Result<f64, String> {
    let [number] = numbers(text).map_err(|_| "a number is needed")?;
    if (low..=high).contains(&number) {
        return Ok(number);
    }
    Err(if high == f64::MAX { format!("at least {low}") } else { format!("{low} to {high}") })
}

fn cuboid(text: &str) -> Result<Region, String> {
    let [a, b, c, d, e, f] = numbers(text)?;
    if a > d || b > e || c > f {
        return Err("the first corner has the smallest x, y and z".into());
    }
    Ok(Region::Box { min: [a, b, c], max: [d, e, f] })
}

fn sphere(text: &str) -> Result<Region, String> {
    let [x, y, z, radius] = numbers(text)?;
    if radius < 0.0 {
        return Err("the radius is not below zero".into());
    }
    Ok(Region::Sphere { centre: [x, y, z], radius })
}
