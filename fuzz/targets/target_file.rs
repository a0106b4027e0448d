//! See `proofmark_fuzz::target_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    proofmark_fuzz::target_file(bytes);
});
