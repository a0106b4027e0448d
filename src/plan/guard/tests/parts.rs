//! Names in the parts of a `multipart/form-data` body.

use serde_json::json;

use super::{
    forms::{ALL, raw, shop, target_of_forms},
    *,
};

const KIND: &str = "content-type: multipart/form-data; boundary=b";

fn part(name: &str, text: &str) -> String {
    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
}

fn refusal(body: &str, whose: &super::forms::Whose) -> Option<String> {
    let body = body.to_owned().leak();
    let form = ("DeleteByForm", "POST", "/forms/delete", KIND, &*body);
    verdict_on(&target_of_forms(), &shop(), form.0, json!({}), raw(form, whose))
}

#[test]
fn a_part_names_what_it_holds() {
    let own = part("nodeId", "pm-0a1b2c3d-x");
    for parts in [
        part("nodeId", "@"),
        part("NODEID", "@"),
        own.clone() + &part("also", "@"),
        part("also", "@") + &own,
        part("nodeId", r#"["pm-0a1b2c3d-x","@"]"#),
        part("nodeNames", r#"{"@":true}"#),
        own.clone() + &part("nodeNames", r#"{"@":true}"#),
        own.replace("nodeId\"", "nodeId\"; filename=\"@\""),
    ] {
        for whose in ALL {
            let refusal = refusal(&format!("{parts}--b--"), &whose);
            assert_eq!(refusal.is_none(), whose.goes, "{parts} {}: {refusal:?}", whose.name);
        }
    }
}

#[test]
fn it_goes_only_where_every_byte_of_it_can_be_read() {
    let good = part("nodeId", "@") + "--b--";
    for (body, goes) in [
        (good.clone(), true),
        (format!("--c\r\n{good}"), false),
        (good.replace("--b--", "--b"), false),
        (good.replace("name=", "name*="), false),
        // What the keys of an object are that the contract does not have cannot be said.
        (part("more", r#"{"anything":true}"#) + &good, false),
        (good.replace("\r\n", "\n"), false),
    ] {
        let refusal = refusal(&body, &ALL[1]);
        assert_eq!(refusal.is_none(), goes, "{body}: {refusal:?}");
    }
}
