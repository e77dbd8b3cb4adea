//! The services over real connections. Of the render service, what checks modules is replaced: sources are words that
//! say what to answer.

mod blobs;
mod client;
mod distance;
mod ends;
mod fetching;
mod generator;
mod limits;
mod pictures;
mod pod;
mod replies;
mod uploads;
