//! SPZ against the library of the format's makers and against splat-transform: they read what we write, and we read what
//! they write, in every coordinate frame.

use asset::spz::{Frame, Options, Version};
use asset::{ShDegree, Splats, SplatsParts, ply, spz};

use crate::compressed_ply::{ATTRIBUTES, differences};
use crate::make;
use crate::peers::Peers;

/// A values file of `xtask/peers/spz.mjs`.
fn to_values(splats: &Splats, is_antialiased: bool) -> Vec<u8> {
    let parts = splats.parts();
    let xyzw: Vec<_> = parts.rotations.iter().flat_map(|[w, x, y, z]| [*x, *y, *z, *w]).collect();
    let header = [splats.len() as u32, splats.sh_degree().get().into(), is_antialiased.into()];
    let attributes = [
        parts.positions.as_flattened(),
        parts.log_scales.as_flattened(),
        &xyzw,
        &parts.raw_opacities,
        parts.sh_dc.as_flattened(),
        &parts.sh_rest,
    ];
    let values = attributes.concat();
    let words = header.into_iter().chain(values.into_iter().map(f32::to_bits));
    words.flat_map(u32::to_le_bytes).collect()
}

/// Splats, and whether they were trained with antialiasing.
fn from_values(bytes: &[u8]) -> (Splats, bool) {
    let words: Vec<u32> =
        bytes.as_chunks::<4>().0.iter().map(|raw| u32::from_le_bytes(*raw)).collect();
    let count = words[0] as usize;
    let sh_degree = ShDegree::new(words[1] as u8).expect("a degree");
    let mut values = words[3..].iter().map(|bits| f32::from_bits(*bits));
    let mut take = |n: usize| -> Vec<f32> { values.by_ref().take(n * count).collect() };
    let three = |values: Vec<f32>| values.as_chunks::<3>().0.to_vec();
    let (positions, log_scales) = (three(take(3)), three(take(3)));
    let rotations =
        take(4).as_chunks::<4>().0.iter().map(|[x, y, z, w]| [*w, *x, *y, *z]).collect();
    let (raw_opacities, sh_dc) = (take(1), three(take(3)));
    let sh_rest = take(sh_degree.rest_values());
    let parts =
        SplatsParts { positions, log_scales, rotations, raw_opacities, sh_dc, sh_degree, sh_rest };
    (Splats::new(parts).expect("attributes of one length"), words[2] == 1)
}

/// The ellipsoid: rotation · scale² · rotation transposed, upper half. Axes may be named differently.
fn covariance(log_scale: [f32; 3], [w, x, y, z]: [f32; 4]) -> [f32; 6] {
    let rows = [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ];
    // In units of the largest axis.
    let largest = log_scale.into_iter().fold(f32::MIN, f32::max);
    let squares = log_scale.map(|value| libm_exp(2.0 * (value - largest)));
    [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
        .map(|(a, b)| (0..3).map(|k| rows[a][k] * squares[k] * rows[b][k]).sum())
}

#[expect(clippy::disallowed_methods, reason = "compared with a tolerance")]
fn libm_exp(value: f32) -> f32 {
    value.exp()
}

#[track_caller]
fn assert_same(ours: &Splats, theirs: &Splats, what: &str) {
    assert_eq!((ours.len(), ours.sh_degree()), (theirs.len(), theirs.sh_degree()), "{what}");
    for (idx, (ours, theirs)) in ours.iter().zip(theirs.iter()).enumerate() {
        let near = |attribute: &str, a: &[f32], b: &[f32], limit: f32| {
            assert_eq!(a.len(), b.len());
            let off = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off <= limit, "{what}, splat {idx}, {attribute}: off by {off}: {a:?} {b:?}");
        };
        near("position", &ours.position, &theirs.position, 1e-6);
        near(
            "covariance",
            &covariance(ours.log_scale, ours.rotation),
            &covariance(theirs.log_scale, theirs.rotation),
            1e-5,
        );
        let opacity = |raw: f32| raw.clamp(-16.0, 16.0);
        near("opacity", &[opacity(ours.raw_opacity)], &[opacity(theirs.raw_opacity)], 1e-5);
        near("sh_dc", &ours.sh_dc, &theirs.sh_dc, 1e-5);
        near("sh_rest", ours.sh_rest, theirs.sh_rest, 1e-5);
    }
}

/// Runs jobs of `spz.mjs` in one go.
fn run(peers: &Peers, jobs: &[Vec<String>]) {
    let words = jobs.join(&",".to_owned());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    peers.run("spz.mjs", &words);
}

fn job(peers: &Peers, words: [&str; 3], more: &[&str]) -> Vec<String> {
    let [verb, from, to] = words;
    let path = |name: &str| peers.path(name).to_str().expect("UTF-8").to_owned();
    let mut job = vec![verb.to_owned(), path(from), path(to)];
    job.extend(more.iter().map(ToString::to_string));
    job
}

#[test]
fn the_makers_read_ours_as_we_do() {
    let Some(peers) = Peers::find() else { return };
    let mut files = Vec::new();
    for sh_degree in 0..=4 {
        for version in [Version::V3, Version::V4] {
            for is_antialiased in [false, true] {
                if version == Version::V4 || sh_degree < 4 {
                    files.push((sh_degree, Options { is_antialiased, ..version.into() }));
                }
            }
        }
    }
    // Not degree 4: the library changes the sign of its last coefficient, an even function of y, where y changes its sign.
    for frame in Frame::all() {
        files.push((3, Options { frame, ..Version::V4.into() }));
    }
    for (fractional_bits, sh_bits) in [(22, [8, 8]), (7, [3, 1])] {
        files.push((3, Options { fractional_bits, sh_bits, ..Version::V3.into() }));
    }
    let mut jobs = Vec::new();
    for (idx, (sh_degree, options)) in files.iter().enumerate() {
        let mut file = Vec::new();
        spz::write(&make::splats(100, *sh_degree), *options, &mut file).expect("memory");
        fs_err::write(peers.path(&format!("{idx}.spz")), file).expect("written");
        let names = [format!("{idx}.spz"), format!("{idx}.values")];
        jobs.push(job(&peers, ["read", &names[0], &names[1]], &["RUB"]));
    }
    run(&peers, &jobs);
    for (idx, (_, options)) in files.iter().enumerate() {
        let read =
            |ending: &str| fs_err::read(peers.path(&format!("{idx}.{ending}"))).expect("a file");
        let (ours, notes) = spz::read_with_notes(&read("spz")[..], None).expect("our own file");
        let (theirs, is_antialiased) = from_values(&read("values"));
        assert_same(&ours, &theirs, &format!("{options:?}"));
        assert_eq!(
            (notes.is_antialiased, is_antialiased),
            (options.is_antialiased, options.is_antialiased)
        );
        let expected = (options.frame != Frame::OURS).then_some(options.frame);
        assert_eq!((notes.frame, notes.other_records), (expected, vec![]));
    }
}

#[test]
fn we_read_the_makers_as_they_do() {
    let Some(peers) = Peers::find() else { return };
    let mut jobs = Vec::new();
    let mut names = Vec::new();
    let mut add = |sh_degree: u8, version: &str, frame: &str| {
        let name = format!("{sh_degree}-{version}-{frame}");
        let (from, spz, to) = (format!("{name}.in"), format!("{name}.spz"), format!("{name}.out"));
        let values = to_values(&make::splats(100, sh_degree), sh_degree == 2);
        fs_err::write(peers.path(&from), values).expect("written");
        jobs.push(job(&peers, ["write", &from, &spz], &["RUB", version, frame]));
        jobs.push(job(&peers, ["read", &spz, &to], &["RUB"]));
        names.push((name, sh_degree, frame.to_owned()));
    };
    for sh_degree in 0..=4 {
        // What the library calls version 2 is written as 3 is, but for rotations.
        for version in ["2", "3", "4"] {
            if version == "4" || sh_degree < 4 {
                add(sh_degree, version, "UNSPECIFIED");
            }
        }
    }
    for frame in Frame::all() {
        add(3, "4", frame.name());
    }
    run(&peers, &jobs);
    for (name, sh_degree, frame) in names {
        let read =
            |ending: &str| fs_err::read(peers.path(&format!("{name}.{ending}"))).expect("a file");
        let (ours, notes) = spz::read_with_notes(&read("spz")[..], None).expect("a good file");
        let (theirs, is_antialiased) = from_values(&read("out"));
        assert_same(&ours, &theirs, &name);
        assert_eq!((notes.is_antialiased, is_antialiased), (sh_degree == 2, sh_degree == 2));
        assert_eq!(notes.frame, Frame::from_name(&frame), "{name}");
    }
}

#[test]
fn splat_transform_reads_what_we_write() {
    let Some(peers) = Peers::find() else { return };
    let splats = make::splats(300, 3);
    for version in [Version::V3, Version::V4] {
        let mut file = Vec::new();
        spz::write(&splats, version, &mut file).expect("memory");
        let theirs = peers.convert(&file, "ours.spz", "theirs.ply", &[]);
        let theirs = ply::read(&theirs[..], None).expect("a PLY");
        let ours = spz::read(&file[..], None).expect("our own file");
        assert_same(&ours, &theirs, &format!("{version:?}"));

        // Nothing is lost that theirs keeps.
        let mut plain = Vec::new();
        ply::write(&splats, &mut plain).expect("memory");
        let number = if version == Version::V3 { "3" } else { "4" };
        let theirs = peers.convert(&plain, "plain.ply", "theirs.spz", &["--spz-version", number]);
        let theirs = differences(&splats, &spz::read(&theirs[..], None).expect("a good file"));
        let ours = differences(&splats, &ours);
        for ((attribute, ours), theirs) in ATTRIBUTES.iter().zip(ours).zip(theirs) {
            println!("{version:?}, {attribute}: mean and largest {ours:?}, theirs {theirs:?}");
            assert!(ours.0 <= 1.001 * theirs.0, "{attribute}: {ours:?}, theirs {theirs:?}");
        }
    }
}
