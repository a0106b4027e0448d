//! What the document describes and this target does not implement: known operations, so that they can be told from
//! paths that do not exist.

use std::sync::LazyLock;

use http::Method;

use crate::{
    contract::files,
    model::contract::{Access, Contract},
};

/// As imported from the Swagger document. Read when the first path is asked for that no route has.
static CONTRACT: LazyLock<Option<Contract>> = LazyLock::new(|| {
    let operations = include_str!("../../../schemas/veeam/operations.json");
    let schema = include_str!("../../../schemas/veeam/schema.json");
    files::read(operations, schema).ok()
});

/// What the document has at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// An operation.
    Operation(Access),
    /// Operations, by these other methods; by none, where the path is not in the document.
    OtherMethods(Vec<&'static str>),
}

pub(crate) fn look_up(method: &Method, path: &str) -> Known {
    let operations = CONTRACT.iter().flat_map(|contract| contract.operations.values());
    let mut others = Vec::new();
    for operation in operations.filter(|operation| fits(&operation.path, path)) {
        if operation.method == method.as_str() {
            return Known::Operation(operation.access);
        }
        others.push(operation.method.as_str());
    }
    Known::OtherMethods(others)
}

/// Whether a path is one of a template's, `/api/v1/policies/{policyId}`.
fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    let same =
        |(wanted, given): (&&str, &&str)| wanted == given || wanted.starts_with('{') && !given.is_empty();
    template.len() == path.len() && template.iter().zip(&path).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_knows_its_paths() {
        for (method, path, known) in [
            (Method::GET, "/api/v1/policies", Known::Operation(Access::Protected)),
            (Method::PUT, "/api/v1/policies/7", Known::Operation(Access::Protected)),
            (Method::GET, "/api/v1/licenseAgreement", Known::Operation(Access::Public)),
            (Method::PATCH, "/api/v1/policies", Known::OtherMethods(vec!["POST", "GET"])),
            (Method::GET, "/api/v1/policies/", Known::OtherMethods(vec![])),
            (Method::GET, "/api/v1/nothing", Known::OtherMethods(vec![])),
        ] {
            assert_eq!(look_up(&method, path), known, "{method} {path}");
        }
    }
}
