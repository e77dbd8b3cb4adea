//! Reading and writing each format from and to memory, SH degree 3.
//!
//! `cargo bench -p asset`; with `ASSET_BENCH_SPLATS=1000000` for a million splats instead of 100 000.

use asset::stats::Stats;
use asset::{Splats, ply, spz, spz404};
use divan::Bencher;
use divan::counter::ItemsCount;

#[path = "../tests/it/make.rs"]
mod make;

fn main() {
    divan::main();
}

fn splats() -> Splats {
    #[expect(clippy::disallowed_methods, reason = "a bench is the edge")]
    let count = std::env::var("ASSET_BENCH_SPLATS").ok().and_then(|count| count.parse().ok());
    make::splats(count.unwrap_or(100_000), 3)
}

fn bench_write(bencher: Bencher<'_, '_>, write: impl Fn(&Splats, &mut Vec<u8>) + Sync) {
    let splats = splats();
    let mut bytes = Vec::new();
    bencher.counter(ItemsCount::new(splats.len())).bench_local(|| {
        bytes.clear();
        write(&splats, &mut bytes);
    });
}

fn bench_read(
    bencher: Bencher<'_, '_>,
    write: impl Fn(&Splats, &mut Vec<u8>),
    read: impl Fn(&[u8]) -> Splats + Sync,
) {
    let mut bytes = Vec::new();
    let splats = splats();
    write(&splats, &mut bytes);
    bencher.counter(ItemsCount::new(splats.len())).bench(|| read(&bytes));
}

macro_rules! formats {
    ($($format:ident $write:expr, $read:path;)*) => {$(
        mod $format {
            use super::*;

            #[divan::bench(sample_count = 10)]
            fn write(bencher: Bencher<'_, '_>) {
                bench_write(bencher, |splats, bytes| $write(splats, bytes));
            }

            #[divan::bench(sample_count = 10)]
            fn read(bencher: Bencher<'_, '_>) {
                let read = |bytes: &[u8]| $read(bytes, Some(bytes.len() as u64)).expect("a good file");
                bench_read(bencher, |splats, bytes| $write(splats, bytes), read);
            }
        }
    )*};
}

formats! {
    ply |splats: &Splats, bytes: &mut Vec<u8>| ply::write(splats, bytes).expect("memory"), ply::read;
    spz_v3 |splats: &Splats, bytes: &mut Vec<u8>| spz::write(splats, spz::Version::V3, bytes).expect("memory"), spz::read;
    spz_v4 |splats: &Splats, bytes: &mut Vec<u8>| spz::write(splats, spz::Version::V4, bytes).expect("memory"), spz::read;
    spz404 |splats: &Splats, bytes: &mut Vec<u8>| spz404::write(splats, bytes).expect("memory"), spz404::read;
}

#[divan::bench(sample_count = 10)]
fn stats(bencher: Bencher<'_, '_>) {
    let splats = splats();
    bencher.counter(ItemsCount::new(splats.len())).bench(|| Stats::of(&splats));
}
