//! Owner of `duels`: plays matches and audits until the round has a winner.
