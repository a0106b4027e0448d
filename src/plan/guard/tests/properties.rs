//! Properties: no name that is not the run's own goes out, however it is written.

use super::*;

/// Whether the character at `index` is written the unusual way.
fn picked(bits: u64, index: usize) -> bool {
    bits >> (index % 64) & 1 == 1
}

fn json_escaped(text: &str, bits: u64) -> String {
    let escaped =
        |(index, c)| if picked(bits, index) { format!("\\u{:04x}", u32::from(c)) } else { String::from(c) };
    text.chars().enumerate().map(escaped).collect()
}

fn percent_encoded(text: &str, bits: u64) -> String {
    let encoded = |(index, c)| match (picked(bits, index), picked(bits, index + 5)) {
        (false, _) => String::from(c),
        (true, true) => format!("%{:02x}", u32::from(c)),
        (true, false) => format!("%{:02X}", u32::from(c)),
    };
    text.chars().enumerate().map(encoded).collect()
}

fn any_case(text: &str, bits: u64) -> String {
    let cased = |(index, c): (usize, char)| {
        if picked(bits, index) { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
    };
    text.chars().enumerate().map(cased).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn no_name_that_is_not_ours_goes_out(name in "[A-Za-z][A-Za-z0-9-]{0,30}", id in any::<[u8; 16]>()) {
        prop_assume!(!name.to_lowercase().contains("pm-0a1b2c3d"));
        prop_assume!(!values().is_absent(&name));
        let group = json!({ "GroupIdentifier": name });
        prop_assert!(verdict(&dms(), "DeleteGroup", group, Raw::default()).is_some());
        let arn = json!({ "EndpointArn": format!("arn:aws:dms:eu-west-1:210987654321:endpoint:{name}") });
        prop_assert!(verdict(&dms(), "DeleteEndpoint", arn.clone(), Raw::default()).is_some());
        prop_assert!(verdict(&dms(), "ModifyEndpoint", arn, Raw::default()).is_some());
        let uuid = uuid::Uuid::from_bytes(id);
        for text in [uuid.to_string(), uuid.simple().to_string(), uuid.braced().to_string(), uuid.urn().to_string()] {
            for operation in ["DeleteThing", "UpdateThing"] {
                let refusal = verdict(&veeam(), operation, json!({ "id": text }), Raw::default());
                prop_assert!(refusal.is_some(), "{operation} {text}");
            }
        }
    }

    #[test]
    fn no_place_of_a_body_and_no_way_of_writing_gets_an_arn_out(
        name in "[A-Z0-9]{8,20}", place in 0_usize..9, bits in any::<u64>(), broken in any::<bool>(), whose in select(&[Whose::Ours, Whose::Theirs][..]),
    ) {
        let arn = match whose {
            Whose::Theirs => format!("arn:aws:dms:us-east-1:123456789012:endpoint:{name}"),
            Whose::Ours => OURS.to_owned(),
        };
        let arn = json_escaped(&arn, bits);
        let mut body = [
            format!(r#"{{"EndpointArn":"{arn}"}}"#),
            format!(r#"{{"endpointARN":"{arn}"}}"#),
            format!(r#"{{"EndpointArn":["{arn}"]}}"#),
            format!(r#"{{"EndpointArn":{{"Arn":"{arn}"}}}}"#),
            format!(r#"{{"Unknown":[[{{"x":"{arn}"}}]]}}"#),
            format!(r#"{{"EndpointArn":"{arn}","EndpointArn":"{OURS}"}}"#),
            format!(r#"{{"EndpointArn":"{OURS}","EndpointArn":"{arn}"}}"#),
            format!(r#"{{"Unknown":{{"x":"{arn}","x":null}}}}"#),
            format!(r#"["{arn}"]"#),
        ][place].clone();
        if broken {
            body.pop();
        }
        let raw = || Raw { body: Some(RawBody::Text(text(&body))), ..Raw::default() };
        // A name in the place of a value may name something, too; a list is no place that the contract has.
        let keyed = [3, 4, 7, 8].contains(&place);
        for operation in ["DeleteEndpoint", "ModifyEndpoint", "DeleteConnection"] {
            let refusal = verdict(&dms(), operation, json!({}), raw());
            prop_assert_eq!(refusal.is_none(), whose == Whose::Ours && !broken && !keyed, "{} {}: {:?}", operation, body, refusal);
        }
    }

    #[test]
    fn no_path_however_written_gets_an_id_out(
        id in any::<[u8; 16]>(), bits in any::<u64>(), shape in 0_usize..6, twice in any::<bool>(), whose in select(&[Whose::Ours, Whose::Theirs][..]),
    ) {
        let id = match whose {
            Whose::Theirs => uuid::Uuid::from_bytes(id).to_string(),
            Whose::Ours => OUR_ID.to_owned(),
        };
        let id = percent_encoded(&id, bits);
        let id = if twice { id.replace('%', "%25") } else { id };
        let path = [
            format!("/api/v1/things/{id}"),
            format!("/api/v1/things/{id}/"),
            format!("//api/./v1/x/%2e%2E/Things/{id}"),
            format!("/api/v1/things?id={id}"),
            format!("/api/v1/things%2F{id}"),
            format!("/api/v1/things;a=b/{id}"),
        ][shape].clone();
        for operation in ["DeleteThing", "UpdateThing"] {
            let raw = Raw { path: Some(text(&path)), ..Raw::default() };
            let refusal = verdict(&veeam(), operation, json!({}), raw);
            match whose {
                Whose::Theirs => prop_assert!(refusal.is_some(), "{operation} {path}"),
                // The contract has no such parameter: the request may be for all things.
                Whose::Ours if shape == 3 => prop_assert!(refusal.is_some(), "{operation} {path}"),
                // What is decoded once only may be the name of something else.
                Whose::Ours if twice && id.contains('%') => {}
                Whose::Ours => prop_assert_eq!(refusal, None, "{} {}", operation, path),
            }
        }
    }

    #[test]
    fn no_spelling_of_a_header_makes_another_operation_of_a_request(
        bits in any::<u64>(), before in "[ \t]{0,2}", behind in "[ \t]{0,2}",
    ) {
        let name = any_case("x-amz-target", bits);
        let value = format!("{before}T.{}{behind}", any_case("DeleteEndpoint", bits >> 12));
        let refusal = |arn: &str| verdict(&dms(), "DescribeEndpoints", json!({ "EndpointArn": arn }), with_header(&name, &value));
        prop_assert!(refusal(THEIRS).is_some(), "{name}: {value}");
        prop_assert_eq!(refusal(OURS), None);
        let (name, value) = (any_case("x-http-method-override", bits), format!("{before}{}{behind}", any_case("delete", bits >> 30)));
        let refusal = |id: &str| verdict(&veeam(), "GetThing", json!({ "id": id }), with_header(&name, &value));
        prop_assert!(refusal(THEIR_ID).is_some(), "{name}: {value}");
        prop_assert_eq!(refusal(OUR_ID), None);
    }

    #[test]
    fn what_the_run_was_given_goes_out(suffix in "[a-z][a-z0-9]{7}") {
        let group = json!({ "GroupIdentifier": format!("pm-0a1b2c3d-{suffix}") });
        prop_assert_eq!(verdict(&dms(), "DeleteGroup", group, Raw::default()), None);
    }
}
