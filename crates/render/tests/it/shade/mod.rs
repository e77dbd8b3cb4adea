//! Shading against the reference values of the Three.js materials, and at its limits.
mod fragments;
mod materials;
mod textures;
