//! Texts of models, and what is read in them.
