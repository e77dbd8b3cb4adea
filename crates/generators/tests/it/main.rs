//! Generators as their callers see them: through the trait and through catalogues.

mod catalogue;
mod checks;
mod command;
mod prediction;
mod services;
mod text_to_image;
mod things;
mod upright;
