//! Shading against the reference values of the Three.js materials, and at its limits.
mod materials;
mod textures;
