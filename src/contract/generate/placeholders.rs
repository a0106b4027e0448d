//! The holes of generated inputs: while an input is made it is plain JSON in which `${name}` or `${gen:absent}` stands,
//! and only then a template. What fills them is of known length and letters, so a text with holes can be held against a
//! schema before there is a run.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;

use crate::model::template::{Generator, Part, Placeholder, Template, TemplateValue};

/// Stands in an input for the name of what the case makes; no two cases have the same.
pub(super) const NAME: &str = "${name}";
/// What is left of it where names are short.
pub(super) const SUFFIX: &str = "${gen:suffix}";
pub(super) const OWN_UUID: &str = "${gen:own-uuid}";
pub(super) const OWN_NUMBER: &str = "${gen:own-number}";
/// The name of nothing, as a run draws it.
pub(super) const ABSENT: &str = "${gen:absent}";
pub(super) const ABSENT_UPPER: &str = "${gen:absent-upper}";
pub(super) const ABSENT_UUID: &str = "${gen:absent-uuid}";
pub(super) const ABSENT_NUMBER: &str = "${gen:absent-number}";

/// Stands before the name of a variable that the target file sets: `${target.region.id}`.
const OF_TARGET: &str = "target.";

/// The variables of the target file that a value names.
pub(super) fn of_target(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => {
            let name = text.strip_prefix("${").and_then(|text| text.strip_suffix('}'));
            name.and_then(|name| name.strip_prefix(OF_TARGET)).into_iter().collect()
        }
        Value::Array(elements) => elements.iter().flat_map(of_target).collect(),
        Value::Object(members) => members.values().flat_map(of_target).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// What a hole may be filled with: letters alone after the first, digits alone, and both.
const SAMPLES: usize = 3;

/// The parts of a text: its holes, and what stands between them. Anything that is no hole of a generated input is text.
fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut literal, mut rest) = (String::new(), text);
    while let Some(open) = rest.find("${") {
        let placeholder = rest[open..]
            .find('}')
            .and_then(|length| Some((placeholder(&rest[open + 2..open + length])?, open + length + 1)));
        let Some((placeholder, end)) = placeholder else {
            literal.push_str(&rest[..open + 2]);
            rest = &rest[open + 2..];
            continue;
        };
        literal.push_str(&rest[..open]);
        if !literal.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut literal)));
        }
        parts.push(Part::Placeholder(placeholder));
        rest = &rest[end..];
    }
    literal.push_str(rest);
    if !literal.is_empty() || parts.is_empty() {
        parts.push(Part::Text(literal));
    }
    parts
}

/// What stands between `${` and `}`: a generator, or a variable for the name of a thing or what the answer called it.
fn placeholder(name: &str) -> Option<Placeholder> {
    if let Some(generator) = Generator::ALL.into_iter().find(|generator| generator.key() == name) {
        return Some(Placeholder::Generated(generator));
    }
    if let Some(variable) = name.strip_prefix(OF_TARGET) {
        return Some(Placeholder::Variable(variable.into()));
    }
    let numbered = name.strip_prefix("name").or_else(|| name.strip_prefix("made"));
    let is_ours = numbered.is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()));
    (is_ours || is_of_target(name)).then(|| Placeholder::Variable(name.into()))
}

/// Whether a variable stands for what the target file names: `given.regionId`, `spare.vmRestorePointId`.
pub(super) fn is_of_target(variable: &str) -> bool {
    let named = variable.strip_prefix("given.").or_else(|| variable.strip_prefix("spare."));
    named.is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    })
}

/// Adds the variables of this kind that a value uses.
pub(super) fn of_target_in(value: &TemplateValue, names: &mut BTreeSet<Arc<str>>) {
    match value {
        TemplateValue::Fixed(_) => {}
        TemplateValue::Text(text) => {
            let variable = |part: &Part| match part {
                Part::Placeholder(Placeholder::Variable(name)) if is_of_target(name) => {
                    Some(Arc::clone(name))
                }
                _ => None,
            };
            names.extend(text.parts.iter().filter_map(variable));
        }
        TemplateValue::List(list) => list.iter().for_each(|value| of_target_in(value, names)),
        TemplateValue::Object(members) => members.iter().for_each(|(_, value)| of_target_in(value, names)),
    }
}

/// A value with its holes.
pub(super) fn template(value: Value) -> TemplateValue {
    if !has_holes(&value) {
        return TemplateValue::Fixed(value);
    }
    match value {
        Value::String(text) => TemplateValue::Text(Template { parts: parts(&text) }),
        Value::Array(elements) => TemplateValue::List(elements.into_iter().map(template).collect()),
        Value::Object(members) => TemplateValue::Object(
            members.into_iter().map(|(name, member)| (name, template(member))).collect(),
        ),
        fixed => TemplateValue::Fixed(fixed),
    }
}

fn has_holes(value: &Value) -> bool {
    match value {
        Value::String(text) => parts(text).iter().any(|part| matches!(part, Part::Placeholder(_))),
        Value::Array(elements) => elements.iter().any(has_holes),
        Value::Object(members) => members.values().any(has_holes),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a text in a value stands for what only a run knows: what a response called a thing, or a target file names.
pub(super) fn is_known_to_a_run(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            // The name of a thing is a text that the run gives.
            let is_open = |part: &Part| match part {
                Part::Placeholder(Placeholder::Variable(variable)) => !variable.starts_with("name"),
                _ => false,
            };
            parts(text).iter().any(is_open)
        }
        Value::Array(elements) => elements.iter().any(is_known_to_a_run),
        Value::Object(members) => members.values().any(is_known_to_a_run),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The text as runs would fill it. Every fill of a hole is as long as any other, so one length and these letters stand
/// for all of them.
pub(super) fn fills(text: &str) -> [String; SAMPLES] {
    let parts = parts(text);
    std::array::from_fn(|sample| {
        let spelled = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Placeholder(Placeholder::Generated(generator)) => generated(*generator, sample),
            Part::Placeholder(Placeholder::Variable(name)) if is_of_target(name) => {
                generated(Generator::AbsentUuid, sample)
            }
            Part::Placeholder(_) => {
                format!("{}-{}", generated(Generator::Run, sample), generated(Generator::Suffix, sample))
            }
        };
        parts.iter().map(spelled).collect()
    })
}

fn generated(generator: Generator, sample: usize) -> String {
    let letters = ["z", "9", "k7"][sample];
    let hexadecimal = ["f", "9", "0b"][sample];
    let word =
        |length: usize| format!("z{}", letters.repeat(length)).chars().take(length).collect::<String>();
    let hex = |length: usize| hexadecimal.repeat(length).chars().take(length).collect::<String>();
    match generator {
        Generator::Run => format!("pm-{}", hex(8)),
        Generator::Suffix => word(8),
        Generator::Absent => word(13),
        Generator::AbsentUpper => word(13).to_ascii_uppercase(),
        Generator::Uuid | Generator::OwnUuid | Generator::AbsentUuid => {
            format!("{}-{}-4{}-8{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12))
        }
        Generator::OwnNumber | Generator::AbsentNumber => {
            ["9007199254740991", "4503599627370496", "5000000000000007"][sample].to_owned()
        }
        Generator::Now => "2026-01-01T00:00:00Z".to_owned(),
    }
}

/// Makes the names of a case in this value those of its thing of this number.
pub(super) fn number(value: &mut Value, number: usize) {
    match value {
        Value::String(text) => {
            *text = text.replace(NAME, &format!("${{name{number}}}"));
            if text == SUFFIX {
                text.push_str(&number.to_string());
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| self::number(element, number)),
        Value::Object(members) => members.values_mut().for_each(|member| self::number(member, number)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// To whom a value belongs, as its holes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bears {
    /// The name of the case, or what it has made.
    Own,
    /// What names nothing.
    Absent,
    Neither,
}

pub(super) fn bears(text: &str) -> Bears {
    let placeholders = parts(text).into_iter().filter_map(|part| match part {
        Part::Placeholder(placeholder) => Some(placeholder),
        Part::Text(_) => None,
    });
    let one = |placeholder| match placeholder {
        Placeholder::Generated(
            Generator::Absent | Generator::AbsentUpper | Generator::AbsentUuid | Generator::AbsentNumber,
        ) => Bears::Absent,
        Placeholder::Variable(name) if is_of_target(&name) => Bears::Absent,
        _ => Bears::Own,
    };
    placeholders.map(one).next().unwrap_or(Bears::Neither)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn holes_are_those_of_generated_inputs_and_all_else_is_text() {
        let text = |text: &str| Part::Text(text.to_owned());
        let generated = |generator| Part::Placeholder(Placeholder::Generated(generator));
        let variable = |name: &str| Part::Placeholder(Placeholder::Variable(name.into()));
        for (given, expected) in [
            ("", vec![text("")]),
            ("plain", vec![text("plain")]),
            ("${name}", vec![variable("name")]),
            ("${made2}", vec![variable("made2")]),
            ("a${gen:absent}b", vec![text("a"), generated(Generator::Absent), text("b")]),
            ("${name}${gen:absent-uuid}", vec![variable("name"), generated(Generator::AbsentUuid)]),
            ("${other} ${name", vec![text("${other} ${name")]),
            ("${${name}", vec![text("${"), variable("name")]),
            ("${names}", vec![text("${names}")]),
        ] {
            assert_eq!(parts(given), expected, "{given}");
        }
        assert_eq!(template(json!(["${gen:nothing}"])), TemplateValue::Fixed(json!(["${gen:nothing}"])));
    }

    #[test]
    fn fills_are_as_long_as_what_a_run_draws() {
        for (text, length) in [
            (ABSENT, 13),
            (ABSENT_UPPER, 13),
            (ABSENT_UUID, 36),
            (ABSENT_NUMBER, 16),
            ("${name}", 20),
            ("${gen:suffix}", 8),
        ] {
            let fills = fills(text);
            assert!(fills.iter().all(|fill| fill.len() == length), "{text}: {fills:?}");
        }
    }
}
