//! Secrets out of text: those a run knows, and those known by name or form. Nothing here knows of files, contracts or
//! reports.

mod find;
mod known;
mod names;
mod patterns;
mod redactor;
mod visible;

pub use self::{
    find::FoundSecrets,
    known::{KnownSecrets, LONGEST_WORD, Reach, Words},
    names::{is_secret_header, is_secret_name, is_secret_variable},
    patterns::looks_secret,
    redactor::Redactor,
    visible::{is_invisible, visible},
};

/// Replaces the secrets a run knows (passwords, keys, tokens it was given) in a text.
pub type Mask<'a> = &'a (dyn Fn(&str) -> String + Sync);

/// What stands where a secret was.
pub const MASKED: &str = "***";
