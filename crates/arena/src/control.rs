//! What an operator does by hand: begin, pause, go on.
