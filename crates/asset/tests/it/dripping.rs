//! Readers that give one byte at a time, as a slow pipe may.

use std::io::Read;

use asset::{Format, ply, read_splats, spz, spz404};

use crate::make;

struct Dripping<'a>(&'a [u8]);

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = buffer.len().min(1).min(self.0.len());
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

#[test]
fn every_format() {
    let splats = make::splats(50, 3);
    let mut file = Vec::new();
    ply::write(&splats, &mut file).expect("memory");
    assert!(ply::read(Dripping(&file), None).expect("readable") == splats);
    for version in [spz::Version::V3, spz::Version::V4] {
        let mut file = Vec::new();
        spz::write(&splats, version, &mut file).expect("memory");
        let at_once = spz::read(&file[..], None).expect("readable");
        assert!(spz::read(Dripping(&file), None).expect("readable") == at_once, "{version:?}");
        let (dripped, format) = read_splats(Dripping(&file), None).expect("readable");
        assert!(format == Format::Spz && dripped == at_once, "{version:?}");
    }
    let mut file = Vec::new();
    spz404::write(&splats, &mut file).expect("memory");
    let at_once = spz404::read(&file[..], None).expect("readable");
    assert!(spz404::read(Dripping(&file), None).expect("readable") == at_once);
}
