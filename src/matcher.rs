//! Stand-in until the room is there.
use crate::{contract::Contracts, model::{case::*, exchange::Response, template::{Template, TemplateValue, Variables}, verdict::*}};
use serde_json::Value;
#[derive(Clone, Copy)]
pub struct Context<'a> { pub contracts: &'a Contracts, pub api: &'a str, pub variables: &'a Variables }
pub fn mismatches(claim: &Claim, response: &Response, cx: &Context<'_>) -> Vec<Mismatch> {
    let bad = |e: &str, a: String| vec![Mismatch { at: Location::Body, expected: e.into(), actual: a }];
    match claim {
        Claim::Status(p) => if p.iter().any(|p| p.matches(response.status)) { vec![] } else { bad("status", response.status.to_string()) },
        Claim::BodySubset(want) => {
            let want = fill::value(want, &mut fill::from_variables(cx.variables)).unwrap();
            fn subset(w: &Value, h: &Value) -> bool { match (w, h) {
                (Value::Object(w), Value::Object(h)) => w.iter().all(|(k, v)| h.get(k).is_some_and(|h| subset(v, h))),
                (Value::Array(w), Value::Array(h)) => w.len() == h.len() && w.iter().zip(h).all(|(w, h)| subset(w, h)),
                _ => w == h } }
            match response.json() { Ok(v) if subset(&want, v) => vec![], _ => bad("subset", String::new()) }
        }
        _ => vec![],
    }
}
pub fn capture(from: &CaptureFrom, response: &Response) -> Result<Value, String> {
    match from {
        CaptureFrom::Body(path) => path.query(response.json()?).exactly_one().cloned().map_err(|e| e.to_string()),
        CaptureFrom::Header(name) => response.header(name).map(Value::from).ok_or_else(|| format!("no header {name}")),
        CaptureFrom::Status => Ok(response.status.into()),
    }
}
pub mod fill {
    use super::*;
    use crate::model::template::{Hole, Part};
    #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
    #[error("`${{{0}}}` has no value")]
    pub struct Unfilled(pub String);
    pub fn key(h: &Hole) -> std::borrow::Cow<'_, str> {
        use crate::model::template::Generator as G;
        match h { Hole::Variable(n) | Hole::Upper(n) => n.to_string(), Hole::Env(n) => format!("env:{n}"), Hole::Secret(n) => format!("secret:{n}"),
            Hole::Generated(G::Uuid) => "gen:uuid".into(), Hole::Generated(G::Suffix) => "gen:suffix".into(), Hole::Generated(G::Now) => "gen:now".into(), Hole::Generated(G::Run) => "gen:run".into() }.into()
    }
    pub fn text(t: &Template, f: &mut dyn FnMut(&Hole) -> Result<Value, Unfilled>) -> Result<String, Unfilled> {
        let mut out = String::new();
        for p in &t.parts { match p { Part::Text(s) => out.push_str(s), Part::Hole(h) => match f(h)? { Value::String(s) => out.push_str(&s), v => out.push_str(&v.to_string()) } } }
        Ok(out)
    }
    pub fn value(t: &TemplateValue, f: &mut dyn FnMut(&Hole) -> Result<Value, Unfilled>) -> Result<Value, Unfilled> {
        Ok(match t {
            TemplateValue::Fixed(v) => v.clone(),
            TemplateValue::Text(t) => match &t.parts[..] { [Part::Hole(h)] => f(h)?, _ => Value::String(text(t, f)?) },
            TemplateValue::List(l) => Value::Array(l.iter().map(|v| value(v, f)).collect::<Result<_, _>>()?),
            TemplateValue::Object(o) => Value::Object(o.iter().map(|(k, v)| Ok((k.clone(), value(v, f)?))).collect::<Result<_, Unfilled>>()?),
        })
    }
    pub fn from_variables(v: &Variables) -> impl FnMut(&Hole) -> Result<Value, Unfilled> + '_ {
        move |h| match h { Hole::Variable(n) => v.get(n).cloned().ok_or_else(|| Unfilled(n.to_string())), o => Err(Unfilled(format!("{o:?}"))) }
    }
}

pub mod error_reading {
    use crate::model::{contract::Protocol, exchange::Response};
    pub struct ErrorNames(Option<String>);
    impl ErrorNames { pub fn resolved(&self) -> Option<&str> { self.0.as_deref() } }
    pub fn error_names(p: &Protocol, r: &Response) -> ErrorNames {
        let key = match p { Protocol::Rest => "errorCode", _ => "__type" };
        ErrorNames(r.json().ok().and_then(|v| v[key].as_str()).map(|s| s.to_owned()))
    }
}
pub fn describe(claim: &Claim) -> String { format!("{claim:?}") }
