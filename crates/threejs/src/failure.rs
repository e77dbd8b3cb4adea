//! What went wrong with a module: stage, rule and detail, as the original validators write them.

use serde::{Serialize, Serializer};

/// One broken rule. Serialises to an object with exactly `stage`, `rule` and `detail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Where in the pipeline it was found.
    pub stage: Stage,
    /// Which rule was broken.
    pub rule: Rule,
    /// The name and place, for people.
    pub detail: String,
}

macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every one, in the order of the pipeline.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text used on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

codes! {
    /// A step of the pipeline; each one runs only when the ones before it found nothing.
    Stage {
        /// Size and syntax.
        Parse = "parse",
        /// The rules of this crate.
        StaticAnalysis = "static_analysis",
        /// Evaluating the module's body.
        ModuleLoad = "module_load",
        /// Calling its function.
        Execution = "execution",
        /// Measuring what it returned.
        PostValidation = "post_validation",
    }
}

codes! {
    /// A rule of the module contract.
    Rule {
        /// The file is too long.
        FileSizeExceeded = "FILE_SIZE_EXCEEDED",
        /// The text is not an ES module.
        ParseError = "PARSE_ERROR",
        /// No `export default` of a function.
        MissingDefaultExport = "MISSING_DEFAULT_EXPORT",
        /// More than one export.
        MultipleTopLevelExports = "MULTIPLE_TOP_LEVEL_EXPORTS",
        /// Something asynchronous.
        AsyncNotAllowed = "ASYNC_NOT_ALLOWED",
        /// A name, an import or `Math.random` that may appear nowhere.
        ForbiddenIdentifier = "FORBIDDEN_IDENTIFIER",
        /// A global that is not on the list of allowed ones.
        IdentifierNotAllowed = "IDENTIFIER_NOT_ALLOWED",
        /// A property that leads to constructors or prototypes.
        ForbiddenPropertyAccess = "FORBIDDEN_PROPERTY_ACCESS",
        /// A member of Three.js that is refused.
        ForbiddenThreeApi = "FORBIDDEN_THREE_API",
        /// A member that Three.js does not have, or that is on no list.
        UnknownThreeApi = "UNKNOWN_THREE_API",
        /// `THREE` where no parameter of that name is in sight.
        ThreeAtTopLevel = "THREE_AT_TOP_LEVEL",
        /// `THREE` under another name, or out of sight.
        ThreeAliasForbidden = "THREE_ALIAS_FORBIDDEN",
        /// An index where only named members are allowed.
        ComputedPropertyAccess = "COMPUTED_PROPERTY_ACCESS",
        /// Too many bytes of literals.
        LiteralBudgetExceeded = "LITERAL_BUDGET_EXCEEDED",
        /// The module or its function threw.
        ExecutionThrew = "EXECUTION_THREW",
        /// A trapped global was touched.
        RuntimeViolation = "RUNTIME_VIOLATION",
        /// Out of time.
        TimeoutExceeded = "TIMEOUT_EXCEEDED",
        /// Out of memory.
        HeapExceeded = "HEAP_EXCEEDED",
        /// The result is not a scene.
        InvalidReturnType = "INVALID_RETURN_TYPE",
        /// Nothing to draw.
        EmptyScene = "EMPTY_SCENE",
        /// A node that is reached twice.
        CycleDetected = "CYCLE_DETECTED",
        /// Too many vertices.
        VertexLimitExceeded = "VERTEX_LIMIT_EXCEEDED",
        /// Too many draw calls.
        DrawCallLimitExceeded = "DRAW_CALL_LIMIT_EXCEEDED",
        /// Nested too deeply.
        DepthLimitExceeded = "DEPTH_LIMIT_EXCEEDED",
        /// Too many instances.
        InstanceLimitExceeded = "INSTANCE_LIMIT_EXCEEDED",
        /// Too many bytes of textures.
        TextureDataExceeded = "TEXTURE_DATA_EXCEEDED",
        /// Outside the unit box.
        BoundingBoxOutOfRange = "BOUNDING_BOX_OUT_OF_RANGE",
    }
}
