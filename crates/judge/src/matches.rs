//! All duels of two contestants: order, score, walkovers, when to stop.
