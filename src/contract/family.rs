//! Who destroys and who lists what an operation creates, read from names, paths and members.

use crate::{
    contract::{
        identity::{self, Wanted},
        shape::{Kind, Property, Shape},
    },
    model::contract::{Contract, Effect, Member, Operation, ParameterLocation},
};

/// `Endpoint` of `CreateEndpoint`. What is started may be a thing too: a run, a job.
pub(crate) fn kind(operation: &str) -> Option<&str> {
    ["Create", "Import", "Start"].into_iter().find_map(|verb| operation.strip_prefix(verb))
}

/// The operation that destroys what `create` makes, and its one member that says what to destroy; none where names do
/// not tell, or more has to be told.
pub(crate) fn destroyer<'a>(contract: &'a Contract, create: &Operation) -> Option<(&'a Operation, &'a str)> {
    let destroyer = match contract.protocol.is_smithy() {
        true => contract.operation(&format!("Delete{}", kind(&create.name)?)),
        false if create.method != "POST" || create.path.contains('{') => None,
        false => below(contract, create),
    }?;
    let mut needs = destroyer.members.iter().filter(|(_, member)| is_needed(member));
    let (name, member) = needs.next().filter(|_| destroyer.effect == Effect::Destroy)?;
    // What is started by its own identifier was there before: `StartTask` makes no task.
    let is_there = create.name.starts_with("Start") && create.members.get(name).is_some_and(is_needed);
    let tells = matches!(member.place, ParameterLocation::Path | ParameterLocation::Body)
        && needs.next().is_none()
        && !is_there;
    tells.then_some((destroyer, name))
}

/// `DELETE /things/{id}` for `POST /things`.
fn below<'a>(contract: &'a Contract, create: &Operation) -> Option<&'a Operation> {
    contract.operations.values().find(|other| {
        let rest = other.path.strip_prefix(&*create.path).and_then(|rest| rest.strip_prefix("/{"));
        other.method == "DELETE" && rest.is_some_and(|rest| rest.ends_with('}') && !rest.contains('/'))
    })
}

/// `DELETE /things/{id}` for `PUT /things/{id}`.
fn beside<'a>(contract: &'a Contract, create: &Operation) -> Option<&'a Operation> {
    parent(&create.path).filter(|_| create.method == "PUT")?;
    contract.operations.values().find(|other| other.method == "DELETE" && other.path == create.path)
}

/// The path of the collection, where the last segment of a path is a parameter.
fn parent(path: &str) -> Option<&str> {
    let (parent, last) = path.rsplit_once('/')?;
    (last.starts_with('{') && last.ends_with('}')).then_some(parent)
}

/// The operations that list what `create` makes, without being told anything.
pub(crate) fn listings<'a>(contract: &'a Contract, create: &Operation) -> Vec<&'a Operation> {
    let found: Vec<&Operation> = match contract.protocol.is_smithy() {
        true => {
            let named = kind(&create.name)
                .map(|kind| ["Describe", "List"].map(|verb| contract.operation(&format!("{verb}{kind}s"))));
            named.into_iter().flatten().flatten().collect()
        }
        false if create.method != "POST" || create.path.contains('{') => Vec::new(),
        false => {
            let same = |other: &&Operation| other.method == "GET" && other.path == create.path;
            contract.operations.values().filter(same).collect()
        }
    };
    let asks_for_nothing = |it: &&Operation| it.effect == Effect::Read && !it.members.values().any(is_needed);
    found.into_iter().filter(asks_for_nothing).collect()
}

pub(crate) fn is_needed(member: &Member) -> bool {
    member.required && member.default.is_none()
}

/// How what an operation makes is destroyed.
#[derive(Debug, Clone)]
pub(crate) struct Undoing<'a> {
    pub operation: &'a Operation,
    /// The kind of thing: `UserPool`.
    pub resource: String,
    /// The members that say what to destroy: those that are needed, and those that say in what the thing is where the
    /// creating request says so by a member of the same name.
    pub members: Vec<(&'a str, &'a Member)>,
}

/// What a creating operation leaves behind when it is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A thing that was not there before.
    Thing,
    /// By the contract it acts on what is there already, or answers with nothing that could be named later.
    NothingNamed,
}

/// The operation that destroys what `create` makes: its name is the creating one's with another verb, or its path is one
/// below. None where the contract has no such operation, or `create` acts on a thing that another operation makes.
pub(crate) fn undoing<'a>(contract: &'a Contract, create: &Operation) -> Option<Undoing<'a>> {
    let (operation, resource) = match contract.protocol.is_smithy() {
        false => match below(contract, create) {
            Some(destroyer) => (destroyer, rest_resource(&create.path)),
            None => (beside(contract, create)?, rest_resource(parent(&create.path)?)),
        },
        true => {
            let (destroyer, verb) = rpc_destroyer(contract, create)?;
            if acts_on_what_is_there(contract, create, destroyer, verb) {
                return None;
            }
            (destroyer, words(&create.name)[verb + 1..].concat())
        }
    };
    let says_where = |(name, member): &(&String, &Member)| {
        let shared = create.members.contains_key(*name) && !is_needed(member);
        shared
            && contract
                .operations
                .values()
                .any(|other| is_told_by(other, name) && other.name != operation.name)
    };
    let told = operation.members.iter().filter(|(name, member)| {
        (is_needed(member) || member.place == ParameterLocation::Path || says_where(&(*name, *member)))
            && matches!(
                member.place,
                ParameterLocation::Path | ParameterLocation::Body | ParameterLocation::Query
            )
    });
    let members = told.map(|(name, member)| (name.as_str(), member)).collect::<Vec<_>>();
    (operation.effect == Effect::Destroy && !members.is_empty()).then_some(Undoing {
        operation,
        resource,
        members,
    })
}

/// Whether what an accepted request of `create` makes can be destroyed again: of each member that says what to destroy, the
/// answer shows the value by the contract, or the request has `given` a name of the run's.
pub(crate) fn is_undone(contract: &Contract, create: &Operation, given: &dyn Fn(&str) -> bool) -> bool {
    let Some(undoing) = undoing(contract, create) else { return false };
    let answer = answer_schema(contract, create);
    let shown = |member: &str, taken: &Member| {
        let wanted = Wanted { resource: &undoing.resource, member, schema: &taken.schema };
        let by_id = |schema: &serde_json::Value| {
            let properties = Shape::of(contract, schema).properties(contract);
            !contract.protocol.is_smithy() && properties.iter().any(|property| property.name == "id")
        };
        answer.is_some_and(|schema| by_id(schema) || !identity::ways(contract, schema, wanted).is_empty())
    };
    undoing.members.iter().all(|(member, taken)| given(member) || shown(member, taken))
}

/// Whether an operation that destroys needs this member.
fn is_told_by(destroyer: &Operation, name: &str) -> bool {
    destroyer.effect == Effect::Destroy && destroyer.members.get(name).is_some_and(is_needed)
}

fn rpc_destroyer<'a>(contract: &'a Contract, create: &Operation) -> Option<(&'a Operation, usize)> {
    let words_of = words(&create.name);
    let mut found: Vec<(&Operation, usize)> = contract
        .operations
        .values()
        .filter(|other| other.effect == Effect::Destroy)
        .filter_map(|other| Some((other, other_verb(&words_of, &words(&other.name))?)))
        .collect();
    // `Delete` is the one that everybody uses; another one beside it may do something else.
    found.sort_by_key(|(other, verb)| words(&other.name)[*verb] != "Delete");
    found.into_iter().next()
}

/// Where two names differ, if they differ in one word, and not in the last.
fn other_verb(one: &[&str], other: &[&str]) -> Option<usize> {
    let verb = one.iter().zip(other).position(|(one, other)| one != other)?;
    let rest = one.len() == other.len() && one[verb + 1..] == other[verb + 1..];
    (rest && verb + 1 < one.len()).then_some(verb)
}

/// Whether the family of `create` has another operation that makes its things, and `create` has to be told of which of
/// them it speaks: `RestoreSecret`, beside `CreateSecret`.
fn acts_on_what_is_there(
    contract: &Contract,
    create: &Operation,
    destroyer: &Operation,
    verb: usize,
) -> bool {
    let mut creator = words(&create.name);
    let own = std::mem::replace(&mut creator[verb], "Create");
    let needs = || destroyer.members.iter().filter(|(_, member)| is_needed(member));
    let told = |(name, _): (&String, &Member)| create.members.get(name).is_some_and(is_needed);
    own != "Create" && contract.operation(&creator.concat()).is_some() && needs().all(told)
}

/// What an accepted request of `create` leaves, as far as the contract shows.
pub(crate) fn outcome(contract: &Contract, create: &Operation) -> Outcome {
    if undoing(contract, create).is_some() {
        return Outcome::Thing;
    }
    let of_family = rpc_destroyer(contract, create).filter(|_| contract.protocol.is_smithy());
    if of_family.is_some_and(|(destroyer, verb)| acts_on_what_is_there(contract, create, destroyer, verb)) {
        return Outcome::NothingNamed;
    }
    // A REST API that does not describe its answer may say anything there.
    if !contract.protocol.is_smithy() && answer_schema(contract, create).is_none() {
        return Outcome::Thing;
    }
    let needed_elsewhere = |name: &str| {
        let mut others = contract.operations.values().filter(|other| !other.effect.makes());
        let takes = |other: &Operation| {
            other.members.iter().any(|(have, member)| is_needed(member) && have.eq_ignore_ascii_case(name))
        };
        others.any(takes)
    };
    let is_new = |property: &Property<'_>| {
        let scalar = matches!(Shape::of(contract, property.schema).kind, Kind::Text | Kind::Integer);
        let of_rest = contract.protocol.is_rest() && property.name == "id";
        let asked = create.members.keys().any(|have| have.eq_ignore_ascii_case(property.name));
        scalar && !asked && (of_rest || needed_elsewhere(property.name))
    };
    let shown = answer(contract, create).into_iter().flat_map(|property| {
        let inside = Shape::of(contract, property.schema);
        // Of a REST API that answers 201 with a list, each element is one that was created.
        let element = inside.inside().filter(|_| contract.protocol.is_rest() && inside.kind == Kind::List);
        let inside = element.map_or(inside, |element| Shape::of(contract, element));
        let inside = if inside.kind == Kind::Structure { inside.properties(contract) } else { Vec::new() };
        std::iter::once(property).chain(inside)
    });
    if shown.into_iter().any(|property| is_new(&property)) { Outcome::Thing } else { Outcome::NothingNamed }
}

/// Whether a member names things: an operation that destroys or reads them has to be told it.
pub(crate) fn is_name(contract: &Contract, member: &str) -> bool {
    let told = |other: &Operation| {
        let mut members = other.members.iter();
        members.any(|(name, it)| is_needed(it) && name.eq_ignore_ascii_case(member))
    };
    let mut others = contract.operations.values();
    others.any(|other| matches!(other.effect, Effect::Destroy | Effect::Read) && told(other))
}

/// The operations that list things of the kind `resource`, those first that come page by page: what does not may show
/// only some of them.
pub(crate) fn listers<'a>(contract: &'a Contract, create: &Operation, resource: &str) -> Vec<&'a Operation> {
    if !contract.protocol.is_smithy() {
        let same = |other: &&Operation| other.method == "GET" && other.path == create.path;
        return contract.operations.values().filter(same).collect();
    }
    let plurals = plurals(resource);
    let lists = |other: &&Operation| {
        let words = words(&other.name);
        let kind = words.get(1..).unwrap_or_default().concat();
        // What has no plural is listed by its own name: `ListOpsMetadata`.
        let lists = plurals.contains(&kind) || words.first() == Some(&"List") && kind == resource;
        other.effect == Effect::Read && lists
    };
    let mut found: Vec<&Operation> = contract.operations.values().filter(lists).collect();
    let rank = |other: &Operation| (other.paging.is_none(), !other.name.starts_with("List"));
    found.sort_by_key(|other| rank(other));
    found
}

/// The operations that read one thing of the kind `resource`: `DescribeSecret`, `GetSecret`.
pub(crate) fn readers<'a>(contract: &'a Contract, resource: &str) -> Vec<&'a Operation> {
    let reads = |other: &&Operation| {
        other.effect == Effect::Read
            && words(&other.name).get(1..).is_some_and(|rest| rest.concat() == resource)
    };
    contract.operations.values().filter(reads).collect()
}

/// The kinds of things that an operation may list inside one of, where its input may leave out which: `Cluster` of
/// `ListServices`, whose member `cluster` is optional.
pub(crate) fn unsaid_parents(contract: &Contract, lister: &Operation) -> Vec<String> {
    let created = contract.operations.values().filter(|other| other.effect.makes());
    let kinds = created.map(|create| resource(contract, create));
    let may_be_told = |kind: &String| {
        let mut members =
            lister.members.iter().filter(|(name, it)| !is_needed(it) && is_name(contract, name));
        let kind = kind.to_lowercase();
        !kind.is_empty() && members.any(|(name, _)| name.to_lowercase().starts_with(&kind))
    };
    kinds.filter(may_be_told).collect()
}

/// The member of a listing's input by which it is asked for things by name: the one list that is called as many of what the
/// destroying operation calls `member`, of texts as it takes them.
pub(crate) fn by_names<'a>(
    contract: &Contract,
    lister: &'a Operation,
    wanted: (&str, &Member),
) -> Option<&'a str> {
    let (member, taken) = wanted;
    let plurals = plurals(member);
    let of_texts = |schema: &serde_json::Value| {
        let list = Shape::of(contract, schema);
        let inside = list.inside().filter(|_| list.kind == Kind::List);
        inside.is_some_and(|inside| Shape::of(contract, inside).kind == Kind::Text)
    };
    let is_text = Shape::of(contract, &taken.schema).kind == Kind::Text;
    let mut members = lister.members.iter();
    let found = members.find(|(name, it)| is_text && plurals.contains(name) && of_texts(&it.schema));
    found.map(|(name, _)| name.as_str())
}

/// The member of a listing's answer that is the list of what the operation says that it lists, where the answer has further
/// lists: `clusters` of `DescribeClusters`, beside `failures`.
pub(crate) fn list_of<'a>(contract: &'a Contract, lister: &'a Operation) -> Option<&'a str> {
    let listed = words(&lister.name).get(1..)?.concat();
    let answer = answer(contract, lister);
    let lists = || answer.iter().filter(|it| Shape::of(contract, it.schema).kind == Kind::List);
    let of_kind = lists().find(|it| it.name.eq_ignore_ascii_case(&listed));
    of_kind.filter(|_| lists().count() > 1).map(|it| it.name)
}

fn plurals(resource: &str) -> Vec<String> {
    let mut all = vec![format!("{resource}s"), format!("{resource}es")];
    all.extend(resource.strip_suffix('y').map(|stem| format!("{stem}ies")));
    all.extend(resource.ends_with('s').then(|| resource.to_owned()));
    all
}

/// The kind of thing by which a resource is known that an operation makes, where no operation destroys it.
pub(crate) fn resource(contract: &Contract, create: &Operation) -> String {
    match contract.protocol.is_smithy() {
        false => rest_resource(&create.path),
        true => words(&create.name).get(1..).unwrap_or_default().concat(),
    }
}

fn rest_resource(path: &str) -> String {
    let last = path.rsplit('/').find(|segment| !segment.is_empty() && !segment.starts_with('{'));
    let last = last.unwrap_or_default();
    last.strip_suffix('s').unwrap_or(last).to_owned()
}

/// The members of an operation's success.
fn answer<'a>(contract: &'a Contract, operation: &'a Operation) -> Vec<Property<'a>> {
    let schema = answer_schema(contract, operation);
    schema.map(|schema| Shape::of(contract, schema).properties(contract)).unwrap_or_default()
}

/// The schema of an operation's success.
pub(crate) fn answer_schema<'a>(
    contract: &'a Contract,
    operation: &'a Operation,
) -> Option<&'a serde_json::Value> {
    let listed = operation.successes().find_map(|(_, answer)| answer.schema.as_deref());
    contract.schema(listed.or_else(|| operation.success()?.schema.as_deref())?)
}

/// The words of a name in Pascal or camel case.
fn words(name: &str) -> Vec<&str> {
    let starts = name.char_indices().filter(|(at, letter)| *at == 0 || letter.is_ascii_uppercase());
    let starts: Vec<usize> = starts.map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([name.len()]);
    starts.iter().zip(ends).map(|(start, end)| &name[*start..end]).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Name, effect, needed members, others, members of the answer.
    type Described<'a> = (&'a str, &'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

    fn contract(operations: &[Described<'_>]) -> Contract {
        let mut all = serde_json::Map::new();
        let mut defs = serde_json::Map::new();
        for (name, effect, needed, others, answered) in operations {
            let member = |required: bool| json!({ "in": "body", "required": required, "schema": { "type": "string" } });
            let members = needed.iter().map(|name| ((*name).to_owned(), member(true)));
            let members = members.chain(others.iter().map(|name| ((*name).to_owned(), member(false))));
            let shown = answered.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" })));
            let shown: serde_json::Map<String, Value> = shown.collect();
            defs.insert(format!("{name}Out"), json!({ "type": "object", "properties": shown }));
            let operation = json!({
                "name": name, "method": "POST", "path": "/", "access": "protected", "effect": effect,
                "members": members.collect::<serde_json::Map<_, _>>(),
                "answers": { "200": { "schema": format!("{name}Out") } },
            });
            all.insert((*name).to_owned(), operation);
        }
        serde_json::from_value(json!({
            "api": "t", "title": "t", "version": "1",
            "protocol": { "name": "aws-json", "jsonVersion": "1.1", "targetPrefix": "T", "signingName": "t" },
            "operations": all, "schemas": { "$defs": defs },
        }))
        .unwrap()
    }

    #[test]
    fn what_an_operation_makes_and_what_destroys_it() {
        let contract = contract(&[
            ("CreateSecret", "create", &["Name"], &[], &["ARN", "Name"]),
            ("DeleteSecret", "destroy", &["SecretId"], &[], &[]),
            ("RestoreSecret", "create", &["SecretId"], &[], &["ARN", "Name"]),
            ("PutParameter", "create", &["Name"], &[], &["Version"]),
            ("DeleteParameter", "destroy", &["Name"], &[], &[]),
            ("AdminCreateUser", "create", &["UserPoolId", "Username"], &[], &[]),
            ("AdminDeleteUser", "destroy", &["UserPoolId", "Username"], &[], &[]),
            ("CreateService", "create", &["serviceName"], &["cluster"], &[]),
            ("DeleteService", "destroy", &["service"], &["cluster", "force"], &[]),
            ("DeleteCluster", "destroy", &["cluster"], &[], &[]),
            ("RegisterTaskDefinition", "create", &["family"], &[], &[]),
            ("DeregisterTaskDefinition", "destroy", &["taskDefinition"], &[], &[]),
            ("TestConnection", "create", &["A", "B"], &[], &[]),
            ("DeleteConnection", "destroy", &["A", "B"], &[], &[]),
            ("TestEventPattern", "create", &["Event"], &[], &["Result"]),
            ("StartStreamEncryption", "create", &["StreamName"], &[], &[]),
            ("DescribeStream", "read", &["StreamName"], &[], &[]),
            ("CreateKey", "create", &[], &["Policy"], &["KeyId"]),
            ("DescribeKey", "read", &["KeyId"], &[], &[]),
        ]);
        for (create, expected) in [
            ("CreateSecret", "Thing DeleteSecret Secret SecretId"),
            ("RestoreSecret", "NothingNamed"),
            ("PutParameter", "Thing DeleteParameter Parameter Name"),
            ("AdminCreateUser", "Thing AdminDeleteUser User UserPoolId Username"),
            ("CreateService", "Thing DeleteService Service service cluster"),
            ("RegisterTaskDefinition", "Thing DeregisterTaskDefinition TaskDefinition taskDefinition"),
            ("TestConnection", "Thing DeleteConnection Connection A B"),
            ("TestEventPattern", "NothingNamed"),
            ("StartStreamEncryption", "NothingNamed"),
            ("CreateKey", "Thing"),
        ] {
            let operation = contract.operation(create).unwrap();
            let undoing = undoing(&contract, operation).map(|undoing| {
                let members = undoing.members.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ");
                format!(" {} {} {members}", undoing.operation.name, undoing.resource)
            });
            let outcome = outcome(&contract, operation);
            assert_eq!(format!("{outcome:?}{}", undoing.unwrap_or_default()), expected, "{create}");
        }
    }

    #[test]
    fn who_reads_and_lists_a_kind_and_in_what_is_read_from_names() {
        let mut contract = contract(&[
            ("CreateCluster", "create", &[], &["clusterName"], &[]),
            ("DeleteCluster", "destroy", &["cluster"], &[], &[]),
            ("CreateService", "create", &["serviceName"], &["cluster"], &[]),
            ("ListServices", "read", &[], &["cluster", "maxResults"], &["serviceArns"]),
            ("DescribeClusters", "read", &[], &["clusters", "include"], &["clusters", "failures"]),
            ("ListMetadata", "read", &[], &[], &["items"]),
            ("GetMetadata", "read", &["Arn"], &[], &[]),
            ("GetMetadataItem", "read", &["Arn"], &[], &[]),
        ]);
        let texts = json!({ "type": "array", "items": { "type": "string" } });
        let lists = json!({ "type": "object", "properties": { "clusters": texts, "failures": texts } });
        let mut defs = (*contract.schemas).clone();
        defs["$defs"]["DescribeClustersOut"] = lists;
        contract.schemas = std::sync::Arc::new(defs);
        let mut described = contract.operation("DescribeClusters").unwrap().clone();
        let names = |found: Vec<&Operation>| {
            let mut names: Vec<&str> = found.iter().map(|it| &*it.name).collect();
            names.sort_unstable();
            names.join(" ")
        };
        let of = |name: &str| contract.operation(name).unwrap();
        assert_eq!(unsaid_parents(&contract, of("ListServices")), ["Cluster"]);
        assert_eq!(unsaid_parents(&contract, of("ListMetadata")), [""; 0]);
        assert_eq!(names(readers(&contract, "Metadata")), "GetMetadata ListMetadata");
        assert_eq!(names(listers(&contract, of("CreateCluster"), "Metadata")), "ListMetadata");
        assert_eq!(list_of(&contract, of("DescribeClusters")), Some("clusters"));
        assert_eq!(list_of(&contract, of("ListServices")), None);
        // By names is a list of texts, and no text.
        let wanted = || ("cluster", &of("DeleteCluster").members["cluster"]);
        assert_eq!(by_names(&contract, &described, wanted()), None);
        described.members["clusters"].schema = texts.clone();
        assert_eq!(by_names(&contract, &described, wanted()), Some("clusters"));
        described.members["include"].schema = texts;
        assert_eq!(by_names(&contract, &described, ("includ", wanted().1)), None);
    }

    #[test]
    fn what_lists_a_kind_is_named_after_many_of_it() {
        let contract = contract(&[
            ("CreatePolicy", "create", &[], &[], &[]),
            ("ListPolicies", "read", &[], &[], &[]),
            ("GetPolicy", "read", &["Name"], &[], &[]),
            ("DescribePolicies", "read", &[], &[], &[]),
            ("DeletePolicies", "destroy", &[], &[], &[]),
        ]);
        let create = contract.operation("CreatePolicy").unwrap();
        let found = listers(&contract, create, "Policy").into_iter().map(|it| &*it.name).collect::<Vec<_>>();
        assert_eq!(found, ["ListPolicies", "DescribePolicies"]);
    }
}
