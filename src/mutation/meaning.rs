//! Values that the schemas allow. What the client's own requests determine is counted; all else is left to the server.

use serde_json::{Value, json};

use super::{
    answer::{Answer, shown},
    change::{Change, Edit},
    left::Left,
    place::{Place, pattern},
};
use crate::model::{
    contract::{Effect, Form},
    exchange::{Exchange, Role},
    verdict::Location,
};

fn echoes<'p, 'a>(answer: &'p Answer<'a>) -> impl Iterator<Item = &'p Place<'a>> {
    answer.places.iter().filter(|place| answer.is_echo(place))
}

pub fn echo_changed(answer: &Answer<'_>, found: &mut Vec<Change>) {
    found.extend(echoes(answer).filter_map(|place| Some(Answer::set(place, another(place)?))));
}

pub fn echo_dropped(answer: &Answer<'_>, found: &mut Vec<Change>) {
    // That a required member is there is a question of shape.
    let places = echoes(answer).filter(|place| !place.required);
    found.extend(places.map(|place| {
        let seen = place.observed.is_some_and(|it| it.absent == Form::Seen);
        Answer::remove(place).left(seen.then_some(Left::Observed))
    }));
}

pub fn default_instead(answer: &Answer<'_>, found: &mut Vec<Change>) {
    for place in echoes(answer) {
        let default = place.shape.and_then(|shape| shape.schema.get("default"));
        let default = default.filter(|default| *default != place.value && !default.is_null());
        found.extend(default.map(|default| Answer::set(place, default.clone())));
    }
}

pub fn another_thing(answer: &Answer<'_>, found: &mut Vec<Change>) {
    for place in echoes(answer) {
        // Of what can have a few values only, another one is no other thing's.
        let is_free = place.shape.is_none_or(|shape| shape.values().is_empty());
        let Some(own) = place.value.as_str().filter(|_| is_free) else { continue };
        let other = answer.donors.other(&answer.exchange.operation, &place.pointer, own);
        found.extend(other.map(|other| Answer::set(place, json!(other))));
    }
}

/// A change of a value that did not come from the client.
fn of_others(answer: &Answer<'_>, found: &mut Vec<Change>, changed: impl Fn(&Place<'_>) -> Option<Value>) {
    for place in answer.places.iter().filter(|place| answer.is_success() && !answer.is_echo(place)) {
        found.extend(changed(place).map(|to| Answer::set(place, to).left(answer.left(place))));
    }
}

pub fn text_changed(answer: &Answer<'_>, found: &mut Vec<Change>) {
    of_others(answer, found, |place| another(place).filter(Value::is_string));
}

pub fn number_off(answer: &Answer<'_>, found: &mut Vec<Change>) {
    of_others(answer, found, |place| another(place).filter(Value::is_number));
}

pub fn boolean_turned(answer: &Answer<'_>, found: &mut Vec<Change>) {
    of_others(answer, found, |place| another(place).filter(Value::is_boolean));
}

pub fn member_dropped(answer: &Answer<'_>, found: &mut Vec<Change>) {
    let members = answer.places.iter().filter(|place| place.is_member && !place.required);
    for place in members.filter(|place| answer.is_success() && !answer.is_echo(place)) {
        let left = if place.shape.is_none() { Left::Undocumented } else { Left::Allowed };
        // Something of the client's own goes with what it stands in.
        let holds_echo = answer
            .places
            .iter()
            .any(|inner| inner.pointer.starts_with(&format!("{}/", place.pointer)) && answer.is_echo(inner));
        found.push(Answer::remove(place).left((!holds_echo).then_some(left)));
    }
}

/// The lists of a success, with whether one of their things is the client's own.
fn lists<'p, 'a>(answer: &'p Answer<'a>) -> impl Iterator<Item = (&'p Place<'a>, &'a Vec<Value>, bool)> {
    let places = answer.places.iter().filter(|_| answer.is_success());
    places.filter_map(|place| {
        let elements = place.value.as_array().filter(|elements| !elements.is_empty())?;
        Some((place, elements, elements.iter().any(|element| is_own(answer, element))))
    })
}

fn is_own(answer: &Answer<'_>, element: &Value) -> bool {
    answer.sent.names(element)
}

fn of_list(place: &Place<'_>, to: Vec<Value>, own: bool) -> Change {
    Answer::set(place, Value::Array(to)).left((!own).then_some(Left::Undetermined))
}

pub fn list_emptied(answer: &Answer<'_>, found: &mut Vec<Change>) {
    found.extend(lists(answer).map(|(place, _, own)| of_list(place, Vec::new(), own)));
}

pub fn list_doubled(answer: &Answer<'_>, found: &mut Vec<Change>) {
    found.extend(
        lists(answer).map(|(place, elements, own)| of_list(place, [&elements[..], elements].concat(), own)),
    );
}

pub fn list_dropped(answer: &Answer<'_>, found: &mut Vec<Change>) {
    for (_, place) in answer.places.iter().enumerate().filter(|(_, place)| !place.is_member) {
        if answer.is_success() {
            let own = is_own(answer, place.value);
            found.push(Answer::remove(place).left((!own).then_some(Left::Undetermined)));
        }
    }
}

/// No contract that is read here promises an order.
pub fn list_reordered(answer: &Answer<'_>, found: &mut Vec<Change>) {
    for (place, elements, _) in lists(answer).filter(|(_, elements, _)| elements.len() > 1) {
        let mut turned = elements.clone();
        turned.rotate_right(1);
        if turned != *elements {
            found.push(Answer::set(place, Value::Array(turned)).left(Some(Left::NotPromised)));
        }
    }
}

pub fn page_token_repeated(answer: &Answer<'_>, found: &mut Vec<Change>) {
    let Some(paging) = answer.operation.and_then(|operation| operation.paging.as_ref()) else { return };
    let mut request = super::sent::Sent::default();
    request.add(answer.exchange, answer.operation);
    let pointer = format!("/{}", paging.output_token.replace('.', "/"));
    let place = answer.places.iter().find(|place| place.pointer == pointer);
    if let (Some(place), Some(token)) = (place, request.member(&paging.input_token))
        && place.value.is_string()
        && place.value != token
    {
        found.push(Answer::set(place, token.clone()));
    }
}

pub fn stale(answer: &Answer<'_>, found: &mut Vec<Change>) {
    before(answer, &[Effect::Change, Effect::Upsert], found);
}

pub fn ghost(answer: &Answer<'_>, found: &mut Vec<Change>) {
    before(answer, &[Effect::Destroy], found);
}

pub fn not_yet(answer: &Answer<'_>, found: &mut Vec<Change>) {
    before(answer, &[Effect::Create], found);
}

/// A state that the thing has left, as the same request was answered before; nothing was asked for in between that could bring
/// it back.
pub fn state_back(answer: &Answer<'_>, found: &mut Vec<Change>) {
    let states = shown(answer.contract, &answer.exchange.operation, |resource| {
        resource.status.iter().map(|status| &*status.member).collect()
    });
    let earlier = answer.trace.exchanges[..answer.index].iter().rev();
    let reads = earlier.take_while(|it| {
        let operation = answer.contract.operation(&it.operation);
        operation.is_some_and(|operation| operation.effect == Effect::Read)
    });
    let same = |it: &&Exchange| {
        it.request.url == answer.exchange.request.url && it.request.body == answer.exchange.request.body
    };
    let answers: Vec<&Value> =
        reads.filter(same).filter_map(|it| it.answer.as_ref().ok()?.json().ok()).collect();
    for place in answer.places.iter().filter(|place| states.contains(&pattern(&place.pointer))) {
        let mut before = answers.iter().filter_map(|body| body.pointer(&place.pointer));
        found.extend(before.find(|old| *old != place.value).map(|old| Answer::set(place, old.clone())));
    }
}

/// What the same request was answered before the last request in between that was served and has one of these effects.
fn before(answer: &Answer<'_>, effects: &[Effect], found: &mut Vec<Change>) {
    let exchanges = &answer.trace.exchanges;
    // Until a poll is through, an answer from before is no mistake.
    let is_step = |exchange: &Exchange| matches!(exchange.role, Role::Step { .. });
    let later = exchanges.get(answer.index + 1);
    let is_last = !later.is_some_and(|later| is_step(later) && later.operation == answer.exchange.operation);
    if !is_step(answer.exchange) || !is_last {
        return;
    }
    let same = |exchange: &Exchange| {
        exchange.request.url == answer.exchange.request.url
            && exchange.request.method == answer.exchange.request.method
            && exchange.operation == answer.exchange.operation
            && exchange.request.body == answer.exchange.request.body
    };
    let effect = |exchange: &Exchange| {
        let served = exchange.answer.as_ref().is_ok_and(|response| response.status < 300);
        let operation = answer.contract.operation(&exchange.operation);
        operation.filter(|_| served).is_some_and(|operation| effects.contains(&operation.effect))
    };
    let Some(between) = exchanges[..answer.index].iter().rposition(effect) else { return };
    let Some(earlier) = exchanges[..between].iter().rposition(same) else { return };
    let Ok(old) = &exchanges[earlier].answer else { return };
    if (old.status, &old.body) != (answer.response.status, &answer.response.body) {
        found.push(Change::new(Location::Body, vec![Edit::Like(earlier)]));
    }
}

/// Another value that the schema allows as well, as far as the schema is looked at: of the enumeration, of the same form.
fn another(place: &Place<'_>) -> Option<Value> {
    let values = place.shape.map(|shape| shape.values()).unwrap_or_default();
    if !values.is_empty() {
        return values.iter().find(|value| *value != place.value && !value.is_null()).cloned();
    }
    match place.value {
        Value::Bool(yes) => Some(json!(!yes)),
        Value::Number(number) => Some(next(number, place)),
        Value::String(text) => other_text(text).map(Value::from),
        _ => None,
    }
}

/// One more; at the upper bound one less.
fn next(number: &serde_json::Number, place: &Place<'_>) -> Value {
    let most = place.shape.and_then(|shape| shape.number("maximum")).unwrap_or(f64::MAX);
    match (number.as_i64(), number.as_f64()) {
        (Some(whole), Some(value)) if value + 1.0 > most => json!(whole.saturating_sub(1)),
        (Some(whole), _) => json!(whole.saturating_add(1)),
        (None, value) => json!(value.unwrap_or_default() + 1.0),
    }
}

/// With another last letter or digit, so that it keeps its form and its length.
fn other_text(text: &str) -> Option<String> {
    let (at, last) = text.char_indices().rfind(|(_, it)| it.is_ascii_alphanumeric())?;
    let other = match last {
        '9' => '8',
        'f' | 'F' | 'z' | 'Z' => char::from(last as u8 - 1),
        last => char::from(last as u8 + 1),
    };
    Some(format!("{}{other}{}", &text[..at], &text[at + last.len_utf8()..]))
}
