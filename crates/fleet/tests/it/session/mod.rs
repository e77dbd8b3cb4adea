//! Sessions in simulated time, with pods and providers that do what a test says.

mod crashes;
mod ends;
mod live;
mod world;
