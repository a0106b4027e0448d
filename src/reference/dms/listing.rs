//! What the Describe operations have in common: filters, pages, and the marker between two pages.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Cx, fault::Fault, input};
use crate::reference::{Deviation, Variation, json::each_member};

/// The input of every Describe operation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    filters: Option<Vec<Map<String, Value>>>,
    max_records: Option<i64>,
    marker: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FilterMessage {
    name: Option<String>,
    values: Option<Vec<String>>,
}

pub(crate) struct Filter {
    pub name: String,
    pub values: Vec<String>,
}

/// What a caller wants to see.
pub(crate) struct Request {
    pub filters: Vec<Filter>,
    max_records: usize,
    /// The key of the last record of the page before.
    after: Option<String>,
}

impl Request {
    /// Reads and validates; `names` are the filters this listing knows.
    pub fn read(cx: &Cx<'_>, input: Map<String, Value>, names: &[&str]) -> Result<Request, Fault> {
        let message: Message = input::read(input)?;
        let mut filters = Vec::new();
        for filter in message.filters.unwrap_or_default() {
            let filter: FilterMessage = input::read(filter)?;
            let whole = filter.name.is_some() && filter.values.is_some();
            if !whole && cx.deviates(Deviation::FilterPartsUnchecked) {
                continue;
            }
            let name = input::required(cx, "Filter.Name", filter.name)?;
            if !names.contains(&name.as_str()) {
                return Err(Fault::invalid_value(format!(
                    "Unknown filter name: {name}. Known are {}.",
                    names.join(", ")
                )));
            }
            match filter.values {
                Some(values) if !values.is_empty() => filters.push(Filter { name, values }),
                _ => return Err(Fault::invalid_value(format!("The filter {name} must have Values."))),
            }
        }
        // Documented as 20 to 100. Smaller pages are given too, so that paging can be seen with few records.
        let max_records = match message.max_records {
            None => 100,
            Some(number @ 1..=100) => number as usize,
            Some(number) => {
                return Err(Fault::invalid_value(format!(
                    "MaxRecords must be between 1 and 100, and is {number}."
                )));
            }
        };
        let after = match message.marker.as_deref() {
            None | Some("") => None,
            Some(marker) => Some(
                key_of(marker).ok_or_else(|| Fault::invalid_value("Marker is not one that was given."))?,
            ),
        };
        Ok(Request { filters, max_records, after })
    }

    /// A request whose members the contract has judged. A page has a hundred records at most, whatever is asked
    /// for; a marker that nobody gave leads to the first page.
    pub fn lenient(marker: Option<&str>, max_records: Option<i64>) -> Request {
        let max_records = usize::try_from(max_records.unwrap_or(100)).unwrap_or(1).clamp(1, 100);
        Request { filters: Vec::new(), max_records, after: marker.and_then(key_of) }
    }

    /// Forgets the marker.
    pub fn begin_again(&mut self) {
        self.after = None;
    }

    /// The page that follows: of `records`, which come with their keys, in the order of keys and already filtered.
    /// Gives `{ <member>: [...], Marker? }`.
    pub fn page(&self, cx: &Cx<'_>, member: &str, records: Vec<(String, Value)>) -> Value {
        let deviates = |deviation| member == "Connections" && cx.deviates(deviation);
        let begin = match &self.after {
            None => 0,
            Some(_) if deviates(Deviation::MarkerIgnored) => 0,
            Some(after) => {
                let next = records.partition_point(|(key, _)| key <= after);
                if deviates(Deviation::PagingLosesOne) || cx.deviates(Deviation::PageLosesOne) {
                    next + 1
                } else if deviates(Deviation::PagingRepeatsOne) || cx.deviates(Deviation::PageRepeatsOne) {
                    next.saturating_sub(1)
                } else {
                    next
                }
            }
        };
        let ignored = deviates(Deviation::MaxRecordsIgnored) || cx.deviates(Deviation::PageSizeIgnored);
        let limit = match self.max_records {
            _ if ignored => usize::MAX,
            most if cx.varies(Variation::SmallPages) => (most / 2).max(1),
            most => most,
        };
        let total = records.len();
        let page: Vec<(String, Value)> = records.into_iter().skip(begin).take(limit).collect();
        let last = begin.saturating_add(page.len()) >= total;
        let last_key = page.last().map(|(key, _)| key.clone()).or_else(|| self.after.clone());

        let mut output = Map::new();
        if !last || deviates(Deviation::MarkerOnLastPage) {
            output.insert("Marker".to_owned(), json!(marker_of(&last_key.unwrap_or_default())));
        } else if cx.deviates(Deviation::PagesNeverEnd) {
            output.insert("Marker".to_owned(), json!(marker_of("\0")));
        } else if cx.varies(Variation::EmptyMarker) {
            output.insert("Marker".to_owned(), json!(""));
        }
        output.insert(member.to_owned(), page.into_iter().map(|(_, value)| value).collect());
        Value::Object(output)
    }

    /// Whether a record passes every filter; `field` gives the record's value for a filter's name.
    pub fn passes<'a>(&self, field: impl Fn(&str) -> &'a str) -> bool {
        self.filters.iter().all(|filter| filter.values.iter().any(|value| value == field(&filter.name)))
    }
}

fn marker_of(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

fn key_of(marker: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(marker).ok()?).ok()
}

/// Every second time: shows what is settled as being created, or elements in another order, where a target does so.
pub(crate) fn alternate(cx: &Cx<'_>, reads: u64, output: &mut Value) {
    const EARLIER: &[(&str, &str)] =
        &[("active", "creating"), ("available", "creating"), ("ready", "creating"), ("passed", "starting")];
    if reads.is_multiple_of(2) {
        return;
    }
    if cx.varies(Variation::OtherOrder)
        && let Value::Object(members) = output
    {
        members.values_mut().filter_map(Value::as_array_mut).for_each(|list| list.reverse());
    }
    if cx.deviates(Deviation::IllegalTransition) {
        each_member(output, &mut |name, value| {
            let earlier = EARLIER.iter().find(|(state, _)| value == state).map(|(_, earlier)| *earlier);
            if let Some(earlier) = earlier.filter(|_| name.ends_with("Status")) {
                *value = json!(earlier);
            }
        });
    }
}
