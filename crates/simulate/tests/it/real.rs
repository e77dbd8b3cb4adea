//! The arena's own owners.
