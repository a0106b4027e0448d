//! The published JSON Schemas, made from the types that read the files.

use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Map, Value};

/// The schema of `T`, draft 2020-12, with `title`.
pub fn of<T: JsonSchema>(title: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(as_files_are));
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

/// An optional key may be left out; it may not be there without a value. Descriptions are one line.
fn as_files_are(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    // Editors show line breaks; where ours are is the source's business.
    if let Some(Value::String(description)) = object.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    let required: Vec<String> = match object.get("required") {
        Some(Value::Array(names)) => {
            names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    let Some(Value::Object(properties)) = object.get_mut("properties") else { return };
    for (name, property) in properties {
        if !required.contains(name)
            && let Value::Object(property) = property
        {
            refuse_null(property);
        }
    }
}

fn refuse_null(property: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = &types[..] {
            let one = one.clone();
            property.insert("type".to_owned(), one);
        }
    }
    let Some(Value::Array(branches)) = property.get_mut("anyOf") else { return };
    branches.retain(|branch| branch["type"] != "null");
    let [Value::Object(one)] = &branches[..] else { return };
    let one = one.clone();
    property.remove("anyOf");
    for (key, value) in one {
        property.entry(key).or_insert(value);
    }
}
