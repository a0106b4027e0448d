//! See `proofmark_fuzz::smithy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    proofmark_fuzz::smithy(bytes);
});
