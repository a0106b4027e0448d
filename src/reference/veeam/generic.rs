//! Operations that nobody wrote by hand: the document says what they take and give, their paths what they do.

mod forgetting;
mod lists;

use std::sync::Arc;

use axum::extract::{State, rejection::BytesRejection};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header::ALLOW};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    connections,
    input::{self, Input, Request},
    problem::Problem,
    routes::{self, Known, Role, Route},
    things::{Facts, published_id},
    tokens, version_named,
};
use crate::{
    model::contract::{Access, ParameterLocation},
    reference::{
        Deviation, Moment, Shared, Variation,
        answer::{Answer, Api, Content},
        catalogue::{resolved, veeam_schemas},
        example_values::{ExampleValues, id_of, properties},
        locked, schema,
    },
};

const SESSIONS: &str = "/api/v1/sessions";

/// What an operation says of a thing besides its input.
const SWITCHES: &[(&str, &str, bool)] = &[
    ("EnablePolicy", "isEnabled", true),
    ("DisablePolicy", "isEnabled", false),
    ("AcceptMfa", "mfaEnabled", true),
    ("DisableMfa", "mfaEnabled", false),
];

/// Every request below `/api/v1` that no handler of its own takes.
pub(crate) async fn serve(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let route = match routes::look_up(&method, uri.path()) {
        Known::Operation(route) => route,
        Known::OtherMethods(others) => return not_here(&shared, &method, &others),
    };
    let call = Call { shared: &shared, route, path: uri.path(), now: Moment::now() };
    let admitted = admitted(&shared, route, &headers);
    if admitted.is_err() && route.role == Role::Remove && shared.deviates(Deviation::RefusedDeleteTakesEffect)
    {
        let _ = call.remove();
    }
    let outcome = admitted.and_then(|()| {
        let Ok(body) = body else {
            return Err(Problem::unexpected_content("The request is too large, or ended too early."));
        };
        let request = Request { uri: &uri, headers: &headers, body: &body };
        call.answer(&request)
    });
    let answer = outcome.unwrap_or_else(|problem| problem.answer(&shared));
    answer.with_operation(&route.operation.name)
}

/// A path that is none, or one that has other methods.
fn not_here(shared: &Shared, method: &Method, others: &[&str]) -> Answer {
    if others.is_empty() {
        return Problem::not_found("There is nothing at this path.").answer(shared);
    }
    if shared.deviates(Deviation::GenericAnyMethodAccepted) {
        return Answer::new(Api::Veeam, StatusCode::OK, Content::Json(json!({})));
    }
    if shared.deviates(Deviation::GenericMethodIsNotImplemented) {
        return Problem::not_implemented().answer(shared);
    }
    let problem = Problem::method_not_allowed(format!("{method} is not possible here."));
    let allowed = HeaderValue::from_str(&others.join(", "));
    problem.answer(shared).with_header(ALLOW, allowed.unwrap_or(HeaderValue::from_static("GET")))
}

/// Whether a request names the version it speaks and comes from somebody known, as far as its operation asks.
fn admitted(shared: &Shared, route: &Route, headers: &HeaderMap) -> Result<(), Problem> {
    let versioned = route.operation.members.contains_key("x-api-version");
    if versioned && !shared.deviates(Deviation::GenericVersionNotRequired) {
        version_named(shared, headers)?;
    }
    let asked = match route.operation.access {
        Access::Public => shared.deviates(Deviation::PublicNeedsToken),
        Access::Protected => !shared.deviates(Deviation::GenericTokenNotRequired),
    };
    if asked {
        tokens::token_in_use(headers, shared)?;
    }
    let forbids = || route.operation.access == Access::Public && route.operation.answers.contains_key(&403);
    if shared.deviates(Deviation::PublicForbidden) && forbids() {
        tokens::token_in_use(headers, shared).map_err(Problem::into_forbidden)?;
    }
    Ok(())
}

/// One call of an operation.
struct Call<'a> {
    shared: &'a Shared,
    route: &'static Route,
    /// As it was asked for.
    path: &'a str,
    now: Moment,
}

impl Call<'_> {
    fn answer(&self, request: &Request<'_>) -> Result<Answer, Problem> {
        let input = match input::read(self.shared, self.route, request) {
            Ok(input) => input,
            Err(problem) => {
                if self.route.role == Role::Create && self.deviates(Deviation::GenericRefusedAdds) {
                    let body = serde_json::from_slice(request.body).unwrap_or_default();
                    let _ = self.create(&Input { members: body, body: None });
                }
                if self.route.role == Role::Update && self.deviates(Deviation::RefusedChangeTakesEffect) {
                    let _ = self.thing(&self.right_members(request.body));
                }
                return Err(self.refused(problem));
            }
        };
        self.check_parents().map_err(|problem| self.documented(problem))?;
        if self.deviates(Deviation::GenericValidIsServerError) {
            return Err(Problem::internal());
        }
        let outcome = match self.route.role {
            Role::List => Ok(self.list(&input)),
            Role::Create => self.create(&input),
            Role::Show => self.thing(&Facts::new()),
            Role::Update => self.thing(&input.members),
            Role::Remove => self.remove(),
            Role::ShowOnly => self.show_only(),
            Role::SaveOnly => Ok(self.save_only(&input)),
            Role::RemoveOnly => self.remove_only(),
            Role::Reset => Ok(self.reset()),
            Role::Act => Ok(self.act(&input)),
        };
        outcome.map(|body| self.written(body)).map_err(|problem| self.documented(problem))
    }

    /// The members of a body that are right by themselves.
    fn right_members(&self, body: &[u8]) -> Facts {
        let mut members: Facts = serde_json::from_slice(body).unwrap_or_default();
        let body = self.route.operation.members.values().find(|it| it.place == ParameterLocation::WholeBody);
        let Some(body) = body else { return Facts::new() };
        let schemas: Vec<_> = properties(resolved(veeam_schemas(), &body.schema)).collect();
        members.retain(|name, value| {
            let schema = schemas.iter().find(|(known, _)| *known == name);
            schema.is_some_and(|(_, it)| schema::violations(veeam_schemas(), it, value).is_empty())
        });
        members
    }

    fn deviates(&self, deviation: Deviation) -> bool {
        self.shared.deviates(deviation)
    }

    /// Whether a deviation does not mind that there is nothing of this id.
    fn passes_absent(&self, id: &str) -> bool {
        self.deviates(Deviation::GenericAbsentAccepted)
            || self.deviates(Deviation::GenericMalformedIdServed) && Uuid::try_parse(id).is_err()
    }

    fn example_values(&self) -> ExampleValues<'static> {
        ExampleValues { document: veeam_schemas(), now: self.now.wall }
    }

    /// The refusal of an input. Where the document knows no 400, what is not there comes first.
    fn refused(&self, problem: Problem) -> Problem {
        if !self.documents(problem.status)
            && let Err(absent) = self.check_parents()
        {
            return self.documented(absent);
        }
        self.documented(problem)
    }

    fn documents(&self, status: StatusCode) -> bool {
        self.route.operation.answer(status.as_u16()).is_some()
    }

    /// A problem that the operation documents, as far as there is one that fits; where it knows no 404, a wrong id is a bad request, and the other way.
    fn documented(&self, problem: Problem) -> Problem {
        let knows = |status: StatusCode| self.documents(status);
        match problem.status {
            StatusCode::NOT_FOUND if self.deviates(Deviation::GenericAbsentIsBadRequest) => {
                problem.into_bad_request()
            }
            StatusCode::NOT_FOUND if !knows(problem.status) => self.documented(problem.into_bad_request()),
            StatusCode::CONFLICT if !knows(problem.status) => self.documented(problem.into_bad_request()),
            StatusCode::BAD_REQUEST if !knows(problem.status) && problem.is_of_uri() => {
                problem.into_not_found()
            }
            StatusCode::BAD_REQUEST if !knows(problem.status) && knows(StatusCode::FORBIDDEN) => {
                problem.into_forbidden()
            }
            _ => problem,
        }
    }

    /// What stands in the path, but for the thing at its end, has to be there.
    fn check_parents(&self) -> Result<(), Problem> {
        let own = matches!(self.route.role, Role::Show | Role::Update | Role::Remove);
        let mut values = self.route.values(self.path);
        if own {
            values.pop();
        }
        for (name, id, prefix) in values {
            let listed = routes::at(prefix, Role::List).is_some();
            let home = if listed { Some(prefix) } else { routes::home_of(name) };
            let Some(home) = home else { continue };
            if !self.is_there(home, id) && !self.passes_absent(id) {
                return Err(Problem::not_found(format!("There is no {id} in {home}.")));
            }
        }
        Ok(())
    }

    fn is_there(&self, collection: &str, id: &str) -> bool {
        if collection == connections::COLLECTION {
            return connections::is_there(self.shared, id);
        }
        let mut things = locked(&self.shared.veeam.things);
        things.collection(collection, || self.seed(collection)).contains_key(&known_as(id))
    }

    /// What is in a collection that nobody can add to: one thing.
    fn seed(&self, collection: &str) -> Option<(String, Facts)> {
        let published = published_id(collection);
        if published.is_none() && routes::at(collection, Role::Create).is_some() {
            return None;
        }
        let page = routes::at(collection, Role::List)?.shape()?;
        let schema = routes::result_of(page);
        let mut facts = self.example_values().members_but(schema, |_| false);
        let member = id_member(schema);
        let id = match (published, facts.get(member).and_then(Value::as_str)) {
            (Some(id), _) => id.to_owned(),
            (None, Some(_)) if member == "id" => id_of(collection).to_string(),
            (None, Some(name)) => name.to_owned(),
            (None, None) => return None,
        };
        facts.insert(member.to_owned(), json!(id));
        Some((known_as(&id), facts))
    }

    fn create(&self, input: &Input) -> Result<Value, Problem> {
        let Some(schema) = self.route.shape() else { return Ok(Value::Null) };
        let member = id_member(schema);
        let mut facts = self.example_values().members_but(schema, |name| input.members.contains_key(name));
        facts.extend(input.members.clone());
        let required = |name: &str| {
            let mut members = self.route.operation.members.values();
            let body = members.find(|member| member.place == ParameterLocation::WholeBody);
            let schema = body.map(|member| resolved(veeam_schemas(), &member.schema));
            let listed = schema.and_then(|schema| schema["required"].as_array());
            listed.is_some_and(|names| names.iter().any(|it| it == name))
        };
        if self.deviates(Deviation::ForgetSent) {
            self.scramble(schema, &mut facts, |name| required(name) || !input.members.contains_key(name));
        }
        let id = match input.members.get(member).and_then(Value::as_str) {
            Some(name) => name.to_owned(),
            None => Uuid::new_v4().to_string(),
        };
        facts.insert(member.to_owned(), json!(id));
        let mut things = locked(&self.shared.veeam.things);
        let all = things.collection(self.path, || self.seed(self.path));
        let name = facts.get("name").cloned();
        let taken = all.values_mut().find(|other| name.is_some() && other.get("name") == name.as_ref());
        if let Some(taken) = taken.filter(|_| !self.deviates(Deviation::DuplicateNameAccepted)) {
            if self.deviates(Deviation::RefusedCreateChanges) {
                self.scramble(schema, taken, |_| false);
            }
            return Err(Problem::conflict("There is one of this name already."));
        }
        let old =
            (self.path.to_owned(), name.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned());
        if self.deviates(Deviation::OldSettingsAfterRecreate)
            && let Some(old) = things.buried.get(&old).cloned()
        {
            let lost =
                old.into_iter().filter(|(name, _)| !input.members.contains_key(name) && name != member);
            facts.extend(lost);
        }
        let shown = self.shaped(schema, &facts);
        if self.deviates(Deviation::LoseSent) {
            facts.retain(|name, _| required(name) || name == member || !input.members.contains_key(name));
        }
        things.made.insert((self.path.to_owned(), known_as(&id)), self.now.instant);
        things.collection(self.path, || None).insert(known_as(&id), facts);
        Ok(shown)
    }

    /// Shows the thing at the end of the path, after it was given what `changes` say; it keeps its id.
    fn thing(&self, changes: &Facts) -> Result<Value, Problem> {
        let Some(schema) = self.route.shape() else { return Ok(Value::Null) };
        let (collection, id) = self.path.rsplit_once('/').unwrap_or_default();
        let mut things = locked(&self.shared.veeam.things);
        things.reads += 1;
        let odd = things.reads % 2 == 1;
        let all = things.collection(collection, || self.seed(collection));
        let shows = self.route.role == Role::Show;
        if self.route.role == Role::Update && self.deviates(Deviation::ChangesNeighbour) {
            let others = all.iter_mut().filter(|(other, _)| **other != known_as(id));
            others.for_each(|(_, other)| self.scramble(schema, other, |_| false));
        }
        match all.get_mut(&known_as(id)) {
            Some(facts) => {
                let before = facts.clone();
                if self.route.role == Role::Update && self.deviates(Deviation::UpdateLeaks) {
                    self.scramble(schema, facts, |_| false);
                }
                let changes = changes.iter().filter(|(name, _)| *name != id_member(schema));
                let leaks = self.deviates(Deviation::UpdateLeaks);
                let changes = changes.filter(|(name, value)| !leaks || before.get(*name) != Some(value));
                facts.extend(changes.map(|(name, value)| (name.clone(), value.clone())));
                let mut shown = facts.clone();
                if shows
                    && (self.deviates(Deviation::StaleRead) || odd && self.deviates(Deviation::UnstableRead))
                {
                    self.scramble(schema, &mut shown, |_| false);
                }
                if self.route.role == Role::Update && self.deviates(Deviation::StaleUpdate) {
                    *facts = before;
                }
                Ok(self.shaped(schema, &shown))
            }
            None if self.passes_absent(id) => Ok(self.example_values().invented("", schema)),
            None => Err(Problem::not_found(format!("There is no {id} in {collection}."))),
        }
    }

    fn remove(&self) -> Result<Value, Problem> {
        let (collection, id) = self.path.rsplit_once('/').unwrap_or_default();
        let mut things = locked(&self.shared.veeam.things);
        let all = things.collection(collection, || self.seed(collection));
        let stays =
            self.deviates(Deviation::GenericRemoveDoesNothing) || self.deviates(Deviation::GhostAfterDelete);
        let facts = match stays {
            true => all.get(&known_as(id)).cloned(),
            false => all.remove(&known_as(id)),
        };
        let removed = facts.is_some();
        if let Some((name, facts)) =
            facts.and_then(|facts| Some((facts.get("name")?.as_str()?.to_owned(), facts)))
        {
            things.buried.insert((collection.to_owned(), name), facts);
        }
        if removed || self.passes_absent(id) {
            return Ok(Value::Null);
        }
        Err(Problem::not_found(format!("There is no {id} in {collection}.")))
    }

    fn show_only(&self) -> Result<Value, Problem> {
        let Some(schema) = self.route.shape() else { return Ok(Value::Null) };
        match locked(&self.shared.veeam.things).setting(self.path) {
            None => Ok(self.example_values().invented("", schema)),
            Some(Some(facts)) => Ok(self.shaped(schema, facts)),
            Some(None) => Err(Problem::not_found("It was removed.")),
        }
    }

    fn save_only(&self, input: &Input) -> Value {
        let Some(schema) = self.route.shape() else { return Value::Null };
        let mut things = locked(&self.shared.veeam.things);
        let Some(Value::Object(facts)) = &input.body else {
            things.reset(self.path);
            return self.example_values().invented("", schema);
        };
        things.set(self.path, Some(facts.clone()));
        self.shaped(schema, facts)
    }

    fn remove_only(&self) -> Result<Value, Problem> {
        let mut things = locked(&self.shared.veeam.things);
        if things.setting(self.path) == Some(&None) {
            return Err(Problem::not_found("It was removed before."));
        }
        things.set(self.path, None);
        Ok(Value::Null)
    }

    fn reset(&self) -> Value {
        let (setting, _) = self.path.rsplit_once('/').unwrap_or_default();
        locked(&self.shared.veeam.things).reset(setting);
        self.route.shape().map_or(Value::Null, |schema| self.example_values().invented("", schema))
    }

    /// What the operation does to the thing its path names; what takes long is a session.
    fn act(&self, input: &Input) -> Value {
        if let Some((_, member, value)) =
            SWITCHES.iter().find(|(name, ..)| *name == &*self.route.operation.name)
            && let Some((_, id, collection)) = self.route.values(self.path).pop()
            && let Some(facts) =
                locked(&self.shared.veeam.things).collection(collection, || None).get_mut(&known_as(id))
        {
            facts.insert((*member).to_owned(), json!(value));
        }
        let Some(schema) = self.route.shape() else { return Value::Null };
        let example_values = self.example_values();
        if schema["type"] == "array" {
            // A validation that finds nothing.
            return example_values.shaped("", schema, &json!([]));
        }
        let mut output = example_values.members_but(schema, |_| false);
        for (name, property) in properties(schema) {
            if let Some(said) = input.members.get(name) {
                output.insert(name.clone(), example_values.shaped(name, property, said));
            }
        }
        if output.contains_key("sessionId") {
            output.insert("sessionId".to_owned(), json!(self.new_session()));
        }
        Value::Object(output)
    }

    fn new_session(&self) -> String {
        let id = Uuid::new_v4().to_string();
        let mut things = locked(&self.shared.veeam.things);
        let all = things.collection(SESSIONS, || self.seed(SESSIONS));
        let mut facts = self.seed(SESSIONS).map(|(_, facts)| facts).unwrap_or_default();
        facts.insert("id".to_owned(), json!(id));
        all.insert(id.clone(), facts);
        id
    }

    fn shaped(&self, schema: &Value, facts: &Facts) -> Value {
        let mut shown = self.example_values().shaped("", schema, &Value::Object(facts.clone()));
        let masked = self.shared.varies(Variation::SecretsMasked);
        if let (Value::Object(shown), true) = (&mut shown, masked || self.deviates(Deviation::SecretShown)) {
            let written = facts.iter().filter(|(name, _)| !properties(schema).any(|(it, _)| it == *name));
            let value = |value: &Value| if masked { json!("********") } else { value.clone() };
            shown.extend(written.map(|(name, written)| (name.clone(), value(written))));
        }
        shown
    }

    /// The documented success: JSON where there is a schema, a file where a type is documented, and nothing otherwise.
    fn written(&self, body: Value) -> Answer {
        let (status, documented) =
            self.route.success().map_or((200, None), |(status, answer)| (status, Some(answer)));
        let status = match self.deviates(Deviation::GenericUndocumentedStatus) {
            true => StatusCode::NON_AUTHORITATIVE_INFORMATION,
            false => StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        };
        let file = documented.and_then(|answer| answer.media_types.first());
        match (body, file) {
            (Value::Null, None) => Answer::new(Api::Veeam, status, Content::Empty),
            (Value::Null, Some(media_type)) => {
                Answer::new(Api::Veeam, status, Content::Raw(Bytes::from_static(b"proofmark\n")))
                    .with_media_type(media_type)
            }
            (body, _) => Answer::new(Api::Veeam, status, Content::Json(self.deviated(body))),
        }
    }

    fn deviated(&self, mut body: Value) -> Value {
        let Value::Object(members) = &mut body else { return body };
        if self.deviates(Deviation::GenericWrongType) {
            members.values_mut().for_each(|member| *member = json!([{ "value": member.take() }]));
        }
        if self.deviates(Deviation::GenericRequiredLeftOut) {
            let required = self.route.shape().and_then(|schema| schema["required"].as_array());
            for name in required.into_iter().flatten().filter_map(Value::as_str) {
                members.shift_remove(name);
            }
        }
        body
    }
}

/// The member of a thing that the end of its path gives.
fn id_member(schema: &Value) -> &'static str {
    let has = |wanted: &&&str| properties(schema).any(|(name, _)| name == **wanted);
    ["id", "regionId", "name"].iter().find(has).copied().unwrap_or("id")
}

/// Ids are the same in letters of either case.
fn known_as(id: &str) -> String {
    match Uuid::try_parse(id) {
        Ok(id) => id.to_string(),
        Err(_) => percent_encoding::percent_decode_str(id).decode_utf8_lossy().into_owned(),
    }
}
