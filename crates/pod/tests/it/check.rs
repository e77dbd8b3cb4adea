//! One service for each contract that is right, with a switch for each way to be wrong; and what the check says of each.

mod batch;
mod server;
mod single;
mod table;
