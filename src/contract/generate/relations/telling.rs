//! Values that tell: none of them is what a target would make up by itself.

use serde_json::{Value, json};

use super::super::{case_builder::CaseBuilder, placeholders::fills};
use crate::{
    contract::{
        family, resources,
        shape::{Kind, Shape},
    },
    model::resource::{Property, Resource},
};

/// Texts that no service has for a default, and that bear the name of the run: a service may call by it what is made.
const TEXTS: [&str; 2] = ["${name}-telling", "${gen:suffix}-t"];
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
            let most = shape.count("maxLength").unwrap_or(usize::MAX);
            let fits = |text: &&&str| fills(text).iter().all(|fill| fill.chars().count() <= most);
            TEXTS.iter().find(fits).map(|text| json!(text)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Whether any text will do, as far as a schema and a name tell.
fn is_free(builder: &CaseBuilder<'_>, shape: &Shape<'_>, path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    shape.text("format").is_none()
        && shape.text("pattern").is_none()
        && !family::is_name(builder.contract, name)
}
