//! Ends that a run hears of.
