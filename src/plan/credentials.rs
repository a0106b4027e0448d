//! Credentials that a target file gives and that no request carries, because the contract asks for none.

use crate::{
    contract::Contracts,
    model::{
        contract::{Access, Contract},
        target::{Authentication, Credentials, Target},
    },
};

/// Whether no operation of the contract needs credentials.
pub fn asks_for_none(contract: &Contract) -> bool {
    contract.operations.values().all(|operation| operation.access == Access::Public)
}

/// A sentence for each API of the target whose credentials no request carries.
pub fn unsent(target: &Target, contracts: &Contracts) -> Vec<String> {
    let given = target.apis.iter().filter(|(_, api)| {
        !matches!(api.credentials, Credentials::None) && api.authentication == Authentication::Documented
    });
    let unsent = given.filter(|(api, _)| contracts.get(api).is_some_and(asks_for_none));
    unsent
        .map(|(api, _)| {
            format!(
                "{api}: the contract asks for no credentials, so no request carries those of the target file; \
                 `auth: always` beside `credentials` sends them with every request"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        contract,
        model::target::{ApiTarget, SecretRef},
    };

    fn contracts(security: &str) -> Contracts {
        let document = format!(
            r#"{{ "openapi": "3.0.0", "info": {{ "title": "T", "version": "1" }}, {security}
                "paths": {{ "/": {{ "get": {{ "operationId": "Get", "responses": {{}} }} }} }} }}"#
        );
        let imported = contract::openapi::import(&document, "shop").unwrap();
        Contracts::new(vec![imported.contract]).unwrap()
    }

    /// What is said of credentials that a document asks for or does not, and a target file gives or does not.
    #[test]
    fn credentials_that_no_request_carries_are_named() {
        let bearer = || Credentials::Bearer { token: SecretRef::Env("TOKEN".into()) };
        let rows = [
            ("", bearer(), Authentication::Documented, 1),
            (r#""security": [],"#, bearer(), Authentication::Documented, 1),
            ("", bearer(), Authentication::Always, 0),
            ("", Credentials::None, Authentication::Documented, 0),
            (r#""security": [{ "key": [] }],"#, bearer(), Authentication::Documented, 0),
            (r#""security": [{ "key": [] }],"#, bearer(), Authentication::Always, 0),
        ];
        for (security, credentials, authentication, count) in rows {
            let api = ApiTarget {
                base_url: "http://127.0.0.1:1".parse().unwrap(),
                credentials,
                authentication,
                accounts: Vec::new(),
                sts_url: None,
            };
            let named = format!("{security} {api:?}");
            let target = Target { apis: [(Arc::from("shop"), api)].into(), ..Target::default() };
            assert_eq!(unsent(&target, &contracts(security)).len(), count, "{named}");
        }
    }
}
