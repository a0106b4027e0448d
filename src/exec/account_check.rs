//! In whose AWS account a run would create and destroy: asked once of STS, and held against the target's list before the
//! first request that does more than read.

use std::{collections::BTreeMap, sync::Arc, sync::Mutex, sync::PoisonError};

use jiff::Timestamp;
use tokio::sync::OnceCell;

use super::{
    auth::{AuthContext, Identity},
    request::{PreparedRequest, Route},
};
use crate::model::{
    case::Auth,
    contract::{ApiName, Effect, Protocol},
    exchange::RequestKind,
};

type Answer = Arc<OnceCell<Result<(), String>>>;

/// What was found out, by API.
#[derive(Debug, Default)]
pub(super) struct AccountCheck(Mutex<BTreeMap<ApiName, Answer>>);

impl AccountCheck {
    /// An `Err` says why nothing may be created or destroyed with these credentials.
    pub async fn of(&self, identity: &Identity, context: AuthContext<'_>) -> Result<(), String> {
        if context.api.accounts.is_empty() {
            return Ok(());
        }
        let answer = {
            let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(answers.entry(Arc::clone(&context.contract.api)).or_default())
        };
        answer.get_or_init(|| check(identity, context)).await.clone()
    }
}

async fn check(identity: &Identity, context: AuthContext<'_>) -> Result<(), String> {
    let api = &context.contract.api;
    let (Some(sts), Identity::SigV4(keys)) = (context.api.sts(), identity) else {
        return Err(format!("the accounts of `{api}` cannot be checked: only AWS keys belong to an account"));
    };
    let account = ask(&sts, keys, context).await.map_err(|why| {
        format!("whose account the credentials of `{api}` are of could not be found out: {sts}: {why}")
    })?;
    match context.api.accounts.contains(&account) {
        true => Ok(()),
        false => Err(format!(
            "the credentials of `{api}` are of the account {account}, and the target file allows {}",
            context.api.accounts.join(", ")
        )),
    }
}

/// `GetCallerIdentity` of the AWS query protocol.
async fn ask(sts: &url::Url, keys: &super::auth::SigV4, context: AuthContext<'_>) -> Result<String, String> {
    const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
    let host = sts.host_str().unwrap_or_default();
    let host = sts.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut prepared = PreparedRequest {
        method: "POST".to_owned(),
        url: sts.clone(),
        target: sts.path().to_owned(),
        headers: vec![
            header("host", &host),
            header("accept", "*/*"),
            header("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ],
        body: BODY.into(),
        identity: Vec::new(),
        intent: RequestKind::Valid,
        route: Route::Pooled,
    };
    let credentials = keys.credentials(context.known_secrets).await.map_err(|error| error.to_string())?;
    keys.sign(&mut prepared, &Auth::Target, &credentials, "sts", Timestamp::now())
        .map_err(|error| error.to_string())?;
    let sent = context.wire.send_patiently(prepared, &Protocol::Rest, Effect::Read, drop);
    let round_trip = sent.await.map_err(|error| error.to_string())?;
    let response = round_trip.answer.map_err(|broken| broken.to_string())?;
    if response.status != 200 {
        return Err(format!("it answered {}", response.status));
    }
    account(&String::from_utf8_lossy(&response.body)).ok_or_else(|| "its answer names no account".to_owned())
}

/// The twelve digits behind `<Account>`, or behind `"Account":` where the answer is JSON.
fn account(answer: &str) -> Option<String> {
    let rest = ["<Account>", "\"Account\":"].iter().find_map(|mark| answer.split_once(mark))?.1;
    let rest = rest.trim_start_matches([' ', '"']);
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let ends = rest[digits.len()..].starts_with(['<', '"']);
    (digits.len() == 12 && ends).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_from_either_kind_of_answer() {
        for (answer, expected) in [
            ("<Arn>a</Arn><Account>123456789012</Account>", Some("123456789012")),
            (r#"{"Account": "123456789012"}"#, Some("123456789012")),
            ("<Account>1234567890123</Account>", None),
            ("<Account>12345678901x</Account>", None),
            ("<Account>123456789012", None),
            ("", None),
        ] {
            assert_eq!(account(answer).as_deref(), expected, "{answer}");
        }
    }
}
