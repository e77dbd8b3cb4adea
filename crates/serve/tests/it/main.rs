//! The render service over real connections, with what checks modules replaced: sources are words that say what to
//! answer.

mod client;
mod ends;
mod fetching;
mod limits;
mod pictures;
mod replies;
mod uploads;
