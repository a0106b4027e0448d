//! See `proofmark_fuzz::openapi`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    proofmark_fuzz::openapi(bytes);
});
