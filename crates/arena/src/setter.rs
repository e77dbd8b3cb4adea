//! Sets a validator's weights by `leader.json`.
