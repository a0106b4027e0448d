//! Which permits a request needs, and which parameters do not stand for what it is about.

use serde_json::json;

use super::{
    forms::{rows, shop, target_of_forms},
    *,
};

/// `PATCH /nodes?to=ONE` moves all nodes, whose ever `ONE` is.
#[test]
fn an_optional_parameter_of_a_query_does_not_say_what_a_change_is_about() {
    let shop = shop();
    for (given_up, goes) in [(false, false), (true, true)] {
        let mut target = target();
        target.expendable.extend(given_up.then(|| "operation:MoveNodes".into()));
        let refusal =
            verdict_on(&target, &shop, "MoveNodes", json!({ "to": "pm-0a1b2c3d-x" }), Raw::default());
        assert_eq!(refusal.is_none(), goes, "{refusal:?}");
    }
}

#[test]
fn an_upsert_needs_both_permits_and_what_is_unknown_needs_all() {
    let rows = rows();
    let input = |operation: &str| match operation {
        "PutParameter" => json!({ "Name": "pm-0a1b2c3d-x" }),
        _ => json!({ "Statement": "pm-0a1b2c3d-x" }),
    };
    for (operation, permits, goes) in [
        ("PutParameter", &[Effect::Create][..], false),
        ("PutParameter", &[Effect::Read, Effect::Change], false),
        ("PutParameter", &[Effect::Create, Effect::Change], true),
        ("ExecuteStatement", &[Effect::Create, Effect::Change], false),
        ("ExecuteStatement", &[Effect::Create, Effect::Change, Effect::Destroy], true),
    ] {
        let mut target = target();
        target.permits = permits.iter().copied().collect();
        target.expendable.insert("operation:ExecuteStatement".into());
        let refusal = verdict_on(&target, &rows, operation, input(operation), Raw::default());
        assert_eq!(refusal.is_none(), goes, "{operation} {permits:?}: {refusal:?}");
    }
}

/// AWS IoT confirms a destination by `GET /confirmdestination/{confirmationToken+}`.
#[test]
fn a_safe_method_reads_nothing_where_its_operation_does_more_and_names_nothing() {
    let shop = shop();
    let mut contract = shop.clone();
    contract.operations.get_mut("GetThing").unwrap().effect = Effect::Unknown;
    for (contract, path, goes) in [
        (&contract, "/things/", false),
        (&contract, "/things/%20", false),
        (&contract, "/things/pm-0a1b2c3d-x", false),
        (&contract, "/nowhere/", true),
        (&shop, "/things/", true),
    ] {
        let raw = Raw { path: Some(text(path)), ..Raw::default() };
        let refusal = verdict_on(&target_of_forms(), contract, "GetThing", json!({}), raw);
        assert_eq!(refusal.is_none(), goes, "{path}: {refusal:?}");
    }
}
