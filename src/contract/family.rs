//! Who destroys and who lists what an operation creates, read from names and paths.

use crate::model::contract::{Contract, Effect, Member, Operation, Place, Protocol};

/// `Endpoint` of `CreateEndpoint`.
pub(crate) fn kind(operation: &str) -> Option<&str> {
    ["Create", "Import"].into_iter().find_map(|verb| operation.strip_prefix(verb))
}

/// The operation that destroys what `create` makes, and its one member that says what to destroy; none where names do
/// not tell, or more has to be told.
pub(crate) fn destroyer<'a>(contract: &'a Contract, create: &Operation) -> Option<(&'a Operation, &'a str)> {
    let destroyer = match contract.protocol {
        Protocol::AwsJson { .. } => contract.operation(&format!("Delete{}", kind(&create.name)?)),
        Protocol::Rest if create.method != "POST" || create.path.contains('{') => None,
        Protocol::Rest => contract.operations.values().find(|other| {
            let rest = other.path.strip_prefix(&*create.path).and_then(|rest| rest.strip_prefix("/{"));
            other.method == "DELETE" && rest.is_some_and(|rest| rest.ends_with('}') && !rest.contains('/'))
        }),
    }?;
    let mut needs = destroyer.members.iter().filter(|(_, member)| is_needed(member));
    let (name, member) = needs.next().filter(|_| destroyer.effect == Effect::Destroy)?;
    let tells = matches!(member.place, Place::Path | Place::Body) && needs.next().is_none();
    tells.then_some((destroyer, name))
}

/// The operations that list what `create` makes, without being told anything.
pub(crate) fn listings<'a>(contract: &'a Contract, create: &Operation) -> Vec<&'a Operation> {
    let found: Vec<&Operation> = match contract.protocol {
        Protocol::AwsJson { .. } => {
            let named = kind(&create.name)
                .map(|kind| ["Describe", "List"].map(|verb| contract.operation(&format!("{verb}{kind}s"))));
            named.into_iter().flatten().flatten().collect()
        }
        Protocol::Rest if create.method != "POST" || create.path.contains('{') => Vec::new(),
        Protocol::Rest => {
            let same = |other: &&Operation| other.method == "GET" && other.path == create.path;
            contract.operations.values().filter(same).collect()
        }
    };
    let asks_for_nothing = |it: &&Operation| it.effect == Effect::Read && !it.members.values().any(is_needed);
    found.into_iter().filter(asks_for_nothing).collect()
}

fn is_needed(member: &Member) -> bool {
    member.required && member.default.is_none()
}
