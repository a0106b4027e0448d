//! Before anything is said: connections that do not come about, certificates, and other hosts.
