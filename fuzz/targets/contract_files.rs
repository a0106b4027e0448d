//! See `proofmark_fuzz::contract_files`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    proofmark_fuzz::contract_files(bytes);
});
