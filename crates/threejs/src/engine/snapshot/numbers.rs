//! Typed arrays, read in place. Has `unsafe`: the bytes belong to the interpreter, so nothing of it may run meanwhile.

use rquickjs::{Object, TypedArray, U8Clamped};

/// Something to do with the numbers of an array, whatever its kind.
pub(in crate::engine) trait Reader {
    type Out;

    /// `at` gives any of the `len` numbers, as doubles, which hold all of them exactly.
    fn read(self, len: usize, at: impl Fn(usize) -> f64) -> Self::Out;
}

macro_rules! kinds {
    ($($kind:ident $class:ty, $item:ty, $bytes:literal, $largest:expr;)*) => {
        /// A typed array of a kind that Three.js can draw from or measure.
        #[derive(Debug)]
        pub(in crate::engine) enum Numbers<'js> {
            $($kind(TypedArray<'js, $class>),)*
        }

        impl<'js> Numbers<'js> {
            /// `None` for anything else, a proxy of such an array included.
            pub(super) fn new(array: &Object<'js>) -> Option<Self> {
                $(if let Some(array) = array.as_typed_array::<$class>() {
                    return Some(Self::$kind(array.clone()));
                })*
                None
            }

            /// How many there are now.
            pub(in crate::engine) fn len(&self) -> usize {
                match self {
                    $(Self::$kind(_) => self.with_bytes(<[u8]>::len) / $bytes,)*
                }
            }

            /// What stands for 1 in normalised integers.
            pub(in crate::engine) fn largest(&self) -> Option<f64> {
                match self {
                    $(Self::$kind(_) => $largest,)*
                }
            }

            /// The numbers as they are now; none if the buffer was detached.
            pub(in crate::engine) fn read<R: Reader>(&self, reader: R) -> R::Out {
                match self {
                    $(Self::$kind(_) => self.with_bytes(|bytes| {
                        let (items, _) = bytes.as_chunks::<$bytes>();
                        reader.read(items.len(), |at| <$item>::from_le_bytes(items[at]).into())
                    }),)*
                }
            }

            /// The bytes as they are now; none if the buffer was detached.
            #[expect(unsafe_code, reason = "rquickjs lends the interpreter's memory only so")]
            pub(in crate::engine) fn with_bytes<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
                let (bytes, ctx) = match self {
                    // SAFETY: the bytes go to `read` only, and no such function here runs the interpreter.
                    $(Self::$kind(array) => (unsafe { array.as_bytes() }, array.ctx()),)*
                };
                let Some(bytes) = bytes else {
                    // A detached buffer leaves an exception behind.
                    ctx.catch();
                    return read(&[]);
                };
                read(bytes)
            }
        }
    };
}

kinds! {
    F32 f32, f32, 4, None;
    U16 u16, u16, 2, Some(65_535.0);
    U32 u32, u32, 4, Some(4_294_967_295.0);
    U8 u8, u8, 1, Some(255.0);
    U8Clamped U8Clamped, u8, 1, Some(255.0);
    I8 i8, i8, 1, Some(127.0);
    I16 i16, i16, 2, Some(32_767.0);
    I32 i32, i32, 4, Some(2_147_483_647.0);
    F64 f64, f64, 8, None;
}
