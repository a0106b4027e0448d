//! Values that tell: none of them is what a target would make up by itself.

use serde_json::{Value, json};

use super::super::case_builder::CaseBuilder;
use crate::{
    contract::{
        family, resources,
        shape::{Kind, Shape},
    },
    model::resource::{Property, Resource},
};

/// Text that no service has for a default.
const TEXTS: [&str; 2] = ["proofmark-telling", "ProofmarkTelling"];
const NUMBERS: [f64; 6] = [7.0, 11.0, 23.0, 3.0, 2.0, 1.0];

/// The values to set a property to: those that a person gives, else both booleans, each value of an enum, two numbers within
/// the limits. Of a text a schema says too little, unless the property was proposed from names alone.
pub(super) fn values(builder: &CaseBuilder<'_>, resource: &Resource, property: &Property) -> Vec<Value> {
    if !property.values.is_empty() {
        return property.values.clone();
    }
    let create = builder.contract.operation(&resource.create.operation);
    let path = property.set_by.as_deref().or(property.updated_by.as_deref());
    let schema = create.zip(path).and_then(|(create, path)| resources::input(builder.contract, create, path));
    let (Some(schema), Some(path)) = (schema, path) else { return Vec::new() };
    let shape = Shape::of(builder.contract, schema);
    match shape.kind {
        _ if !shape.values().is_empty() => shape.values().to_vec(),
        Kind::Boolean => vec![json!(true), json!(false)],
        Kind::Integer | Kind::Number => {
            let within = |number: &f64| {
                shape.number("minimum").is_none_or(|least| *number >= least)
                    && shape.number("maximum").is_none_or(|most| *number <= most)
            };
            NUMBERS.into_iter().filter(within).take(2).map(|number| json!(number as i64)).collect()
        }
        Kind::Text if !resource.is_reviewed() && is_free(builder, &shape, path) => {
            TEXTS.iter().take(1).map(|text| json!(text)).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether any text will do, as far as a schema and a name tell.
fn is_free(builder: &CaseBuilder<'_>, shape: &Shape<'_>, path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    let long = TEXTS[0].len();
    shape.text("format").is_none()
        && shape.text("pattern").is_none()
        && shape.count("maxLength").is_none_or(|most| most >= long)
        && !family::is_name(builder.contract, name)
}
