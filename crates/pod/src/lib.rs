//! What generator services say on the wire, how to talk to them, and whether they keep to it.
//!
//! Two contracts: *single-shot* (competitions 0 and 1, one picture in, one model out) and *batch* (competition 2, a list of
//! picture URLs in, a ZIP of modules out). [`wire`] has the words of both, [`client`] talks to both, [`check`] finds out
//! whether a running service keeps to the one it speaks.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod check;
pub mod client;
pub mod wire;
