//! The operation that cannot exist, asked for as one that only reads: a target answers the same to an operation that it does
//! not implement.

use super::{Session, auth::Identity, drive::OperationClient, wire::RoundTrip};
use crate::{
    contract::router::{Base, Incoming, Miss, Router},
    matcher::{identity, refusal, throttle::throttles},
    model::{
        case::{Auth, Raw, Request},
        contract::{Contract, Effect, Operation},
        no_operation::{NoOperation, Refusal},
        template::{Part, Template},
    },
};

/// An operation that no API has.
pub(super) const NO_OPERATION: &str = "ProofmarkNoSuchOperation";

/// Errors that a gateway gives (RFC 9110, 15.6.3 to 15.6.5): the server behind it may have carried out what was asked.
pub(super) const OF_GATEWAYS: [u16; 3] = [502, 503, 504];

/// A path of several segments is tried where a shorter one is that of an operation with parameters.
const MOST_SEGMENTS: usize = 4;

/// How one API is asked for an operation that it cannot have.
pub(super) struct Nothing<'a> {
    session: &'a Session,
    contract: &'a Contract,
    client: OperationClient<'a>,
    raw: Raw,
}

impl<'a> Nothing<'a> {
    /// By this name; none where each path is that of an operation, or no operation only reads.
    pub fn of(api: &str, name: &str, session: &'a Session) -> Option<Nothing<'a>> {
        let contract = session.contracts.get(api)?;
        let text = |text: String| Template { parts: vec![Part::Text(text)] };
        let raw = match contract.protocol.target_prefix() {
            Some(prefix) => {
                let target = text(format!("{prefix}.{name}"));
                Raw { headers: vec![("x-amz-target".into(), Some(target))], ..Raw::default() }
            }
            None => Raw { path: Some(text(path(contract, name)?)), ..Raw::default() },
        };
        let client = OperationClient::to(api, &reading(contract)?.name, session)?;
        Some(Nothing { session, contract, client, raw })
    }

    pub async fn ask(&self, auth: Auth) -> Option<RoundTrip> {
        let request = Request { input: Vec::new(), auth, raw: self.raw.clone() };
        self.client.ask(&request, &mut self.session.values(&self.contract.api)).await.ok()
    }

    pub fn client(&self) -> &OperationClient<'a> {
        &self.client
    }
}

impl Session {
    /// What this API answers to an operation that cannot exist; none where that is no refusal, or one that says nothing of the
    /// operation: of who asked, of how often, of a gateway.
    pub(super) async fn no_operation(&self, api: &str) -> Option<NoOperation> {
        let run = self.run_context.run.trim_start_matches("pm-");
        let nothing = Nothing::of(api, &format!("{NO_OPERATION}{run}"), self)?;
        let answer = nothing.refusal(Auth::Target).await?;
        let has_credentials = !matches!(self.identities.get(api)?, Identity::None);
        let anonymous = match nothing.contract.protocol.is_rest() && has_credentials {
            true => nothing.refusal(Auth::Absent).await,
            false => None,
        };
        Some(NoOperation { answer, anonymous })
    }
}

impl Nothing<'_> {
    async fn refusal(&self, auth: Auth) -> Option<Refusal> {
        let round_trip = self.ask(auth).await?;
        let response = round_trip.answer.ok()?;
        let protocol = &self.contract.protocol;
        let of_operation = !identity::is_refused(protocol, &response)
            && !throttles(protocol, &response)
            && !OF_GATEWAYS.contains(&response.status);
        refusal::of(protocol, &round_trip.request, &response).filter(|_| of_operation)
    }
}

fn reading(contract: &Contract) -> Option<&Operation> {
    let reads = |other: &&Operation| {
        other.effect == Effect::Read && (!contract.protocol.is_rest() || other.method == "GET")
    };
    contract.operations.values().find(reads)
}

/// A path that the contract does not have, with any method.
fn path(contract: &Contract, name: &str) -> Option<String> {
    let router = Router::new(contract);
    let mut paths = (1..=MOST_SEGMENTS).map(|segments| format!("/{name}").repeat(segments));
    paths.find(|path| {
        matches!(router.find(&Incoming::new("GET", path, &[], b""), Base::Known("")), Err(Miss::Path))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_path_is_that_of_no_operation() {
        for (paths, expected) in [
            (&["/things"][..], Some("/X")),
            (&["/things/{id}", "/{id}/things"], Some("/X")),
            (&["/{id}"], Some("/X/X")),
            (&["/{a}", "/{a}/{b}", "/{a}/{b}/{c}", "/{a}/{b}/{c}/{d}"], None),
        ] {
            let operation = |path: &&str| {
                let operation = json!({
                    "name": path, "method": "PUT", "path": path, "access": "public", "effect": "change", "answers": {},
                });
                ((*path).to_owned(), operation)
            };
            let operations: serde_json::Map<_, _> = paths.iter().map(operation).collect();
            let contract: Contract = serde_json::from_value(json!({
                "api": "t", "title": "", "version": "", "protocol": { "name": "rest" }, "operations": operations,
                "schemas": { "$defs": {} },
            }))
            .unwrap();
            assert_eq!(path(&contract, "X").as_deref(), expected, "{paths:?}");
        }
    }
}
