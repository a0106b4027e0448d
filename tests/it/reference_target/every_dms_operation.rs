//! Every operation of DMS, by hand or not: it takes what the model allows, gives what the model says, and refuses the
//! rest.

use proofmark::model::contract::Operation;
use serde_json::{Map, Value, json};

use super::{
    client::{Answer, Target},
    dms::contracts,
    inputs::{Extent, of_another_type, whole},
};

/// Errors that validation has, whatever the operation.
const OF_VALIDATION: &[&str] = &["400 InvalidParameterValueException", "400 SerializationException"];

fn is_modelled(operation: &Operation, answer: &Answer) -> bool {
    let verdict = answer.verdict();
    operation.errors.iter().any(|error| verdict == format!("{} {}", error.status, error.name))
}

#[tokio::test(flavor = "multi_thread")]
async fn valid_inputs_are_answered_by_the_model() {
    let (contracts, target) = (contracts(), Target::quick().await);
    let contract = contracts.get("dms").unwrap();
    let mut served = 0;
    for extent in [Extent::Minimal, Extent::Maximal] {
        for operation in contract.operations.values() {
            let input = Value::Object(whole(contract, operation, extent));
            let answer = target.dms(&operation.name, input.clone()).await;
            let told = || format!("{} {input} gave {} {}", operation.name, answer.status, answer.json());
            assert!(!answer.json().to_string().contains("null") || answer.body.is_empty(), "{}", told());
            if answer.status != 200 {
                let of_validation = OF_VALIDATION.contains(&answer.verdict().as_str());
                assert!(is_modelled(operation, &answer) || of_validation, "{}", told());
                continue;
            }
            served += 1;
            match &operation.answers[&200].schema {
                Some(schema) => {
                    let mismatches = contracts.schema_mismatches("dms", schema, &answer.json());
                    assert!(mismatches.is_empty(), "{}: {mismatches:?}", told());
                }
                None => assert!(answer.body.is_empty(), "{}", told()),
            }
        }
    }
    assert!(served > 70, "only {served} served");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_member_is_refused() {
    let (contracts, target) = (contracts(), Target::quick().await);
    let contract = contracts.get("dms").unwrap();
    for operation in contract.operations.values() {
        let whole = whole(contract, operation, Extent::Minimal);
        for (name, member) in &operation.members {
            let mut cases: Vec<(Value, &[&str])> =
                vec![(of_another_type(contract, &member.schema), &["400 SerializationException"])];
            if member.required {
                cases.push((Value::Null, &["400 InvalidParameterValueException"]));
            }
            for (wrong, verdicts) in cases {
                let mut input = whole.clone();
                input.insert(name.clone(), wrong);
                let answer = target.dms(&operation.name, Value::Object(input.clone())).await;
                let verdict = answer.verdict();
                assert!(
                    verdicts.contains(&verdict.as_str()),
                    "{} {input:?} gave {verdict} {}",
                    operation.name,
                    answer.json()
                );
            }
        }
    }
}

/// What the things of one family need to be made, changed and listed.
struct Life {
    create: (&'static str, Value),
    /// Where the output shows the thing.
    shown: &'static str,
    /// The operations that list, and the member they list in.
    list: (&'static str, &'static str),
    /// The input member that means the thing, and the member it is shown in.
    named_by: (&'static str, &'static str),
    changes: Vec<(&'static str, Value, (&'static str, &'static str))>,
    delete: &'static str,
}

/// One of each family; `arns` are an endpoint's, another's, and an instance's.
fn lives(source: &str, sink: &str, instance: &str) -> Vec<Life> {
    let task = json!({
        "ReplicationTaskIdentifier": "t-1", "SourceEndpointArn": source, "TargetEndpointArn": sink,
        "ReplicationInstanceArn": instance, "MigrationType": "full-load", "TableMappings": "{}",
    });
    let config = json!({
        "ReplicationConfigIdentifier": "c-1", "SourceEndpointArn": source, "TargetEndpointArn": sink,
        "ComputeConfig": { "MaxCapacityUnits": 2 }, "ReplicationType": "cdc", "TableMappings": "{}",
    });
    let subscription =
        json!({ "SubscriptionName": "s-1", "SnsTopicArn": "arn:aws:sns:us-east-1:123456789012:t" });
    let provider = json!({ "DataProviderName": "p-1", "Engine": "mysql", "Settings": { "MySqlSettings": { "Port": 3306 } } });
    vec![
        Life {
            create: ("CreateReplicationTask", task),
            shown: "ReplicationTask",
            list: ("DescribeReplicationTasks", "ReplicationTasks"),
            named_by: ("ReplicationTaskArn", "ReplicationTaskArn"),
            changes: vec![
                ("ModifyReplicationTask", json!({ "TableMappings": "[]" }), ("TableMappings", "[]")),
                (
                    "StartReplicationTask",
                    json!({ "StartReplicationTaskType": "start-replication" }),
                    ("Status", "running"),
                ),
                ("StopReplicationTask", json!({}), ("Status", "stopped")),
            ],
            delete: "DeleteReplicationTask",
        },
        Life {
            create: ("CreateReplicationConfig", config),
            shown: "ReplicationConfig",
            list: ("DescribeReplicationConfigs", "ReplicationConfigs"),
            named_by: ("ReplicationConfigArn", "ReplicationConfigArn"),
            changes: vec![(
                "ModifyReplicationConfig",
                json!({ "TableMappings": "[]" }),
                ("TableMappings", "[]"),
            )],
            delete: "DeleteReplicationConfig",
        },
        Life {
            create: ("CreateEventSubscription", subscription),
            shown: "EventSubscription",
            list: ("DescribeEventSubscriptions", "EventSubscriptionsList"),
            named_by: ("SubscriptionName", "CustSubscriptionId"),
            changes: vec![(
                "ModifyEventSubscription",
                json!({ "SourceType": "replication-task" }),
                ("SourceType", "replication-task"),
            )],
            delete: "DeleteEventSubscription",
        },
        Life {
            create: (
                "CreateReplicationSubnetGroup",
                json!({
                    "ReplicationSubnetGroupIdentifier": "g-1", "ReplicationSubnetGroupDescription": "one",
                    "SubnetIds": ["subnet-1", "subnet-2"],
                }),
            ),
            shown: "ReplicationSubnetGroup",
            list: ("DescribeReplicationSubnetGroups", "ReplicationSubnetGroups"),
            named_by: ("ReplicationSubnetGroupIdentifier", "ReplicationSubnetGroupIdentifier"),
            changes: vec![(
                "ModifyReplicationSubnetGroup",
                json!({ "ReplicationSubnetGroupDescription": "two", "SubnetIds": ["subnet-3"] }),
                ("ReplicationSubnetGroupDescription", "two"),
            )],
            delete: "DeleteReplicationSubnetGroup",
        },
        Life {
            create: (
                "ImportCertificate",
                json!({ "CertificateIdentifier": "cert-1", "CertificatePem": "PEM" }),
            ),
            shown: "Certificate",
            list: ("DescribeCertificates", "Certificates"),
            named_by: ("CertificateArn", "CertificateArn"),
            changes: vec![],
            delete: "DeleteCertificate",
        },
        Life {
            create: ("CreateDataProvider", provider),
            shown: "DataProvider",
            list: ("DescribeDataProviders", "DataProviders"),
            named_by: ("DataProviderIdentifier", "DataProviderName"),
            changes: vec![("ModifyDataProvider", json!({ "Description": "two" }), ("Description", "two"))],
            delete: "DeleteDataProvider",
        },
        Life {
            create: ("CreateInstanceProfile", json!({ "InstanceProfileName": "profile" })),
            shown: "InstanceProfile",
            list: ("DescribeInstanceProfiles", "InstanceProfiles"),
            named_by: ("InstanceProfileIdentifier", "InstanceProfileArn"),
            changes: vec![("ModifyInstanceProfile", json!({ "Description": "two" }), ("Description", "two"))],
            delete: "DeleteInstanceProfile",
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn things_are_made_listed_changed_and_deleted() {
    let target = Target::quick().await;
    let (source, sink) = (target.endpoint("e-1", "db.test").await, target.endpoint("e-2", "db.test").await);
    let instance = target.instance("i-1").await;
    for life in lives(&source, &sink, &instance) {
        let (create, input) = life.create;
        let made = target.dms(create, input.clone()).await;
        assert_eq!(made.status, 200, "{create}: {}", made.json());
        let thing = made.json()[life.shown].clone();
        for (name, value) in input.as_object().unwrap().iter().filter(|(name, _)| thing.get(name).is_some()) {
            assert_eq!(&thing[name], value, "{create}: {name}");
        }
        let again = target.dms(create, input).await;
        assert_eq!(again.verdict(), "400 ResourceAlreadyExistsFault", "{create}");

        let (member, shown_in) = life.named_by;
        let listed = |answer: &Answer| {
            let all = answer.json()[life.list.1].as_array().cloned().unwrap_or_default();
            all.into_iter().find(|one| one[shown_in] == thing[shown_in])
        };
        assert_eq!(listed(&target.dms(life.list.0, json!({})).await), Some(thing.clone()), "{}", life.list.0);

        let named = |more: &Value| {
            let mut input: Map<String, Value> = more.as_object().unwrap().clone();
            input.insert(member.to_owned(), thing[shown_in].clone());
            Value::Object(input)
        };
        for (change, input, (name, value)) in &life.changes {
            let changed = target.dms(change, named(input)).await;
            assert_eq!(changed.json()[life.shown][name], **value, "{change}: {}", changed.json());
            let found = listed(&target.dms(life.list.0, json!({})).await).unwrap();
            assert_eq!(found[name], **value, "{change}");
        }

        assert_eq!(target.dms(life.delete, named(&json!({}))).await.status, 200, "{}", life.delete);
        assert_eq!(listed(&target.dms(life.list.0, json!({})).await), None, "{}", life.delete);
        let absent = target.dms(life.delete, named(&json!({}))).await;
        assert_eq!(absent.verdict(), "400 ResourceNotFoundFault", "{}", life.delete);
    }
}

#[tokio::test]
async fn things_belong_to_others() {
    let target = Target::quick().await;
    let project = |name: &str, profile: &str| {
        json!({
            "MigrationProjectName": name, "InstanceProfileIdentifier": profile,
            "SourceDataProviderDescriptors": [{ "DataProviderIdentifier": "a" }],
            "TargetDataProviderDescriptors": [{ "DataProviderIdentifier": "b" }],
        })
    };
    let absent = target.dms("CreateMigrationProject", project("m-1", "nobody")).await;
    assert_eq!(absent.verdict(), "400 ResourceNotFoundFault");
    target.dms("CreateInstanceProfile", json!({ "InstanceProfileName": "profile" })).await;
    for name in ["a", "b"] {
        let provider =
            json!({ "DataProviderName": name, "Engine": "mysql", "Settings": { "MySqlSettings": {} } });
        target.dms("CreateDataProvider", provider).await;
    }
    for name in ["m-1", "m-2"] {
        let made = target.dms("CreateMigrationProject", project(name, "profile")).await.json();
        assert_eq!(made["MigrationProject"]["InstanceProfileName"], "profile", "{made}");
    }
    let input = json!({ "MigrationProjectIdentifier": "m-1", "SelectionRules": "{}" });
    let request = target.dms("StartMetadataModelConversion", input).await.text("/RequestIdentifier");
    for (project, count) in [("m-1", 1), ("m-2", 0)] {
        let listed = target
            .dms("DescribeMetadataModelConversions", json!({ "MigrationProjectIdentifier": project }))
            .await;
        assert_eq!(listed.json()["Requests"].as_array().unwrap().len(), count, "{project}");
    }
    let input = json!({ "MigrationProjectIdentifier": "m-1", "RequestIdentifier": request });
    let cancelled = target.dms("CancelMetadataModelConversion", input).await;
    assert_eq!(cancelled.text("/Request/RequestIdentifier"), request);

    let collector = json!({ "CollectorName": "c", "ServiceAccessRoleArn": "r", "S3BucketName": "b" });
    let id = target.dms("CreateFleetAdvisorCollector", collector).await.text("/CollectorReferencedId");
    for verdict in ["200", "404 CollectorNotFoundFault"] {
        let deleted = target.dms("DeleteFleetAdvisorCollector", json!({ "CollectorReferencedId": id })).await;
        assert_eq!(deleted.verdict(), verdict);
    }
}

#[tokio::test]
async fn listings_have_filters_pages_and_tags() {
    let target = Target::quick().await;
    for name in ["a", "b", "c"] {
        let tags = json!([{ "Key": "k", "Value": name }]);
        target.dms("CreateInstanceProfile", json!({ "InstanceProfileName": name, "Tags": tags })).await;
    }
    let filtered = |name: &str, value: &str| json!({ "Filters": [{ "Name": name, "Values": [value] }] });
    let found = target.dms("DescribeInstanceProfiles", filtered("instance-profile-identifier", "b")).await;
    assert_eq!(found.text("/InstanceProfiles/0/InstanceProfileName"), "b");
    let arn = found.text("/InstanceProfiles/0/InstanceProfileArn");
    let tags = target.dms("ListTagsForResource", json!({ "ResourceArn": arn })).await;
    assert_eq!(tags.text("/TagList/0/Value"), "b");
    let none = target.dms("DescribeInstanceProfiles", filtered("instance-profile-identifier", "d")).await;
    assert_eq!(none.verdict(), "400 ResourceNotFoundFault");

    let (mut count, mut marker) = (0, None::<Value>);
    loop {
        let input = json!({ "MaxRecords": 1, "Marker": marker });
        let page = target.dms("DescribeInstanceProfiles", input).await.json();
        count += page["InstanceProfiles"].as_array().unwrap().len();
        marker = page.get("Marker").cloned();
        if marker.is_none() {
            break;
        }
        assert!(count < 4, "the pages have no end");
    }
    assert_eq!(count, 3);
}

#[tokio::test]
async fn what_was_said_of_a_project_is_told_again() {
    let target = Target::quick().await;
    target.dms("CreateInstanceProfile", json!({ "InstanceProfileName": "profile" })).await;
    let project = json!({
        "MigrationProjectName": "m", "InstanceProfileIdentifier": "profile",
        "SourceDataProviderDescriptors": [], "TargetDataProviderDescriptors": [],
    });
    target.dms("CreateMigrationProject", project).await;
    let named = json!({ "MigrationProjectIdentifier": "m" });
    let mut change = named.clone();
    change["ConversionConfiguration"] = json!("{\"a\":1}");
    target.dms("ModifyConversionConfiguration", change.clone()).await;
    let told = target.dms("DescribeConversionConfiguration", named).await;
    assert_eq!(told.json(), change);
}

#[tokio::test]
async fn what_is_told_of_a_thing_names_it() {
    let target = Target::quick().await;
    let endpoint = target.endpoint("e-1", "db.test").await;
    let instance = target.instance("i-1").await;
    let named = json!({ "EndpointArn": endpoint, "ReplicationInstanceArn": instance });
    let told = target.dms("RefreshSchemas", named.clone()).await;
    for (name, value) in named.as_object().unwrap() {
        assert_eq!(&told.json()["RefreshSchemasStatus"][name], value);
    }
}
