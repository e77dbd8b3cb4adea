//! Generators behind one trait: a picture and a seed in, the bytes of a model out.
//!
//! A [`Catalogue`] holds those of a configuration, by name. What it gives out is [`Guarded`]: it queues, ends in time, tries
//! again what may pass, and lets nobody see a model before it is upright and keeps to the rules of its competition. What is
//! inside: the built-in generator ([`Builtin`]), a local program ([`Command`]), a container of the splat or mesh competition
//! ([`SingleShot`]), a pod of the module competition ([`PodBatch`]), or a prediction service ([`Prediction`]). Pictures of
//! texts come from a [`TextToImage`].
//!
//! This is an edge: generators talk to other machines and start programs. `generate` is the built-in one, as a pure function.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod axes;
mod builtin;
mod catalogue;
pub mod check;
mod command;
mod generator;
mod guarded;
mod http;
mod orient;
mod picture;
mod pictures;
mod pod_batch;
mod prediction;
mod remote;
mod retry;
mod single_shot;
mod text;
mod text_to_image;

pub use axes::{Axes, AxesError};
pub use builtin::Builtin;
pub use catalogue::{Catalogue, ConfigError, EnvLookup};
pub use command::{Command, Program, TemplateError};
pub use generator::{Card, Failure, Generator, Made, Pending, Progress, Request};
pub use guarded::{Bounds, Guarded};
pub use pictures::{Offer, Pictures};
pub use pod_batch::PodBatch;
pub use prediction::{Model, PictureAs, Prediction};
pub use retry::Pauses;
pub use single_shot::SingleShot;
pub use text_to_image::{
    ImagesApi, ImagesModel, PICTURE_BYTES_MAX, PROMPT_CHARS_MAX, Painted, TextToImage,
};
