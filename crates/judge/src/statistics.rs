//! How sure a margin is: bootstrap over prompts, swap-consistency.
