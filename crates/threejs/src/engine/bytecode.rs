//! Three.js with our prelude, compiled to bytecode once per process.
//! Has `unsafe`: `QuickJS` trusts bytecode, so only bytecode made here, from built-in source, may reach it.

use rquickjs::{Context, Ctx, Module, Runtime, WriteOptions, module::Evaluated};

use super::{Limits, Outcome, Realm};

/// `three.core.js` of r183 (checked by hash when built), then ours, which sees its names.
const SOURCE: &str = concat!(
    include_str!(concat!(env!("OUT_DIR"), "/three.core.js")),
    "\n",
    include_str!("guards.js"),
    include_str!("prelude.js")
);

/// Three.js, ready to be put into interpreters.
#[derive(Debug, Clone)]
pub struct Engine {
    bytecode: Vec<u8>,
}

/// The engine itself failed; no module's fault.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The interpreter could not be set up: no memory, or a heap limit below what Three.js needs.
    #[error("the JavaScript interpreter could not be set up: {0}")]
    SetUp(#[from] rquickjs::Error),
    /// Three.js or our prelude threw while loading.
    #[error("Three.js could not be set up in the interpreter: {0}")]
    Prelude(String),
}

impl Engine {
    /// Compiles Three.js; once per process.
    pub fn new() -> Result<Self, EngineError> {
        let context = Context::full(&Runtime::new()?)?;
        let bytecode = context.with(|ctx| {
            let options = WriteOptions { strip_source: true, ..WriteOptions::default() };
            Module::declare(ctx, "crucible:three", SOURCE)?.write(options)
        })?;
        Ok(Self { bytecode })
    }

    /// Runs one module in an interpreter of its own.
    pub fn run(&self, source: &str, limits: &Limits) -> Result<Outcome, EngineError> {
        Ok(Realm::new(self, limits)?.run(source))
    }

    #[expect(
        unsafe_code,
        reason = "rquickjs marks loading bytecode unsafe, since QuickJS does not verify it"
    )]
    pub(super) fn load<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<Module<'js, Evaluated>> {
        // SAFETY: `bytecode` is private, never changed, and was written by this process's own QuickJS in `new`.
        let declared = unsafe { Module::load(ctx.clone(), &self.bytecode)? };
        let (module, promise) = declared.eval()?;
        promise.result::<()>().unwrap_or(Err(rquickjs::Error::Unknown))?;
        Ok(module)
    }
}
