//! The generator on small contracts, and what holds for the bundled ones.
