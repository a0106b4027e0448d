//! What an operation does to a target, and how that is known: a model's own traits and lifecycles, the HTTP method, a
//! documented answer. Where none of these says it, the first word of the operation's name makes a proposal, which is
//! marked as one; a word that is in no list is an unknown effect, never a read and never a mere change.

use crate::model::contract::{Effect, EffectSource};

/// An effect, and how it is known.
pub(crate) type Known = (Effect, EffectSource);

const READS: &[&str] = &["Describe", "List", "Get", "Search", "Lookup", "Head", "Query", "Scan"];
const CREATES: &[&str] = &["Create", "Run", "Copy", "Clone", "Launch", "Allocate"];
/// They make a thing, or write over one that is there.
const UPSERTS: &[&str] = &["Put", "Upsert", "Set", "Register", "Import", "Save", "Upload", "Add"];
const CHANGES: &[&str] = &[
    "Modify",
    "Update",
    "Tag",
    "Untag",
    "Reboot",
    "Stop",
    "Rename",
    "Move",
    "Enable",
    "Disable",
    "Attach",
    "Detach",
    "Associate",
    "Disassociate",
    "Rotate",
];
const DESTROYS: &[&str] =
    &["Delete", "Destroy", "Terminate", "Purge", "Deregister", "Release", "Erase", "Remove", "Drop"];

/// The same as nouns: what is made may be the order to do it.
const ENDS: &[&str] = &["Deletion", "Destruction", "Termination", "Deregistration", "Removal", "Erasure"];

/// The effect that the name of an RPC operation in Pascal case proposes, as `DeleteConnection`.
pub(crate) fn of_rpc(operation: &str) -> Known {
    (proposed(operation), EffectSource::Verb)
}

fn proposed(operation: &str) -> Effect {
    let verb = verb(operation);
    let lists = [
        (READS, Effect::Read),
        (CREATES, Effect::Create),
        (UPSERTS, Effect::Upsert),
        (CHANGES, Effect::Change),
        (DESTROYS, Effect::Destroy),
    ];
    let found = lists.into_iter().find(|(verbs, _)| verbs.contains(&verb));
    found.map_or(Effect::Unknown, |(_, effect)| effect)
}

/// The effect of a REST operation: its method's. POST may mean anything: what is documented (201) decides, else the
/// last word of the path or the operation's name proposes something. PUT to a path with a parameter makes what the path
/// names where it is not there (RFC 9110, section 9.3.4).
pub(crate) fn of_rest(method: &str, path: &str, operation: &str, answers_created: Created) -> Known {
    let by_method = |effect| (effect, EffectSource::Method);
    match method {
        "GET" | "HEAD" | "OPTIONS" | "TRACE" => by_method(Effect::Read),
        "DELETE" => by_method(Effect::Destroy),
        "PATCH" => by_method(Effect::Change),
        "PUT" if path.contains('{') => by_method(Effect::Upsert),
        "PUT" => by_method(Effect::Change),
        "POST" => {
            let action = path.rsplit('/').next().map(capitalised).unwrap_or_default();
            let proposals = [proposed(&action), proposed(operation)];
            let worst = [Effect::Destroy, Effect::Create, Effect::Upsert, Effect::Change];
            match answers_created {
                _ if proposals.contains(&Effect::Destroy) => (Effect::Destroy, EffectSource::Verb),
                // What it makes may be the order to destroy something.
                Created::Documented if names_an_end(&action) || names_an_end(operation) => {
                    (Effect::Destroy, EffectSource::Verb)
                }
                Created::Documented => (Effect::Create, EffectSource::Answer),
                // A POST that is called a read is not shown to be one.
                Created::Undocumented => {
                    let found = worst.into_iter().find(|effect| proposals.contains(effect));
                    (found.unwrap_or(Effect::Unknown), EffectSource::Verb)
                }
            }
        }
        _ => (Effect::Unknown, EffectSource::Method),
    }
}

/// The effect of a REST operation whose name follows the conventions of AWS. A method that may do anything means what the
/// name proposes; a name that does not say that something is read goes over a method that says that nothing is done
/// (`ConfirmTopicRuleDestination` of IoT, a GET). A model that knows better says `readonly`.
pub(crate) fn of_named_rest(method: &str, operation: &str, answers_created: Created) -> Known {
    let by_method = |effect| (effect, EffectSource::Method);
    let named = proposed(operation);
    match (method, named) {
        ("GET" | "HEAD" | "OPTIONS" | "TRACE", Effect::Read) => by_method(Effect::Read),
        ("DELETE", _) => by_method(Effect::Destroy),
        ("PATCH", Effect::Read | Effect::Unknown) => by_method(Effect::Change),
        ("PUT", Effect::Read | Effect::Unknown | Effect::Create) => by_method(Effect::Upsert),
        ("POST", Effect::Read | Effect::Unknown) => match answers_created {
            Created::Documented => (Effect::Create, EffectSource::Answer),
            Created::Undocumented => (named, EffectSource::Verb),
        },
        _ => (named, EffectSource::Verb),
    }
}

/// The effect of an operation that a Smithy resource binds to this step of its lifecycle (Smithy 2.0, resource types).
pub(crate) fn of_lifecycle(step: &str) -> Option<Known> {
    let effect = match step {
        "create" => Effect::Create,
        "put" => Effect::Upsert,
        "read" | "list" => Effect::Read,
        "update" => Effect::Change,
        "delete" => Effect::Destroy,
        _ => return None,
    };
    Some((effect, EffectSource::Model))
}

/// What creates and may be sent twice with the same effect (Smithy `idempotent`) may find its thing there already.
pub(crate) fn idempotent((effect, source): Known) -> Known {
    (if effect == Effect::Create { Effect::Upsert } else { effect }, source)
}

/// Whether an operation documents the answer 201.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Created {
    Documented,
    Undocumented,
}

/// The first word of a Pascal case name, behind `Batch` and `Admin`, which say how many and who.
fn verb(operation: &str) -> &str {
    let first = word(operation);
    match first {
        "Batch" | "Admin" => word(&operation[first.len()..]),
        _ => first,
    }
}

/// Whether any word of a name says that something is destroyed: `bulk-delete`, `{id}:purge`, `thingsBulkDelete`.
fn names_an_end(name: &str) -> bool {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(capitalised).any(|part| {
        let mut rest = part.as_str();
        while !rest.is_empty() {
            let word = word(rest);
            let one = word.strip_suffix('s').unwrap_or(word);
            if DESTROYS.contains(&word) || ENDS.contains(&one) {
                return true;
            }
            rest = &rest[word.len()..];
        }
        false
    })
}

fn word(text: &str) -> &str {
    let end =
        text.char_indices().skip(1).find(|(_, c)| c.is_ascii_uppercase()).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rpc_operations_propose_an_effect() {
        for (operation, effect) in [
            ("DescribeConnections", Effect::Read),
            ("ListTagsForResource", Effect::Read),
            ("BatchGetItem", Effect::Read),
            ("CreateEndpoint", Effect::Create),
            ("BatchCreatePartition", Effect::Create),
            ("AdminCreateUser", Effect::Create),
            ("PutParameter", Effect::Upsert),
            ("PutDestination", Effect::Upsert),
            ("ImportCertificate", Effect::Upsert),
            ("AddPermission", Effect::Upsert),
            ("DeleteConnection", Effect::Destroy),
            ("BatchDeleteImage", Effect::Destroy),
            ("RemovePermission", Effect::Destroy),
            ("ModifyEndpoint", Effect::Change),
            ("TestConnection", Effect::Unknown),
            ("RestoreSecret", Effect::Unknown),
            ("StartStreamEncryption", Effect::Unknown),
            ("SignUp", Effect::Unknown),
            ("BatchWriteItem", Effect::Unknown),
            ("TransactWriteItems", Effect::Unknown),
            ("ExecuteStatement", Effect::Unknown),
            ("BatchExecuteStatement", Effect::Unknown),
            ("CancelMetadataModelCreation", Effect::Unknown),
            ("Getaway", Effect::Unknown),
            ("Liste", Effect::Unknown),
            ("Batch", Effect::Unknown),
            ("", Effect::Unknown),
            ("Ünder", Effect::Unknown),
        ] {
            assert_eq!(of_rpc(operation), (effect, EffectSource::Verb), "{operation}");
        }
    }

    #[test]
    fn methods_answers_and_words_tell_the_effect_of_rest_operations() {
        use Created::{Documented, Undocumented};
        use EffectSource::{Answer, Method, Verb};
        for (method, path, operation, created, effect, source) in [
            ("GET", "/things", "GetThings", Undocumented, Effect::Read, Method),
            ("GET", "/things/{id}/delete", "DeleteThing", Undocumented, Effect::Read, Method),
            ("POST", "/things", "AddThing", Documented, Effect::Create, Answer),
            ("POST", "/things/search", "GetThings", Undocumented, Effect::Unknown, Verb),
            ("POST", "/test", "Test", Undocumented, Effect::Unknown, Verb),
            ("POST", "/jobs/{id}/stop", "StopJob", Undocumented, Effect::Change, Verb),
            ("POST", "/vms/{id}/deleteBackups", "DeleteBackups", Undocumented, Effect::Destroy, Verb),
            ("POST", "/nodes/delete", "Many", Documented, Effect::Destroy, Verb),
            ("POST", "/nodes/bulk-delete", "Many", Documented, Effect::Destroy, Verb),
            ("POST", "/nodes/{id}:purge", "Many", Documented, Effect::Destroy, Verb),
            ("POST", "/nodes/bulk", "thingsBulkDelete", Documented, Effect::Destroy, Verb),
            ("POST", "/deletions", "Order", Documented, Effect::Destroy, Verb),
            ("POST", "/orders", "requestRemovalOfNodes", Documented, Effect::Destroy, Verb),
            ("POST", "/removables", "AddRemovable", Documented, Effect::Create, Answer),
            ("POST", "/nodes/deleted", "ÜberDeleted", Documented, Effect::Create, Answer),
            ("POST", "/accounts/{id}/validateDelete", "Validate", Undocumented, Effect::Unknown, Verb),
            ("PUT", "/things/{id}", "UpdateThing", Undocumented, Effect::Upsert, Method),
            ("PUT", "/settings", "SetSettings", Undocumented, Effect::Change, Method),
            ("PATCH", "/things/{id}", "PatchThing", Undocumented, Effect::Change, Method),
            ("DELETE", "/things/{id}", "DeleteThing", Undocumented, Effect::Destroy, Method),
            ("PURGE", "/cache", "Purge", Undocumented, Effect::Unknown, Method),
        ] {
            assert_eq!(of_rest(method, path, operation, created), (effect, source), "{method} {path}");
        }
    }

    #[test]
    fn of_a_rest_operation_that_is_named_as_one_of_aws_method_and_name_tell_the_effect() {
        use Created::{Documented, Undocumented};
        use EffectSource::{Answer, Method, Verb};
        for (method, operation, created, effect, source) in [
            ("GET", "GetThing", Undocumented, Effect::Read, Method),
            ("GET", "SearchThing", Undocumented, Effect::Read, Method),
            ("GET", "DeleteThing", Undocumented, Effect::Destroy, Verb),
            ("GET", "CreateToken", Undocumented, Effect::Create, Verb),
            ("HEAD", "Thing", Undocumented, Effect::Unknown, Verb),
            ("HEAD", "HeadThing", Undocumented, Effect::Read, Method),
            ("GET", "ConfirmThing", Undocumented, Effect::Unknown, Verb),
            ("DELETE", "StopThing", Undocumented, Effect::Destroy, Method),
            ("DELETE", "GetThing", Undocumented, Effect::Destroy, Method),
            ("POST", "ListThings", Undocumented, Effect::Read, Verb),
            ("POST", "ListThings", Documented, Effect::Create, Answer),
            ("POST", "CreateThing", Undocumented, Effect::Create, Verb),
            ("POST", "Invoke", Undocumented, Effect::Unknown, Verb),
            ("POST", "Invoke", Documented, Effect::Create, Answer),
            ("POST", "DeleteThings", Documented, Effect::Destroy, Verb),
            ("POST", "UpdateThing", Documented, Effect::Change, Verb),
            ("PUT", "UpdateThing", Undocumented, Effect::Change, Verb),
            ("PUT", "PutThing", Undocumented, Effect::Upsert, Verb),
            ("PUT", "CreateThing", Undocumented, Effect::Upsert, Method),
            ("PUT", "GetThing", Undocumented, Effect::Upsert, Method),
            ("PUT", "DeleteThing", Undocumented, Effect::Destroy, Verb),
            ("PATCH", "UpdateThing", Undocumented, Effect::Change, Verb),
            ("PATCH", "Thing", Undocumented, Effect::Change, Method),
            ("PURGE", "Thing", Undocumented, Effect::Unknown, Verb),
        ] {
            assert_eq!(of_named_rest(method, operation, created), (effect, source), "{method} {operation}");
        }
    }

    #[test]
    fn a_lifecycle_tells_the_effect_and_idempotence_that_something_may_be_there() {
        assert_eq!(of_lifecycle("put"), Some((Effect::Upsert, EffectSource::Model)));
        assert_eq!(of_lifecycle("delete"), Some((Effect::Destroy, EffectSource::Model)));
        assert_eq!(of_lifecycle("operations"), None);
        assert_eq!(idempotent(of_rpc("CreateCluster")), (Effect::Upsert, EffectSource::Verb));
        assert_eq!(idempotent(of_rpc("DeleteCluster")), (Effect::Destroy, EffectSource::Verb));
    }
}
