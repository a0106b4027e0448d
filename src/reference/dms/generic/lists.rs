//! Lists of things: which are asked for, and what they look like now.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    super::{families::Family, fault::Fault, listing, records::Record, store::Store},
    Call,
};
use crate::reference::{
    Deviation, Variation,
    catalogue::{reference, resolved},
    example_values::properties,
};

/// How long a list may not show what was made.
const LAG: Duration = Duration::from_millis(300);

impl Call<'_> {
    pub(super) fn list(
        &self,
        store: &mut Store,
        family: &Family,
        shape: &str,
        input: &Map<String, Value>,
    ) -> Result<Value, Fault> {
        let named = self.named(store, input, None)?;
        store.reads += 1;
        let other = self.cx.deviates(Deviation::StaleRead)
            || self.cx.deviates(Deviation::UnstableRead) && store.reads.is_multiple_of(2);
        let ignored = self.cx.deviates(Deviation::AllFiltersIgnored);
        let by_arn_alone = self.cx.deviates(Deviation::FilterFindsNothing);
        let most = if self.cx.deviates(Deviation::FilterTakesOneValue) { 1 } else { usize::MAX };
        let lags = |record: &Record| {
            self.cx.varies(Variation::ListsLag) && self.cx.now.instant.duration_since(record.made) < LAG
        };
        let records = store.records.iter().filter(|(_, record)| {
            record.family.create == family.create
                && !self.cx.deviates(Deviation::GenericNotListed)
                && !lags(record)
                && (ignored
                    || named.iter().all(|named| named.concerns(store, record))
                        && filters(input).all(|(name, values)| {
                            (!by_arn_alone || values.contains(&record.arn()))
                                && record.passes(name, &values[..values.len().min(most)])
                        }))
        });
        let schema = json!({ "$ref": format!("#/$defs/{shape}") });
        let mut shown: Vec<(String, Value)> = records
            .map(|(arn, record)| {
                let mut facts = record.facts.clone();
                if other {
                    self.scramble(family, &mut facts, |_| false);
                }
                (arn.clone(), self.example_values().shaped(shape, &schema, &Value::Object(facts)))
            })
            .collect();
        for (arn, _) in &shown {
            store.records.get_mut(arn).into_iter().for_each(Record::goes_on);
        }
        if self.cx.deviates(Deviation::ListTwice) {
            shown = shown.into_iter().flat_map(|one| [one.clone(), one]).collect();
        }
        // The waiters of the model wait for this fault.
        if shown.is_empty()
            && filters(input).next().is_some()
            && self.models("ResourceNotFoundFault").is_some()
        {
            return Err(Fault::not_found(format!("No {shape} found matching provided filters.")));
        }
        let is_list = |schema: &Value| {
            let items = resolved(self.document, schema).get("items");
            items.and_then(reference) == Some(shape)
        };
        let member = self.output().into_iter().flat_map(properties).find(|(_, schema)| is_list(schema));
        let member = member.map_or("", |(name, _)| name.as_str());
        let token = self.operation.paging.as_ref().map_or("Marker", |paging| paging.input_token.as_str());
        let text = |name: &str| input.get(name).and_then(Value::as_str);
        let number = |name: &str| input.get(name).and_then(Value::as_i64);
        let page = listing::Request::lenient(text(token), number("MaxRecords"));
        let mut page = page.page(self.cx, member, shown);
        if let (Value::Object(page), false) = (&mut page, token == "Marker") {
            crate::reference::json::rename(page, "Marker", token);
        }
        Ok(page)
    }
}

/// The filters of a listing: names and values.
fn filters(input: &Map<String, Value>) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let filters = input.get("Filters").and_then(Value::as_array).into_iter().flatten();
    filters.map(|filter| {
        let values = filter["Values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        (filter["Name"].as_str().unwrap_or_default(), values)
    })
}
