//! What a case file must not have, because others read it: values that the name of their member, or what stands in front
//! of them, calls secrets, and whatever the target file names as one.

use std::fmt::Display;

use serde_json::Value;

use crate::{
    model::template::{Part, TemplateValue},
    redact::{is_secret_name, looks_secret},
    workspace::Error,
};

/// Refuses an input with a secret in clear. What stands for a value that the file does not have is none.
pub fn refuse_in_clear<N: AsRef<str>>(input: &[(N, TemplateValue)]) -> Result<(), Error> {
    let mut found = Vec::new();
    input.iter().for_each(|(name, value)| walk(name.as_ref(), name.as_ref(), value, &mut found));
    match found.is_empty() {
        true => Ok(()),
        false => Err(refused(&format!("a secret in clear, as {}", found.join(", ")))),
    }
}

/// Refuses a text that has one of the secrets which `mask` knows, however it is spelled.
pub fn refuse_known(what: &str, text: &str, mask: &dyn Fn(&str) -> String) -> Result<(), Error> {
    match mask(text) == text {
        true => Ok(()),
        false => Err(refused(&format!("a secret of the target, in {what}"))),
    }
}

fn refused(found: &dyn Display) -> Error {
    Error::Usage(format!(
        "other people read case files, and this one would contain {found}; nothing was sent\n\
         name it instead: \"${{secret:NAME}}\" is what `secrets: {{ NAME: {{ env: VARIABLE }} }}` of the target file \
         says, \"${{env:VARIABLE}}\" an environment variable, and \"${{gen:uuid}}\" a value that does not exist"
    ))
}

/// The places of secrets below a member, by their names.
fn walk(place: &str, name: &str, value: &TemplateValue, found: &mut Vec<String>) {
    match value {
        TemplateValue::Fixed(value) => walk_fixed(place, name, value, found),
        TemplateValue::Text(template) => {
            let parts = template.parts.iter().map(|part| match part {
                Part::Text(text) => text,
                Part::Placeholder(_) => " ",
            });
            text(place, name, &parts.collect::<String>(), found);
        }
        TemplateValue::List(items) => items.iter().for_each(|item| walk(place, name, item, found)),
        TemplateValue::Object(members) => {
            members.iter().for_each(|(inner, value)| walk(&format!("{place}.{inner}"), inner, value, found));
        }
    }
}

fn walk_fixed(place: &str, name: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(it) => text(place, name, it, found),
        Value::Number(number) => text(place, name, &number.to_string(), found),
        Value::Array(items) => items.iter().for_each(|item| walk_fixed(place, name, item, found)),
        Value::Object(members) => members
            .iter()
            .for_each(|(inner, value)| walk_fixed(&format!("{place}.{inner}"), inner, value, found)),
        Value::Bool(_) | Value::Null => {}
    }
}

fn text(place: &str, name: &str, text: &str, found: &mut Vec<String>) {
    if (is_secret_name(name) && !text.trim().is_empty()) || looks_secret(text) {
        found.push(place.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::template::{Placeholder, Template};
    use serde_json::json;

    fn places(value: TemplateValue) -> Vec<String> {
        let mut found = Vec::new();
        walk("it", "it", &value, &mut found);
        found
    }

    #[test]
    fn a_secrets_name_and_what_gives_itself_away_are_found_in_clear() {
        for (value, expected) in [
            (json!({ "Password": "hunter2" }), vec!["it.Password"]),
            (
                json!({ "MySQLSettings": { "Password": "hunter2", "Port": 3306 } }),
                vec!["it.MySQLSettings.Password"],
            ),
            (json!({ "password": 1234 }), vec!["it.password"]),
            (json!([{ "client_secret": ["a"] }, { "secretKey": { "Name": "a" } }]), vec!["it.client_secret"]),
            (
                json!({ "ExtraConnectionAttributes": "a=b;password=hunter2" }),
                vec!["it.ExtraConnectionAttributes"],
            ),
            (json!({ "Password": "", "Other": "hunter2", "NextToken": "abc", "password": null }), vec![]),
        ] {
            assert_eq!(places(TemplateValue::Fixed(value.clone())), expected, "{value}");
        }
    }

    #[test]
    fn what_stands_for_a_secret_is_none() {
        let placeholder = || Part::Placeholder(Placeholder::Secret("db".into()));
        let of = |parts: Vec<Part>| {
            places(TemplateValue::Object(
                [("Password".into(), TemplateValue::Text(Template { parts }))].into_iter().collect(),
            ))
        };
        assert_eq!(of(vec![placeholder()]), Vec::<String>::new());
        assert_eq!(of(vec![placeholder(), Part::Text("-old".into())]), ["it.Password"]);
        let attributes =
            vec![Part::Text("user=a;password=".into()), placeholder(), Part::Text(";x=y".into())];
        assert_eq!(places(TemplateValue::Text(Template { parts: attributes })), Vec::<String>::new());
    }

    #[test]
    fn the_refusal_says_how_to_name_it() {
        let wrong =
            refuse_known("--send", "a hunter2", &|text: &str| text.replace("hunter2", "***")).unwrap_err();
        let Error::Usage(said) = wrong else { panic!("{wrong:?}") };
        assert!(said.contains("in --send; nothing was sent") && said.contains("${secret:NAME}"), "{said}");
        assert!(!said.contains("hunter2"));
        assert!(refuse_known("--send", "harmless", &str::to_owned).is_ok());
    }
}
