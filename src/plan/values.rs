//! What `${...}` stands for while one case or one shared fixture is executed.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::absent::Absent;
use crate::{
    matcher::fill::{self, Unfilled},
    model::{
        case::Suite,
        contract::ApiName,
        target::{Credentials, Target},
        template::{Generator, Placeholder, TemplateValue, Variables},
    },
};

/// The part that all jobs of a session share.
#[derive(Clone)]
pub struct RunContext {
    pub environment: Arc<BTreeMap<String, String>>,
    /// By the name in `${secret:NAME}`.
    pub secrets: Arc<BTreeMap<Arc<str>, SecretString>>,
    pub run: Arc<str>,
    /// What names nothing, in this run.
    pub absent: Arc<Absent>,
    /// The variables whose values fixtures only read from the target.
    pub found: Arc<BTreeSet<Arc<str>>>,
}

/// The variables that the fixtures of a suite only read.
pub(crate) fn found(suite: &Suite) -> Arc<BTreeSet<Arc<str>>> {
    let fixtures = suite.fixtures.values().filter(|fixture| fixture.only_reads());
    Arc::new(fixtures.flat_map(|fixture| fixture.provides.iter().cloned()).collect())
}

impl std::fmt::Debug for RunContext {
    /// An environment is full of secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RunContext({})", self.run)
    }
}

impl RunContext {
    /// The variables that are one for all jobs of a run.
    pub fn of_run(&self) -> impl Iterator<Item = (Arc<str>, Value)> {
        std::iter::once((Arc::from(RUN), Value::from(&*self.run))).chain(self.absent.variables())
    }
}

/// What the cases of one API can name before anything is sent.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub fixed: Variables,
    /// Variables of the suite with holes in them, filled in for each job.
    pub open: BTreeMap<Arc<str>, TemplateValue>,
}

impl Known {
    /// The suite's variables, with the target's own in place of those it sets, and what the target lends.
    pub fn of(api: &ApiName, suite: &Suite, target: &Target) -> Known {
        let mut known = Known::default();
        for (name, template) in suite.variables.get(api).into_iter().flatten() {
            match template {
                TemplateValue::Fixed(value) => {
                    known.fixed.insert(Arc::clone(name), value.clone());
                }
                open if !target.variables.contains_key(name) && !target.supplies.contains_key(name) => {
                    known.open.insert(Arc::clone(name), open.clone());
                }
                _ => {}
            }
        }
        for (name, value) in target.variables.iter().chain(&target.supplies) {
            known.fixed.insert(Arc::clone(name), value.clone());
        }
        if let Some(Credentials::Password { username, .. }) = target.apis.get(api).map(|api| &api.credentials)
        {
            known.fixed.insert("target.username".into(), username.as_str().into());
        }
        known
    }
}

/// The values of one job.
#[derive(Debug, Clone)]
pub struct VariableScope {
    run_context: RunContext,
    variables: Arc<Variables>,
    began: Timestamp,
}

/// The name under which `${gen:suffix}` is kept among the variables, so that claims can use it too.
const SUFFIX: &str = Generator::Suffix.key();
/// The same of `${gen:run}`, which is one for all jobs.
const RUN: &str = Generator::Run.key();
/// What makes a list, a pattern or a phrase of a text, beside white space, so that it says more than one name.
const NO_NAME: &str = ",;*?%|&<>\"'`#";

impl VariableScope {
    /// Starts, at the time `began`, from variables that need no filling in; draws the job's suffix.
    pub fn new(run_context: RunContext, variables: Variables, began: Timestamp) -> VariableScope {
        VariableScope::with(run_context, variables, suffix(), began)
    }

    /// The same with this suffix.
    pub fn with(
        run_context: RunContext,
        mut variables: Variables,
        suffix: String,
        began: Timestamp,
    ) -> VariableScope {
        variables.insert(SUFFIX.into(), suffix.into());
        variables.extend(run_context.of_run());
        VariableScope { run_context, variables: Arc::new(variables), began }
    }

    /// Adds variables whose text has holes itself, in any order; one that cannot be filled is left out, and whoever
    /// uses it hears that it has no value.
    pub fn define<'a>(&mut self, definitions: impl IntoIterator<Item = (&'a Arc<str>, &'a TemplateValue)>) {
        let mut open: Vec<_> = definitions.into_iter().collect();
        loop {
            let before = open.len();
            open.retain(|(name, template)| match self.value(template, self.began) {
                Ok(value) => {
                    self.set(Arc::clone(name), value);
                    false
                }
                Err(_) => true,
            });
            if open.is_empty() || open.len() == before {
                return;
            }
        }
    }

    pub fn set(&mut self, name: Arc<str>, value: Value) {
        Arc::make_mut(&mut self.variables).insert(name, value);
    }

    pub fn extend(&mut self, variables: impl IntoIterator<Item = (Arc<str>, Value)>) {
        Arc::make_mut(&mut self.variables).extend(variables);
    }

    /// What was drawn for this job alone.
    pub fn suffix(&self) -> &str {
        self.variables.get(SUFFIX).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn variables(&self) -> &Arc<Variables> {
        &self.variables
    }

    /// Whether a text is a name that this run, and no other, gives: it holds the run's id or the job's suffix, and
    /// nothing that would make it a list or a pattern; or it is a UUID or a number that was drawn here.
    pub fn is_ours(&self, text: &str) -> bool {
        const UUIDS: [&str; 2] = [Generator::Uuid.key(), Generator::OwnUuid.key()];
        let text = text.to_ascii_lowercase();
        let is_own_number = || {
            self.variables
                .get(Generator::OwnNumber.key())
                .is_some_and(|own| *own == text || own.as_u64().is_some_and(|own| text.parse() == Ok(own)))
        };
        let holds =
            |key: &str| self.variables.get(key).and_then(Value::as_str).is_some_and(|own| text.contains(own));
        is_one_name(&text) && (holds(RUN) || holds(SUFFIX) || UUIDS.into_iter().any(holds) || is_own_number())
    }

    /// Whether a text is what a fixture has found on the target.
    pub fn is_found(&self, text: &str) -> bool {
        let value = |name: &Arc<str>| self.variables.get(name)?.as_str();
        self.run_context.found.iter().filter_map(value).any(|found| found.eq_ignore_ascii_case(text))
    }

    /// Whether a text names nothing, because it was drawn in this run to name nothing; never by how it looks.
    pub fn is_absent(&self, text: &str) -> bool {
        is_one_name(text) && self.run_context.absent.is_in(text)
    }

    /// Fills a template in. `now` is the time of sending.
    pub fn value(&mut self, template: &TemplateValue, now: Timestamp) -> Result<Value, Unfilled> {
        fill::value(template, &mut |placeholder| self.placeholder(placeholder, now))
    }

    /// What one hole stands for. What does not come from the variables is written down among them, under the hole's
    /// own text, so that claims mean the same value; only secrets are not.
    pub fn placeholder(&mut self, placeholder: &Placeholder, now: Timestamp) -> Result<Value, Unfilled> {
        let made = match placeholder {
            Placeholder::Variable(name) => {
                return self.variables.get(name).cloned().ok_or_else(|| unfilled(placeholder));
            }
            Placeholder::Upper(name) => {
                let value = self.variables.get(name).ok_or_else(|| unfilled(placeholder))?;
                value.as_str().map_or_else(|| value.clone(), |text| text.to_uppercase().into())
            }
            Placeholder::Secret(name) => {
                let secret = self.run_context.secrets.get(name).ok_or_else(|| unfilled(placeholder))?;
                return Ok(secret.expose_secret().into());
            }
            Placeholder::Env(name) => {
                let text = self.run_context.environment.get(&**name).ok_or_else(|| unfilled(placeholder))?;
                Value::from(&**text)
            }
            Placeholder::Generated(Generator::Uuid) => uuid::Uuid::new_v4().to_string().into(),
            Placeholder::Generated(Generator::Now) => now.to_string().into(),
            Placeholder::Generated(own @ (Generator::OwnUuid | Generator::OwnNumber)) => {
                match (self.variables.get(own.key()), own) {
                    (Some(drawn), _) => return Ok(drawn.clone()),
                    (None, Generator::OwnUuid) => uuid::Uuid::new_v4().to_string().into(),
                    (None, _) => number().into(),
                }
            }
            // Drawn before the job began.
            Placeholder::Generated(steady) => {
                return self.variables.get(steady.key()).cloned().ok_or_else(|| unfilled(placeholder));
            }
        };
        self.set(fill::key(placeholder).into(), made.clone());
        Ok(made)
    }
}

/// Whether a text can only be one name: no list, no pattern, no phrase, and no path that leads away from what it names.
fn is_one_name(text: &str) -> bool {
    let ends_one = |c: char| c.is_whitespace() || c.is_control() || NO_NAME.contains(c);
    !text.contains(ends_one) && !text.split(['/', '\\']).any(|segment| matches!(segment, "." | ".."))
}

fn unfilled(placeholder: &Placeholder) -> Unfilled {
    Unfilled(fill::key(placeholder).into_owned())
}

/// From 2^52 to 2^53: exact in every reader of JSON, and above what anybody counts up to.
pub(crate) fn number() -> u64 {
    (1 << 52) | (uuid::Uuid::new_v4().as_u64_pair().0 >> 12)
}

/// Eight lower-case letters and digits, the first a letter: names on AWS may not start with a digit. Drawn from the
/// standard library's random state, since a case that sends one request should not pay for the system's.
fn suffix() -> String {
    let mut bits = RandomState::new().build_hasher().finish();
    let mut draw = |from: &[u8]| {
        let count = from.len() as u64;
        let one = from[(bits % count) as usize];
        bits /= count;
        char::from(one)
    };
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    std::iter::once(draw(&ALPHABET[..26])).chain((1..8).map(|_| draw(ALPHABET))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::template::{Part, Template};

    fn values() -> VariableScope {
        let run_context = RunContext {
            environment: Arc::new(BTreeMap::from([("HOME".to_owned(), "/h".to_owned())])),
            secrets: Arc::new(BTreeMap::from([("password".into(), "s3cret".to_owned().into())])),
            run: "pm-12345678".into(),
            absent: Arc::new(Absent::draw()),
            found: Arc::default(),
        };
        let variables = Variables::from([("region".into(), "us-east-1".into())]);
        VariableScope::new(run_context, variables, Timestamp::UNIX_EPOCH)
    }

    fn placeholder(placeholder: Placeholder) -> TemplateValue {
        TemplateValue::Text(Template { parts: vec![Part::Placeholder(placeholder)] })
    }

    #[test]
    fn each_kind_of_hole_has_its_source() {
        let mut values = values();
        let now = Timestamp::UNIX_EPOCH;
        for (placeholder, expected) in [
            (Placeholder::Variable("region".into()), Ok("us-east-1")),
            (Placeholder::Variable("nothing".into()), Err("nothing")),
            (Placeholder::Upper("region".into()), Ok("US-EAST-1")),
            (Placeholder::Env("HOME".into()), Ok("/h")),
            (Placeholder::Env("NOT_SET".into()), Err("env:NOT_SET")),
            (Placeholder::Secret("password".into()), Ok("s3cret")),
            (Placeholder::Secret("other".into()), Err("secret:other")),
            (Placeholder::Generated(Generator::Now), Ok("1970-01-01T00:00:00Z")),
            (Placeholder::Generated(Generator::Run), Ok("pm-12345678")),
        ] {
            let found = values.placeholder(&placeholder, now);
            match expected {
                Ok(text) => assert_eq!(found, Ok(Value::from(text))),
                Err(name) => assert!(found.unwrap_err().to_string().contains(name)),
            }
        }
        assert_eq!(values.variables().get("env:HOME"), Some(&Value::from("/h")), "claims may need it");
        assert_eq!(values.variables().get("secret:password"), None, "no secret leaves with the trace");
    }

    #[test]
    fn the_suffix_stays_and_uuids_change() {
        let mut values = values();
        let mut draw = |generator| {
            values.placeholder(&Placeholder::Generated(generator), Timestamp::UNIX_EPOCH).unwrap()
        };
        assert_eq!(draw(Generator::Suffix), draw(Generator::Suffix));
        assert_ne!(draw(Generator::Uuid), draw(Generator::Uuid));
        for own in [Generator::OwnUuid, Generator::OwnNumber] {
            assert_eq!(draw(own), draw(own));
        }
        let suffix = draw(Generator::Suffix).as_str().unwrap().to_owned();
        assert!(suffix.len() == 8 && suffix.starts_with(|c: char| c.is_ascii_lowercase()), "{suffix}");
    }

    #[test]
    fn definitions_may_name_each_other_in_any_order() {
        let mut values = values();
        let definitions: BTreeMap<Arc<str>, TemplateValue> = BTreeMap::from([
            ("a".into(), placeholder(Placeholder::Variable("b".into()))),
            ("b".into(), placeholder(Placeholder::Variable("region".into()))),
            ("c".into(), placeholder(Placeholder::Variable("missing".into()))),
        ]);
        values.define(&definitions);
        assert_eq!(values.variables().get("a"), Some(&Value::from("us-east-1")));
        assert_eq!(values.variables().get("c"), None);
    }
}
