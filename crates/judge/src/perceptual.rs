//! A judge without a model: pictures compared as eyes would.
