//! The collector: from the chain's reveals to a round's miners, seed and prompts, and from miners' servers to stored, drawn assets.

pub mod admission;
pub mod commitments;
pub mod observed;

pub use admission::{Admission, Refusal, admit, seed, tie_break};
pub use observed::Observed;

use ledger::files::config::KindWord;
use ledger::files::outputs::AssetKind;
use views::Kind;

/// What a competition asks for, as studios and works know it.
#[must_use]
pub const fn kind_of(word: KindWord) -> Kind {
    match word {
        KindWord::Splats => Kind::Splats,
        KindWord::Meshes => Kind::Mesh,
        KindWord::Modules => Kind::Module,
    }
}

/// What a competition asks for, as files know it.
#[must_use]
pub const fn asset_kind_of(word: KindWord) -> AssetKind {
    match word {
        KindWord::Splats => AssetKind::Splats,
        KindWord::Meshes => AssetKind::Mesh,
        KindWord::Modules => AssetKind::Module,
    }
}
