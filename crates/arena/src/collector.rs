//! Owner of `open`, `miner_generation` and `downloading`: who submitted what, and what of it can be had.
