//! What a call may carry: parameters of a path and its operations, and bodies, as the members of one input.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{
    answers::{FORM, JSON, prefer_json},
    document::{Dialect, Place},
    schemas::Schemas,
    unknown,
};
use crate::{
    contract::{budget::weight, input_output::Direction, multipart::MULTIPART},
    model::contract::{ListStyle, Member, ParameterLocation, is_json},
};

#[derive(Default)]
pub(super) struct Input {
    pub members: IndexMap<String, Member>,
    pub consumes: Vec<String>,
}

/// The input of the operation at `place` of the path item `item`; its own parameters stand in for the path's of the
/// same name and place.
pub(super) fn input<'a>(schemas: &mut Schemas<'a>, item: &Place<'a>, place: &Place<'a>) -> Input {
    let mut found: IndexMap<(&str, &str), Place<'a>> = IndexMap::new();
    let listed = item.get("parameters").elements().chain(place.get("parameters").elements());
    for parameter in listed.collect::<Vec<_>>() {
        match schemas.document.resolve(parameter) {
            Ok(parameter) => match (parameter.text("in"), parameter.text("name")) {
                (Some(place), Some(name)) => {
                    found.insert((place, name), parameter);
                }
                _ => schemas.problems.push(parameter.problem("a parameter without `name` or `in`")),
            },
            Err(problem) => schemas.problems.push(problem),
        }
    }
    let mut input = Input::default();
    for ((travels, name), parameter) in &found {
        if let Some(member) = self::parameter(schemas, travels, name, parameter) {
            put(&mut input.members, travels, name, member);
        }
    }
    match schemas.document.dialect {
        Dialect::Swagger2 => input.consumes = consumes(schemas, place, &input.members, &found),
        _ => request_body(schemas, place, &mut input),
    }
    input
}

/// Adds a member; one whose name another place has taken is called after its place too.
fn put(members: &mut IndexMap<String, Member>, travels: &str, name: &str, mut member: Member) {
    let mut key = name.to_owned();
    if members.contains_key(&key) {
        member.wire_name = Some(key);
        key = format!("{travels}.{name}");
    }
    members.insert(key, member);
}

/// Adds a parameter of the path of which only the name is known.
pub(super) fn put_undescribed(members: &mut IndexMap<String, Member>, name: &str) {
    let member = Member {
        place: ParameterLocation::Path,
        wire_name: None,
        required: true,
        default: None,
        list: ListStyle::default(),
        schema: json!({ "type": "string" }),
    };
    put(members, "path", name, member);
}

fn parameter<'a>(schemas: &mut Schemas<'a>, travels: &str, name: &str, place: &Place<'a>) -> Option<Member> {
    let dialect = schemas.document.dialect;
    let travels = match (travels, dialect) {
        ("path", _) => ParameterLocation::Path,
        ("query", _) => ParameterLocation::Query,
        // These three belong to the media types and the security of an operation (OpenAPI 3, "Parameter Object").
        ("header", Dialect::OpenApi30 | Dialect::OpenApi31)
            if ["accept", "content-type", "authorization"]
                .iter()
                .any(|taken| name.eq_ignore_ascii_case(taken)) =>
        {
            return None;
        }
        ("header", _) => ParameterLocation::Header,
        ("formData", Dialect::Swagger2) => ParameterLocation::Form,
        ("body", Dialect::Swagger2) => ParameterLocation::WholeBody,
        (other, _) => {
            schemas.left_out.push(place.problem(format!("parameters in `{other}` are not sent")));
            return None;
        }
    };
    if dialect != Dialect::Swagger2 {
        unknown::tell(schemas, place, unknown::PARAMETER);
    }
    let schema_place = schema_place(schemas, place, travels);
    let schema = match (&schema_place, dialect, travels) {
        (_, Dialect::Swagger2, ParameterLocation::WholeBody) => {
            schemas.schema(Direction::Input, place.get("schema"))
        }
        (_, Dialect::Swagger2, _) if place.text("type") == Some("file") => {
            json!({ "type": "string", "format": "binary" })
        }
        // In Swagger the parameter itself is the schema, among other things.
        (_, Dialect::Swagger2, _) => schemas.in_parameter(place),
        (Some(place), ..) => schemas.schema(Direction::Input, place.clone()),
        (None, ..) => {
            schemas.left_out.push(place.problem("neither `schema` nor `content`: any value will do"));
            json!(true)
        }
    };
    let required = place.says("required") || travels == ParameterLocation::Path;
    let default = match dialect {
        Dialect::Swagger2 => place.value.get("default"),
        _ => schema_place.as_ref().and_then(|schema| schema.value.get("default")),
    };
    // A header that may have one value only need not be told it.
    let only = only_value(&schema).filter(|_| travels == ParameterLocation::Header);
    let default = default.or(only).filter(|_| required);
    if !schemas.affords(default.map_or(0, weight), place) {
        return None;
    }
    Some(Member {
        place: travels,
        wire_name: None,
        required,
        default: default.cloned(),
        list: list_style(schemas, place, travels),
        schema,
    })
}

/// The one value that a schema allows, if it is one.
fn only_value(schema: &Value) -> Option<&Value> {
    match schema.get("enum").and_then(Value::as_array).map(Vec::as_slice) {
        Some([one]) => Some(one),
        Some(_) => None,
        None => schema.get("const"),
    }
}

/// Where the schema of a parameter stands: its `schema`, or that of the one media type it is written in.
fn schema_place<'a>(
    schemas: &mut Schemas<'a>,
    place: &Place<'a>,
    travels: ParameterLocation,
) -> Option<Place<'a>> {
    if place.value.get("schema").is_some() || travels == ParameterLocation::WholeBody {
        return Some(place.get("schema"));
    }
    let (media_type, content) = place.get("content").members().next()?;
    schemas.left_out.push(content.problem(format!("the value is not written as {media_type} but as it is")));
    content.value.get("schema").is_some().then(|| content.get("schema"))
}

fn list_style(schemas: &mut Schemas<'_>, place: &Place<'_>, travels: ParameterLocation) -> ListStyle {
    let mut unknown = |key: &str, style: &str| {
        schemas.left_out.push(place.get(key).problem(format!("the style {style} is not followed")));
        ListStyle::default()
    };
    if schemas.document.dialect == Dialect::Swagger2 {
        return match (place.text("type"), place.text("collectionFormat")) {
            (Some("array"), None | Some("csv")) => ListStyle::Commas,
            (Some("array"), Some("ssv")) => ListStyle::Spaces,
            (Some("array"), Some("tsv")) => ListStyle::Tabs,
            (Some("array"), Some("pipes")) => ListStyle::Pipes,
            (Some("array"), Some("multi")) | (_, None) => ListStyle::Repeated,
            (_, Some(other)) => unknown("collectionFormat", other),
        };
    }
    let explode = place.value.get("explode").and_then(Value::as_bool);
    match (travels, place.text("style")) {
        (ParameterLocation::Query | ParameterLocation::Form, None | Some("form"))
            if explode == Some(false) =>
        {
            ListStyle::Commas
        }
        (ParameterLocation::Query | ParameterLocation::Form, None | Some("form")) => ListStyle::Repeated,
        (ParameterLocation::Query, Some("spaceDelimited")) => ListStyle::Spaces,
        (ParameterLocation::Query, Some("pipeDelimited")) => ListStyle::Pipes,
        (ParameterLocation::Path | ParameterLocation::Header, None | Some("simple")) => ListStyle::Repeated,
        (_, Some(other)) => unknown("style", other),
        (_, None) => ListStyle::Repeated,
    }
}

/// What a Swagger operation's body is written in: what it says, else what the document says. Where neither says
/// anything a body is JSON and a form is a form.
fn consumes<'a>(
    schemas: &mut Schemas<'a>,
    place: &Place<'a>,
    members: &IndexMap<String, Member>,
    parameters: &IndexMap<(&str, &str), Place<'a>>,
) -> Vec<String> {
    let travels = |place| members.values().any(|member| member.place == place);
    let file = parameters.values().any(|parameter| parameter.text("type") == Some("file"));
    let otherwise = match (travels(ParameterLocation::WholeBody), travels(ParameterLocation::Form), file) {
        (true, ..) => JSON,
        (false, true, true) => MULTIPART,
        (false, true, false) => FORM,
        (false, false, _) => return Vec::new(),
    };
    let own = place.value.get("consumes").is_some().then(|| place.get("consumes"));
    let given = own.unwrap_or_else(|| schemas.document.top().get("consumes"));
    let types: Vec<String> =
        given.elements().filter_map(|kind| Some(kind.value.as_str()?.to_owned())).collect();
    bodies(schemas, types, otherwise, &given)
}

/// Media types of bodies, JSON first; `otherwise` where they say nothing.
fn bodies(schemas: &mut Schemas<'_>, types: Vec<String>, otherwise: &str, said: &Place<'_>) -> Vec<String> {
    let mut types: Vec<String> = types.into_iter().filter(|kind| kind != "*/*").collect();
    if types.is_empty() {
        schemas
            .left_out
            .push(said.problem(format!("does not say what a body is written in; {otherwise} is assumed")));
        types.push(otherwise.to_owned());
    }
    prefer_json(&mut types);
    types
}

fn request_body<'a>(schemas: &mut Schemas<'a>, place: &Place<'a>, input: &mut Input) {
    if place.value.get("requestBody").is_none() {
        return;
    }
    let body = match schemas.document.resolve(place.get("requestBody")) {
        Ok(body) => body,
        Err(problem) => return schemas.problems.push(problem),
    };
    unknown::tell(schemas, &body, unknown::REQUEST_BODY);
    let content = body.get("content");
    for (_, body) in content.members() {
        unknown::tell(schemas, &body, unknown::MEDIA_TYPE);
    }
    let types: Vec<String> = content.members().map(|(kind, _)| kind.to_owned()).collect();
    let form = content.members().find(|(kind, _)| matches!(*kind, FORM | MULTIPART));
    match form.filter(|_| !types.iter().any(|kind| is_json(kind))) {
        Some((kind, form)) => {
            input.consumes = vec![kind.to_owned()];
            form_members(schemas, &form.get("schema"), &mut input.members);
        }
        None => {
            input.consumes = bodies(schemas, types, JSON, &content);
            let chosen =
                content.members().find(|(kind, _)| is_json(kind)).or_else(|| content.members().next());
            let schema = match chosen.map(|(_, chosen)| chosen.get("schema")) {
                Some(schema) if !schema.value.is_null() => schemas.schema(Direction::Input, schema),
                _ => json!(true),
            };
            let name = place.text("x-codegen-request-body-name").unwrap_or("body");
            let required = body.says("required");
            let list = ListStyle::default();
            let member = Member {
                place: ParameterLocation::WholeBody,
                wire_name: None,
                required,
                default: None,
                list,
                schema,
            };
            put(&mut input.members, "body", name, member);
        }
    }
}

/// The fields of a form: the properties of its schema.
fn form_members<'a>(schemas: &mut Schemas<'a>, schema: &Place<'a>, members: &mut IndexMap<String, Member>) {
    let schema = match schemas.document.resolve(schema.clone()) {
        Ok(schema) => schema,
        Err(problem) => return schemas.problems.push(problem),
    };
    for key in ["allOf", "oneOf", "anyOf"] {
        if schema.value.get(key).is_some() {
            schemas
                .left_out
                .push(schema.get(key).problem("fields of a form are read from `properties` alone"));
        }
    }
    let required = schema.get("required");
    for (name, field) in schema.get("properties").members() {
        let required =
            required.value.as_array().is_some_and(|names| names.iter().any(|required| required == name));
        let default = field.value.get("default").filter(|_| required).cloned();
        let schema = schemas.schema(Direction::Input, field);
        let list = ListStyle::default();
        put(
            members,
            "form",
            name,
            Member { place: ParameterLocation::Form, wire_name: None, required, default, list, schema },
        );
    }
}
