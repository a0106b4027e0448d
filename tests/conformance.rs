//! Every case, judged against the target that `PROOFMARK_TARGET` and `PROOFMARK_BASE_URL` name; without them, against
//! the embedded reference target.

fn main() -> std::process::ExitCode {
    proofmark::main()
}
