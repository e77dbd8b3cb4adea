//! Every format we read to every format we write: what comes back is within the loss that the format is allowed.

use asset::format::{Info, TABLE};
use asset::{Format, Holds};
use convert::receipt::{Measured, Verdict, measure};
use convert::{Asset, Target, read, write};

use crate::make;

/// Least PSNR of the pictures after writing a format once, dB, for the assets of these tests; infinite: bit by bit.
fn least_db(format: Format) -> f64 {
    match format {
        Format::Ply => f64::INFINITY,
        Format::CompressedPly => 40.0,
        Format::Spz => 40.0,
        Format::Spz404 => 35.0,
        Format::Glb => 40.0,
        Format::Sog => 30.0,
        Format::Splat => 20.0,
        Format::GltfSplats => 60.0,
        Format::Obj | Format::Stl => 10.0,
        Format::Ksplat | Format::Usdz | Format::Module => {
            unreachable!("{format} does not go both ways")
        }
    }
}

fn original(holds: Holds) -> Asset {
    match holds {
        Holds::Splats => Asset::Splats(make::figure(1200, 1)),
        Holds::Scene => Asset::Scene(make::toy()),
    }
}

/// Writes a file, reads it again, and measures.
fn through(asset: &Asset, format: Format) -> (Asset, Measured) {
    let mut file = Vec::new();
    let written = write(asset, Target::new(format), "file", &mut file)
        .unwrap_or_else(|error| panic!("{format}: {error}"));
    let name = format!("file.{}", format.info().extensions[0]);
    let back = read(&file[..], Some(file.len() as u64), Some(&name), &mut |name| {
        let found = written.beside.iter().find(|(known, _)| known == name);
        found.map(|(_, bytes)| bytes.clone()).ok_or(format!("there is no {name}"))
    });
    let back = back.unwrap_or_else(|error| panic!("{format}: {error}"));
    assert_eq!(back.format, format, "told by its content");
    let measured = measure(asset, &back.asset, written.order.as_deref(), &|| false).unwrap();
    (back.asset, measured)
}

/// Formats that hold this and are read and written.
fn both_ways(holds: Holds) -> impl Iterator<Item = &'static Info> {
    TABLE.iter().filter(move |info| info.reads && info.writes && info.holds == holds)
}

#[test]
fn every_readable_format_to_every_writable_one() {
    for holds in [Holds::Splats, Holds::Scene] {
        for from in both_ways(holds) {
            let (asset, _) = through(&original(holds), from.format);
            for to in both_ways(holds) {
                let (_, cost) = through(&asset, to.format);
                let (found, least) = (cost.pictures.decibels(), least_db(to.format));
                assert!(
                    found >= least,
                    "{} to {}: {found:.1} dB, at least {least}",
                    from.name,
                    to.name
                );
                assert_eq!(cost.orientation.verdict, Verdict::Kept, "{} to {}", from.name, to.name);
                assert_eq!(
                    cost.is_identical,
                    to.is_exact || cost.is_identical,
                    "{} to {}: {cost:?}",
                    from.name,
                    to.name
                );
            }
        }
    }
}

#[test]
fn what_a_format_does_not_hold_is_refused() {
    for info in TABLE {
        let other = match info.holds {
            Holds::Splats => original(Holds::Scene),
            Holds::Scene => original(Holds::Splats),
        };
        let error =
            write(&other, Target::new(info.format), "file", Vec::new()).unwrap_err().to_string();
        let expected = if info.writes { "holds" } else { "" };
        assert!(error.contains(expected), "{}: {error}", info.name);
    }
}

#[test]
fn names_choose_formats() {
    let format = |name: &str, holds| {
        Target::named(Some(name), holds)
            .map_or_else(|error| error.to_string(), |target| target.format.to_string())
    };
    assert_eq!(format("a.ply", Holds::Splats), "3DGS PLY");
    assert_eq!(format("a.PLY", Holds::Scene), "3DGS PLY");
    assert_eq!(format("a.compressed.ply", Holds::Splats), "compressed PLY");
    assert_eq!(format("a.spz", Holds::Splats), "SPZ");
    assert_eq!(format("a.glb", Holds::Scene), "glTF");
    assert!(format("ply", Holds::Splats).starts_with("the name of an asset to write ends in .ply"));
    assert!(format("a.js", Holds::Scene).starts_with("the name of an asset to write ends in .ply"));
}
