//! Where an answer, an element of a list, or the creating request shows what a thing is called: the members whose values the
//! operation that destroys the thing takes. A structure is no name, and where two members would do equally well neither is taken.

use serde_json::Value;

use crate::{
    contract::shape::{Kind, Property, Shape},
    model::contract::{Contract, Operation},
};

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// The kind of thing: `UserPool`.
    pub resource: &'a str,
    /// The member of the destroying operation: `UserPoolId`.
    pub member: &'a str,
    /// And its schema.
    pub schema: &'a Value,
}

/// The names of members from the outside in; empty for the value itself.
pub(crate) type Way = Vec<String>;

/// The ways to what is wanted in values of this schema, the most certain first.
pub(crate) fn ways(contract: &Contract, schema: &Value, wanted: Wanted<'_>) -> Vec<Way> {
    let shape = Shape::of(contract, schema);
    let target = Shape::of(contract, wanted.schema);
    if fits(shape.kind, target.kind) {
        return vec![Vec::new()];
    }
    let top = shape.properties(contract);
    let inner: Vec<(&str, Vec<Property<'_>>)> = top
        .iter()
        .map(|property| (property.name, Shape::of(contract, property.schema)))
        .filter(|(_, shape)| shape.kind == Kind::Structure)
        .map(|(name, shape)| (name, shape.properties(contract)))
        .collect();
    // The thing itself is the structure of its kind's name, or the only one, or all of it.
    let named = inner.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted.resource));
    let only =
        || inner.first().filter(|_| inner.len() == 1 && scalars(contract, &top, target.kind).is_empty());
    let (outer, thing) = match named.or_else(only) {
        Some((name, properties)) => (Some(*name), scalars(contract, properties, target.kind)),
        None => (None, scalars(contract, &top, target.kind)),
    };
    let way = |outer: Option<&str>, name: &str| -> Way {
        outer.into_iter().chain([name]).map(str::to_owned).collect()
    };
    let exact = |property: &&Property<'_>| property.name.eq_ignore_ascii_case(wanted.member);
    let mut found: Vec<Way> = Vec::new();
    found.extend(thing.iter().find(exact).map(|property| way(outer, property.name)));
    found.extend(
        scalars(contract, &top, target.kind).iter().find(exact).map(|property| way(None, property.name)),
    );
    for (name, properties) in &inner {
        found.extend(
            scalars(contract, properties, target.kind)
                .iter()
                .find(exact)
                .map(|property| way(Some(name), property.name)),
        );
    }
    let related = thing.iter().filter(|property| is_related(property.name, wanted));
    found.extend(only_one(related).map(|property| way(outer, property.name)));
    // A shape that is named after the kind of thing names nothing else.
    let resource = wanted.resource.to_lowercase();
    let of_kind = target.name.filter(|name| name.to_lowercase().contains(&resource));
    let same =
        |property: &&Property<'_>| of_kind.is_some() && Shape::of(contract, property.schema).name == of_kind;
    found.extend(only_one(thing.iter().filter(same)).map(|property| way(outer, property.name)));
    let arns = thing.iter().filter(|property| is_arn(property.name, wanted.resource));
    found.extend(only_one(arns).map(|property| way(outer, property.name)));
    let mut seen = Vec::new();
    found.retain(|way| {
        !seen.contains(way) && {
            seen.push(way.clone());
            true
        }
    });
    found
}

/// The member of the creating request that gives what is wanted: the one of the same name; or, where the destroying operation
/// calls its member as the kind of thing is called (`capacityProvider`), and so takes any name of it, the one member that is
/// its name.
pub(crate) fn given<'a>(contract: &Contract, create: &'a Operation, wanted: Wanted<'_>) -> Option<&'a str> {
    if let Some((same, _)) = create.members.get_key_value(wanted.member) {
        return Some(same);
    }
    let target = Shape::of(contract, wanted.schema).kind;
    let of_kind = format!("{}Name", wanted.resource);
    let is_name = |name: &str| name.eq_ignore_ascii_case("name") || name.eq_ignore_ascii_case(&of_kind);
    let mut names = create
        .members
        .iter()
        .filter(|(name, member)| is_name(name) && fits(Shape::of(contract, &member.schema).kind, target));
    let name = names.next().filter(|_| wanted.member.eq_ignore_ascii_case(wanted.resource))?;
    names.next().is_none().then_some(name.0)
}

/// What stands at the end of the first way that leads anywhere, if it is a text or a number. Where a more certain member is
/// there and holds no name, a less certain one does not stand for it.
pub(crate) fn at<'v>(value: &'v Value, ways: &[Way]) -> Option<&'v Value> {
    let end = |way: &Way| way.iter().try_fold(value, |value, name| value.get(name));
    let found = ways.iter().find_map(end)?;
    let says = found.as_str().is_some_and(|text| !text.is_empty()) || found.is_i64() || found.is_u64();
    says.then_some(found)
}

/// The properties whose values may be a name of this kind.
fn scalars<'a>(contract: &'a Contract, properties: &[Property<'a>], wanted: Kind) -> Vec<Property<'a>> {
    let scalar = |property: &&Property<'_>| fits(Shape::of(contract, property.schema).kind, wanted);
    properties.iter().filter(scalar).copied().collect()
}

fn fits(kind: Kind, wanted: Kind) -> bool {
    match wanted {
        Kind::Text => kind == Kind::Text,
        Kind::Integer | Kind::Number => matches!(kind, Kind::Integer | Kind::Number),
        Kind::Anything => matches!(kind, Kind::Text | Kind::Integer),
        _ => false,
    }
}

/// `Id` of a `UserPool` for `UserPoolId`; `SubscriptionName` of a `Subscription` for `Name`.
fn is_related(name: &str, wanted: Wanted<'_>) -> bool {
    let joined = |one: &str| format!("{}{one}", wanted.resource);
    joined(name).eq_ignore_ascii_case(wanted.member) || joined(wanted.member).eq_ignore_ascii_case(name)
}

/// Its own Amazon Resource Name stands for a thing wherever one of its names does.
fn is_arn(name: &str, resource: &str) -> bool {
    name.eq_ignore_ascii_case("arn") || name.eq_ignore_ascii_case(&format!("{resource}Arn"))
}

fn only_one<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    all.next().filter(|_| all.next().is_none())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contract(defs: Value) -> Contract {
        let schemas = json!({ "$defs": defs });
        serde_json::from_value(json!({
            "api": "t", "title": "t", "version": "1", "protocol": { "name": "rest" }, "operations": {},
            "schemas": schemas,
        }))
        .unwrap()
    }

    /// A request gives a name under the same word, or, for a member that is called as the kind is, under `name`. An identifier is
    /// no name, and of two names neither is taken.
    #[test]
    fn what_a_request_gives_for_a_name_is_read_from_the_contract() {
        let contract = contract(json!({}));
        let operation = |members: &[(&str, &str)]| -> Operation {
            let member = |kind: &str| json!({ "in": "body", "schema": { "type": kind } });
            let members = members.iter().map(|(name, kind)| ((*name).to_owned(), member(kind)));
            let members: serde_json::Map<String, Value> = members.collect();
            serde_json::from_value(json!({
                "name": "Create", "method": "POST", "path": "/", "access": "protected", "effect": "create",
                "members": members, "answers": {},
            }))
            .unwrap()
        };
        let text = json!({ "type": "string" });
        for (resource, member, members, expected) in [
            (
                "CapacityProvider",
                "capacityProvider",
                &[("name", "string"), ("tags", "array")][..],
                Some("name"),
            ),
            ("Cluster", "cluster", &[("clusterName", "string")], Some("clusterName")),
            ("Cluster", "cluster", &[("clusterName", "string"), ("name", "string")], None),
            ("Cluster", "cluster", &[("name", "object")], None),
            ("Queue", "QueueName", &[("QueueName", "string")], Some("QueueName")),
            ("UserPool", "UserPoolId", &[("PoolName", "string"), ("Name", "string")], None),
            ("TaskDefinition", "taskDefinition", &[("family", "string")], None),
        ] {
            let create = operation(members);
            let found = given(&contract, &create, Wanted { resource, member, schema: &text });
            assert_eq!(found, expected, "{resource} {member} {members:?}");
        }
    }

    #[test]
    fn what_a_thing_is_called_is_read_from_the_contract() {
        let text = || json!({ "type": "string" });
        let object = |members: Value| json!({ "type": "object", "properties": members });
        let contract = contract(json!({
            "UserPoolIdType": text(), "ArnType": text(), "SecretName": text(), "SecretArn": text(),
        }));
        let of = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
        for (resource, member, taken, answer, expected) in [
            // By its own name, at the top or in one structure; a structure is no name.
            ("Endpoint", "EndpointArn", text(), object(json!({ "EndpointArn": text() })), "EndpointArn"),
            (
                "Endpoint",
                "EndpointArn",
                text(),
                object(json!({ "Endpoint": object(json!({ "EndpointArn": text() })) })),
                "Endpoint.EndpointArn",
            ),
            (
                "Cluster",
                "cluster",
                text(),
                object(json!({ "cluster": object(json!({ "clusterArn": text(), "status": text() })) })),
                "cluster.clusterArn",
            ),
            (
                "Cluster",
                "cluster",
                text(),
                object(json!({ "cluster": object(json!({ "size": { "type": "integer" } })) })),
                "",
            ),
            // `Id` of a UserPool, with and without others around.
            (
                "UserPool",
                "UserPoolId",
                of("UserPoolIdType"),
                object(
                    json!({ "UserPool": object(json!({ "Id": of("UserPoolIdType"), "Arn": of("ArnType") })) }),
                ),
                "UserPool.Id UserPool.Arn",
            ),
            (
                "UserPool",
                "UserPoolId",
                of("UserPoolIdType"),
                object(
                    json!({ "Pool": object(json!({ "Key": of("UserPoolIdType"), "Name": text() })), "N": { "type": "integer" } }),
                ),
                "Pool.Key",
            ),
            // Two that would do are none.
            (
                "UserPool",
                "UserPoolId",
                of("UserPoolIdType"),
                object(
                    json!({ "UserPool": object(json!({ "A": of("UserPoolIdType"), "B": of("UserPoolIdType") })) }),
                ),
                "",
            ),
            // Its ARN stands for it.
            (
                "Secret",
                "SecretId",
                text(),
                object(json!({ "ARN": of("SecretArn"), "Name": of("SecretName") })),
                "ARN",
            ),
            ("Secret", "SecretId", text(), object(json!({ "Name": of("SecretName") })), ""),
            // A number where a number is taken, a text where a text is; an element that is itself the name.
            ("Thing", "ThingId", json!({ "type": "integer" }), object(json!({ "ThingId": text() })), ""),
            ("Thing", "ThingId", text(), object(json!({ "ThingId": { "type": "integer" } })), ""),
            ("Queue", "QueueUrl", text(), text(), "."),
        ] {
            let found = ways(&contract, &answer, Wanted { resource, member, schema: &taken });
            let told = |way: &Way| if way.is_empty() { ".".to_owned() } else { way.join(".") };
            assert_eq!(
                found.iter().map(told).collect::<Vec<_>>().join(" "),
                expected,
                "{resource} {member} {answer}"
            );
        }
        let answer = json!({ "UserPool": { "Id": "a" }, "cluster": { "name": "x" }, "n": 7, "empty": "" });
        for (ways, found) in [
            ("UserPool.Id", "\"a\""),
            ("cluster", "none"),
            ("n", "7"),
            ("empty", "none"),
            ("no.way", "none"),
            ("no.way n", "7"),
            ("n UserPool.Id", "7"),
            // Made with something that is no name: what else it shows may be of another thing.
            ("cluster UserPool.Id", "none"),
            ("empty UserPool.Id", "none"),
        ] {
            let all: Vec<Way> =
                ways.split(' ').map(|way| way.split('.').map(str::to_owned).collect()).collect();
            assert_eq!(at(&answer, &all).map_or("none".to_owned(), Value::to_string), found, "{ways}");
        }
    }
}
