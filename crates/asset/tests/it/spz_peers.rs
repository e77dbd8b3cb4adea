//! SPZ against other implementations: they read what we write, and we read what they write.

use asset::{ply, spz};

use crate::make;
use crate::peers::Peers;

#[test]
fn splat_transform_reads_what_we_write() {
    let Some(peers) = Peers::find() else { return };
    let splats = make::splats(300, 3);
    for version in [spz::Version::V3, spz::Version::V4] {
        let mut file = Vec::new();
        spz::write(&splats, version, &mut file).expect("memory");
        let theirs = peers.convert(&file, "ours.spz", "theirs.ply", &[]);
        let theirs = ply::read(&theirs[..], None).expect("a PLY");
        let ours = spz::read(&file[..], None).expect("our own file");
        assert_eq!((theirs.len(), theirs.sh_degree()), (ours.len(), ours.sh_degree()));
    }
}
