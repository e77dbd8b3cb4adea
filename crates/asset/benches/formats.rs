//! Reading and writing each format from and to memory, SH degree 3.
//!
//! `cargo bench -p asset`; with `ASSET_BENCH_SPLATS=1000000` for a million splats instead of 100 000.

use std::fmt::Debug;

use asset::Splats;
use asset::spz::Version;
use asset::stats::Stats;
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

fn bench_write<E: Debug>(
    bencher: Bencher<'_, '_>,
    write: impl Fn(&Splats, &mut Vec<u8>) -> Result<(), E>,
) {
    let splats = splats();
    let mut bytes = Vec::new();
    bencher.counter(ItemsCount::new(splats.len())).bench_local(|| {
        bytes.clear();
        write(&splats, &mut bytes).expect("a good asset");
    });
}

fn bench_read<E: Debug, F: Debug>(
    bencher: Bencher<'_, '_>,
    write: impl Fn(&Splats, &mut Vec<u8>) -> Result<(), E>,
    read: impl Fn(&[u8], Option<u64>) -> Result<Splats, F>,
) {
    let splats = splats();
    let mut bytes = Vec::new();
    write(&splats, &mut bytes).expect("a good asset");
    let counter = ItemsCount::new(splats.len());
    let byte_len = Some(bytes.len() as u64);
    bencher.counter(counter).bench_local(|| read(&bytes, byte_len).expect("a good file"));
}

macro_rules! formats {
    ($($format:ident $write:expr, $read:expr;)*) => {$(
        mod $format {
            use super::*;

            #[divan::bench(sample_count = 10)]
            fn write(bencher: Bencher<'_, '_>) {
                bench_write(bencher, $write);
            }

            #[divan::bench(sample_count = 10)]
            fn read(bencher: Bencher<'_, '_>) {
                bench_read(bencher, $write, $read);
            }
        }
    )*};
}

formats! {
    ply |splats, bytes| asset::ply::write(splats, bytes), |file, len| asset::ply::read(file, len);
    spz_v3 |splats, bytes| asset::spz::write(splats, Version::V3, bytes), |file, len| asset::spz::read(file, len);
    spz_v4 |splats, bytes| asset::spz::write(splats, Version::V4, bytes), |file, len| asset::spz::read(file, len);
    spz404 |splats, bytes| asset::spz404::write(splats, bytes), |file, len| asset::spz404::read(file, len);
}

#[divan::bench(sample_count = 10)]
fn stats(bencher: Bencher<'_, '_>) {
    let splats = splats();
    bencher.counter(ItemsCount::new(splats.len())).bench(|| Stats::of(&splats));
}
