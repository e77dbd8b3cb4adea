//! Integration tests of `asset`: whole files in, values or one-line errors out.

mod make;
mod spz_golden;
mod spz_round_trip;
