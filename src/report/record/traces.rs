//! What went over the wire, a line of JSON for each entry that sent something. The first line holds the values that all
//! entries start from; each exchange then says only what differs from the one before it.

use std::{
    collections::HashMap,
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{RecordError, escaped};
use crate::{
    model::{
        exchange::{Broken, End, Exchange, Intent, Response, Role, SentRequest, Trace},
        template::Variables,
    },
    report::{Report, safe::Safe},
};

/// Bytes of one body that are kept.
pub const MOST_BYTES: usize = 256 << 10;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Base {
    variables: Variables,
}

/// One entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedTrace {
    /// The name of the entry.
    pub entry: String,
    pub exchanges: Vec<RecordedExchange>,
    pub end: End,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leftovers: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedExchange {
    pub role: Role,
    pub operation: Arc<str>,
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub body: Body,
    pub intent: Intent,
    pub answer: Answer,
    /// Values that came or changed since the exchange before.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub variables: Variables,
    pub started: Timestamp,
    pub elapsed_us: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    Response {
        status: u16,
        headers: Vec<(String, String)>,
        #[serde(default, skip_serializing_if = "Body::is_empty")]
        body: Body,
        /// Bytes behind an answer that ends with its headers.
        stray: usize,
    },
    Broken(Broken),
}

/// A body without secrets, or the beginning of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    pub data: String,
    #[serde(default, skip_serializing_if = "Encoding::is_text")]
    pub encoding: Encoding,
    /// Bytes of the whole, where what is kept is not all or not what was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<usize>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Encoding {
    #[default]
    Text,
    Base64,
}

impl Encoding {
    fn is_text(&self) -> bool {
        *self == Encoding::Text
    }
}

impl Body {
    fn is_empty(&self) -> bool {
        self.data.is_empty() && self.of.is_none()
    }

    fn of(bytes: &[u8], safe: &Safe) -> Body {
        let kept = &bytes[..bytes.len().min(MOST_BYTES)];
        let is_cut = kept.len() < bytes.len();
        let (data, encoding) = match std::str::from_utf8(kept) {
            Ok(text) if is_cut => (safe.beginning(text), Encoding::Text),
            Ok(text) => (safe.masked(text), Encoding::Text),
            Err(cut) if cut.error_len().is_none() && is_cut => {
                (safe.beginning(&String::from_utf8_lossy(&kept[..cut.valid_up_to()])), Encoding::Text)
            }
            // A secret may stand in bytes that are no text as a whole.
            Err(_) => (STANDARD.encode(safe.bytes(kept)), Encoding::Base64),
        };
        let same = encoding == Encoding::Text && data.as_bytes() == bytes;
        let of = (!same && (kept.len() < bytes.len() || encoding == Encoding::Text)).then_some(bytes.len());
        Body { data, encoding, of }
    }

    /// The bytes that were kept.
    fn bytes(&self) -> Result<Vec<u8>, String> {
        match self.encoding {
            Encoding::Text => Ok(self.data.clone().into_bytes()),
            Encoding::Base64 => STANDARD.decode(&self.data).map_err(|error| error.to_string()),
        }
    }
}

/// Writes the whole file, and tells how many entries are in it. Fails where writing does.
pub fn write(report: &Report, safe: &Safe, to: &mut impl Write) -> io::Result<usize> {
    let entries = || report.runs.iter().flat_map(|run| &run.entries);
    let firsts = entries().filter_map(|entry| entry.trace.as_ref()?.exchanges.first());
    let base = in_common(firsts.map(|exchange| &exchange.variables));
    to.write_all(line(&Base { variables: masked(&base, safe) }).as_bytes())?;
    let mut lines = 0;
    for entry in entries() {
        let Some(trace) = &entry.trace else { continue };
        let mut before = &base;
        let exchanges = trace.exchanges.iter().map(|exchange| {
            let recorded = recorded(exchange, before, safe);
            before = &exchange.variables;
            recorded
        });
        let recorded = RecordedTrace {
            entry: entry.subject.name.clone(),
            exchanges: exchanges.collect(),
            end: masked_end(&trace.end, safe),
            leftovers: trace.leftovers.iter().map(|it| safe.masked(it)).collect(),
        };
        to.write_all(line(&recorded).as_bytes())?;
        lines += 1;
    }
    Ok(lines)
}

/// One line of text, which no terminal can take for a command.
fn line(value: &impl Serialize) -> String {
    escaped(serde_json::to_string(value).unwrap_or_default()) + "\n"
}

/// What every one of these has, with the same value.
fn in_common<'a>(mut all: impl Iterator<Item = &'a Arc<Variables>>) -> Variables {
    let mut common = all.next().map(|first| Variables::clone(first)).unwrap_or_default();
    for variables in all {
        common.retain(|name, value| variables.get(name) == Some(value));
    }
    common
}

fn masked(variables: &Variables, safe: &Safe) -> Variables {
    variables.iter().map(|(name, value)| (name.clone(), safe.value(value))).collect()
}

fn recorded(exchange: &Exchange, before: &Variables, safe: &Safe) -> RecordedExchange {
    let SentRequest { method, url, headers, body, intent } = &exchange.request;
    let header = |(name, value): &(String, String)| (safe.masked(name), safe.raw_header(name, value));
    let headers_of = |headers: &[(String, String)]| headers.iter().map(header).collect();
    let answer = match &exchange.answer {
        Ok(Response { status, headers, body, stray, .. }) => Answer::Response {
            status: *status,
            headers: headers_of(headers),
            body: Body::of(body, safe),
            stray: *stray,
        },
        Err(broken) => Answer::Broken(masked_broken(broken, safe)),
    };
    let fresh = exchange.variables.iter().filter(|(name, value)| before.get(*name) != Some(*value));
    RecordedExchange {
        role: exchange.role.clone(),
        operation: exchange.operation.clone(),
        method: safe.masked(method),
        url: safe.masked_url(url),
        headers: headers_of(headers),
        body: Body::of(body, safe),
        intent: *intent,
        answer,
        variables: fresh.map(|(name, value)| (name.clone(), safe.value(value))).collect(),
        started: exchange.started,
        elapsed_us: u64::try_from(exchange.elapsed.as_micros()).unwrap_or(u64::MAX),
    }
}

/// A target may have said a secret where no HTTP was.
fn masked_broken(broken: &Broken, safe: &Safe) -> Broken {
    match broken {
        Broken::Connect(why) => Broken::Connect(safe.masked(why)),
        Broken::Unanswered(why) => Broken::Unanswered(safe.masked(why)),
        Broken::CutOff(why) => Broken::CutOff(safe.masked(why)),
        Broken::NotHttp(why) => Broken::NotHttp(safe.masked(why)),
        Broken::Timeout(_) | Broken::TooLarge(_) => broken.clone(),
    }
}

fn masked_end(end: &End, safe: &Safe) -> End {
    match end {
        End::Stopped(why) => End::Stopped(safe.masked(why)),
        End::FixtureFailed { id, why } => End::FixtureFailed { id: id.clone(), why: safe.masked(why) },
        End::Deadline { what, within } => End::Deadline { what: safe.masked(what), within: *within },
        End::Refused(why) => End::Refused(safe.masked(why)),
        End::Panicked(why) => End::Panicked(safe.masked(why)),
        End::Complete | End::Interrupted => end.clone(),
    }
}

/// Gives every entry of `report` the trace that was recorded of it.
pub fn read(text: &str, report: &mut Report) -> Result<(), RecordError> {
    let wrong = |line: usize, why: String| RecordError::Trace { line, why };
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let Some((_, first)) = lines.next() else { return Err(wrong(1, "it is empty".into())) };
    let base: Base = serde_json::from_str(first).map_err(|error| wrong(1, error.to_string()))?;
    let mut traces = HashMap::new();
    for (number, line) in lines {
        let trace: RecordedTrace =
            serde_json::from_str(line).map_err(|error| wrong(number, error.to_string()))?;
        let name = trace.entry.clone();
        let trace = revived(trace, &base.variables).map_err(|why| wrong(number, why))?;
        if traces.insert(name.clone(), trace).is_some() {
            return Err(wrong(number, format!("{name} is there twice")));
        }
    }
    for entry in report.runs.iter_mut().flat_map(|run| &mut run.entries) {
        entry.trace = traces.remove(&entry.subject.name);
    }
    Ok(())
}

fn revived(trace: RecordedTrace, base: &Variables) -> Result<Trace, String> {
    let mut variables = Arc::new(base.clone());
    let mut exchanges = Vec::with_capacity(trace.exchanges.len());
    for recorded in trace.exchanges {
        if !recorded.variables.is_empty() {
            Arc::make_mut(&mut variables).extend(recorded.variables);
        }
        let answer = match recorded.answer {
            Answer::Response { status, headers, body, stray } => {
                Ok(Response::new(status, headers, body.bytes()?.into(), stray))
            }
            Answer::Broken(broken) => Err(broken),
        };
        let RecordedExchange {
            role, operation, method, url, headers, body, intent, started, elapsed_us, ..
        } = recorded;
        exchanges.push(Exchange {
            role,
            operation,
            request: SentRequest { method, url, headers, body: body.bytes()?.into(), intent },
            answer,
            variables: Arc::clone(&variables),
            started,
            elapsed: Duration::from_micros(elapsed_us),
        });
    }
    Ok(Trace { exchanges, end: trace.end, leftovers: trace.leftovers })
}
