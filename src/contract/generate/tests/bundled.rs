//! What holds for the cases of the bundled contracts.

use super::*;

#[test]
fn every_operation_of_both_contracts_has_cases_and_all_ids_are_different() {
    for (api, operations) in [("dms", 119), ("veeam", 163)] {
        let (contract, text) = bundled(api);
        let places = Places::of(&contract, "operations.json".into(), &text);
        let all = cases(&contract, &Clauses::new(), &places, SEED);
        let covered: BTreeSet<_> = all.iter().map(|case| &case.operation).collect();
        assert_eq!(covered.len(), operations);
        let ids: BTreeSet<_> = all.iter().map(|case| &case.id).collect();
        assert_eq!(ids.len(), all.len());
        assert!((2000..6000).contains(&all.len()), "{api}: {}", all.len());
        for case in &all {
            assert_eq!((case.origin(), case.profile), (Origin::Generated, Profile::Extended));
            let line = text.lines().nth(case.span.line as usize - 1).unwrap_or_default();
            assert_eq!(line, format!("    \"{}\": {{", case.operation));
        }
    }
}

#[test]
fn the_seed_says_all() {
    let (contract, text) = bundled("dms");
    let places = Places::of(&contract, "operations.json".into(), &text);
    let made = |seed| format!("{:?}", cases(&contract, &Clauses::new(), &places, seed));
    assert!(made(1) == made(1));
    assert!(made(1) != made(2));
    let operation = contract.operation("CreateEndpoint").unwrap();
    let alone = of(&contract, [operation], &Clauses::new(), &places, 1);
    let all = cases(&contract, &Clauses::new(), &places, 1);
    let among: Vec<_> = all.into_iter().filter(|case| *case.operation == *"CreateEndpoint").collect();
    assert!(format!("{alone:?}") == format!("{among:?}"));
}

#[test]
fn right_inputs_satisfy_their_schemas_and_wrong_ones_do_not() {
    for api in ["dms", "veeam"] {
        let (contract, _) = bundled(api);
        let contracts = Contracts::new(vec![contract.clone()]).unwrap();
        for seed in [1, 2, 3] {
            let places = Places::of(&contract, "operations.json".into(), "");
            for case in cases(&contract, &Clauses::new(), &places, seed) {
                let name = short(&case);
                let operation = contract.operation(&case.operation).unwrap();
                let input = filled(&case);
                let required = operation.members.iter().filter(|(_, member)| member.required);
                let missing = required
                    .filter(|(name, member)| member.default.is_none() && input.get(*name).is_none())
                    .count();
                let wrong = input.as_object().unwrap().iter().filter(|(_, value)| !value.is_null()).filter(
                    |(member, value)| {
                        operation.members.contains_key(*member)
                            && !contracts.member_mismatches(api, &case.operation, member, value).is_empty()
                    },
                );
                let wrong: Vec<_> = wrong.collect();
                let (is_right, says) = (wrong.is_empty() && missing == 0, format!("{}: {wrong:?}", case.id));
                if name.starts_with("valid-") || name.starts_with("absent-id") {
                    assert!(is_right, "{says}");
                } else if name.starts_with("without-") && case.steps[0].request.raw.headers.is_empty() {
                    let of_token = name == "without-a-token";
                    assert!(of_token || !is_right, "{says}");
                } else if name.contains("-as-") {
                    assert!(!is_right, "{says}");
                }
            }
        }
    }
}

/// The operation and the input of every request of a case that makes something, with what the contract says of it.
fn creations<'c>(contract: &'c Contract, case: &'c Case) -> Vec<(family::Family<'c>, Vec<(String, Value)>)> {
    let as_written = |value: &TemplateValue| {
        let mut spelled =
            |placeholder: &Placeholder| Ok(Value::from(format!("${{{}}}", fill::key(placeholder))));
        fill::value(value, &mut spelled).unwrap()
    };
    let making = case.steps.iter().filter(|step| step.effect.makes());
    making
        .map(|step| {
            let input = &step.request.input;
            let input = input.iter().map(|(name, value)| (name.clone(), as_written(value))).collect();
            (family::of(contract, contract.operation(&step.operation).unwrap()), input)
        })
        .collect()
}

#[test]
fn what_is_made_bears_the_name_of_its_case_and_never_that_of_nothing() {
    let (dms, veeam) = (bundled("dms").0, bundled("veeam").0);
    for contract in [&dms, &veeam, &family()] {
        let mut named = 0;
        for case in generated(contract, &clauses(&LIFE)) {
            for (family, input) in creations(contract, &case) {
                let Some(way) = &family.naming else { continue };
                let value = input.iter().find(|(name, _)| name == way[0]).map(|(_, value)| value);
                let value = way[1..].iter().try_fold(value, |value, name| value.map(|it| it.get(*name)));
                let Some(Value::String(text)) = value.flatten() else { continue };
                let own = placeholders::bears(text) == placeholders::Bears::Own;
                let short = text.chars().count() < 9 && !text.contains("${");
                assert!(own || short, "{}: {text}", case.id);
                named += usize::from(own);
            }
        }
        assert!(named > 5, "{}: {named}", contract.api);
    }
}

#[test]
fn a_name_is_found_under_any_spelling_and_no_reference_is_taken_for_one() {
    let text = || json!({ "type": "string" });
    let needed = |names: &[&str]| {
        let member = |name: &&str| ((*name).to_owned(), json!({ "required": true, "schema": text() }));
        names.iter().map(member).collect::<serde_json::Map<_, _>>()
    };
    for (create, members, own, absent) in [
        ("CreateLogGroup", &["logGroupName"][..], &["logGroupName"][..], &[][..]),
        ("CreateSecret", &["Name", "Description"], &["Name", "Description"], &[]),
        ("CreateUserPool", &["PoolName"], &["PoolName"], &[]),
        ("CreateService", &["serviceName", "clusterName"], &["serviceName"], &["clusterName"]),
        ("CreateGrant", &["Name", "GranteeArn", "keyArn"], &["Name"], &["GranteeArn", "keyArn"]),
        ("RestoreThing", &["Anything"], &["Anything"], &[]),
    ] {
        let operations = json!({
            create: { "effect": "create", "members": needed(members), "answers": { "200": {} } },
            "CreateCluster": { "effect": "create", "members": needed(&["clusterName"]), "answers": { "200": {} } },
            "DeleteCluster": { "effect": "destroy", "members": needed(&["clusterName"]) },
        });
        let contract = contract(aws_json(), operations, json!({}));
        let all = generated(&contract, &Clauses::new());
        let minimal =
            all.iter().find(|case| *case.operation == *create && short(case) == "valid-minimal").unwrap();
        for (member, value) in input(minimal).as_object().unwrap() {
            let value = value.as_str().unwrap();
            let expected = if own.contains(&&**member) { "<name>" } else { "<gen:absent" };
            assert!(value.contains(expected), "{create} {member}: {value}");
            assert!(own.contains(&&**member) || absent.contains(&&**member));
        }
    }
}
