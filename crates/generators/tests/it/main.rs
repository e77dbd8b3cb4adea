//! Generators as their callers see them: through the trait and through catalogues.

mod catalogue;
mod command;
mod things;
