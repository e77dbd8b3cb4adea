//! Shading against the reference values of the Three.js materials, against oracles in double precision, and at its
//! limits.
mod alpha;
mod environment;
mod fragments;
mod materials;
mod normals;
mod oracle;
mod textures;
mod transmission;
