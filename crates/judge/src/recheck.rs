//! A verdict again, from its evidence.
