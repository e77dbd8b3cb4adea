//! What a regenerated submission has to hold up to.
