//! Amazon connections: added, listed, shown, removed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Router,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    routing,
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header::LOCATION};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{problem::Problem, tokens::SignedIn};
use crate::reference::{
    Deviation, Shared, Variation,
    answer::{Answer, Api, Content},
    locked, published,
};

/// The path of the collection.
pub(crate) const COLLECTION: &str = "/api/v1/amazonConnections";

/// Ids, in their order. Region and account are checked and not shown again, so they are not kept.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    ids: BTreeMap<Uuid, Presence>,
    /// Those that were removed: a target that deviates remembers them.
    removed: BTreeSet<Uuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Here,
    /// Removed, yet listed: only where a target deviates so.
    Removed,
}

impl Connections {
    fn has(&self, id: Uuid) -> bool {
        self.ids.get(&id) == Some(&Presence::Here)
    }
}

/// AmazonConnectionSpec. The prose of the document spells the members in the other way; both are read.
#[derive(Deserialize)]
struct Spec {
    #[serde(rename = "RegionId", alias = "regionId")]
    region: Option<Value>,
    #[serde(rename = "AmazonAccountId", alias = "amazonAccountId")]
    account: Option<Value>,
    #[serde(rename = "accessKey")]
    _access_key: Option<String>,
    #[serde(rename = "secretKey")]
    _secret_key: Option<String>,
}

/// CreateAmazonConnection
pub(crate) async fn create(
    _: SignedIn,
    State(shared): State<Arc<Shared>>,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let checked = match body {
        Ok(body) => check_spec(&shared, &body),
        Err(_) => Err(Problem::unexpected_content("The request is too large, or ended too early.")),
    };
    if let Err(problem) = checked {
        return problem.answer(&shared).with_operation("CreateAmazonConnection");
    }
    let id = Uuid::new_v4();
    locked(&shared.veeam.connections).ids.insert(id, Presence::Here);
    let answer = Answer::new(Api::Veeam, StatusCode::CREATED, Content::Json(output(&shared, id)));
    let answer = match HeaderValue::from_str(&href(&shared, id)) {
        Ok(location) => answer.with_header(LOCATION, location),
        Err(_) => answer,
    };
    answer.with_operation("CreateAmazonConnection")
}

fn check_spec(shared: &Shared, body: &[u8]) -> Result<(), Problem> {
    // A map first: serde would take an array for the members in their order.
    let members: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
        if shared.deviates(Deviation::MalformedBodyIsServerError) {
            return Problem::internal();
        }
        Problem::unexpected_content(format!("The body is not a JSON object: {error}."))
    })?;
    if shared.deviates(Deviation::RegionOnlyAsInProse) && !members.contains_key("regionId") {
        return Err(Problem::unexpected_content("regionId is required."));
    }
    let spec: Spec = serde_json::from_value(Value::Object(members))
        .map_err(|error| Problem::unexpected_content(error.to_string()))?;
    match spec.region {
        Some(_) if shared.deviates(Deviation::RegionTypeUnchecked) => return Ok(()),
        None if shared.deviates(Deviation::RegionNotRequired) => {}
        None => return Err(Problem::unexpected_content("RegionId is required.")),
        Some(region) => check_known(shared, "RegionId", &region, published::REGION_ID)?,
    }
    match spec.account {
        Some(account) => check_known(shared, "AmazonAccountId", &account, published::ACCOUNT_ID),
        None => Ok(()),
    }
}

/// A UUID in a string, and the one that exists.
fn check_known(shared: &Shared, member: &str, value: &Value, known: &str) -> Result<(), Problem> {
    let id = value.as_str().and_then(read_id);
    match id {
        Some(id) if Some(id) == read_id(known) => Ok(()),
        Some(_) if shared.deviates(Deviation::UnknownRegionAccepted) => Ok(()),
        Some(_) => Err(Problem::unexpected_content(format!("There is nothing of this {member}."))),
        None => Err(Problem::unexpected_content(format!("{member} has to be a UUID."))),
    }
}

/// GetAllAmazonConnections
pub(crate) async fn list(_: SignedIn, State(shared): State<Arc<Shared>>) -> Answer {
    let results: Vec<Value> = if shared.deviates(Deviation::CreatedNotListed) {
        Vec::new()
    } else {
        locked(&shared.veeam.connections).ids.keys().map(|id| output(&shared, *id)).collect()
    };
    let page = json!({ "totalCount": results.len(), "results": results });
    Answer::new(Api::Veeam, StatusCode::OK, Content::Json(page)).with_operation("GetAllAmazonConnections")
}

/// GetAmazonConnectionById
pub(crate) async fn get(
    _: SignedIn,
    State(shared): State<Arc<Shared>>,
    id: Result<Path<String>, PathRejection>,
) -> Answer {
    let found = path_id(&shared, id).and_then(|id| {
        let connections = locked(&shared.veeam.connections);
        let pretended = shared.deviates(Deviation::NeverAddedShown) && !connections.removed.contains(&id);
        if connections.has(id) || pretended { Ok(id) } else { Err(absent(id)) }
    });
    let answer = match found {
        Ok(id) => Answer::new(Api::Veeam, StatusCode::OK, Content::Json(output(&shared, id))),
        Err(problem) if problem.is_of_uri() && shared.deviates(Deviation::MalformedIdShownIsServerError) => {
            Problem::internal().answer(&shared)
        }
        Err(problem) => problem.answer(&shared),
    };
    answer.with_operation("GetAmazonConnectionById")
}

/// DeleteAmazonConnection
pub(crate) async fn delete(
    _: SignedIn,
    State(shared): State<Arc<Shared>>,
    id: Result<Path<String>, PathRejection>,
) -> Answer {
    let removed = path_id(&shared, id).and_then(|id| remove(&shared, id));
    let answer = match removed {
        Ok(()) => Answer::new(Api::Veeam, StatusCode::NO_CONTENT, Content::Empty),
        Err(problem) if problem.is_of_uri() && shared.deviates(Deviation::MalformedIdIsServerError) => {
            Problem::internal().answer(&shared)
        }
        Err(problem) => problem.answer(&shared),
    };
    answer.with_operation("DeleteAmazonConnection")
}

fn remove(shared: &Shared, id: Uuid) -> Result<(), Problem> {
    let mut connections = locked(&shared.veeam.connections);
    if !connections.has(id) {
        let again = connections.removed.contains(&id) && shared.deviates(Deviation::SecondRemoveAccepted);
        if again || shared.deviates(Deviation::UnknownIdAccepted) {
            return Ok(());
        }
        if shared.deviates(Deviation::UnknownIdIsBadRequest) {
            return Err(Problem::unexpected_content("There is no such connection."));
        }
        return Err(absent(id));
    }
    if shared.deviates(Deviation::RemoveDoesNothing) {
        return Ok(());
    }
    if shared.deviates(Deviation::RemoveRemovesAll) {
        connections.ids.clear();
        return Ok(());
    }
    if shared.deviates(Deviation::ListKeepsRemoved) {
        connections.ids.insert(id, Presence::Removed);
        return Ok(());
    }
    if shared.deviates(Deviation::RemoveRemovesAnother) {
        let another = connections.ids.keys().copied().find(|other| *other != id);
        connections.ids.remove(&another.unwrap_or(id));
        return Ok(());
    }
    connections.ids.remove(&id);
    connections.removed.insert(id);
    Ok(())
}

/// A second path to DeleteAmazonConnection, where a target deviates so.
pub(crate) fn elsewhere(shared: &Shared) -> Router<Arc<Shared>> {
    match shared.deviates(Deviation::SingularPathServed) {
        true => Router::new().route("/api/v1/amazonConnection/{id}", routing::delete(delete)),
        false => Router::new(),
    }
}

/// Under the deviation that removes what it refuses to: removes the connection whose id ends the path.
pub(crate) fn remove_although_refused(shared: &Shared, path: &str) {
    if let Some(id) = path.rsplit('/').next().and_then(read_id) {
        locked(&shared.veeam.connections).ids.remove(&id);
    }
}

/// Whether there is a connection of this id.
pub(crate) fn is_there(shared: &Shared, id: &str) -> bool {
    read_id(id).is_some_and(|id| locked(&shared.veeam.connections).has(id))
}

fn path_id(shared: &Shared, id: Result<Path<String>, PathRejection>) -> Result<Uuid, Problem> {
    let text = id.map(|Path(id)| id).unwrap_or_default();
    match read_id(&text) {
        Some(id)
            if shared.deviates(Deviation::UpperCaseIdUnknown)
                && text.contains(|c: char| c.is_ascii_uppercase()) =>
        {
            Err(absent(id))
        }
        Some(id) => Ok(id),
        None if shared.varies(Variation::MalformedIdIsNotFound) => {
            Err(Problem::not_found("There is no such connection."))
        }
        None => Err(Problem::invalid_uri("The id of a connection has to be a UUID.")),
    }
}

fn absent(id: Uuid) -> Problem {
    Problem::not_found(format!("There is no connection {id}."))
}

/// A UUID in its form with hyphens, letters of either case.
fn read_id(text: &str) -> Option<Uuid> {
    if text.len() != 36 {
        return None;
    }
    Uuid::try_parse(text).ok()
}

/// The document's AmazonConnection.
fn output(shared: &Shared, id: Uuid) -> Value {
    let href = href(shared, id);
    let shown = match shared.varies(Variation::UpperCaseIds) {
        true => id.to_string().to_uppercase(),
        false => id.to_string(),
    };
    json!({
        "id": shown,
        "_links": [
            { "rel": "self", "href": href, "method": "GET" },
            { "rel": "delete", "href": href, "method": "DELETE" },
        ],
    })
}

fn href(shared: &Shared, id: Uuid) -> String {
    format!("{}{COLLECTION}/{id}", shared.base_url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_with_hyphens() {
        for (text, verdict) in [
            ("9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01", true),
            ("9F7D1C1E-5B0A-4C55-8B5E-2D0F6B1A7C01", true),
            ("9f7d1c1e5b0a4c558b5e2d0f6b1a7c01", false),
            ("{9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01}", false),
            ("urn:uuid:9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01", false),
            ("9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c0g", false),
            ("", false),
        ] {
            assert_eq!(read_id(text).is_some(), verdict, "{text}");
        }
    }
}
