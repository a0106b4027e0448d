//! The commands for people who write cases, and those that judge what others have sent: the program itself, in folders of
//! its own, against reference targets of its own.

mod again;
mod begin;
mod https;
mod leaks;
mod live;
mod packed;
mod passing;
mod proxied;
mod serving;
mod upstream;
mod wrong;

#[cfg(unix)]
use super::hostile::authority;
