//! AddTagsToResource, ListTagsForResource, RemoveTagsFromResource.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Cx, fault::Fault, input, input::Tag, store::Store};
use crate::reference::{Deviation, Variation};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    resource_arn: Option<String>,
    resource_arn_list: Option<Vec<String>>,
    tags: Option<Vec<Map<String, Value>>>,
    tag_keys: Option<Vec<String>>,
}

/// Reads a list of tags into keys and values.
pub(crate) fn read(
    cx: &Cx<'_>,
    tags: Option<Vec<Map<String, Value>>>,
) -> Result<BTreeMap<String, String>, Fault> {
    let mut read = BTreeMap::new();
    for tag in tags.unwrap_or_default() {
        let tag: Tag = input::read(tag)?;
        let key = input::required(cx, "Tag.Key", tag.key)?;
        read.insert(key, tag.value.unwrap_or_default());
    }
    Ok(read)
}

pub(crate) fn add(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    let message: Message = input::read(input)?;
    let arn = input::required_arn(cx, "ResourceArn", message.resource_arn)?;
    if message.tags.is_none() {
        return Err(Fault::invalid_value("The parameter Tags must be provided."));
    }
    let tags = read(cx, message.tags)?;
    let known = tags_of(store, &arn)?;
    if cx.deviates(Deviation::TagNotAdded) {
        return Ok(json!({}));
    }
    if cx.deviates(Deviation::TagsReplaced) {
        known.clear();
    }
    for (key, value) in tags {
        match cx.deviates(Deviation::TagKeepsValue) {
            true => drop(known.entry(key).or_insert(value)),
            false => drop(known.insert(key, value)),
        }
    }
    Ok(json!({}))
}

pub(crate) fn list(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    let message: Message = input::read(input)?;
    let arns: Vec<String> =
        message.resource_arn.into_iter().chain(message.resource_arn_list.unwrap_or_default()).collect();
    if arns.is_empty() {
        return Err(Fault::invalid_value("Either ResourceArn or ResourceArnList must be provided."));
    }
    let mut listed = Vec::new();
    for arn in arns {
        let arn = input::required_arn(cx, "ResourceArn", Some(arn))?;
        if cx.varies(Variation::ForeignTags) {
            let tag = json!({ "Key": "aws:cloudformation:stack-name", "Value": "stack", "ResourceArn": arn });
            listed.push(tag);
        }
        for (key, value) in tags_of(store, &arn)? {
            listed.push(json!({ "Key": key, "Value": value, "ResourceArn": arn }));
        }
    }
    Ok(json!({ "TagList": listed }))
}

pub(crate) fn remove(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    let message: Message = input::read(input)?;
    let arn = input::required_arn(cx, "ResourceArn", message.resource_arn)?;
    let keys =
        message.tag_keys.ok_or_else(|| Fault::invalid_value("The parameter TagKeys must be provided."))?;
    let all = cx.deviates(Deviation::AllTagsRemoved);
    let stays = cx.deviates(Deviation::TagStays);
    tags_of(store, &arn)?.retain(|key, _| stays || !all && !keys.contains(key));
    Ok(json!({}))
}

fn tags_of<'a>(store: &'a mut Store, arn: &str) -> Result<&'a mut BTreeMap<String, String>, Fault> {
    if !store.has(arn) {
        return Err(Fault::not_found(format!("Resource {arn} not found.")));
    }
    Ok(store.tags.entry(arn.to_owned()).or_default())
}
