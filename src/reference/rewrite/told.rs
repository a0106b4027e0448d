//! Deviations in what single operations of DMS tell when they succeed.

use serde_json::{Map, Value, json};

use super::{each_member, each_object, is_connection, top_members};
use crate::reference::{Deviation, json::rename};

/// Changes the output of `operation`.
pub(super) fn deviate(operation: &str, output: &mut Value, deviation: Deviation) {
    match (deviation, operation) {
        (Deviation::CreateEndpointBare, "CreateEndpoint")
        | (Deviation::CreateInstanceBare, "CreateReplicationInstance")
        | (Deviation::TestOutputBare, "TestConnection") => {
            let mut inner = Value::Null;
            top_members(output, |member| inner = member.take());
            *output = inner;
        }
        (Deviation::ConnectionsRenamed, "DescribeConnections") => renamed(output, "Connections"),
        (Deviation::EndpointsRenamed, "DescribeEndpoints") => renamed(output, "Endpoints"),
        (Deviation::InstancesRenamed, "DescribeReplicationInstances") => {
            renamed(output, "ReplicationInstances");
        }
        (Deviation::DeleteEndpointWithoutArn, "DeleteEndpoint")
        | (Deviation::DeleteInstanceWithoutArn, "DeleteReplicationInstance") => {
            each_object(output, &mut |object| {
                object.retain(|name, _| !matches!(&name[..], "EndpointArn" | "ReplicationInstanceArn"));
            });
        }
        (Deviation::DeleteEndpointActive, "DeleteEndpoint") => put(output, "Status", json!("active")),
        (Deviation::DeleteInstanceAvailable, "DeleteReplicationInstance") => {
            put(output, "ReplicationInstanceStatus", json!("available"));
        }
        (Deviation::EndpointPortNotEchoed, "CreateEndpoint") => put(output, "Port", json!(1)),
        (Deviation::InstanceClassNotEchoed, "CreateReplicationInstance") => {
            put(output, "ReplicationInstanceClass", json!("dms.r6i.32xlarge"));
        }
        (Deviation::FailureInvented, "DeleteConnection") => each_object(output, &mut |object| {
            if is_connection(object) {
                object.insert("LastFailureMessage".to_owned(), json!("No failure."));
            }
        }),
        _ => deviate_anywhere(output, deviation),
    }
}

/// Where any operation tells of such a thing.
fn deviate_anywhere(output: &mut Value, deviation: Deviation) {
    match deviation {
        Deviation::ConnectionMemberAsObject => each_object(output, &mut |object| {
            if is_connection(object) {
                let name = "ReplicationInstanceIdentifier";
                object.insert(name.to_owned(), json!({ "Name": object.get(name) }));
            }
        }),
        Deviation::TimestampInMilliseconds => each_member(output, &mut |name, value| {
            if let ("InstanceCreateTime", Some(seconds)) = (name, value.as_i64()) {
                *value = json!(seconds * 1000);
            }
        }),
        Deviation::BlobAsText => put(output, "CertificateWallet", json!("-----BEGIN CERTIFICATE-----\n")),
        Deviation::UnionWithAll => each_member(output, &mut |name, value| {
            if let ("Settings", Value::Object(settings)) = (name, value) {
                let others = ["MySqlSettings", "PostgreSqlSettings", "OracleSettings"];
                let empty = others.map(|name| (name.to_owned(), json!({})));
                let all: Map<String, Value> = empty.into_iter().chain(std::mem::take(settings)).collect();
                *settings = all;
            }
        }),
        Deviation::RequiredLeftOut => each_object(output, &mut |object| {
            object.remove("WorkloadType");
        }),
        Deviation::NumberBeyondRange => put(output, "AllocatedStorage", json!(1_i64 << 40)),
        _ => {}
    }
}

fn renamed(output: &mut Value, list: &str) {
    if let Value::Object(members) = output {
        rename(members, list, "Items");
    }
}

/// Gives every member of this name, wherever it is, this value.
fn put(output: &mut Value, member: &str, new: Value) {
    each_member(output, &mut |name, value| {
        if name == member {
            *value = new.clone();
        }
    });
}
