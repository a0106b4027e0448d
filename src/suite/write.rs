//! Case files as text: what a program writes of a case reads like what somebody would have written, and loads again.

use serde_json::Value;

use crate::model::template::{Part, Placeholder, Template, TemplateValue};

/// A file as it grows, line by line.
#[derive(Debug, Default)]
pub struct CaseText {
    text: String,
}

impl CaseText {
    /// The head of a case file.
    pub fn new(modeline: &str, api: &str, operation: &str, source: &str) -> CaseText {
        let mut file = CaseText::default();
        file.line(0, &format!("# yaml-language-server: $schema={modeline}"));
        file.line(0, &format!("api: {api}"));
        file.line(0, &format!("operation: {operation}"));
        file.line(0, &format!("source: {}", scalar(source)));
        file.line(0, "");
        file.line(0, "cases:");
        file
    }

    /// One line, indented by so many steps.
    pub fn line(&mut self, depth: usize, text: &str) {
        if !text.is_empty() {
            self.text.push_str(&"  ".repeat(depth));
            self.text.push_str(text);
        }
        self.text.push('\n');
    }

    /// `send:` and a line for each member; nothing where there is none.
    pub fn send(&mut self, depth: usize, members: &[(String, Value)]) {
        if members.is_empty() {
            return;
        }
        self.line(depth, "send:");
        for (name, value) in members {
            self.line(depth + 1, &format!("{}: {}", scalar(name), flow(value)));
        }
    }

    pub fn finish(self) -> String {
        self.text
    }
}

/// JSON in which strings are templates as files write them.
pub fn template(value: &TemplateValue) -> Value {
    match value {
        TemplateValue::Fixed(value) => literal(value),
        TemplateValue::Text(template) => Value::String(text(template)),
        TemplateValue::List(items) => items.iter().map(template_of).collect(),
        TemplateValue::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), template(value))).collect()
        }
    }
}

fn template_of(value: &TemplateValue) -> Value {
    template(value)
}

/// Text that stands for itself, as files write it.
pub fn literal(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("${", "$${")),
        Value::Array(items) => items.iter().map(literal).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), literal(value))).collect()
        }
        plain => plain.clone(),
    }
}

fn text(template: &Template) -> String {
    template.parts.iter().fold(String::new(), |text, part| match part {
        Part::Text(literal) => text + &literal.replace("${", "$${"),
        Part::Placeholder(placeholder) => text + "${" + &inside(placeholder) + "}",
    })
}

fn inside(placeholder: &Placeholder) -> String {
    match placeholder {
        Placeholder::Variable(name) => name.to_string(),
        Placeholder::Upper(name) => format!("upper:{name}"),
        Placeholder::Env(name) => format!("env:{name}"),
        Placeholder::Secret(name) => format!("secret:{name}"),
        Placeholder::Generated(generator) => generator.key().to_owned(),
    }
}

/// A text as YAML: plain where nothing can be mistaken, else in double quotes, which JSON's are too.
pub fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$' && !text.contains('{'));
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./$ ,".contains(c);
    let safe = starts
        && text.chars().all(plain)
        && !text.ends_with(' ')
        && !WORDS.contains(&&*text.to_ascii_lowercase());
    if safe && !text.contains(',') { text.to_owned() } else { quoted(text) }
}

/// A value on one line: JSON, with spaces where a reader wants them.
pub fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| format!("{}: {}", quoted_key(name), flow(value));
            format!("{{ {} }}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

/// Inside braces a key that is a word needs no quotes.
fn quoted_key(name: &str) -> String {
    let word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let scalar = scalar(name);
    if word { scalar } else { quoted(name) }
}

/// In double quotes. Characters that YAML does not take, or that a terminal might obey, are written as escapes.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' => {
                quoted.push_str(&format!("\\u{:04x}", character as u32));
            }
            _ if character.is_control() => quoted.push_str(&format!("\\u{:04x}", character as u32)),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::template::Generator;
    use serde_json::json;

    #[test]
    fn texts_are_quoted_where_they_could_be_mistaken() {
        for (text, written) in [
            ("DescribeConnections", "DescribeConnections"),
            ("true", "\"true\""),
            ("No", "\"No\""),
            ("7", "\"7\""),
            ("", "\"\""),
            ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("${gen:run}", "\"${gen:run}\""),
            ("a\u{1b}[2J\n\"", "\"a\\u001b[2J\\n\\\"\""),
            ("- a", "\"- a\""),
        ] {
            assert_eq!(scalar(text), written);
        }
    }

    #[test]
    fn values_stand_on_one_line() {
        let value = json!({"Filters": [{"Name": "endpoint-arn", "Values": ["a:b", 1, null]}], "a-b": {}});
        let written = r#"{ Filters: [{ Name: "endpoint-arn", Values: ["a:b", 1, null] }], "a-b": {} }"#;
        assert_eq!(flow(&value), written);
    }

    #[test]
    fn what_stands_for_itself_is_no_hole() {
        assert_eq!(literal(&json!(["${a}", {"b": "c"}])), json!(["$${a}", {"b": "c"}]));
        let parts = vec![
            Part::Placeholder(Placeholder::Generated(Generator::Run)),
            Part::Text("-${".into()),
            Part::Placeholder(Placeholder::Upper("made".into())),
        ];
        let value = TemplateValue::List(vec![TemplateValue::Text(Template { parts })]);
        assert_eq!(template(&value), json!(["${gen:run}-$${${upper:made}"]));
    }
}
