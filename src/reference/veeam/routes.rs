//! The operations of the document by path and method, and what each is to the things it is about.

use std::sync::LazyLock;

use http::Method;
use serde_json::Value;

use crate::{
    contract::router::{self, Base, Incoming, Miss, Router, Slash},
    model::contract::{DocumentedResponse, Operation},
    reference::{
        catalogue::{self, resolved},
        example_values::properties,
    },
};

/// An operation and its place.
#[derive(Debug)]
pub(crate) struct Route {
    pub operation: &'static Operation,
    /// The parts of its path: words, and `{placeholders}`.
    parts: Vec<&'static str>,
    pub role: Role,
}

/// What an operation does with the things below its path. A collection is known by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// `GET /things`, a page.
    List,
    /// `POST /things`, 201.
    Create,
    /// `GET /things/{id}`
    Show,
    /// `PUT /things/{id}`
    Update,
    /// `DELETE /things/{id}`
    Remove,
    /// `GET /setting`, of which there is one.
    ShowOnly,
    /// `POST /setting`, or PUT: answers with what GET answers.
    SaveOnly,
    /// `DELETE /setting`
    RemoveOnly,
    /// `POST /setting/reset`: answers with what `GET /setting` answers.
    Reset,
    /// Anything else.
    Act,
}

/// What the document has at a path.
#[derive(Debug)]
pub(crate) enum Known {
    Operation(&'static Route),
    /// Operations, by these other methods; by none, where the path is not in the document.
    OtherMethods(Vec<&'static str>),
}

static ROUTER: LazyLock<Option<Router<'static>>> =
    LazyLock::new(|| catalogue::veeam_contract().map(Router::new));

static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let operations: Vec<&'static Operation> = catalogue::veeam().collect();
    let route = |operation: &&'static Operation| Route {
        operation,
        parts: operation.path.split('/').collect(),
        role: role(operation, &operations),
    };
    operations.iter().map(route).collect()
});

/// The operation at a path, which ends with a slash for none.
pub(crate) fn look_up(method: &Method, path: &str) -> Known {
    let incoming = Incoming::new(method.as_str(), path, &[], b"");
    let Some(router) = &*ROUTER else { return Known::OtherMethods(Vec::new()) };
    match router.find(&incoming, Base::Known("")) {
        Ok(found) if found.slash == Slash::AsDocumented => {
            let route = ROUTES.iter().find(|route| route.operation.name == found.operation.name);
            route.map_or(Known::OtherMethods(Vec::new()), Known::Operation)
        }
        Err(Miss::Method { allowed }) => Known::OtherMethods(allowed),
        Ok(_) | Err(_) => Known::OtherMethods(Vec::new()),
    }
}

/// The path of the collection that the placeholder `name` means things of: `{policyId}` those of `/api/v1/policies`.
pub(crate) fn home_of(name: &str) -> Option<&'static str> {
    let route = ROUTES.iter().find(|route| {
        route.role == Role::Show && route.parts.last().is_some_and(|part| placeholder(part) == Some(name))
    })?;
    route.operation.path.rsplit_once('/').map(|(collection, _)| collection)
}

/// The operation of this role at a path as it was asked for.
pub(crate) fn at(path: &str, role: Role) -> Option<&'static Route> {
    let fits = |route: &&Route| router::parameters(&route.operation.path, path).is_some();
    ROUTES.iter().find(|route| route.role == role && fits(route))
}

impl Route {
    /// The placeholders of the path with what stands for them in `path`, and the path up to each.
    pub fn values<'p>(&self, path: &'p str) -> Vec<(&'static str, &'p str, &'p str)> {
        let mut end = 0;
        let mut found = Vec::new();
        for (part, given) in self.parts.iter().zip(path.split('/')) {
            if let Some(name) = placeholder(part) {
                found.push((name, given, path[..end].trim_end_matches('/')));
            }
            end += given.len() + 1;
        }
        found
    }

    /// The success that is documented, the first of several.
    pub fn success(&self) -> Option<(u16, &'static DocumentedResponse)> {
        let ranged = || Some((200, self.operation.success()?));
        self.operation.successes().next().or_else(ranged)
    }

    /// The schema of what a success shows.
    pub fn shape(&self) -> Option<&'static Value> {
        shape(self.operation)
    }
}

fn placeholder(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

fn shape(operation: &'static Operation) -> Option<&'static Value> {
    catalogue::veeam_schemas()["$defs"].get(schema_name(operation)?)
}

fn schema_name(operation: &'static Operation) -> Option<&'static str> {
    operation.success()?.schema.as_deref()
}

/// Whether a schema is a page: results and their count.
pub(crate) fn is_page(schema: &Value) -> bool {
    let has = |wanted: &str| properties(schema).any(|(name, _)| name == wanted);
    has("results") && has("totalCount")
}

/// The schema of one result of a page.
pub(crate) fn result_of(page: &'static Value) -> &'static Value {
    resolved(catalogue::veeam_schemas(), &page["properties"]["results"])
        .get("items")
        .map_or(&Value::Null, |items| resolved(catalogue::veeam_schemas(), items))
}

fn role(operation: &'static Operation, all: &[&'static Operation]) -> Role {
    let at = |method: &str, path: &str| all.iter().find(|other| other.method == method && other.path == path);
    let lists = |path: &str| at("GET", path).and_then(|other| shape(other)).is_some_and(is_page);
    let (parent, last) = operation.path.rsplit_once('/').unwrap_or_default();
    let one_of_many = placeholder(last).is_some() && lists(parent);
    let same_as = |path: &str| {
        let shown = at("GET", path).and_then(|other| schema_name(other));
        shown.is_some() && shown == schema_name(operation)
    };
    match operation.method.as_str() {
        "GET" if shape(operation).is_some_and(is_page) => Role::List,
        "GET" if one_of_many => Role::Show,
        "PUT" if one_of_many => Role::Update,
        "DELETE" if one_of_many => Role::Remove,
        "POST" if operation.answers.contains_key(&201) && lists(&operation.path) => Role::Create,
        "GET" if shape(operation).is_some() && placeholder(last).is_none() => Role::ShowOnly,
        "POST" | "PUT" if same_as(&operation.path) => Role::SaveOnly,
        "DELETE" if at("GET", &operation.path).is_some() => Role::RemoveOnly,
        "POST" if same_as(parent) => Role::Reset,
        _ => Role::Act,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_knows_its_paths() {
        let known = |method: &str, path: &str| match look_up(&method.parse().unwrap(), path) {
            Known::Operation(route) => format!("{} {:?}", route.operation.name, route.role),
            Known::OtherMethods(methods) => methods.join(" "),
        };
        for (method, path, expected) in [
            ("GET", "/api/v1/policies", "PoliciesGetAll List"),
            ("POST", "/api/v1/policies", "CreatePolicy Create"),
            ("PUT", "/api/v1/policies/7", "UpdatePolicy Update"),
            ("GET", "/api/v1/policies/7", "PoliciesGetOneById Show"),
            ("DELETE", "/api/v1/policies/7", "DeletePolicy Remove"),
            ("POST", "/api/v1/policies/7/start", "StartPolicy Act"),
            ("GET", "/api/v1/users/isFirstLogin", "IsFirstLogin ShowOnly"),
            ("DELETE", "/api/v1/users/isFirstLogin", "GET"),
            ("DELETE", "/api/v1/users/somebody", "DeleteUser Remove"),
            ("POST", "/api/v1/settings/dateTime", "SetDateTimeSettings SaveOnly"),
            ("POST", "/api/v1/settings/retentionSettings/reset", "SetDefaultRetentionSettings Reset"),
            ("DELETE", "/api/v1/licensing/license", "RemoveLicense RemoveOnly"),
            ("GET", "/api/v1/licenseAgreement", "GetLicenseAgreement ShowOnly"),
            ("PATCH", "/api/v1/policies", "POST GET"),
            ("GET", "/api/v1/policies/", ""),
            ("GET", "/api/v1/nothing", ""),
        ] {
            assert_eq!(known(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_placeholder_has_a_home() {
        for (name, home) in [
            ("policyId", Some("/api/v1/policies")),
            ("amazonAccountId", Some("/api/v1/accounts/amazon")),
            ("bucketId", Some("/api/v1/cloudInfrastructure/buckets")),
            ("sessionId", Some("/api/v1/sessions")),
            ("retentionSessionId", None),
        ] {
            assert_eq!(home_of(name), home, "{name}");
        }
    }
}
