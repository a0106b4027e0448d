//! See `proofmark_fuzz::clause_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    proofmark_fuzz::clause_file(bytes);
});
