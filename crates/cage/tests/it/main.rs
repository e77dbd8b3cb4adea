//! Tests of the cage with real processes. The guest is `tests/takeover`: it runs modules, or attacks.

mod attacks;
mod bad_input;
mod ends;
mod modules;
mod pool;
mod processes;
mod workplace;
