//! Fates told from answers; the sweep itself is tested against servers.
