//! Every test that goes through the public items of the library, or through the built program, as one program: it is linked
//! once. Two stay apart because they make their own lists of tests: `conformance` and `deviations`.

mod any_bytes;
mod authoring;
mod circles;
mod clauses;
mod exec_session;
mod formats;
mod generated;
mod greens;
mod habits;
mod hostile;
#[cfg(unix)]
mod hostile_files;
mod kill;
mod library;
mod machine;
mod reference_target;
mod shards;
mod snapshots;
mod statement;
mod tidy;
mod wording;
