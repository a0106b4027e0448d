//! See `proofmark_fuzz::botocore`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    proofmark_fuzz::botocore(bytes);
});
