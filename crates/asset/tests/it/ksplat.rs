//! KSPLAT files, built here by their description: every level, buckets, sections of different degrees, and wrong ones.

use asset::{ksplat, ply};
use insta::assert_snapshot;

/// A file of these sections, with room for one more.
pub(crate) fn file(level: u16, sections: &[Section]) -> Vec<u8> {
    let mut file = vec![0; 4096 + 1024 * (sections.len() + 1)];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    let splat_count: u32 = sections.iter().map(|section| section.splats.len() as u32).sum();
    put(1, &[1]);
    put(4, &(sections.len() as u32 + 1).to_le_bytes());
    put(8, &(sections.len() as u32).to_le_bytes());
    put(12, &splat_count.to_le_bytes());
    put(16, &splat_count.to_le_bytes());
    put(20, &level.to_le_bytes());
    put(36, &(-2.0_f32).to_le_bytes());
    put(40, &2.0_f32.to_le_bytes());
    for (idx, section) in sections.iter().enumerate() {
        let head = 4096 + 1024 * idx;
        let n_splats = section.splats.len() as u32;
        let words = [
            (0, n_splats),
            (4, n_splats + section.room),
            (8, 2),
            (12, section.centres.len() as u32),
            (16, section.side.to_bits()),
            (24, 1000),
            (32, section.full),
            (36, section.sizes.len() as u32),
        ];
        words.iter().for_each(|(at, word)| put(head + at, &word.to_le_bytes()));
        put(head + 20, &12_u16.to_le_bytes());
        put(head + 40, &section.degree.to_le_bytes());
    }
    for section in sections {
        file.extend(section.sizes.iter().flat_map(|size| size.to_le_bytes()));
        file.extend(section.centres.as_flattened().iter().flat_map(|value| value.to_le_bytes()));
        let n_bytes = section.splats.first().map_or(0, Vec::len);
        file.extend(section.splats.iter().flatten());
        file.resize(file.len() + n_bytes * section.room as usize, 0);
    }
    file
}

pub(crate) struct Section {
    pub(crate) degree: u16,
    pub(crate) full: u32,
    pub(crate) sizes: Vec<u32>,
    pub(crate) side: f32,
    pub(crate) centres: Vec<[f32; 3]>,
    pub(crate) room: u32,
    pub(crate) splats: Vec<Vec<u8>>,
}

/// 1, 0.5, −0.25 and 0 as half floats.
const ONE: u16 = 0x3c00;
const HALF: u16 = 0x3800;
const QUARTER_BELOW: u16 = 0xb400;

fn halves(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Three buckets: a full one of two splats, one of two, one of one.
pub(crate) fn compressed(level: u16) -> Vec<u8> {
    let splat = |x: u16, harmonics: &[u8]| {
        let mut splat = halves(&[x, 1000, 0, ONE, HALF, 0, HALF, QUARTER_BELOW, 0, ONE]);
        splat.extend([255, 0, 51, 128]);
        splat.extend(harmonics);
        splat
    };
    let rest: Vec<u8> = match level {
        1 => (0..24).flat_map(|idx| if idx == 13 { ONE } else { 0 }.to_le_bytes()).collect(),
        _ => (0..24).map(|idx| if idx == 13 { 191 } else { 0 }).collect(),
    };
    let first = Section {
        degree: 2,
        full: 1,
        sizes: vec![2, 1],
        side: 10.0,
        centres: vec![[0.0; 3], [100.0; 3], [200.0; 3]],
        room: 3,
        splats: [2000, 0, 1500, 500, 1000].map(|x| splat(x, &rest)).to_vec(),
    };
    let second = Section {
        degree: 0,
        full: 1,
        sizes: vec![],
        side: 4.0,
        centres: vec![[-7.0; 3]],
        room: 0,
        splats: vec![splat(1000, &[])],
    };
    file(level, &[first, second])
}

fn plain() -> Vec<u8> {
    let mut splat: Vec<u8> = [1.0_f32, 2.0, -3.0, 1.0, 2.0, 0.0, 0.5, -0.5, 0.25, 1.0]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    splat.extend([255, 0, 51, 128]);
    splat.extend((0..9).flat_map(|idx| (idx as f32).to_le_bytes()));
    let section = Section {
        degree: 1,
        full: 0,
        sizes: vec![],
        side: 0.0,
        centres: vec![],
        room: 0,
        splats: vec![splat; 2],
    };
    file(0, &[section])
}

#[test]
fn level_0() {
    let splats = ksplat::read(&plain()[..], None).expect("a good file");
    assert_eq!((splats.len(), splats.sh_degree().get()), (2, 1));
    let splat = splats.get(1);
    assert_eq!(splat.position, [1.0, 2.0, -3.0]);
    assert_eq!(splat.log_scale.map(|value| (value * 100.0).round()), [0.0, 69.0, -8734.0]);
    assert_eq!(splat.rotation, [0.5, -0.5, 0.25, 1.0]);
    // Red's three coefficients first, then green's, then blue's.
    assert_eq!(splat.sh_rest, [0.0, 3.0, 6.0, 1.0, 4.0, 7.0, 2.0, 5.0, 8.0]);
    let active = splat.activate();
    assert!(
        active.base_colour.iter().zip([1.0, 0.0, 0.2]).all(|(a, b)| (a - b).abs() < 1e-6),
        "{active:?}"
    );
    assert!((active.opacity - 128.0 / 255.0).abs() < 1e-6);
}

#[test]
fn levels_1_and_2() {
    for level in [1, 2] {
        let splats = ksplat::read(&compressed(level)[..], None).expect("a good file");
        assert_eq!((splats.len(), splats.sh_degree().get()), (6, 2));
        let x: Vec<f32> = splats.parts().positions.iter().map(|position| position[0]).collect();
        assert_eq!(x, [5.0, -5.0, 102.5, 97.5, 200.0, -7.0]);
        assert_eq!(splats.get(5).position, [-7.0, -7.0, -9.0]);
        assert_eq!(
            splats.get(0).log_scale.map(|value| (value * 100.0).round()),
            [0.0, -69.0, -8734.0]
        );
        assert_eq!(splats.get(0).rotation, [0.5, -0.25, 0.0, 1.0]);
        // Value 13 is the last of red in band 2: coefficient 7, of 8, red.
        let found = splats.get(0).sh_rest;
        let (others, expected) =
            if level == 1 { (0.0, 1.0) } else { (-2.0, 191.0 / 255.0 * 4.0 - 2.0) };
        assert!((found[3 * 7] - expected).abs() < 1e-6, "{found:?}");
        assert!(
            found.iter().enumerate().all(|(idx, value)| idx == 21 || *value == others),
            "{found:?}"
        );
        assert_eq!(splats.get(5).sh_rest, [0.0; 24]);
    }
}

#[test]
fn wrong_files() {
    let outcome = |file: &[u8]| match ksplat::read(file, Some(file.len() as u64)) {
        Ok(splats) => format!("{} splats of degree {}", splats.len(), splats.sh_degree().get()),
        Err(error) => error.to_string(),
    };
    let file = compressed(1);
    let with = |at: usize, bytes: &[u8]| {
        let mut file = file.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        outcome(&file)
    };
    let huge = &[255; 4];
    assert_snapshot!(outcome(&file), @"6 splats of degree 2");
    assert_snapshot!(outcome(b""), @"ksplat: the file ends at byte 0, the header needs 4096 bytes from byte 0 on");
    assert_snapshot!(outcome(&file[..5000]), @"ksplat: the file ends at byte 5000, the headers of sections needs 3072 bytes from byte 4096 on");
    assert_snapshot!(outcome(&file[..file.len() - 1]), @"ksplat: the file ends at byte 7823, the splats of a section needs 24 bytes from byte 7800 on");
    assert_snapshot!(with(0, &[1]), @"ksplat, byte 0: version is 1.1, 0.1 or later of 0 is needed");
    assert_snapshot!(with(4, huge), @"ksplat: the file ends at byte 7824, the headers of sections needs 4398046510080 bytes from byte 4096 on");
    assert_snapshot!(with(16, huge), @"ksplat, byte 16: 4294967295 splats, our limit is 16777216");
    assert_snapshot!(with(16, &[7]), @"ksplat, byte 16: number of splats is 7, what the sections have (6 or more) is needed");
    assert_snapshot!(with(16, &[5]), @"ksplat, byte 16: number of splats is 5, what the sections have (6 or more) is needed");
    assert_snapshot!(with(20, &[3]), @"ksplat, byte 20: compression level is 3, 0, 1 or 2 is needed");
    assert_snapshot!(with(36, &f32::NAN.to_le_bytes()), @"ksplat, byte 36: lowest harmonic is NaN, a finite number is needed");
    assert_snapshot!(with(4096, huge), @"ksplat, byte 4096: number of splats is 4294967295, at most 8, the room of the section, is needed");
    assert_snapshot!(with(4096 + 4, huge), @"ksplat: the file ends at byte 7824, the buckets of a section needs 12 bytes from byte 309237652452 on");
    assert_snapshot!(with(4096 + 8, huge), @"6 splats of degree 2");
    assert_snapshot!(with(4096 + 8, &[0]), @"ksplat, byte 4128: number of splats in all buckets is less, at least 5 is needed");
    assert_snapshot!(with(4096 + 12, huge), @"ksplat: the file ends at byte 7824, the buckets of a section needs 51539607548 bytes from byte 7168 on");
    assert_snapshot!(with(4096 + 12, &[2]), @"ksplat, byte 4108: number of buckets is 2, at least 3 is needed");
    assert_snapshot!(with(4096 + 16, &f32::INFINITY.to_le_bytes()), @"ksplat, byte 4112: side of a bucket is inf, a finite number is needed");
    assert_snapshot!(with(4096 + 20, &[11]), @"ksplat, byte 4116: bytes of a bucket is 11, 12 is needed");
    assert_snapshot!(with(4096 + 32, huge), @"ksplat, byte 4108: number of buckets is 3, at least 4294967297 is needed");
    assert_snapshot!(with(4096 + 36, huge), @"ksplat: the file ends at byte 7824, the buckets of a section needs 17179869216 bytes from byte 7168 on");
    assert_snapshot!(with(4096 + 40, &[4]), @"ksplat, byte 4136: degree of the harmonics is 4, 0 to 3 is needed");
}

/// Files written by the viewer the format is of, as splat-transform reads them.
#[test]
fn files_of_others() {
    let folder = "tests/fixtures";
    for level in 0..3 {
        let file =
            fs_err::read(format!("{folder}/level_{level}.mkkellogg.ksplat")).expect("a fixture");
        let found = ksplat::read(&file[..], Some(file.len() as u64)).expect("a good file");
        let file =
            fs_err::read(format!("{folder}/level_{level}.splat_transform.ply")).expect("a fixture");
        let expected = ply::read(&file[..], None).expect("a good file");
        assert_eq!((found.len(), found.sh_degree()), (20, expected.sh_degree()));
        for (found, expected) in found.iter().zip(expected.iter()) {
            let all = |splat: asset::RawSplat<'_>| {
                let three = [splat.position, splat.log_scale, splat.sh_dc].concat();
                [
                    &three[..],
                    &splat.rotation,
                    &[splat.raw_opacity.clamp(-13.8, 13.8)],
                    splat.sh_rest,
                ]
                .concat()
            };
            for (found, expected) in all(found).into_iter().zip(all(expected)) {
                assert!(
                    (found - expected).abs() < 2e-5 * (1.0 + expected.abs()),
                    "level {level}: {found} {expected}"
                );
            }
        }
    }
}
