//! The files of a competition, one type each. Of the three eras (splats, meshes, modules) all are read.

pub mod audits;
pub mod builds;
pub mod config;
pub mod duels;
pub mod leader;
pub mod matrix;
pub mod outputs;
pub mod pod_stats;
pub mod prompts;
pub mod reports;
pub mod schedule;
pub mod state;
pub mod submissions;
pub mod winner;
