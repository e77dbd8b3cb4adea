//! Owner of `finalizing`: the leader's entry, the next round's calendar.
