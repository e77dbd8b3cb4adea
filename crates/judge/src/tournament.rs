//! Who beats whom: the timeline of a round, and what is to be played next.
