//! Text with `${...}` in it, taken apart; and which place each hole has, so that an unknown name can be pointed at.

use std::{borrow::Cow, ops::Range};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::{
    decode::{Decode, expected},
    diagnostic::{At, Problems, quoted, suggestion},
    yaml::{Data, Node},
};
use crate::model::template::{Generator, Part, Placeholder, Template, TemplateValue};

/// A template, or JSON made of templates, with the place of each hole.
#[derive(Debug, Clone)]
pub struct Templated<T> {
    pub value: T,
    pub placeholders: Vec<(Placeholder, At)>,
}

/// What is wrong within a text.
struct Malformed {
    range: Range<usize>,
    message: String,
    help: Option<String>,
}

impl Decode for Templated<Template> {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let Data::Text(text) = &node.data else {
            return expected("text", &node, problems);
        };
        let mut placeholders = Vec::new();
        let value = template(text, node.at, problems, &mut placeholders)?;
        Some(Templated { value, placeholders })
    }
}

impl Decode for Templated<TemplateValue> {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let mut placeholders = Vec::new();
        let value = json(node, problems, &mut placeholders)?;
        Some(Templated { value, placeholders })
    }
}

impl JsonSchema for Templated<Template> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl JsonSchema for Templated<TemplateValue> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Json".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!(true)
    }
}

/// JSON whose texts are templates; what holds no hole becomes one fixed value.
fn json(
    node: Node<'_>,
    problems: &mut Problems,
    placeholders: &mut Vec<(Placeholder, At)>,
) -> Option<TemplateValue> {
    Some(match node.data {
        Data::Null => TemplateValue::Fixed(Value::Null),
        Data::Bool(value) => TemplateValue::Fixed(Value::Bool(value)),
        Data::Number(number) => TemplateValue::Fixed(Value::Number(number)),
        Data::Text(text) if !text.contains("${") => TemplateValue::Fixed(Value::String(text.into_owned())),
        Data::Text(text) => text_value(template(&text, node.at, problems, placeholders)?),
        Data::List(items) => {
            let mut elements = Vec::with_capacity(items.len());
            elements.extend(items.into_iter().filter_map(|item| json(item, problems, placeholders)));
            fixed_list(elements)
        }
        Data::Map(entries) => {
            let mut members = Vec::with_capacity(entries.len());
            for entry in entries {
                if entry.key.contains("${") {
                    problems.add(entry.value.key, format!("{} as a name", quoted(&entry.key))).help(
                        "only values of the case's matrix can stand in a name; they are known before anything is sent",
                    );
                }
                let value = json(entry.value, problems, placeholders)?;
                members.push((entry.key.into_owned(), value));
            }
            fixed_object(members)
        }
    })
}

fn text_value(template: Template) -> TemplateValue {
    match &*template.parts {
        [Part::Text(text)] => TemplateValue::Fixed(Value::String(text.clone())),
        _ => TemplateValue::Text(template),
    }
}

fn fixed_list(items: Vec<TemplateValue>) -> TemplateValue {
    if !items.iter().all(|item| matches!(item, TemplateValue::Fixed(_))) {
        return TemplateValue::List(items);
    }
    TemplateValue::Fixed(items.into_iter().filter_map(fixed).collect())
}

fn fixed_object(members: Vec<(String, TemplateValue)>) -> TemplateValue {
    if !members.iter().all(|(_, value)| matches!(value, TemplateValue::Fixed(_))) {
        return TemplateValue::Object(members);
    }
    TemplateValue::Fixed(
        members.into_iter().filter_map(|(name, value)| Some((name, fixed(value)?))).collect(),
    )
}

fn fixed(value: TemplateValue) -> Option<Value> {
    match value {
        TemplateValue::Fixed(value) => Some(value),
        _ => None,
    }
}

fn template(
    text: &str,
    at: At,
    problems: &mut Problems,
    placeholders: &mut Vec<(Placeholder, At)>,
) -> Option<Template> {
    let place = |range: &Range<usize>| within(text, at, range);
    match parse(text) {
        Ok(parts) => {
            for (part, range) in &parts {
                if let Part::Placeholder(placeholder) = part {
                    placeholders.push((placeholder.clone(), place(range)));
                }
            }
            let mut parts: Vec<Part> = parts.into_iter().map(|(part, _)| part).collect();
            parts.shrink_to_fit();
            Some(Template { parts })
        }
        Err(wrong) => {
            let problem = problems.add(place(&wrong.range), wrong.message);
            if let Some(help) = wrong.help {
                problem.help(help);
            }
            None
        }
    }
}

/// Where `range` of a text is in the file: exact for text that stands there as it is, plain or between quotes.
pub fn within(text: &str, at: At, range: &Range<usize>) -> At {
    let written = (at.end - at.start) as usize;
    let start = at.start as usize;
    match written.checked_sub(text.len()) {
        Some(0) => At::new(start + range.start, start + range.end),
        Some(2) => At::new(start + 1 + range.start, start + 1 + range.end),
        _ => at,
    }
}

/// The parts of `text` with the range of each.
fn parse(text: &str) -> Result<Vec<(Part, Range<usize>)>, Malformed> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut from = 0;
    while let Some(found) = text[from..].find("${") {
        let open = from + found;
        if text[..open].ends_with('$') && open > from {
            literal.push_str(&text[from..open - 1]);
            literal.push_str("${");
            from = open + 2;
            continue;
        }
        literal.push_str(&text[from..open]);
        let Some(length) = text[open..].find('}') else {
            return Err(Malformed {
                range: open..text.len(),
                message: "`${` without `}`".to_owned(),
                help: Some("a literal `${` is written `$${`".to_owned()),
            });
        };
        let range = open..open + length + 1;
        if !literal.is_empty() {
            parts.push((Part::Text(std::mem::take(&mut literal)), from..open));
        }
        parts.push((
            Part::Placeholder(placeholder(&text[open + 2..open + length], range.clone())?),
            range.clone(),
        ));
        from = range.end;
    }
    literal.push_str(&text[from..]);
    if !literal.is_empty() {
        parts.push((Part::Text(literal), from..text.len()));
    }
    Ok(parts)
}

/// What stands between `${` and `}`.
fn placeholder(name: &str, range: Range<usize>) -> Result<Placeholder, Malformed> {
    let refuse =
        |message: String, help: Option<String>| Err(Malformed { range: range.clone(), message, help });
    match name.split_once(':') {
        None if is_variable(name) => Ok(Placeholder::Variable(name.into())),
        None => refuse(
            format!("{} is not the name of a variable", quoted(name)),
            Some("write ${name}, ${fixture.name}, ${upper:name}, ${env:NAME}, ${secret:NAME} or ${gen:...}; a literal `${` is `$${`".to_owned()),
        ),
        Some(("upper", name)) if is_variable(name) => Ok(Placeholder::Upper(name.into())),
        Some(("env", name)) if is_word(name) => Ok(Placeholder::Env(name.into())),
        Some(("secret", name)) if is_word(name) => Ok(Placeholder::Secret(name.into())),
        Some(("env" | "secret" | "upper", name)) => refuse(format!("{} is not a name", quoted(name)), None),
        Some(("gen", what)) => match Generator::ALL.into_iter().find(|it| it.key() == name) {
            Some(generator) => Ok(Placeholder::Generated(generator)),
            None => refuse(
                format!("nothing generates {}", quoted(what)),
                suggestion(what, "one of", Generator::ALL.map(|it| it.key().trim_start_matches("gen:"))),
            ),
        },
        Some((source, _)) => refuse(
            format!("values do not come from {}", quoted(source)),
            suggestion(source, "they come from", ["env", "secret", "gen", "upper"]),
        ),
    }
}

/// Letters, digits, `_` and `-`, a letter or `_` first.
pub fn is_word(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Words with dots between them.
pub fn is_variable(name: &str) -> bool {
    name.split('.').all(is_word)
}
