//! The multi-stage judge: front, three sub-judges, gray rescue, side guard.
