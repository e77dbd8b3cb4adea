//! `cargo xtask formats`: makes the table of formats in the README from what the program knows of itself, with the cost of
//! each format as measured on two assets that the project makes or ships.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use asset::format::{Info, TABLE};
use asset::{Holds, ShDegree, Splats};
use convert::receipt::{Measured, Verdict, measure};
use convert::{Asset, Target};
use generate::truth::{Kind, Sampling};
use threejs::engine::{Engine, Limits, Realm};

const START: &str = "<!-- made by cargo xtask formats -->\n";
const END: &str = "<!-- end of what cargo xtask formats made -->\n";

/// Writes the table into the README.
pub(super) fn write(project: &Path) -> Result<(), Box<dyn Error>> {
    let path = project.join("README.md");
    let text = fs_err::read_to_string(&path)?;
    Ok(fs_err::write(&path, with_table(&text, &table(project)?)?)?)
}

/// Fails if the README has another table than [`write()`] would make.
pub(super) fn check(project: &Path) -> Result<(), Box<dyn Error>> {
    let text = fs_err::read_to_string(project.join("README.md"))?;
    let table = table(project)?;
    if with_table(&text, &table)? == text {
        return Ok(());
    }
    Err(format!(
        "README.md: the table of formats is stale, run cargo xtask formats; it is\n{table}"
    )
    .into())
}

fn with_table(text: &str, table: &str) -> Result<String, Box<dyn Error>> {
    let around = text
        .split_once(START)
        .and_then(|(before, rest)| rest.split_once(END).map(|(_, after)| (before, after)));
    let (before, after) = around.ok_or("README.md: the marks around the table are missing")?;
    Ok(format!("{before}{START}{table}{END}{after}"))
}

fn table(project: &Path) -> Result<String, Box<dyn Error>> {
    let assets = [Asset::Splats(splats()?), scene(project)?];
    let mut table = "| Format | Ending | Holds | Read | Write | Lost in writing | Size | PSNR |\n\
         |---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for holds in [Holds::Splats, Holds::Scene] {
        let asset = &assets[usize::from(holds == Holds::Scene)];
        let mut unit = None;
        for info in TABLE.iter().filter(|info| info.holds == holds) {
            let cost = if info.writes { Some(cost(info, asset)?) } else { None };
            // The first format of each kind is what the others are measured by.
            let unit = *unit.get_or_insert(cost.as_ref().map_or(1, |cost| cost.byte_len));
            row(&mut table, info, cost.as_ref(), unit)?;
        }
    }
    Ok(table)
}

fn row(table: &mut String, info: &Info, cost: Option<&Cost>, unit: usize) -> std::fmt::Result {
    let endings: Vec<_> = info.extensions.iter().map(|ending| format!("`.{ending}`")).collect();
    let holds = match info.holds {
        Holds::Splats => "splats",
        Holds::Scene => "scene",
    };
    let yes = |is: bool| if is { "yes" } else { "–" };
    let lost = match info.cannot_hold {
        _ if !info.writes => "–".to_owned(),
        [] => "nothing".to_owned(),
        some => some.join("; "),
    };
    let size = cost.map_or("–".to_owned(), |cost| {
        format!("{:.1} %", 100.0 * cost.byte_len as f64 / unit as f64)
    });
    let decibels = match cost.map(|cost| cost.measured.as_ref()) {
        None => "–".to_owned(),
        Some(None) => "not read back".to_owned(),
        Some(Some(measured)) if measured.is_identical => "bit-exact".to_owned(),
        Some(Some(measured)) => match measured.pictures.psnr_db {
            Some(decibels) => format!("{decibels:.1} dB"),
            None => "same pictures".to_owned(),
        },
    };
    let (name, endings) = (info.name, endings.join(", "));
    let (reads, writes) = (yes(info.reads), yes(info.writes));
    writeln!(
        table,
        "| {name} | {endings} | {holds} | {reads} | {writes} | {lost} | {size} | {decibels} |"
    )
}

/// What writing an asset and reading it back came to.
struct Cost {
    byte_len: usize,
    /// `None` for formats that we do not read.
    measured: Option<Measured>,
}

fn cost(info: &Info, asset: &Asset) -> Result<Cost, Box<dyn Error>> {
    let mut file = Vec::new();
    let written = convert::write(asset, Target::new(info.format), "asset", &mut file)?;
    let byte_len = file.len() + written.beside.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    if !info.reads {
        return Ok(Cost { byte_len, measured: None });
    }
    let back = convert::read_as(info.format, &file[..], Some(file.len() as u64), &mut |name| {
        let found = written.beside.iter().find(|(known, _)| known == name);
        found.map(|(_, bytes)| bytes.clone()).ok_or(format!("there is no {name}"))
    })?;
    let measured = measure(asset, &back.asset, written.order.as_deref(), &|| false)?;
    if measured.orientation.verdict != Verdict::Kept {
        return Err(format!("{}: {:?}", info.name, measured.orientation).into());
    }
    Ok(Cost { byte_len, measured: Some(measured) })
}

/// The toadstool of the project's own objects, in some 20 000 splats, with harmonics that make its colours go with the
/// view by a tenth.
fn splats() -> Result<Splats, Box<dyn Error>> {
    let kind = Kind::named("toadstool").ok_or("there is no toadstool")?;
    let sampling = Sampling { target_splats: 20_000, ..Sampling::default() };
    let mut parts = kind.splats(0, sampling).into_parts();
    parts.sh_degree = ShDegree::THREE;
    for (position, dc) in parts.positions.iter().zip(&parts.sh_dc) {
        for coefficient in 0..ShDegree::THREE.rest_coefficients() {
            let wave = libm::sinf(3.0 * position[coefficient % 3] + coefficient as f32);
            parts.sh_rest.extend(dc.map(|c| 0.1 * c * wave));
        }
    }
    Ok(Splats::new(parts)?)
}

/// The module that the project ships. It is ours, so it runs without a cage.
fn scene(project: &Path) -> Result<Asset, Box<dyn Error>> {
    let source = fs_err::read_to_string(project.join("assets/modules/lantern.js"))?;
    let outcome = Realm::new(&Engine::new()?, &Limits::default())?.run(&source);
    Ok(Asset::Scene(outcome.scene.ok_or("the module made no scene")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_this_table() {
        let project = Path::new("..");
        check(project).unwrap_or_else(|error| panic!("{error}"));
    }
}
