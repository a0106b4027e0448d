//! How long it takes to make a contract of a model: of DMS in both its forms, and of Veeam Backup for AWS. The reach is
//! 300 ms for DMS, and 200 MB.

use divan::{AllocProfiler, Bencher};
use proofmark::contract::{Imported, botocore, diff, openapi, smithy};

const DMS: &str = include_str!("../schemas/models/dms-2016-01-01.smithy.json");
const DMS_OF_BOTOCORE: botocore::Texts<'_> = botocore::Texts {
    service: include_str!("../schemas/models/dms-2016-01-01.botocore/service-2.json"),
    paginators: Some(include_str!("../schemas/models/dms-2016-01-01.botocore/paginators-1.json")),
    waiters: Some(include_str!("../schemas/models/dms-2016-01-01.botocore/waiters-2.json")),
    examples: Some(include_str!("../schemas/models/dms-2016-01-01.botocore/examples-1.json")),
};
const VEEAM: &str = include_str!("../schemas/models/veeam-backup-for-aws-1.0-rev0.swagger.yaml");

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench]
fn dms_smithy() -> Imported {
    smithy::import(DMS, "dms").expect("the model is good")
}

#[divan::bench]
fn dms_botocore() -> Imported {
    botocore::import(DMS_OF_BOTOCORE, "dms").expect("the model is good")
}

#[divan::bench]
fn veeam_swagger() -> Imported {
    openapi::import(VEEAM, "veeam").expect("the model is good")
}

#[divan::bench]
fn dms_diff(bencher: Bencher) {
    let [smithy, botocore] = [dms_smithy(), dms_botocore()];
    bencher.bench(|| diff::changes(&smithy.contract, &botocore.contract).len());
}
