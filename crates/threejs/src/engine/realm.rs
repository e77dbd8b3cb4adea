//! One interpreter for one module: set up, used once, thrown away.
//! Facts: threejs-modules.md section 6.

use std::{fmt, rc::Rc};

use asset::scene::{Scene, SceneError};
use rquickjs::{
    CatchResultExt, Context, Ctx, Error, Function, Module, Object, Persistent, Result, Runtime,
    Value,
    context::intrinsic,
    convert::Coerced,
    loader::{ImportAttributes, Loader, Resolver},
    module::Declared,
};

use super::{
    Engine, EngineError, Limits, Metrics, Outcome, build,
    fuel::Fuel,
    heap::{Bounded, Heap},
    judge, measure,
    outcome::failure,
    snapshot::{self, Snapshot, Stop},
    texts,
};
use crate::{Failure, Rule, Stage, lists};

/// First state of the seeded generator behind `Math.random`.
const SEED: u32 = 0x1234_5678;

/// Below this the interpreter looks for no cycles: most modules end before, and everything else is freed at once.
const GC_THRESHOLD_BYTES: usize = 32 << 20;

/// No clock, no weak references, no DOM. Promises exist, since modules need them inside, but their jobs never run.
type Intrinsics = (
    intrinsic::Eval,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
);

/// Every import fails, also of modules already in the interpreter, such as the real Three.js.
struct NoImports;

impl Resolver for NoImports {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        Err(Error::new_resolving(base, name))
    }
}

impl Loader for NoImports {
    fn load<'js>(
        &mut self,
        _: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        Err(Error::new_loading(name))
    }
}

/// An interpreter with Three.js loaded and the traps set, waiting for its one module.
pub struct Realm {
    /// The prelude's functions and the namespace; freed before the interpreter, hence first.
    tools: Persistent<Object<'static>>,
    context: Context,
    fuel: Rc<Fuel>,
    heap: Rc<Heap>,
    limits: Limits,
}

impl fmt::Debug for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Realm").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Realm {
    /// Sets up an interpreter. It may wait for its module, for instance in a warm process.
    pub fn new(engine: &Engine, limits: &Limits) -> std::result::Result<Self, EngineError> {
        let fuel = Rc::new(Fuel::unlimited());
        let heap = Heap::new(limits.heap_bytes, Rc::clone(&fuel));
        let runtime = Runtime::new_with_alloc(Bounded(Rc::clone(&heap)))?;
        runtime.set_gc_threshold(GC_THRESHOLD_BYTES);
        runtime.set_max_stack_size(limits.stack_bytes);
        runtime.set_loader(NoImports, NoImports);
        let handle = Rc::clone(&fuel);
        runtime.set_interrupt_handler(Some(Box::new(move || handle.draw())));
        let context = Context::custom::<Intrinsics>(&runtime)?;
        let tools = context.with(|ctx| {
            let meter = Rc::clone(&fuel);
            let set_up = || -> Result<_> {
                let three = engine.load(&ctx)?.namespace()?;
                let tools: Object<'_> = three.get("crucible")?;
                let namespace: Function<'_> = tools.get("namespace")?;
                let safe: Value<'_> = namespace.call((
                    three.clone(),
                    lists::THREE_ALLOWED.to_vec(),
                    lists::THREE_REFUSED.to_vec(),
                ))?;
                tools.set("safe", safe)?;
                let close: Function<'_> = tools.get("close")?;
                let charge = move |steps: f64| {
                    meter.charge(steps as u64);
                    meter.is_empty()
                };
                let charge = Function::new(ctx.clone(), charge)?;
                close.call::<_, ()>((lists::FORBIDDEN.to_vec(), SEED, charge))?;
                Ok(Persistent::save(&ctx, tools))
            };
            set_up().catch(&ctx).map_err(|error| EngineError::Prelude(error.to_string()))
        })?;
        Ok(Self { tools, context, fuel, heap, limits: *limits })
    }

    /// Bytes of heap in use.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.heap.used()
    }

    /// Runs the module: body, function, measuring. Takes the realm, since a module may have changed anything in it.
    #[must_use]
    pub fn run(self, source: &str) -> Outcome {
        self.run_kept(source, &mut || ()).0
    }

    /// As [`Self::run`], in a process that ends right after: `loaded` is called between body and function, and the
    /// interpreter is left to the system, since freeing it object by object takes longer than many a module.
    #[must_use]
    pub fn run_last(self, source: &str, loaded: &mut dyn FnMut()) -> Outcome {
        let (outcome, context) = self.run_kept(source, loaded);
        std::mem::forget(context);
        outcome
    }

    fn run_kept(self, source: &str, loaded: &mut dyn FnMut()) -> (Outcome, Context) {
        self.fuel.start(self.limits.fuel);
        let Self { tools, context, fuel, heap, limits } = self;
        let outcome = context.with(|ctx| {
            let (fuel, heap, limits) = (&*fuel, &*heap, &limits);
            let mut run = Run { ctx, source, fuel, heap, limits, loaded, load_fuel: 0 };
            let told = run.whole(tools).unwrap_or_else(|failure| Told {
                failures: vec![failure],
                metrics: None,
                scene: None,
            });
            Outcome {
                failures: told.failures,
                metrics: told.metrics,
                scene: told.scene,
                module_load_fuel: run.load_fuel,
                generate_fuel: fuel.used() - run.load_fuel,
            }
        });
        (outcome, context)
    }
}

/// What is known at the end of a run.
struct Told {
    failures: Vec<Failure>,
    metrics: Option<Metrics>,
    scene: Option<Scene>,
}

/// The prelude's functions that tell of a thrown value.
struct Describe<'js> {
    text: Function<'js>,
    trace: Function<'js>,
}

struct Run<'js, 'r> {
    ctx: Ctx<'js>,
    source: &'r str,
    fuel: &'r Fuel,
    heap: &'r Heap,
    limits: &'r Limits,
    loaded: &'r mut dyn FnMut(),
    load_fuel: u64,
}

impl<'js> Run<'js, '_> {
    fn whole(&mut self, tools: Persistent<Object<'static>>) -> std::result::Result<Told, Failure> {
        let ctx = self.ctx.clone();
        let set_up = |_| failure(Stage::Execution, Rule::HeapExceeded, "no heap left to start");
        let tools = tools.restore(&ctx).map_err(set_up)?;
        let safe: Value<'js> = tools.get("safe").map_err(set_up)?;
        let short: Function<'js> = tools.get("short").map_err(set_up)?;
        let describe = Describe {
            text: tools.get("describe").map_err(set_up)?,
            trace: tools.get("trace").map_err(set_up)?,
        };

        let loaded = self.load();
        self.load_fuel = self.fuel.used();
        (self.loaded)();
        let exported = loaded.map_err(|error| self.failure(Stage::ModuleLoad, error, &describe))?;
        let Some(exported) = exported else {
            return Err(failure(Stage::Execution, Rule::AsyncNotAllowed, "top-level await"));
        };
        let Some(generate) = exported.as_function() else {
            let detail = "default export is not a function";
            return Err(failure(Stage::ModuleLoad, Rule::InvalidReturnType, detail));
        };
        let built = generate.call::<_, Value<'js>>((safe,));
        let root = built.map_err(|error| self.failure(Stage::Execution, error, &describe))?;
        let taken = snapshot::take(&root, short, self.limits);
        let snapshot = taken.map_err(|stop| match stop {
            Stop::Thrown(error) => self.failure(Stage::PostValidation, error, &describe),
            Stop::Refused(failure) => failure,
        })?;
        self.settle(snapshot)
    }

    /// Nothing of the module runs from here on.
    fn settle(&self, mut snapshot: Snapshot<'js>) -> std::result::Result<Told, Failure> {
        let (places, metrics) = measure::measure(&snapshot, self.fuel);
        if self.fuel.is_empty() {
            return Err(self.out_of_fuel());
        }
        let mut told = Told {
            failures: judge::judge(&metrics, self.limits),
            metrics: Some(metrics),
            scene: None,
        };
        if told.failures.is_empty() {
            let built = match snapshot.trouble.take() {
                Some(trouble) => Err((Rule::ExecutionThrew, trouble)),
                None => build::build(snapshot, &places)
                    .map_err(|error| (rule_of(&error), error.to_string())),
            };
            match built {
                Ok(scene) => told.scene = Some(scene),
                Err((rule, detail)) => {
                    told.failures.push(failure(Stage::PostValidation, rule, detail));
                }
            }
        }
        Ok(told)
    }

    /// Compiles the module and runs its body; `None` when the body awaits something, which never comes.
    fn load(&self) -> Result<Option<Value<'js>>> {
        let declared = Module::declare(self.ctx.clone(), "module.js", self.source)?;
        let (module, promise) = declared.eval()?;
        match promise.result::<()>() {
            None => Ok(None),
            Some(Err(error)) => Err(error),
            Some(Ok(())) => module.get("default").map(Some),
        }
    }

    fn out_of_fuel(&self) -> Failure {
        let detail = format!("exceeded the execution budget of {} steps", self.limits.fuel);
        failure(Stage::Execution, Rule::TimeoutExceeded, detail)
    }

    fn failure(&self, stage: Stage, error: Error, describe: &Describe<'js>) -> Failure {
        // Fuel first: running out of it cannot be caught, so nothing else can have ended the run.
        if self.fuel.is_empty() {
            return self.out_of_fuel();
        }
        let heap = || {
            let detail = format!("exceeded {} MB heap", self.limits.heap_bytes >> 20);
            failure(Stage::Execution, Rule::HeapExceeded, detail)
        };
        let thrown = match error {
            Error::Exception => self.ctx.catch(),
            Error::Allocation => return heap(),
            other => return failure(stage, Rule::ExecutionThrew, other.to_string()),
        };
        let text = describe.text.call::<_, Coerced<String>>((thrown.clone(),));
        if self.fuel.is_empty() {
            return self.failure(stage, Error::Exception, describe);
        }
        let text = text
            .map_or_else(|_| "a value that cannot be shown was thrown".to_owned(), |text| text.0);
        if self.heap.was_hit() && (text == "null" || text.contains("out of memory")) {
            return heap();
        }
        if text.contains("Runtime violation") {
            return failure(Stage::Execution, Rule::RuntimeViolation, text);
        }
        if text == "not a function"
            && let Ok(Coerced(trace)) = describe.trace.call::<_, Coerced<String>>((thrown,))
            && let Some(callee) = texts::constructed(self.source, &trace)
        {
            return failure(stage, Rule::ExecutionThrew, format!("{callee} is not a constructor"));
        }
        failure(stage, Rule::ExecutionThrew, text)
    }
}

/// The rule that a scene breaks which is too large for us although the module's own limits are kept.
fn rule_of(error: &SceneError) -> Rule {
    match error {
        SceneError::TooMany { what: "vertices" | "indices" | "groups", .. } => {
            Rule::VertexLimitExceeded
        }
        SceneError::TooMany { what: "textures" | "bytes of textures", .. } => {
            Rule::TextureDataExceeded
        }
        _ => Rule::ExecutionThrew,
    }
}
