//! Any bytes get an answer from the readers of SOG, `.splat`, KSPLAT and splats in glTF; the fuzz targets ask for longer.

use asset::glb::Document;
use asset::stats::Stats;
use asset::{Splats, gltf_splats, ksplat, sog, splat};
use proptest::prelude::*;
use zip::CompressionMethod;

use crate::{ksplat as ksplats, make, sog as sogs};

/// Asks everything that can be asked of a file.
fn ask(file: &[u8]) {
    for len in [None, Some(file.len() as u64)] {
        let found =
            [sog::read(file, len).ok(), splat::read(file, len).ok(), ksplat::read(file, len).ok()];
        found.iter().flatten().for_each(use_all);
    }
    let nothing = |_: &str| Err("there is no such file".to_owned());
    if let Ok(document) = Document::parse(file, &mut { nothing })
        && let Ok((splats, _)) = gltf_splats::read(&document)
    {
        assert!(gltf_splats::has_splats(&document));
        use_all(&splats);
    }
}

/// What was read can be looked at and written, or is refused.
fn use_all(splats: &Splats) {
    assert!(!Stats::of(splats).to_string().is_empty());
    if splats.len() > 1000 {
        return;
    }
    let mut file = Vec::new();
    if sog::write(splats, &mut file).is_ok() {
        assert_eq!(sog::read(&file[..], None).expect("our own file").len(), splats.len());
    }
    let mut file = Vec::new();
    if splat::write(splats, &mut file).is_ok() {
        assert_eq!(splat::read(&file[..], None).expect("our own file").len(), splats.len());
    }
    gltf_splats::write(splats, &mut Vec::new()).ok();
}

fn good_file(kind: usize) -> Vec<u8> {
    let splats = make::splats(5, 1);
    let mut file = Vec::new();
    match kind {
        0 => splat::write(&splats, &mut file).expect("memory"),
        1 => gltf_splats::write(&splats, &mut file).expect("memory"),
        2 => file = sogs::written(&splats).0,
        _ => file = ksplats::compressed((kind - 2) as u16),
    }
    file
}

proptest! {
    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        ask(&bytes);
    }

    #[test]
    fn good_files_with_some_bytes_changed(
        kind in 0..5_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut file = good_file(kind);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        ask(&file);
    }

    /// Changed inside, so that the checksums of the archive are right.
    #[test]
    fn bundles_with_some_bytes_changed(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut entries = sogs::entries(&good_file(2));
        for (entry, at, byte) in changes {
            let entry = entry.index(entries.len());
            let at = at.index(entries[entry].1.len());
            entries[entry].1[at] = byte;
        }
        ask(&sogs::bundle(&entries, CompressionMethod::Stored));
    }
}

/// The same splats give the same bytes, and the same bytes the same splats, at any number of threads.
#[test]
fn threads_do_not_matter() {
    let splats = make::splats(5000, 1);
    let run = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        pool.install(|| {
            let (bundle, order) = sogs::written(&splats);
            let mut files = vec![bundle, Vec::new(), Vec::new()];
            splat::write(&splats, &mut files[1]).expect("memory");
            gltf_splats::write(&splats, &mut files[2]).expect("memory");
            let back = sog::read(&files[0][..], None).expect("our own file");
            (files, order, back)
        })
    };
    let one = run(1);
    assert!(run(2) == one && run(5) == one);
}
