//! Filling `${...}` in. Where the values come from is the caller's business; [`from_variables`] is the source that
//! claims have.

use std::borrow::Cow;

use serde_json::Value;

use crate::model::template::{Part, Placeholder, Template, TemplateValue, Variables};

/// A hole that nothing fills; what stands between `${` and `}`, with a reason behind it where there is one to give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`${{{0}}}` has no value")]
pub struct Unfilled(pub String);

/// The text with every hole filled. Values that are not strings are spelled as JSON.
pub fn text(
    template: &Template,
    source: &mut dyn FnMut(&Placeholder) -> Result<Value, Unfilled>,
) -> Result<String, Unfilled> {
    let mut text = String::new();
    for part in &template.parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Placeholder(placeholder) => match source(placeholder)? {
                Value::String(value) => text.push_str(&value),
                value => text.push_str(&value.to_string()),
            },
        }
    }
    Ok(text)
}

/// The JSON with every hole filled. A string that is one single hole becomes the hole's value, whatever its type.
pub fn value(
    template: &TemplateValue,
    source: &mut dyn FnMut(&Placeholder) -> Result<Value, Unfilled>,
) -> Result<Value, Unfilled> {
    match template {
        TemplateValue::Fixed(fixed) => Ok(fixed.clone()),
        TemplateValue::Text(template) => match &template.parts[..] {
            [Part::Placeholder(placeholder)] => source(placeholder),
            _ => text(template, source).map(Value::String),
        },
        TemplateValue::List(elements) => {
            elements.iter().map(|element| value(element, source)).collect::<Result<_, _>>().map(Value::Array)
        }
        TemplateValue::Object(members) => members
            .iter()
            .map(|(name, member)| Ok((name.clone(), value(member, source)?)))
            .collect::<Result<_, _>>()
            .map(Value::Object),
    }
}

/// As [`value`], without a copy of what has no holes.
pub(super) fn borrowed<'a>(
    template: &'a TemplateValue,
    variables: &Variables,
) -> Result<Cow<'a, Value>, Unfilled> {
    match template {
        TemplateValue::Fixed(fixed) => Ok(Cow::Borrowed(fixed)),
        _ => value(template, &mut from_variables(variables)).map(Cow::Owned),
    }
}

/// Fills holes from `variables`. `${env:X}`, `${secret:X}` and `${gen:x}` are looked up under `env:X`, `secret:X`,
/// `gen:x`: they have a value here only where the sender wrote down which one it used.
pub fn from_variables(variables: &Variables) -> impl FnMut(&Placeholder) -> Result<Value, Unfilled> {
    |placeholder| {
        let unfilled = || Unfilled(key(placeholder).into_owned());
        match placeholder {
            Placeholder::Variable(name) => variables.get(name).cloned().ok_or_else(unfilled),
            Placeholder::Upper(name) => match variables.get(name) {
                Some(Value::String(text)) => Ok(text.to_uppercase().into()),
                _ => Err(unfilled()),
            },
            _ => variables.get(&*key(placeholder)).cloned().ok_or_else(unfilled),
        }
    }
}

/// What stands between `${` and `}`.
pub fn key(placeholder: &Placeholder) -> Cow<'_, str> {
    match placeholder {
        Placeholder::Variable(name) => Cow::Borrowed(name),
        Placeholder::Upper(name) => format!("upper:{name}").into(),
        Placeholder::Env(name) => format!("env:{name}").into(),
        Placeholder::Secret(name) => format!("secret:{name}").into(),
        Placeholder::Generated(generator) => generator.key().into(),
    }
}

/// The template as it was written, `${...}` and all; for messages.
pub(super) fn spelled(template: &TemplateValue) -> Value {
    value(template, &mut as_written).unwrap_or_default()
}

/// As [`spelled`], for text.
pub(super) fn spelled_text(template: &Template) -> String {
    text(template, &mut as_written).unwrap_or_default()
}

fn as_written(placeholder: &Placeholder) -> Result<Value, Unfilled> {
    Ok(Value::String(format!("${{{}}}", key(placeholder))))
}
