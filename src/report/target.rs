//! What of a target stands in a report: names, addresses, and how to reach it by hand. Nothing that is secret.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{JudgedRun, curl};
use crate::model::{
    case::Origin,
    contract::{ApiName, Protocol},
    no_operation::{NoOperation, NoOperations},
    target::{Credentials, Implementation, Target, Verification},
};

/// What a report tells about a target; nothing of it is secret.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetFacts {
    pub name: Arc<str>,
    pub product: Option<String>,
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Implementation::is_empty")]
    pub implementation: Implementation,
    pub apis: BTreeMap<ApiName, ApiFacts>,
    pub verification: Verification,
    /// Options a `curl` line needs to reach the target as the run did: `--cacert`, `--proxy`, ...
    pub curl: Vec<(Cow<'static, str>, String)>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiFacts {
    /// Without user information.
    pub base_url: String,
    pub identity: Identity,
    /// What it answers to an operation that cannot exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_operation: Option<NoOperation>,
}

/// How callers of an API prove who they are, as far as repeating a request by hand needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Identity {
    None,
    SigV4 { region: String, service: String },
    Bearer,
}

/// The approved answers of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovedFiles {
    /// Missing where answers were judged by the contract alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Names of files that no case has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreferenced: Vec<String>,
}

/// What a report says of a target without approved answers.
pub const CONTRACT_ALONE: &str =
    "The target has no approved snapshots: answers were judged by the contract alone.";

/// Whether written cases were judged, and their answers compared with nothing.
pub fn contract_alone(run: &JudgedRun) -> bool {
    let without = run.plan.snapshots.as_ref().is_some_and(|approved| approved.folder.is_none());
    without && run.entries.iter().any(|entry| entry.subject.origin == Some(Origin::Written))
}

impl TargetFacts {
    /// What each API answers to an operation that cannot exist.
    pub fn no_operations(&self) -> NoOperations {
        let apis = self.apis.iter();
        apis.filter_map(|(api, facts)| Some((Arc::clone(api), facts.no_operation.clone()?))).collect()
    }

    /// With these answers to an operation that cannot exist.
    pub fn with(mut self, mut no_operations: NoOperations) -> Self {
        self.apis.iter_mut().for_each(|(api, facts)| facts.no_operation = no_operations.remove(api));
        self
    }

    /// `protocols` are those of the contracts, by API; they know the name a service signs with.
    pub fn of(target: &Target, protocols: &BTreeMap<ApiName, Protocol>) -> Self {
        let apis = target.apis.iter().map(|(api, it)| {
            let identity = match (&it.credentials, protocols.get(api)) {
                (Credentials::None, _) => Identity::None,
                (Credentials::SigV4 { region, .. }, protocol) => {
                    let service = protocol.and_then(Protocol::signing_name).unwrap_or(api).to_owned();
                    Identity::SigV4 { region: region.clone(), service }
                }
                (Credentials::Bearer { .. } | Credentials::Password { .. }, _) => Identity::Bearer,
            };
            let base_url = without_user_information(&it.base_url);
            (api.clone(), ApiFacts { base_url, identity, no_operation: None })
        });
        TargetFacts {
            name: target.name.clone(),
            product: target.product.clone(),
            version: target.version.clone(),
            implementation: target.implementation.clone(),
            apis: apis.collect(),
            verification: target.tls.verification,
            curl: curl::transport(target).into_iter().map(|(option, value)| (option.into(), value)).collect(),
        }
    }
}

fn without_user_information(url: &url::Url) -> String {
    let mut url = url.clone();
    // Both fail only for URLs that cannot have user information.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::target::{ApiTarget, Keys, SecretRef, Tls};

    #[test]
    fn of_a_target_only_what_is_no_secret_is_told() {
        let api = |url: &str, credentials| ApiTarget {
            base_url: url.parse().unwrap(),
            credentials,
            authentication: Default::default(),
            accounts: Vec::new(),
            sts_url: None,
        };
        let secret = || SecretRef::Published("hunter2".into());
        let sigv4 = Credentials::SigV4 {
            region: "us-east-1".into(),
            keys: Keys::Static { access_key: secret(), secret_key: secret(), session_token: None },
        };
        let password = Credentials::Password { username: "me".into(), password: secret() };
        let target = Target {
            name: "staging".into(),
            apis: [
                ("dms".into(), api("http://me:hunter2@127.0.0.1:7400/", sigv4)),
                ("veeam".into(), api("https://backup.example/base", password)),
            ]
            .into(),
            tls: Tls { ca: Some("ca.pem".into()), verification: Verification::Off, ..Tls::default() },
            proxy: Some("http://me:hunter2@proxy:3128".into()),
            ..Target::default()
        };
        let protocol = Protocol::AwsJson {
            json_version: "1.1".into(),
            target_prefix: "AmazonDMSv20160101".into(),
            signing_name: "dms".into(),
        };
        let facts = TargetFacts::of(&target, &[("dms".into(), protocol)].into());
        assert!(!format!("{facts:?}").contains("hunter2"), "{facts:?}");
        assert_eq!(facts.apis["dms"].base_url, "http://127.0.0.1:7400");
        assert_eq!(facts.apis["veeam"].base_url, "https://backup.example/base");
        assert_eq!(facts.apis["veeam"].identity, Identity::Bearer);
        let signed = Identity::SigV4 { region: "us-east-1".into(), service: "dms".into() };
        assert_eq!(facts.apis["dms"].identity, signed);
        let options: Vec<_> = facts.curl.iter().map(|(option, value)| format!("{option} {value}")).collect();
        assert_eq!(options, ["--insecure ", "--cacert ca.pem", "--proxy http://proxy:3128"]);
    }
}
