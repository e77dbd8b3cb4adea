//! Enums whose values are the numeric constants of Three.js.

/// Defines an enum, its constants, and the way back from a number.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $number:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub enum $name { $($(#[$variant_doc])* $variant = $number,)* }

        impl $name {
            /// Every value, in the order above.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// `None` for a number that Three.js does not define here.
            #[must_use]
            pub const fn from_number(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The constant of Three.js.
            #[must_use]
            pub const fn number(self) -> u32 {
                self as u32
            }
        }
    };
}

pub(super) use numbered;
