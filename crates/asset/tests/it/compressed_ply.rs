//! Compressed PLY: what comes back, what others make of our files and we of theirs, and files that are wrong.

use asset::compressed_ply::{self, Order, is_compressed};
use asset::{ShDegree, Splats, SplatsParts, ply};
use insta::assert_snapshot;

use crate::make;
use crate::peers::Peers;

fn write(splats: &Splats, order: Order) -> (Vec<u8>, Vec<u32>) {
    let mut file = Vec::new();
    let numbers = compressed_ply::write(splats, order, &mut file).expect("memory");
    (file, numbers)
}

fn read(file: &[u8]) -> Splats {
    let splats = compressed_ply::read(file, Some(file.len() as u64)).expect("a good file");
    assert!(compressed_ply::read(file, None).expect("a good file") == splats);
    splats
}

/// The splats with these numbers, in this order.
fn pick(splats: &Splats, numbers: &[u32]) -> Splats {
    let picked: Vec<_> = numbers.iter().map(|number| splats.get(*number as usize)).collect();
    Splats::new(SplatsParts {
        positions: picked.iter().map(|splat| splat.position).collect(),
        log_scales: picked.iter().map(|splat| splat.log_scale).collect(),
        rotations: picked.iter().map(|splat| splat.rotation).collect(),
        raw_opacities: picked.iter().map(|splat| splat.raw_opacity).collect(),
        sh_dc: picked.iter().map(|splat| splat.sh_dc).collect(),
        sh_degree: splats.sh_degree(),
        sh_rest: picked.iter().flat_map(|splat| splat.sh_rest).copied().collect(),
    })
    .expect("attributes of one length")
}

const ATTRIBUTES: [&str; 6] = ["position", "log scale", "rotation", "opacity", "sh_dc", "sh_rest"];

/// Mean and largest difference of each of [`ATTRIBUTES`].
fn differences(a: &Splats, b: &Splats) -> [(f64, f64); 6] {
    assert_eq!((a.len(), a.sh_degree()), (b.len(), b.sh_degree()));
    let mut seen = [const { Vec::new() }; 6];
    for (a, b) in a.iter().zip(b.iter()) {
        let (active_a, active_b) = (a.activate(), b.activate());
        let pairs = |a: &[f32], b: &[f32]| -> Vec<f64> {
            a.iter().zip(b).map(|(a, b)| f64::from((a - b).abs())).collect()
        };
        let (p, q) = (active_a.rotation, active_b.rotation);
        let sign = p.iter().zip(q).map(|(p, q)| p * q).sum::<f32>().signum();
        seen[0].extend(pairs(&a.position, &b.position));
        seen[1].extend(pairs(&a.log_scale, &b.log_scale));
        seen[2].extend(pairs(&p, &q.map(|c| c * sign)));
        seen[3].extend(pairs(&[active_a.opacity], &[active_b.opacity]));
        seen[4].extend(pairs(&a.sh_dc, &b.sh_dc));
        seen[5].extend(pairs(a.sh_rest, b.sh_rest));
    }
    seen.map(|seen| {
        let n = seen.len().max(1) as f64;
        (seen.iter().sum::<f64>() / n, seen.into_iter().fold(0.0, f64::max))
    })
}

#[test]
fn comes_back_within_the_stated_loss() {
    for (splat_count, sh_degree) in [(0, 3), (1, 0), (255, 1), (257, 2), (70_001, 3)] {
        let splats = make::splats(splat_count, sh_degree);
        let (file, numbers) = write(&splats, Order::Compact);
        assert!(is_compressed(&file[..file.len().min(100)]));
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().copied().eq(0..splat_count as u32), "an order has each number once");

        let expected = pick(&splats, &numbers);
        let found = differences(&expected, &read(&file));
        // Unit box, log scales over 3, colours over 0.96 / C0: at most so far apart in one chunk.
        let limits = [
            0.5 / 1023.0,
            1.5 / 1023.0,
            0.5 * 2.0_f64.sqrt() / 1023.0 * 3.0,
            0.5 / 255.0,
            1.71 / 255.0,
            1.0 / 64.0,
        ];
        for ((attribute, (_, largest)), limit) in ATTRIBUTES.iter().zip(found).zip(limits) {
            assert!(largest <= limit + 1e-6, "{attribute}: {largest}, limit {limit}");
        }
        if splat_count > 70_000 {
            // 274 boxes in the unit cube: sides of about 1/6, with y cut the finest.
            assert!(found[0].0 < 0.5 / 2047.0 / 6.0, "mean error of positions: {}", found[0].0);
        }
    }
}

#[test]
fn what_was_lost_once_is_not_lost_again() {
    let (file, _) = write(&make::splats(5000, 3), Order::Compact);
    let once = read(&file);
    let mut plain = Vec::new();
    ply::write(&once, &mut plain).expect("memory");
    let (file, numbers) = write(&ply::read(&plain[..], None).expect("our own file"), Order::Kept);
    assert!(numbers.into_iter().eq(0..5000));
    let (once, twice) = (once.into_parts(), read(&file).into_parts());
    for (a, b) in once.sh_dc.as_flattened().iter().zip(twice.sh_dc.as_flattened()) {
        assert!((a - b).abs() <= 1e-6, "sh_dc {a}, then {b}");
    }
    for splat_idx in 0..5000 {
        assert_eq!(once.positions[splat_idx], twice.positions[splat_idx], "{splat_idx}");
        assert_eq!(once.log_scales[splat_idx], twice.log_scales[splat_idx], "{splat_idx}");
        assert_eq!(once.rotations[splat_idx], twice.rotations[splat_idx], "{splat_idx}");
    }
    assert!(once.raw_opacities == twice.raw_opacities);
    assert!(once.sh_rest == twice.sh_rest);
}

#[test]
fn read_by_the_same_name_as_a_plain_one() {
    let (file, _) = write(&make::splats(300, 1), Order::Compact);
    assert!(ply::read(&file[..], None).expect("a good file") == read(&file));
    let mut plain = Vec::new();
    ply::write(&make::splats(3, 1), &mut plain).expect("memory");
    assert!(!is_compressed(&plain));
    let error = compressed_ply::read(&plain[..], None).expect_err("a plain PLY");
    assert_snapshot!(error, @"ply header: there is no element chunk: this is not a compressed PLY");
}

/// Rewrites the header; the records stay as they are.
fn with_header(file: &[u8], change: impl FnOnce(String) -> String) -> Vec<u8> {
    let end = file.windows(11).position(|word| word == b"end_header\n").expect("a header") + 11;
    let header = String::from_utf8(file[..end].to_vec()).expect("text");
    [change(header).as_bytes(), &file[end..]].concat()
}

#[test]
fn every_dialect_is_read() {
    let splats = make::splats(300, 1);
    let (file, _) = write(&splats, Order::Kept);
    let expected = read(&file);
    let body = file.len() - (2 * 18 * 4 + 300 * 16 + 300 * 9);

    // Big-endian: every number of four bytes turned around.
    let mut big = with_header(&file, |header| header.replace("little", "big"));
    let n_header = big.len() - (file.len() - body);
    for word in big[n_header..n_header + 2 * 72 + 300 * 16].as_chunks_mut::<4>().0 {
        word.reverse();
    }
    assert!(read(&big) == expected);

    // SH before the splats, a property and an element that nobody knows.
    let (chunks, rest) = file[body..].split_at(2 * 72);
    let (vertices, sh) = rest.split_at(300 * 16);
    let chunk_header = [
        "min_x",
        "min_y",
        "min_z",
        "max_x",
        "max_y",
        "max_z",
        "min_scale_x",
        "min_scale_y",
        "min_scale_z",
        "max_scale_x",
        "max_scale_y",
        "max_scale_z",
        "min_r",
        "min_g",
        "min_b",
        "max_r",
        "max_g",
        "max_b",
    ]
    .map(|name| format!("property float {name}\n"))
    .concat();
    let rest_header =
        (0..9).map(|idx| format!("property uchar f_rest_{idx}\n")).collect::<String>();
    let header = format!(
        "ply\r\nformat binary_little_endian 1.0\ncomment x\nelement chunk 2\n{chunk_header}\
         element sh 300\n{rest_header}element other 1\nproperty list uchar int x\n\
         element vertex 300\nproperty uchar extra\nproperty uint packed_position\n\
         property uint packed_rotation\nproperty uint packed_scale\nproperty uint packed_color\n\
         end_header\n"
    );
    let vertices: Vec<u8> =
        vertices.chunks(16).flat_map(|record| [&[7], record].concat()).collect();
    let other = [header.as_bytes(), chunks, sh, &[1, 1, 2, 3, 4], &vertices].concat();
    assert!(is_compressed(&other));
    assert!(read(&other) == expected);

    // Without bounds of colours: 0 to 1.
    let narrow: Vec<u8> = chunks.chunks(72).flat_map(|record| &record[..48]).copied().collect();
    let header = with_header(&file, |header| {
        let lines = header.split_inclusive('\n');
        let is_colour = |line: &&str| {
            line.ends_with("_r\n") || line.ends_with("_g\n") || line.ends_with("_b\n")
        };
        lines.filter(|line| !is_colour(line)).collect()
    });
    let header = &header[..header.len() - (file.len() - body)];
    let old = read(&[header, &narrow, rest].concat());
    assert_eq!(old.parts().positions, expected.parts().positions);
    for (word, found) in rest[12..].chunks(16).take(300).zip(&old.parts().sh_dc) {
        let shown = [word[3], word[2], word[1]].map(|raw| f32::from(raw) / 255.0);
        for (shown, found) in shown.iter().zip(found) {
            assert!((shown - (0.5 + 0.282_094_8 * found)).abs() < 1e-6);
        }
    }
}

#[test]
fn wrong_headers_are_named() {
    let (file, _) = write(&make::splats(300, 1), Order::Kept);
    let error = |from: &str, to: &str| {
        let wrong = with_header(&file, |header| {
            assert!(header.contains(from), "{from}");
            header.replace(from, to)
        });
        compressed_ply::read(&wrong[..], Some(wrong.len() as u64)).expect_err(to).to_string()
    };
    assert_snapshot!(error("chunk 2", "chunk 3"), @"ply header, line 3: element chunk has 3 records; 2 are needed for 300 splats");
    assert_snapshot!(error("sh 300", "sh 299"), @"ply header, line 27: element sh has 299 records; 300 are needed for 300 splats");
    assert_snapshot!(error("vertex 300", "vertex 99999999"), @"ply header, line 22: 99999999 vertices, our limit is 16777216");
    assert_snapshot!(error("uint packed_scale", "float packed_scale"), @"ply header, line 25: property packed_scale has type float; uint is needed");
    assert_snapshot!(error("uchar f_rest_3", "char f_rest_3"), @"ply header, line 31: property f_rest_3 has type char; uchar is needed");
    assert_snapshot!(error("f_rest_3", "f_rest_2"), @"ply header, line 31: property f_rest_2 of element sh is given twice");
    assert_snapshot!(error("f_rest_8", "other"), @"ply header, line 27: element sh has 8 f_rest properties; 0, 9, 24, 45 or 72 are defined");
    assert_snapshot!(error("max_y", "other"), @"ply header, line 3: element chunk has no property max_y");
    assert_snapshot!(error("max_r", "other"), @"ply header, line 3: element chunk has no property max_r");
    assert_snapshot!(error("packed_color", "other"), @"ply header, line 22: element vertex has no property packed_color");
    assert_snapshot!(error("property uchar f_rest_1\n", "property list uchar uchar f_rest_1\n"), @"ply header, line 29: property f_rest_1 is a list; one number is needed");
    assert_snapshot!(error("binary_little_endian", "ascii"), @"ply header: a compressed PLY has to be binary, this one is ASCII");
    assert_snapshot!(error("element vertex", "element other"), @"ply header: there is no element vertex");
    assert_snapshot!(error("element sh 300\n", "element sh 300\nproperty uchar sh\nelement sh2 300\n"), @"ply: the file ends at byte 8519, in record 266 of 300 of element sh2");
}

#[test]
fn cut_and_lengthened_files_are_named() {
    let (file, _) = write(&make::splats(300, 1), Order::Kept);
    let error = |bytes: &[u8]| compressed_ply::read(bytes, None).expect_err("wrong").to_string();
    assert_snapshot!(error(&file[..file.len() - 1]), @"ply: the file ends at byte 8484, in record 299 of 300 of element sh");
    assert_snapshot!(error(&file[..file.len() - 300 * 9 - 1]), @"ply: the file ends at byte 5784, in record 299 of 300 of element vertex");
    assert_snapshot!(error(&file[..file.len() - 300 * 25 - 1]), @"ply: the file ends at byte 984, in record 1 of 2 of element chunk");
    assert_snapshot!(error(&[&file[..], &[0; 9]].concat()), @"ply: the file goes on after the last of 300 records of element sh, at byte 8485: the header's count is too low");
}

#[test]
fn what_cannot_be_stored_is_refused() {
    let error = |change: &dyn Fn(&mut SplatsParts)| {
        let mut parts = make::splats(3, 0).into_parts();
        change(&mut parts);
        let splats = Splats::new(parts).expect("attributes of one length");
        let mut file = Vec::new();
        let error = compressed_ply::write(&splats, Order::Compact, &mut file).expect_err("refused");
        assert!(file.is_empty(), "nothing is written");
        error.to_string()
    };
    assert_snapshot!(error(&|parts| parts.positions[1][2] = f32::NAN), @"compressed ply: position of splat 1 is NaN, a finite number is needed");
    assert_snapshot!(error(&|parts| parts.log_scales[2][0] = f32::INFINITY), @"compressed ply: log_scale of splat 2 is inf, a finite number is needed");
    assert_snapshot!(error(&|parts| parts.rotations[0] = [0.0; 4]), @"compressed ply: the rotation of splat 0 has length zero");
    assert_snapshot!(error(&|parts| {
        parts.sh_degree = ShDegree::MAX;
        parts.sh_rest = vec![0.0; 3 * 72];
    }), @"compressed ply: SH degree 4, the format holds at most 3");
}

/// A cloud like those that training makes: surfaces, many small SH values, few large ones.
fn surface(splat_count: usize, sh_degree: u8) -> Splats {
    let mut parts = make::splats(splat_count, sh_degree).into_parts();
    for position in &mut parts.positions {
        let norm = position.iter().map(|c| c * c).sum::<f32>().sqrt().max(1e-3);
        *position = position.map(|c| 0.4 * c / norm);
    }
    for value in &mut parts.sh_rest {
        *value = 4.0 * *value * *value * *value;
    }
    Splats::new(parts).expect("attributes of one length")
}

/// For each splat of `found`, the nearest of `truth`: files of others do not tell their order.
fn nearest(found: &Splats, truth: &Splats) -> Vec<u32> {
    let distance =
        |a: [f32; 3], b: [f32; 3]| -> f32 { a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum() };
    let truth = &truth.parts().positions;
    let nearest_to = |p: [f32; 3]| {
        let numbers = 0..truth.len();
        numbers.min_by(|a, b| distance(truth[*a], p).total_cmp(&distance(truth[*b], p)))
    };
    let numbers = found.parts().positions.iter().map(|p| nearest_to(*p).expect("splats") as u32);
    numbers.collect()
}

#[test]
fn splat_transform_reads_ours_as_we_do_and_we_read_theirs() {
    let Some(peers) = Peers::find() else { return };
    for (splat_count, sh_degree) in [(600, 0), (300, 1), (2000, 3)] {
        let splats = surface(splat_count, sh_degree);
        let (ours, numbers) = write(&splats, Order::Compact);
        let theirs_of_ours = peers.convert(&ours, "ours.compressed.ply", "plain.ply", &[]);
        let theirs_of_ours = ply::read(&theirs_of_ours[..], None).expect("a PLY");
        let ours_of_ours = read(&ours);
        same(&ours_of_ours, &theirs_of_ours, "ours");

        let mut plain = Vec::new();
        ply::write(&splats, &mut plain).expect("memory");
        let theirs = peers.convert(&plain, "plain.ply", "theirs.compressed.ply", &[]);
        assert!(is_compressed(&theirs));
        let theirs_of_theirs = peers.convert(&theirs, "theirs.compressed.ply", "back.ply", &[]);
        let theirs_of_theirs = ply::read(&theirs_of_theirs[..], None).expect("a PLY");
        let ours_of_theirs = read(&theirs);
        same(&ours_of_theirs, &theirs_of_theirs, "theirs");

        let ours = differences(&pick(&splats, &numbers), &ours_of_ours);
        let theirs =
            differences(&pick(&splats, &nearest(&ours_of_theirs, &splats)), &ours_of_theirs);
        for ((attribute, ours), theirs) in ATTRIBUTES.iter().zip(ours).zip(theirs) {
            println!(
                "degree {sh_degree}, {attribute}: mean and largest {ours:?}, theirs {theirs:?}"
            );
            assert!(ours.0 <= 1.02 * theirs.0, "{attribute}: {ours:?}, theirs {theirs:?}");
        }
        assert!(ours[0].0 < theirs[0].0, "position: {ours:?}, theirs {theirs:?}");
    }
}

/// The same values but for last bits and opacities of 0 and 1.
fn same(ours: &Splats, theirs: &Splats, whose: &str) {
    assert_eq!((ours.len(), ours.sh_degree()), (theirs.len(), theirs.sh_degree()), "{whose}");
    for (ours, theirs) in ours.iter().zip(theirs.iter()) {
        let near = |a: &[f32], b: &[f32]| {
            assert!(
                a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 2e-6),
                "{whose}: {ours:?} {theirs:?}"
            );
        };
        near(&ours.position, &theirs.position);
        near(&ours.log_scale, &theirs.log_scale);
        near(&ours.rotation, &theirs.rotation);
        near(&ours.sh_dc, &theirs.sh_dc);
        near(ours.sh_rest, theirs.sh_rest);
        near(&[ours.raw_opacity.clamp(-16.0, 16.0)], &[theirs.raw_opacity.clamp(-16.0, 16.0)]);
    }
}
