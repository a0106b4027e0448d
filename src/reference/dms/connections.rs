//! TestConnection, DescribeConnections, DeleteConnection.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Cx,
    fault::Fault,
    input, listing,
    store::{Access, Connection, Deadline, Hold, Outcome, Pair, Store},
    without_nulls,
};
use crate::reference::{Deviation, Variation};

const FILTERS: &[&str] = &["endpoint-arn", "replication-instance-arn"];

/// What TestConnection and DeleteConnection take.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    endpoint_arn: Option<String>,
    replication_instance_arn: Option<String>,
}

/// Reads the two ARNs, both required.
fn read_pair(cx: &Cx<'_>, input: Map<String, Value>) -> Result<Pair, Fault> {
    let message: Message = input::read(input)?;
    let endpoint = input::required_arn(cx, "EndpointArn", message.endpoint_arn)?;
    let instance = input::required_arn(cx, "ReplicationInstanceArn", message.replication_instance_arn)?;
    Ok((endpoint, instance))
}

/// Both ends of a connection have to exist.
fn check_ends(store: &Store, (endpoint, instance): &Pair) -> Result<(), Fault> {
    if !store.endpoints.contains_key(endpoint) {
        return Err(Fault::not_found(format!("Endpoint {endpoint} not found.")));
    }
    if !store.instances.contains_key(instance) {
        return Err(Fault::not_found(format!("Replication instance {instance} not found.")));
    }
    Ok(())
}

pub(crate) fn test(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    let members = [
        ("EndpointArn", Deviation::TestWithoutEndpointAccepted),
        ("ReplicationInstanceArn", Deviation::TestWithoutInstanceAccepted),
    ];
    if members.iter().any(|(name, accepted)| !input.contains_key(*name) && cx.deviates(*accepted)) {
        return Ok(invented(&named(&input), "testing"));
    }
    let pair = read_pair(cx, input)?;
    if let Err(fault) = check_ends(store, &pair) {
        return if cx.deviates(Deviation::TestOfAbsentAccepted) {
            Ok(invented(&pair, "testing"))
        } else {
            Err(fault)
        };
    }
    let (Some(endpoint), Some(instance)) = (store.endpoints.get(&pair.0), store.instances.get(&pair.1))
    else {
        return Err(Fault::internal());
    };
    let now = cx.now.instant;
    if endpoint.access == Access::Denied {
        return Err(Fault::access_denied(format!("DMS was denied access to {}.", endpoint.arn)));
    }
    if endpoint.gone.is_some() {
        return Err(Fault::invalid_state(format!("Endpoint {} is being deleted.", endpoint.arn)));
    }
    if instance.status(now) != "available" {
        return Err(Fault::invalid_state(format!("Replication instance {} is not available.", instance.arn)));
    }
    match store.connections.get(&pair) {
        Some(old) if old.gone.is_some() || old.hold == Hold::Busy => {
            return Err(Fault::invalid_state("The connection is in a state that does not allow a test."));
        }
        // A test that is under way is not begun again.
        Some(old) if old.status(now) == "testing" => return Ok(json!({ "Connection": output(old, now) })),
        _ => {}
    }
    let never = cx.deviates(Deviation::TestNeverEnds);
    let delay = if cx.varies(Variation::TestedAtOnce) { Duration::ZERO } else { cx.shared.delays.testing };
    let tested = if never { Deadline::never() } else { Deadline::after(delay, now) };
    let connection = Connection::new(endpoint, instance, tested);
    let mut answer = output(&connection, now);
    if cx.deviates(Deviation::TestStatusNotTesting) {
        answer["Status"] = json!("deleting");
    }
    store.connections.insert(pair, connection);
    Ok(json!({ "Connection": answer }))
}

pub(crate) fn describe(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    let mut request = listing::Request::read(cx, input, FILTERS)?;
    if cx.deviates(Deviation::FilterIgnored) {
        request.filters.clear();
    }
    if cx.deviates(Deviation::SecondFilterIgnored) {
        request.filters.truncate(1);
    }
    let now = cx.now.instant;
    let hidden = cx.deviates(Deviation::TestedNotListed)
        || request.filters.is_empty() && cx.deviates(Deviation::UnfilteredListsNothing);
    let mut records = Vec::new();
    for (pair, connection) in &mut store.connections {
        let passes = request.passes(|name| if name == "endpoint-arn" { &pair.0 } else { &pair.1 });
        if !passes || hidden {
            continue;
        }
        records.push((format!("{} {}", pair.0, pair.1), output(connection, now)));
        if cx.deviates(Deviation::StatusGoesBackward) && connection.status(now) == "successful" {
            connection.tested = Deadline::never();
        }
    }
    if records.is_empty() && !request.filters.is_empty() && cx.deviates(Deviation::NoneFoundRefused) {
        return Err(Fault::invalid_value("No connection passes these filters."));
    }
    Ok(request.page(cx, "Connections", records))
}

pub(crate) fn delete(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    if let Some(answer) = let_pass(cx, &input) {
        return answer;
    }
    let pair = read_pair(cx, input)?;
    match check_deletable(store, &pair) {
        Ok(()) => {}
        Err(_) if store.deleted.contains(&pair) && cx.deviates(Deviation::SecondDeleteAccepted) => {
            return Ok(invented(&pair, "deleting"));
        }
        Err(_) if store.deleted.contains(&pair) && cx.deviates(Deviation::SecondDeleteIsServerError) => {
            return Err(Fault::internal());
        }
        Err((_, tolerated_by)) if cx.deviates(tolerated_by) => return Ok(invented(&pair, "deleting")),
        Err((mut fault, _)) => {
            if fault.name == "AccessDeniedFault" && cx.deviates(Deviation::DeniedRenamed) {
                fault.name = "AccessDeniedException";
            }
            return Err(fault);
        }
    }
    let now = cx.now.instant;
    let before = store.connections.get(&pair).map(|connection| output(connection, now));
    let gone = if cx.deviates(Deviation::NeverGone) {
        Deadline::never()
    } else {
        Deadline::after(cx.shared.delays.deleting, now)
    };
    for pair in what_is_deleted(store, cx, &pair) {
        if let Some(connection) = store.connections.get_mut(&pair) {
            connection.gone = Some(gone);
            store.deleted.insert(pair);
        }
    }
    let mut answer = before.unwrap_or_else(|| json!({}));
    if !cx.deviates(Deviation::DeleteStatusNotDeleting) {
        answer["Status"] = json!("deleting");
    }
    Ok(json!({ "Connection": answer }))
}

/// Why a connection cannot be deleted now, and the deviation that does not mind.
fn check_deletable(store: &Store, pair: &Pair) -> Result<(), (Fault, Deviation)> {
    check_ends(store, pair).map_err(|fault| (fault, Deviation::AbsentAccepted))?;
    if store.endpoints.get(&pair.0).is_some_and(|endpoint| endpoint.access == Access::Denied) {
        let fault = Fault::access_denied(format!("DMS was denied access to {}.", pair.0));
        return Err((fault, Deviation::DeniedAccepted));
    }
    match store.connections.get(pair) {
        None => {
            let fault =
                Fault::not_found(format!("There is no connection between {} and {}.", pair.0, pair.1));
            Err((fault, Deviation::AbsentAccepted))
        }
        Some(connection) if connection.hold == Hold::Busy => {
            let fault = Fault::invalid_state("The connection is in use and cannot be deleted.");
            Err((fault, Deviation::BusyAccepted))
        }
        Some(connection) if connection.gone.is_some() => {
            let fault = Fault::invalid_state("The connection is already being deleted.");
            Err((fault, Deviation::BusyAccepted))
        }
        Some(_) => Ok(()),
    }
}

/// The one connection that was named, where the target does not deviate.
fn what_is_deleted(store: &Store, cx: &Cx<'_>, named: &Pair) -> Vec<Pair> {
    let free = |connection: &&Connection| connection.hold == Hold::Free && connection.gone.is_none();
    let siblings =
        store.connections.values().filter(free).map(Connection::pair).filter(|pair| pair.1 == named.1);
    if cx.deviates(Deviation::DeleteDoesNothing) {
        Vec::new()
    } else if cx.deviates(Deviation::DeleteRemovesAllOfInstance) {
        siblings.collect()
    } else if cx.deviates(Deviation::DeleteRemovesAnother) {
        let name = |pair: &Pair| store.connections.get(pair).map(|found| found.endpoint_identifier.as_str());
        let likeness =
            |pair: &Pair| common_prefix(name(pair).unwrap_or_default(), name(named).unwrap_or_default());
        siblings.filter(|pair| pair != named).max_by_key(likeness).into_iter().collect()
    } else {
        vec![named.clone()]
    }
}

/// How many characters two texts begin with alike.
fn common_prefix(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
}

/// Under the deviation that deletes what it refuses: deletes the connections of the endpoint or instance that a
/// refused request named anywhere in its body.
pub(crate) fn delete_although_refused(store: &mut Store, cx: &Cx<'_>, body: &[u8]) {
    let body = String::from_utf8_lossy(body);
    for connection in store.connections.values_mut() {
        if connection.hold == Hold::Free
            && connection.gone.is_none()
            && body.contains(&connection.endpoint_arn)
        {
            connection.gone = Some(Deadline::after(Duration::ZERO, cx.now.instant));
        }
    }
}

/// What a deviation answers to a DeleteConnection whose members are not as they should be; none for the honest target.
fn let_pass(cx: &Cx<'_>, input: &Map<String, Value>) -> Option<Result<Value, Fault>> {
    if input.len() > 2 && cx.deviates(Deviation::UnknownMemberIsServerError) {
        return Some(Err(Fault::internal()));
    }
    let is_text = |name: &&str| input.get(*name).is_none_or(|value| value.is_string() || value.is_null());
    if cx.deviates(Deviation::WrongTypeIsServerError) && !PAIR.iter().all(is_text) {
        return Some(Err(Fault::internal()));
    }
    let is_given = |name: &str| input.get(name).is_some_and(|value| !value.is_null());
    let members = [
        ("EndpointArn", Deviation::MissingEndpointArnAccepted),
        ("ReplicationInstanceArn", Deviation::MissingInstanceArnAccepted),
    ];
    let passes = members.iter().any(|(name, missing_accepted)| match input.get(*name) {
        None => members.iter().any(|(other, _)| is_given(other)) && cx.deviates(*missing_accepted),
        Some(Value::Null) => cx.deviates(Deviation::NullAccepted),
        Some(Value::String(text)) if text.is_empty() => cx.deviates(Deviation::EmptyStringAccepted),
        Some(Value::String(text)) => !input::is_arn(text) && cx.deviates(Deviation::NotAnArnAccepted),
        Some(_) => cx.deviates(Deviation::WrongTypeAccepted),
    });
    passes.then(|| Ok(invented(&named(input), "deleting")))
}

/// The members that name a connection.
const PAIR: [&str; 2] = ["EndpointArn", "ReplicationInstanceArn"];

/// The two ARNs as they are given; empty where they are not.
fn named(input: &Map<String, Value>) -> Pair {
    let text = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("EndpointArn"), text("ReplicationInstanceArn"))
}

/// The answer of a target that pretends.
fn invented((endpoint, instance): &Pair, status: &str) -> Value {
    json!({ "Connection": {
        "ReplicationInstanceArn": instance,
        "EndpointArn": endpoint,
        "Status": status,
        "EndpointIdentifier": "invented",
        "ReplicationInstanceIdentifier": "invented",
    }})
}

/// The model's Connection.
fn output(connection: &Connection, now: Instant) -> Value {
    let status = connection.status(now);
    let failed = connection.outcome == Outcome::Unreachable && connection.tested.passed(now);
    let why = failed
        .then_some("Test Endpoint failed: Application-Status: 1020912, Application-Message: Cannot connect.");
    without_nulls(json!({
        "ReplicationInstanceArn": connection.instance_arn,
        "EndpointArn": connection.endpoint_arn,
        "Status": status,
        "LastFailureMessage": why,
        "EndpointIdentifier": connection.endpoint_identifier,
        "ReplicationInstanceIdentifier": connection.instance_identifier,
    }))
}
