//! The same splats give the same bytes, and the same bytes the same splats and the same error, at any number of threads.

use asset::{compressed_ply, ply, spz, spz404};

use crate::make;

fn with_threads<T: Send>(n_threads: usize, f: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build();
    pool.expect("threads").install(f)
}

#[test]
fn at_any_number_of_threads() {
    let mut parts = make::splats(70_000, 2).into_parts();
    parts.rotations[3] = [0.0, 1e-30, 0.0, 0.0];
    let splats = asset::Splats::new(parts).expect("attributes of one length");
    let write = || {
        let mut files = vec![Vec::new(); 5];
        ply::write(&splats, &mut files[0]).expect("memory");
        spz::write(&splats, spz::Version::V3, &mut files[1]).expect("memory");
        spz::write(&splats, spz::Version::V4, &mut files[2]).expect("memory");
        spz404::write(&splats, &mut files[3]).expect("memory");
        let order = compressed_ply::Order::Compact;
        compressed_ply::write(&splats, order, &mut files[4]).expect("memory");
        files
    };
    let files = with_threads(1, write);
    let read = || -> Vec<_> {
        files
            .iter()
            .map(|file| asset::read_splats(&file[..], None).expect("our own file"))
            .collect()
    };
    let splats_of_one = with_threads(1, read);
    for n_threads in [2, 3, 5, 8] {
        assert!(with_threads(n_threads, write) == files, "written by {n_threads} threads");
        assert!(with_threads(n_threads, read) == splats_of_one, "read by {n_threads} threads");
    }
}

#[test]
fn the_first_error_wins() {
    let properties = crate::plys::properties("float", &crate::plys::FIXED);
    let good = "0 0 0 0 0 0 1 0 0 0 1 0 0 0\n".repeat(20_000);
    let bad = "a b c d e f g h i j k l m n\n";
    let file = format!(
        "ply\nformat ascii 1.0\nelement vertex 40003\n{properties}end_header\n{good}{bad}{good}{bad}{bad}"
    );
    let mut parts = make::splats(50_000, 0).into_parts();
    for splat_idx in [20_001, 20_002, 49_000] {
        parts.positions[splat_idx][0] = f32::NAN;
    }
    let splats = asset::Splats::new(parts).expect("attributes of one length");
    for n_threads in [1, 2, 8] {
        let (read, written) = with_threads(n_threads, || {
            let read = ply::read(file.as_bytes(), None).expect_err("words");
            let written = spz404::write(&splats, Vec::new()).expect_err("NaN");
            (read.to_string(), written.to_string())
        });
        insta::allow_duplicates! {
            insta::assert_snapshot!(read, @r#"ply, line 20019: "a" of property x is not a number"#);
            insta::assert_snapshot!(written, @"spz: position of splat 20001 is NaN, a finite number is needed");
        }
    }
}
