//! The judge of the earlier eras: one question, asked both ways round.
