//! One request with its captures, claims and polling.

use std::{sync::Arc, time::Duration};

use serde_json_path::JsonPath;

use super::{
    claim::{Claims, Place, expectations, is_token},
    names::{Known, Use},
};
use crate::{
    model::{
        case::{Auth, Capture, Claim, Expectation, Poll, Raw, RawBody, Request, Step, Through},
        clause::Clauses,
        contract::{Contract, Operation, ParameterLocation},
        template::TemplateValue,
    },
    suite::{
        decode::{Named, Spanned, Written},
        diagnostic::{At, Problems, Source, quoted, suggestion},
        file::{
            case::{AuthEntry, AuthWord, CaptureEntry, RawEntry, StepEntry},
            claim::ExpectEntry,
            scalar::Span,
        },
        template::{Templated, is_word},
    },
};

/// How long a poll waits between two requests, where the file does not say.
const EVERY: Duration = Duration::from_secs(2);

/// What all steps of one file are read with.
#[derive(Clone, Copy)]
pub struct StepContext<'a> {
    /// None where the file names an API that does not exist.
    pub contract: Option<&'a Contract>,
    pub clauses: &'a Clauses,
    pub source: &'a Source,
    /// The operation to call where a step names none.
    pub operation: Option<&'a Spanned<String>>,
}

/// What kind of step it is.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    /// Of a case.
    Case,
    /// Undoes what a case did.
    Finally,
    /// Makes a fixture, or waits for it.
    Make { fixture: &'a str },
    /// Destroys it, or waits for its end.
    Unmake,
}

/// A step as the model has it; its captures join `known`. `None` after the reason was told.
pub fn step(
    entry: StepEntry,
    at: At,
    part: Part<'_>,
    context: StepContext<'_>,
    known: &mut Known<'_>,
    problems: &mut Problems,
) -> Option<Step> {
    let operation = operation(entry.operation.as_ref(), at, context, problems);
    let raw = raw(entry.raw.as_deref(), known, problems);
    let input = Input {
        send: entry.send.map(|send| send.0).unwrap_or_default(),
        unknown: entry.send_unknown.map(|send| send.0).unwrap_or_default(),
        without: entry.without.unwrap_or_default(),
    };
    let input = input.lower(operation.as_ref().map(|(_, operation)| *operation), &raw, at, known, problems);
    let auth = auth(entry.auth, context.contract, known, problems);
    let captures =
        captures(entry.capture.map(|capture| capture.0).unwrap_or_default(), part, context, known, problems);
    let claims = |place| Claims {
        contract: context.contract,
        clauses: context.clauses,
        source: context.source,
        known,
        place,
    };
    let blocks = entry.expect.map(|blocks| blocks.0).unwrap_or_default();
    let place = match part {
        Part::Case => Place::Case,
        Part::Make { .. } | Part::Finally | Part::Unmake => Place::Fixture,
    };
    let judged: Arc<[Expectation]> =
        blocks.into_iter().flat_map(|block| expectations(block, &claims(place), problems)).collect();
    let mut snapshots = judged.iter().filter(|one| matches!(one.claim, Claim::Snapshot(_))).skip(1);
    if let Some(second) = snapshots.next() {
        let at = At::new(second.span.offset, second.span.offset + second.span.length);
        problems
            .add(at, "a second `snapshot` of one step")
            .help("write one `snapshot` with all that it needs");
    }
    if let (Part::Finally, Some(first)) = (part, judged.first()) {
        let claim = At::new(first.span.offset, first.span.offset + first.span.length);
        problems
            .add(claim, "a claim under `finally`")
            .help("`finally` cleans up; claims belong to steps under `then`");
    }
    let polling = Polling {
        until: entry.until,
        unless: entry.unless,
        through: entry
            .through
            .map(|through| through.0.into_iter().map(|at| (at.path, at.claim, at.whole)).collect()),
        every: entry.every,
        within: entry.within,
    };
    let poll = polling.lower(&claims(Place::Poll), problems);
    let (name, operation) = operation?;
    Some(Step {
        operation: name,
        effect: operation.effect,
        request: Request { input, auth, raw },
        captures,
        expectations: judged,
        poll,
        walk: None,
        span: context.source.span(at),
    })
}

fn operation<'a>(
    own: Option<&Spanned<String>>,
    at: At,
    context: StepContext<'a>,
    problems: &mut Problems,
) -> Option<(Arc<str>, &'a Operation)> {
    let Some(name) = own.or(context.operation) else {
        problems.add(at, "a step without an `operation`").label("`operation` is missing");
        return None;
    };
    resolve_operation(name, context.contract?, problems)
}

/// The contract's own name for an operation, and the operation.
pub fn resolve_operation<'a>(
    name: &Spanned<String>,
    contract: &'a Contract,
    problems: &mut Problems,
) -> Option<(Arc<str>, &'a Operation)> {
    if let Some((known, operation)) = contract.operations.get_key_value(&*name.value) {
        return Some((known.clone(), operation));
    }
    let problem = problems.add(name.at, format!("unknown operation {}", quoted(&name.value)));
    problem.label(format!("not in schemas/{}/operations.json", contract.api));
    if let Some(help) = suggestion(&name.value, "there are", contract.operations.keys().map(|name| &**name)) {
        problem.help(help);
    }
    None
}

type Member = Named<Spanned<Templated<TemplateValue>>>;

/// What a step sends, as written.
struct Input {
    send: Vec<Member>,
    unknown: Vec<Member>,
    without: Vec<Spanned<String>>,
}

impl Input {
    fn lower(
        mut self,
        operation: Option<&Operation>,
        raw: &Raw,
        at: At,
        known: &Known<'_>,
        problems: &mut Problems,
    ) -> Vec<(String, TemplateValue)> {
        if let Some(operation) = operation {
            check_members(&self, operation, problems);
        }
        for left_out in &self.without {
            let before = self.send.len();
            self.send.retain(|member| member.name != left_out.value);
            if self.send.len() == before {
                let problem =
                    problems.add(left_out.at, format!("{} is not under `send`", quoted(&left_out.value)));
                problem.help("`without` leaves out what `send` would send");
            }
        }
        if let Some(operation) = operation {
            check_path(&self.send, operation, raw, at, problems);
        }
        let mut input = Vec::with_capacity(self.send.len() + self.unknown.len());
        for member in self.send.into_iter().chain(self.unknown) {
            let Some(value) = member.value else { continue };
            known.check(&value.value.placeholders, Use::Request, problems);
            input.push((member.name, value.value.value));
        }
        input
    }
}

fn check_members(input: &Input, operation: &Operation, problems: &mut Problems) {
    for member in input.send.iter().filter(|member| !operation.members.contains_key(&member.name)) {
        let problem = problems
            .add(member.key, format!("{} is not a member of {}", quoted(&member.name), operation.name));
        let names = operation.members.keys().map(String::as_str);
        match suggestion(&member.name, "its members are", names) {
            Some(help) => {
                problem.help(format!("{help}\nto send it all the same, write it under `send_unknown`"))
            }
            None => problem.help("to send it all the same, write it under `send_unknown`"),
        };
    }
    for member in input.unknown.iter().filter(|member| operation.members.contains_key(&member.name)) {
        let message = format!("{} is a member of {}", quoted(&member.name), operation.name);
        problems.add(member.key, message).help("write it under `send`");
    }
}

/// A path without one of its parts cannot be asked for.
fn check_path(send: &[Member], operation: &Operation, raw: &Raw, at: At, problems: &mut Problems) {
    if raw.path.is_some() {
        return;
    }
    for (name, _) in operation.members.iter().filter(|(_, member)| member.place == ParameterLocation::Path) {
        let sent = send.iter().find(|member| member.name == *name);
        let null = |value: &Spanned<Templated<TemplateValue>>| matches!(&value.value.value, TemplateValue::Fixed(value) if value.is_null() || value == "");
        let missing = match sent {
            None => Some(at),
            Some(member) => member.value.as_ref().filter(|value| null(value)).map(|_| member.whole),
        };
        if let Some(place) = missing {
            let problem = problems.add(place, format!("{} without {}", operation.name, quoted(name)));
            problem.help(format!(
                "{} is part of the path {}; to send another path, write `raw: {{ path: ... }}`",
                quoted(name),
                operation.path
            ));
        }
    }
}

fn auth(
    entry: Option<Spanned<AuthEntry>>,
    contract: Option<&Contract>,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Auth {
    let Some(entry) = entry else { return Auth::Target };
    let (needs_signature, auth) = match entry.value {
        AuthEntry::Word(AuthWord::None) => return Auth::Absent,
        AuthEntry::Word(AuthWord::UnknownKey) => (true, Auth::UnknownKey),
        AuthEntry::Word(AuthWord::BadSignature) => (true, Auth::BadSignature),
        AuthEntry::Word(AuthWord::StaleDate) => (true, Auth::StaleDate),
        AuthEntry::Word(AuthWord::TamperedBody) => (true, Auth::TamperedBody),
        AuthEntry::Word(AuthWord::OwnToken) => (false, Auth::OwnToken),
        AuthEntry::Token(token) => {
            known.check(&token.token.placeholders, Use::Request, problems);
            (false, Auth::Token(token.token.value))
        }
    };
    match contract.map(|contract| contract.protocol.signing_name()) {
        Some(None) if needs_signature => {
            let problem = problems.add(entry.at, "a signature for an API that signs nothing");
            problem.help("its requests carry a token: none, own-token, or { token: ... }");
        }
        Some(Some(_)) if !needs_signature => {
            let problem = problems.add(entry.at, "a token for an API that signs its requests");
            problem.help("one of none, unknown-key, bad-signature, stale-date, tampered-body");
        }
        _ => {}
    }
    auth
}

fn raw(entry: Option<&RawEntry>, known: &Known<'_>, problems: &mut Problems) -> Raw {
    let Some(entry) = entry else { return Raw::default() };
    if let Some(method) = entry.method.as_ref().filter(|method| !is_token(&method.value)) {
        problems.add(method.at, format!("{} is not an HTTP method", quoted(&method.value)));
    }
    let mut headers = Vec::new();
    for header in entry.headers.iter().flat_map(|headers| &headers.0) {
        if !is_token(&header.name) {
            problems.add(header.key, format!("{} is not the name of a header", quoted(&header.name)));
        }
        let Some(value) = &header.value else { continue };
        if let Some(value) = &value.0 {
            known.check(&value.placeholders, Use::Request, problems);
        }
        let value = value.0.as_ref().map(|value| value.value.clone());
        headers.push((header.name.to_ascii_lowercase(), value));
    }
    if let Some(path) = &entry.path {
        known.check(&path.value.placeholders, Use::Request, problems);
    }
    if let Some(body) = &entry.body {
        known.check(&body.value.placeholders, Use::Request, problems);
    }
    if let (Some(_), Some(bytes)) = (&entry.body, &entry.body_base64) {
        problems.add(bytes.key, "a body as text and as bytes").help("write one of `body` and `body_base64`");
    }
    let text = entry.body.as_ref().map(|body| RawBody::Text(body.value.value.clone()));
    let bytes = entry.body_base64.as_ref().map(|bytes| RawBody::Bytes(bytes.value.0.clone()));
    Raw {
        method: entry.method.as_ref().map(|method| method.value.clone()),
        path: entry.path.as_ref().map(|path| path.value.value.clone()),
        headers,
        body: text.or(bytes),
    }
}

fn captures(
    entries: Vec<Named<CaptureEntry>>,
    part: Part<'_>,
    context: StepContext<'_>,
    known: &mut Known<'_>,
    problems: &mut Problems,
) -> Vec<Capture> {
    let mut captures = Vec::with_capacity(entries.len());
    for entry in entries {
        if !is_word(&entry.name) {
            let problem = problems.add(entry.key, format!("{} is not a name", quoted(&entry.name)));
            problem.help("a name is made of letters, digits, `_` and `-`");
        }
        let name: Arc<str> = match part {
            Part::Make { fixture } => format!("{fixture}.{}", entry.name).into(),
            Part::Unmake => {
                let problem = problems.add(entry.key, "a capture from what is being destroyed");
                problem.help("a fixture's values are captured by `create` and `ready`");
                continue;
            }
            Part::Case | Part::Finally => entry.name.as_str().into(),
        };
        if known.has(&name) {
            let problem = problems.add(entry.key, format!("the name {} is taken", quoted(&name)));
            problem.help("a name stands for one value throughout a case; choose another");
        }
        known.add(name.clone());
        if let Some(place) = entry.value {
            let span = context.source.span(entry.whole);
            captures.push(Capture { name, from: place.from, presence: place.presence, span });
        }
    }
    captures
}

/// A path, the values it may only go forward through, and where that is said.
type Forward = (Arc<JsonPath>, Vec<String>, At);

/// What a step says about asking again, as written.
struct Polling {
    until: Option<Box<Spanned<ExpectEntry>>>,
    unless: Option<Box<Spanned<ExpectEntry>>>,
    through: Option<Vec<Forward>>,
    every: Option<Written<Span>>,
    within: Option<Written<Span>>,
}

impl Polling {
    fn lower(self, claims: &Claims<'_>, problems: &mut Problems) -> Option<Poll> {
        let Some(until) = self.until else {
            let through = self.through.as_ref().and_then(|through| through.first()).map(|(_, _, at)| *at);
            let unless = self.unless.as_ref().map(|unless| unless.key);
            let every = self.every.map(|every| every.key);
            let within = self.within.map(|within| within.key);
            let lost = [("through", through), ("unless", unless), ("every", every), ("within", within)];
            for (key, at) in lost {
                if let Some(at) = at {
                    let problem = problems.add(at, format!("`{key}` without `until`"));
                    problem.help("a step asks again only `until` something holds; a bound on time is `latency`, under `expect`");
                }
            }
            return None;
        };
        let Some(Written { key: within_at, value: within }) = self.within else {
            let problem = problems.add(until.key, "`until` without `within`");
            problem.label("`within` is missing").help("say how long to go on asking: `within: 120s`");
            return None;
        };
        let Span(within) = within?;
        let every = self.every.and_then(|every| every.value).map_or(EVERY.min(within), |every| every.0);
        if every > within {
            problems
                .add(within_at, "`within` is shorter than `every`")
                .help("there would be one request only");
        }
        let span = claims.source.span(until.whole());
        let until = expectations(*until, claims, problems);
        let through = self.through.unwrap_or_default().into_iter();
        Some(Poll {
            until,
            unless: self.unless.map(|unless| expectations(*unless, claims, problems)).unwrap_or_default(),
            through: through
                .map(|(path, values, at)| Through { path, values, span: claims.source.span(at) })
                .collect(),
            every,
            within,
            span,
        })
    }
}
