//! What went over the wire, a line of JSON for each entry that sent something. The first line holds the values that all
//! entries start from; each exchange then says only what differs from the one before it.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io::{self, BufRead, Write},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Escaping, Evidence, RecordError, TRACES};
use crate::{
    model::{
        exchange::{
            ContentCoding, End, Exchange, Leftover, RequestKind, Response, Role, SentRequest, Trace,
            TransportError,
        },
        template::Variables,
    },
    redact::Redactor,
    report::{Entry, JudgedRun, Report},
};

/// Bytes of one body that are kept.
pub const MOST_BYTES: usize = 256 << 10;

/// Which traces are kept when a record is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traces {
    All,
    /// Those that a report shows something of: all but those of plain passes.
    Telling,
}

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
    pub intent: RequestKind,
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
        #[serde(default, skip_serializing_if = "ContentCoding::is_as_it_came")]
        coding: ContentCoding,
    },
    Broken(TransportError),
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

    fn of(bytes: &[u8], redactor: &Redactor) -> Body {
        let kept = &bytes[..bytes.len().min(MOST_BYTES)];
        let is_cut = kept.len() < bytes.len();
        let (data, encoding) = match std::str::from_utf8(kept) {
            Ok(text) if is_cut => (redactor.beginning(text), Encoding::Text),
            Ok(text) => (redactor.masked(text), Encoding::Text),
            Err(cut) if cut.error_len().is_none() && is_cut => {
                (redactor.beginning(&String::from_utf8_lossy(&kept[..cut.valid_up_to()])), Encoding::Text)
            }
            // A secret may stand in bytes that are no text as a whole.
            Err(_) => (STANDARD.encode(redactor.bytes(kept)), Encoding::Base64),
        };
        let same = encoding == Encoding::Text && data.as_bytes() == bytes;
        let of = (!same && (kept.len() < bytes.len() || encoding == Encoding::Text)).then_some(bytes.len());
        Body { data, encoding, of }
    }

    /// The same without what has become a secret since.
    fn masked(self, redactor: &Redactor) -> Result<Body, String> {
        let data = match self.encoding {
            Encoding::Text => redactor.masked(&self.data),
            Encoding::Base64 => STANDARD.encode(redactor.bytes(&self.bytes()?)),
        };
        let of = (data != self.data && self.encoding == Encoding::Text).then_some(self.data.len());
        Ok(Body { of: self.of.or(of), data, ..self })
    }

    /// The bytes that were kept.
    fn bytes(&self) -> Result<Vec<u8>, String> {
        match self.encoding {
            Encoding::Text => Ok(self.data.clone().into_bytes()),
            Encoding::Base64 => STANDARD.decode(&self.data).map_err(|error| error.to_string()),
        }
    }
}

/// The file of traces while it is being written: entry by entry, as they come.
pub struct TraceWriter<W> {
    to: Digested<W>,
    base: Variables,
    lines: usize,
    /// The line that is being made; its memory is used again.
    line: Vec<u8>,
}

impl<W: Write> TraceWriter<W> {
    /// Begins the file. Each exchange that will be filed has all of `base` among its values. Fails where writing does.
    pub fn begin(to: W, base: Variables, redactor: &Redactor) -> io::Result<TraceWriter<W>> {
        let to = Digested { to, sha256: Sha256::new() };
        let mut trace_writer = TraceWriter { to, base, lines: 0, line: Vec::new() };
        trace_writer.write(&Base { variables: masked(&trace_writer.base, redactor) })?;
        Ok(trace_writer)
    }

    /// Writes down what the entry of this name has sent and heard.
    pub fn file(&mut self, entry: &str, trace: &Trace, redactor: &Redactor) -> io::Result<()> {
        let mut before = &self.base;
        let exchanges = trace.exchanges.iter().map(|exchange| {
            let recorded = recorded(exchange, before, redactor);
            before = &exchange.variables;
            recorded
        });
        let recorded = RecordedTrace {
            entry: entry.to_owned(),
            exchanges: exchanges.collect(),
            end: masked_end(&trace.end, redactor),
            leftovers: trace.leftovers.iter().map(|it| redactor.masked(&it.message)).collect(),
        };
        self.write(&recorded)?;
        self.lines += 1;
        Ok(())
    }

    /// One line of text, which no terminal can take for a command.
    fn write(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, value)?;
        self.line.push(b'\n');
        Escaping(&mut self.to).write_all(&self.line)
    }

    /// A file for the same lines, which are to be written to it with [`TraceWriter::line`].
    pub fn again<T: Write>(&self, to: T) -> TraceWriter<T> {
        let to = Digested { to, sha256: Sha256::new() };
        TraceWriter { to, base: self.base.clone(), lines: self.lines, line: Vec::new() }
    }

    /// Writes one line as it is.
    pub fn line(&mut self, line: &str) -> io::Result<()> {
        self.to.write_all(line.as_bytes())?;
        self.to.write_all(b"\n")
    }

    /// What was written to, and what the document is to say of it.
    pub fn end(self) -> (W, Evidence) {
        let sha256 = hex::encode(self.to.sha256.finalize());
        (self.to.to, Evidence { file: TRACES.into(), sha256, lines: self.lines })
    }

    /// What has been written to so far.
    pub fn written(&mut self) -> &mut W {
        &mut self.to.to
    }
}

/// Passes bytes on, and remembers their digest.
struct Digested<W> {
    to: W,
    sha256: Sha256,
}

impl<W: Write> Write for Digested<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The values that every one of these begins with.
pub fn base<'a>(traces: impl Iterator<Item = &'a Trace>) -> Variables {
    in_common(traces.filter_map(|trace| Some(&*trace.exchanges.first()?.variables)))
}

/// What every one of these has, with the same value.
fn in_common<'a>(mut all: impl Iterator<Item = &'a Variables>) -> Variables {
    let mut common = all.next().cloned().unwrap_or_default();
    for variables in all {
        common.retain(|name, value| variables.get(name) == Some(value));
    }
    common
}

fn masked(variables: &Variables, redactor: &Redactor) -> Variables {
    variables.iter().map(|(name, value)| (name.clone(), redactor.value(value))).collect()
}

fn masked_headers(headers: &[(String, String)], redactor: &Redactor) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (redactor.header_name(name), redactor.raw_header(name, value)))
        .collect()
}

impl RecordedExchange {
    fn masked(self, redactor: &Redactor) -> Result<RecordedExchange, String> {
        let answer = match self.answer {
            Answer::Response { headers, body, status, stray, coding } => Answer::Response {
                headers: masked_headers(&headers, redactor),
                body: body.masked(redactor)?,
                status,
                stray,
                coding,
            },
            Answer::Broken(broken) => Answer::Broken(masked_broken(&broken, redactor)),
        };
        Ok(RecordedExchange {
            method: redactor.masked(&self.method),
            url: redactor.masked_url(&self.url),
            headers: masked_headers(&self.headers, redactor),
            body: self.body.masked(redactor)?,
            answer,
            variables: masked(&self.variables, redactor),
            ..self
        })
    }
}

fn recorded(exchange: &Exchange, before: &Variables, redactor: &Redactor) -> RecordedExchange {
    let SentRequest { method, url, headers, body, intent } = &exchange.request;
    let answer = match &exchange.answer {
        Ok(Response { status, headers, body, stray, coding, .. }) => Answer::Response {
            status: *status,
            headers: masked_headers(headers, redactor),
            body: Body::of(body, redactor),
            stray: *stray,
            coding: *coding,
        },
        Err(broken) => Answer::Broken(masked_broken(broken, redactor)),
    };
    let fresh = exchange.variables.iter().filter(|(name, value)| before.get(*name) != Some(*value));
    RecordedExchange {
        role: exchange.role.clone(),
        operation: exchange.operation.clone(),
        method: redactor.masked(method),
        url: redactor.masked_url(url),
        headers: masked_headers(headers, redactor),
        body: Body::of(body, redactor),
        intent: *intent,
        answer,
        variables: fresh.map(|(name, value)| (name.clone(), redactor.value(value))).collect(),
        started: exchange.started,
        elapsed_us: u64::try_from(exchange.elapsed.as_micros()).unwrap_or(u64::MAX),
    }
}

/// A target may have said a secret where no HTTP was.
fn masked_broken(broken: &TransportError, redactor: &Redactor) -> TransportError {
    match broken {
        TransportError::Connect(why) => TransportError::Connect(redactor.masked(why)),
        TransportError::Unanswered(why) => TransportError::Unanswered(redactor.masked(why)),
        TransportError::CutOff(why) => TransportError::CutOff(redactor.masked(why)),
        TransportError::NotHttp(why) => TransportError::NotHttp(redactor.masked(why)),
        TransportError::Timeout(_) | TransportError::TooLarge(_) => broken.clone(),
    }
}

fn masked_end(end: &End, redactor: &Redactor) -> End {
    match end {
        End::Stopped(why) => End::Stopped(redactor.masked(why)),
        End::FixtureFailed { id, why } => End::FixtureFailed { id: id.clone(), why: redactor.masked(why) },
        End::NothingThere { id, why } => End::NothingThere { id: id.clone(), why: redactor.masked(why) },
        End::Deadline { what, within } => End::Deadline { what: redactor.masked(what), within: *within },
        End::Refused(why) => End::Refused(redactor.masked(why)),
        End::Panicked(why) => End::Panicked(redactor.masked(why)),
        End::Complete | End::Interrupted => end.clone(),
    }
}

/// Gives the entries of `report` what was recorded of them; where `wanted` are only those that tell something, no trace
/// of a plain pass. Every line is read and checked all the same.
pub fn read(text: &str, report: &mut Report, wanted: Traces) -> Result<(), RecordError> {
    let wrong = |line: usize, why: String| RecordError::Trace { line, why };
    let entries = report.runs.iter().flat_map(JudgedRun::all);
    let tells_nothing = |entry: &&Entry| wanted == Traces::Telling && entry.verdict.is_plain_pass();
    let unwanted: HashSet<&str> = entries.filter(tells_nothing).map(|it| &*it.subject.name).collect();
    let mut traces = HashMap::new();
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let (_, first) = lines.next().ok_or_else(|| wrong(1, "it is empty".into()))?;
    let base = base_of(first).map_err(|why| wrong(1, why))?;
    for (number, line) in lines {
        let (name, trace) = trace_of(line, &base).map_err(|why| wrong(number, why))?;
        let trace = (!unwanted.contains(&*name)).then_some(trace);
        if traces.contains_key(&name) {
            return Err(wrong(number, format!("{name} is there twice")));
        }
        traces.insert(name, trace);
    }
    let all = report.runs.iter_mut().flat_map(|run| run.entries.iter_mut().chain(&mut run.supporting));
    for entry in all {
        entry.trace = traces.remove(&entry.subject.name).flatten();
    }
    Ok(())
}

/// The traces of these entries, out of a file that is still being written: as far as it is whole. Fails where reading does.
pub fn find(file: impl BufRead, entries: &BTreeSet<&str>) -> io::Result<HashMap<String, Trace>> {
    let mut lines = file.lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let base = base_of(&first).map_err(io::Error::other)?;
    let mut found = HashMap::new();
    for line in lines {
        // Behind what could not be written whole there is nothing.
        let Ok((name, trace)) = trace_of(&line?, &base) else { break };
        if entries.contains(&*name) {
            found.insert(name, trace);
        }
    }
    Ok(found)
}

/// A line of the file without what has become a secret since it was written; the names of entries stay. Fails where it is none.
pub fn masked_again(line: &str, redactor: &Redactor) -> Result<String, String> {
    if let Ok(base) = base_of(line) {
        return written(&Base { variables: masked(&base, redactor) });
    }
    let mut trace: RecordedTrace = serde_json::from_str(line).map_err(|error| error.to_string())?;
    trace.exchanges = trace.exchanges.into_iter().map(|it| it.masked(redactor)).collect::<Result<_, _>>()?;
    trace.end = masked_end(&trace.end, redactor);
    trace.leftovers.iter_mut().for_each(|sentence| *sentence = redactor.masked(sentence));
    written(&trace)
}

fn written(line: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(line).map(super::escaped).map_err(|error| error.to_string())
}

fn base_of(line: &str) -> Result<Variables, String> {
    serde_json::from_str(line).map(|base: Base| base.variables).map_err(|error| error.to_string())
}

fn trace_of(line: &str, base: &Variables) -> Result<(String, Trace), String> {
    let trace: RecordedTrace = serde_json::from_str(line).map_err(|error| error.to_string())?;
    Ok((trace.entry.clone(), revived(trace, base)?))
}

fn revived(trace: RecordedTrace, base: &Variables) -> Result<Trace, String> {
    let mut variables = Arc::new(base.clone());
    let mut exchanges = Vec::with_capacity(trace.exchanges.len());
    for recorded in trace.exchanges {
        if !recorded.variables.is_empty() {
            Arc::make_mut(&mut variables).extend(recorded.variables);
        }
        let answer = match recorded.answer {
            Answer::Response { status, headers, body, stray, coding } => {
                Ok(Response::new(status, headers, body.bytes()?.into(), stray).with_coding(coding))
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
    let leftovers = trace.leftovers.into_iter().map(Leftover::from).collect();
    Ok(Trace { exchanges, end: trace.end, leftovers })
}
