//! Where the APIs begin: a request below another path asks for no operation of a contract, whatever its path ends with, and
//! what it is answered is nobody's breach.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::{
    matcher::{error_reading::error_names, media_type},
    model::{
        contract::{ApiName, Contract},
        exchange::Response,
        target::Target,
    },
    traffic::{CapturedExchange, classify},
};

/// What is known of the paths before those of operations.
#[derive(Debug)]
pub enum BasePaths {
    /// Somebody has said them: one for all APIs, and those of some.
    Declared { all: String, of: BTreeMap<ApiName, String> },
    /// Nobody has. Below these somebody answered as the API does.
    Inferred(BTreeSet<(ApiName, String)>),
}

impl BasePaths {
    /// `all` is the path of a URL; where it is none, a target file says more.
    pub fn declared(all: &str, target: Option<&Target>) -> BasePaths {
        let all = all.trim_end_matches('/').to_owned();
        let of = target.filter(|_| all.is_empty()).map(|target| {
            let path = |url: &Url| url.path().trim_end_matches('/').to_owned();
            target.apis.iter().map(|(api, it)| (api.clone(), path(&it.base_url))).collect()
        });
        BasePaths::Declared { all, of: of.unwrap_or_default() }
    }

    /// By what the target file says, or else by the answers.
    pub fn of(exchanges: &[CapturedExchange], contracts: &[&Contract], target: Option<&Target>) -> BasePaths {
        if target.is_some() {
            return BasePaths::declared("", target);
        }
        let proven = exchanges.iter().filter_map(|captured| {
            let found = classify::asked(captured, contracts, None)?;
            let answer = captured.answer.as_ref().ok()?;
            speaks(answer, found.contract).then(|| (found.contract.api.clone(), found.base.to_string()))
        });
        BasePaths::Inferred(proven.collect())
    }

    /// The path of this API, where somebody has said it.
    pub fn path(&self, contract: &Contract) -> Option<&str> {
        match self {
            BasePaths::Declared { all, of } => Some(of.get(&contract.api).unwrap_or(all)),
            BasePaths::Inferred(_) => None,
        }
    }

    /// Whether the API may be expected to begin there. Where nothing tells, it begins at the root.
    pub fn hold(&self, contract: &Contract, base: &Url) -> bool {
        match self {
            BasePaths::Declared { .. } => self.path(contract) == Some(base.path().trim_end_matches('/')),
            BasePaths::Inferred(seen) => {
                let of_origin = |(api, other): &&(ApiName, String)| {
                    *api == contract.api && Url::parse(other).is_ok_and(|it| it.origin() == base.origin())
                };
                seen.contains(&(contract.api.clone(), base.to_string()))
                    || base.path() == "/" && !seen.iter().any(|it| of_origin(&it))
            }
        }
    }
}

/// Whether an answer is the API's own, and not of whoever answers for paths that nobody has: a success that is no page, or an
/// error by one of the names that errors of the protocol have.
fn speaks(answer: &Response, contract: &Contract) -> bool {
    let page = || {
        let typed = answer.header("content-type").map(|value| media_type(value).0);
        typed.is_some_and(|typed| typed.ends_with("html"))
    };
    match answer.status {
        200..=299 => !page(),
        400.. => error_names(&contract.protocol, answer).resolved().is_some(),
        _ => false,
    }
}
