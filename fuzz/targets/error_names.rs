//! See `proofmark_fuzz::error_names`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    proofmark_fuzz::error_names(bytes);
});
