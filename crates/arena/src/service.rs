//! Runs owners, turn after turn, until told to stop.
