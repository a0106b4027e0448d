//! The cases of this crate, judged against its own server.

use proofmark::Conformance;

fn main() -> std::process::ExitCode {
    Conformance::from_env().target("local").base_url(|| Ok(inventory::start()?.url())).main()
}
