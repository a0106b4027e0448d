//! What an operation does to a target, read from its verb: nothing else in a model says it. The fence relies on
//! this, so a verb nobody here knows counts as a change, never as a read.

use crate::model::contract::Effect;

const READS: &[&str] = &["Describe", "List", "Get", "BatchGet", "Search", "Lookup", "Head", "Query", "Scan"];
const CREATES: &[&str] = &[
    "Create",
    "BatchCreate",
    "Import",
    "Start",
    "BatchStart",
    "Run",
    "Test",
    "Copy",
    "Clone",
    "Register",
    "Restore",
    "Take",
    "Launch",
    "Allocate",
];
const DESTROYS: &[&str] =
    &["Delete", "BatchDelete", "Destroy", "Terminate", "Purge", "Deregister", "Release", "Erase", "Remove"];

/// The effect of an RPC operation named in Pascal case, as `DeleteConnection`. `TestConnection` creates the
/// connection it tests. Removing tags or members changes the thing that had them; the thing stays.
pub(crate) fn of_rpc(operation: &str) -> Effect {
    match verb(operation) {
        "Remove" => Effect::Change,
        verb if READS.contains(&verb) => Effect::Read,
        verb if CREATES.contains(&verb) => Effect::Create,
        verb if DESTROYS.contains(&verb) => Effect::Destroy,
        _ => Effect::Change,
    }
}

/// The effect of a REST operation: its method's, and for POST, which may mean anything, what is documented (201)
/// or what the last words of the path or the operation's name say.
pub(crate) fn of_rest(method: &str, path: &str, operation: &str, answers_created: Created) -> Effect {
    match method {
        "GET" | "HEAD" | "OPTIONS" | "TRACE" => Effect::Read,
        "DELETE" => Effect::Destroy,
        "POST" => {
            let action = path.rsplit('/').next().map(capitalised).unwrap_or_default();
            let says = |verbs: &[&str]| verbs.contains(&verb(&action)) || verbs.contains(&verb(operation));
            match answers_created {
                _ if says(DESTROYS) => Effect::Destroy,
                Created::Documented => Effect::Create,
                Created::Undocumented if says(&["Restore", "Take", "Import", "Create"]) => Effect::Create,
                Created::Undocumented => Effect::Change,
            }
        }
        _ => Effect::Change,
    }
}

/// Whether an operation documents the answer 201.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Created {
    Documented,
    Undocumented,
}

/// The first word of a Pascal case name; `Batch` belongs to the word after it.
fn verb(operation: &str) -> &str {
    let word = |from: usize| {
        let rest = operation.get(from..).unwrap_or_default();
        let end =
            rest.char_indices().skip(1).find(|(_, c)| c.is_ascii_uppercase()).map_or(rest.len(), |(i, _)| i);
        from + end
    };
    let first = word(0);
    let end = if &operation[..first] == "Batch" { word(first) } else { first };
    &operation[..end]
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_tell_the_effect_of_rpc_operations() {
        for (operation, effect) in [
            ("DescribeConnections", Effect::Read),
            ("ListTagsForResource", Effect::Read),
            ("GetTargetSelectionRules", Effect::Read),
            ("CreateEndpoint", Effect::Create),
            ("TestConnection", Effect::Create),
            ("ImportCertificate", Effect::Create),
            ("BatchStartRecommendations", Effect::Create),
            ("DeleteConnection", Effect::Destroy),
            ("RemoveTagsFromResource", Effect::Change),
            ("ModifyEndpoint", Effect::Change),
            ("CancelMetadataModelCreation", Effect::Change),
            ("Testify", Effect::Change),
            ("Liste", Effect::Change),
            ("", Effect::Change),
            ("Ünder", Effect::Change),
        ] {
            assert_eq!(of_rpc(operation), effect, "{operation}");
        }
    }

    #[test]
    fn method_answers_and_words_tell_the_effect_of_rest_operations() {
        use Created::{Documented, Undocumented};
        for (method, path, operation, created, effect) in [
            ("GET", "/things", "GetThings", Undocumented, Effect::Read),
            ("POST", "/things", "AddThing", Documented, Effect::Create),
            ("POST", "/test", "Test", Undocumented, Effect::Change),
            ("POST", "/jobs/{id}/stop", "StopJob", Undocumented, Effect::Change),
            ("POST", "/vms/{id}/deleteBackups", "DeleteVirtualMachineBackups", Undocumented, Effect::Destroy),
            ("POST", "/accounts/{id}/validateDelete", "ValidateDeleteAccount", Undocumented, Effect::Change),
            ("POST", "/points/{id}/restoreVm", "RestoreVm", Undocumented, Effect::Create),
            ("PUT", "/things/{id}", "UpdateThing", Undocumented, Effect::Change),
            ("PATCH", "/things/{id}", "PatchThing", Undocumented, Effect::Change),
            ("DELETE", "/things/{id}", "DeleteThing", Undocumented, Effect::Destroy),
        ] {
            assert_eq!(of_rest(method, path, operation, created), effect, "{method} {path}");
        }
    }
}
