//! What a caged process does with the bytes it is given: runs a module. A trait, so that a test can put an attacker there.

use threejs::engine::{Engine, Limits, Realm};

use crate::report::Run;

/// The work of a cage. Prepared once, in the zygote; run at most once, in a child that is locked down.
pub trait Payload: Sized {
    /// Everything that does not depend on the module. Starts no thread, opens nothing, leaves nothing to be freed.
    fn prepare(limits: &Limits) -> Result<Self, String>;

    /// Runs one module. What it gives is sent to the host as it is.
    fn run(self, source: &str, reply_bytes_max: usize) -> Vec<u8>;
}

/// Runs Three.js modules: an interpreter that is ready, with Three.js in it.
#[derive(Debug)]
pub struct Modules(Realm);

impl Payload for Modules {
    fn prepare(limits: &Limits) -> Result<Self, String> {
        let engine = Engine::new().map_err(|error| error.to_string())?;
        Realm::new(&engine, limits).map(Self).map_err(|error| error.to_string())
    }

    fn run(self, source: &str, reply_bytes_max: usize) -> Vec<u8> {
        Run::measure(|| self.0.run(source)).encode(reply_bytes_max)
    }
}
