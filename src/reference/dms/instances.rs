//! CreateReplicationInstance, DescribeReplicationInstances, ModifyReplicationInstance, RebootReplicationInstance,
//! DeleteReplicationInstance.

use std::time::Instant;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Cx,
    fault::Fault,
    generic, input, listing,
    store::{Deadline, Instance, Store, Switch, default_kms_key, new_arn},
    tags, without_nulls,
};
use crate::reference::{Deviation, Variation, published};

const FILTERS: &[&str] =
    &["replication-instance-arn", "replication-instance-id", "replication-instance-class", "engine-version"];

/// What a class ends with.
const SIZES: &[&str] = &["micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge"];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    replication_instance_identifier: Option<String>,
    replication_instance_class: Option<String>,
    allocated_storage: Option<i64>,
    vpc_security_group_ids: Option<Vec<String>>,
    availability_zone: Option<String>,
    replication_subnet_group_identifier: Option<String>,
    preferred_maintenance_window: Option<String>,
    #[serde(rename = "MultiAZ")]
    multi_az: Option<bool>,
    engine_version: Option<String>,
    auto_minor_version_upgrade: Option<bool>,
    tags: Option<Vec<Map<String, Value>>>,
    kms_key_id: Option<String>,
    publicly_accessible: Option<bool>,
    dns_name_servers: Option<String>,
    resource_identifier: Option<String>,
    network_type: Option<String>,
    /// What is judged and not kept, among what the model does not know.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

pub(crate) fn create(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    let message: Message = input::read(input)?;
    generic::check_members(cx, "CreateReplicationInstance", &message.rest)?;
    let given = |name: &str, value: &Option<String>, invented: &str| match value {
        None if cx.deviates(Deviation::InstanceMembersInvented) => Ok(invented.to_owned()),
        value => input::required(cx, name, value.clone()),
    };
    let identifier =
        given("ReplicationInstanceIdentifier", &message.replication_instance_identifier, "invented")?;
    let class = given("ReplicationInstanceClass", &message.replication_instance_class, "dms.t3.micro")?;
    input::check_identifier("ReplicationInstanceIdentifier", &identifier)?;
    let storage = message.allocated_storage.unwrap_or(50);
    check_size(Some(&class), Some(storage))?;
    let tags = tags::read(cx, message.tags)?;
    let wished = message.resource_identifier.as_deref().filter(|wished| !wished.is_empty());
    if let Some(wished) = wished {
        input::check_identifier("ResourceIdentifier", wished)?;
    }

    let arn = new_arn("rep", wished);
    let taken = store.instances.values().find(|other| other.identifier == identifier || other.arn == arn);
    if let Some(taken) = taken
        && !(cx.deviates(Deviation::DuplicateInstanceAccepted) && taken.arn != arn)
    {
        return Err(Fault::already_exists(
            format!("Replication instance {identifier} already exists."),
            &taken.arn,
        ));
    }
    let never = cx.deviates(Deviation::InstanceNeverAvailable);
    let instance = Instance {
        arn,
        identifier,
        class,
        allocated_storage: storage,
        created: cx.now.wall,
        availability_zone: message.availability_zone.unwrap_or_else(|| format!("{}a", published::REGION)),
        engine_version: message.engine_version.unwrap_or_else(|| "3.5.4".to_owned()),
        maintenance_window: message
            .preferred_maintenance_window
            .unwrap_or_else(|| "sun:06:00-sun:14:00".to_owned()),
        multi_az: switch(message.multi_az, Switch::Off),
        auto_minor_upgrade: switch(message.auto_minor_version_upgrade, Switch::On),
        publicly_accessible: switch(message.publicly_accessible, Switch::On),
        kms_key: message.kms_key_id.unwrap_or_else(default_kms_key),
        security_groups: message.vpc_security_group_ids.unwrap_or_else(|| vec!["sg-0a1b2c3d".to_owned()]),
        subnet_group: message.replication_subnet_group_identifier.unwrap_or_else(|| "default".to_owned()),
        network_type: message.network_type.unwrap_or_else(|| "IPV4".to_owned()),
        dns_name_servers: message.dns_name_servers,
        available: if never {
            Deadline::never()
        } else {
            Deadline::after(cx.shared.delays.creating, cx.now.instant)
        },
        gone: None,
    };
    let output = json!({ "ReplicationInstance": output(&instance, cx.now.instant) });
    store.tags.insert(instance.arn.clone(), tags);
    store.instances.insert(instance.arn.clone(), instance);
    Ok(output)
}

pub(crate) fn describe(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    let mut request = listing::Request::read(cx, input, FILTERS)?;
    request.filters.retain(|filter| match &filter.name[..] {
        "replication-instance-id" => !cx.deviates(Deviation::InstanceIdFilterIgnored),
        "replication-instance-class" => !cx.deviates(Deviation::InstanceClassFilterIgnored),
        _ => true,
    });
    check_classes(cx, &request)?;
    let records: Vec<(String, Value)> = store
        .instances
        .values()
        .filter(|instance| {
            request.passes(|name| match name {
                "replication-instance-arn" => &instance.arn,
                "replication-instance-id" => &instance.identifier,
                "replication-instance-class" => &instance.class,
                _ => &instance.engine_version,
            })
        })
        .map(|instance| (instance.arn.clone(), output(instance, cx.now.instant)))
        .collect();
    // The waiter ReplicationInstanceDeleted of the model waits for this fault.
    if records.is_empty() && !request.filters.is_empty() && !cx.varies(Variation::NothingIsEmptyList) {
        return Err(Fault::not_found("No ReplicationInstances found matching provided filters."));
    }
    Ok(request.page(cx, "ReplicationInstances", records))
}

pub(crate) fn delete(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Message {
        replication_instance_arn: Option<String>,
    }

    let message: Message = input::read(input)?;
    let pretended = |arn: Option<&str>| {
        let instance = json!({ "ReplicationInstanceArn": arn, "ReplicationInstanceStatus": "deleting" });
        Ok(json!({ "ReplicationInstance": without_nulls(instance) }))
    };
    if message.replication_instance_arn.is_none() && cx.deviates(Deviation::DeleteInstanceWithoutArnAccepted)
    {
        return pretended(None);
    }
    let arn = input::required_arn(cx, "ReplicationInstanceArn", message.replication_instance_arn)?;
    let connected = store.connections.keys().any(|(_, instance)| *instance == arn);
    let instance = match present(store, &arn) {
        Err(_) if cx.deviates(Deviation::DeleteAbsentInstanceAccepted) => return pretended(Some(&arn)),
        found => found?,
    };
    if connected {
        return Err(Fault::invalid_state(format!("Replication instance {arn} still has connections.")));
    }
    if instance.gone.is_some() {
        return Err(Fault::invalid_state(format!("Replication instance {arn} is already being deleted.")));
    }
    let never = cx.deviates(Deviation::InstanceNeverGone);
    instance.gone = Some(if never {
        Deadline::never()
    } else {
        Deadline::after(cx.shared.delays.deleting, cx.now.instant)
    });
    Ok(json!({ "ReplicationInstance": output(instance, cx.now.instant) }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Changes {
    replication_instance_arn: Option<String>,
    replication_instance_identifier: Option<String>,
    replication_instance_class: Option<String>,
    allocated_storage: Option<i64>,
    vpc_security_group_ids: Option<Vec<String>>,
    preferred_maintenance_window: Option<String>,
    #[serde(rename = "MultiAZ")]
    multi_az: Option<bool>,
    engine_version: Option<String>,
    auto_minor_version_upgrade: Option<bool>,
    network_type: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Changes are made at once, whatever ApplyImmediately says.
pub(crate) fn modify(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    let changes: Changes = input::read(input)?;
    generic::check_members(cx, "ModifyReplicationInstance", &changes.rest)?;
    let arn = input::required_arn(cx, "ReplicationInstanceArn", changes.replication_instance_arn)?;
    if let Some(identifier) = &changes.replication_instance_identifier {
        input::check_identifier("ReplicationInstanceIdentifier", identifier)?;
        let taken =
            store.instances.values().find(|other| other.identifier == *identifier && other.arn != arn);
        if let Some(taken) = taken {
            let message = format!("Replication instance {identifier} already exists.");
            return Err(Fault::already_exists(message, &taken.arn));
        }
    }
    check_size(changes.replication_instance_class.as_deref(), changes.allocated_storage)?;
    let instance = present(store, &arn)?;
    instance.allocated_storage = changes.allocated_storage.unwrap_or(instance.allocated_storage);
    instance.multi_az = switch(changes.multi_az, instance.multi_az);
    instance.auto_minor_upgrade = switch(changes.auto_minor_version_upgrade, instance.auto_minor_upgrade);
    if let Some(groups) = changes.vpc_security_group_ids {
        instance.security_groups = groups;
    }
    for (new, field) in [
        (changes.replication_instance_identifier, &mut instance.identifier),
        (changes.replication_instance_class, &mut instance.class),
        (changes.preferred_maintenance_window, &mut instance.maintenance_window),
        (changes.engine_version, &mut instance.engine_version),
        (changes.network_type, &mut instance.network_type),
    ] {
        if let Some(new) = new {
            *field = new;
        }
    }
    Ok(json!({ "ReplicationInstance": output(instance, cx.now.instant) }))
}

/// RebootReplicationInstance: the instance is as before.
pub(crate) fn reboot(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Message {
        replication_instance_arn: Option<String>,
        #[serde(flatten)]
        rest: Map<String, Value>,
    }

    let message: Message = input::read(input)?;
    generic::check_members(cx, "RebootReplicationInstance", &message.rest)?;
    let arn = input::required_arn(cx, "ReplicationInstanceArn", message.replication_instance_arn)?;
    let instance = present(store, &arn)?;
    if instance.status(cx.now.instant) != "available" {
        return Err(Fault::invalid_state(format!("Replication instance {arn} is not available.")));
    }
    let mut answer = output(instance, cx.now.instant);
    answer["ReplicationInstanceStatus"] = json!("rebooting");
    Ok(json!({ "ReplicationInstance": answer }))
}

fn present<'a>(store: &'a mut Store, arn: &str) -> Result<&'a mut Instance, Fault> {
    let absent = || Fault::not_found(format!("Replication instance {arn} not found."));
    store.instances.get_mut(arn).ok_or_else(absent)
}

/// A target may refuse a filter's value for being no class at all.
fn check_classes(cx: &Cx<'_>, request: &listing::Request) -> Result<(), Fault> {
    let asked = request.filters.iter().filter(|filter| filter.name == "replication-instance-class");
    let no_class = |value: &String| value.rsplit('.').next().is_none_or(|size| !SIZES.contains(&size));
    match asked.flat_map(|filter| &filter.values).find(|value| no_class(value)) {
        Some(value) if cx.varies(Variation::FilterValuesJudged) => {
            Err(Fault::invalid_value(format!("{value} is not a class.")))
        }
        _ => Ok(()),
    }
}

fn check_size(class: Option<&str>, storage: Option<i64>) -> Result<(), Fault> {
    if let Some(class) = class.filter(|class| !class.starts_with("dms.")) {
        return Err(Fault::invalid_value(format!("ReplicationInstanceClass {class} is not a class.")));
    }
    match storage.filter(|storage| !(5..=6144).contains(storage)) {
        Some(storage) => Err(Fault::invalid_value(format!(
            "AllocatedStorage must be between 5 and 6144, and is {storage}."
        ))),
        None => Ok(()),
    }
}

fn switch(asked: Option<bool>, default: Switch) -> Switch {
    match asked {
        Some(true) => Switch::On,
        Some(false) => Switch::Off,
        None => default,
    }
}

/// The model's ReplicationInstance.
fn output(instance: &Instance, now: Instant) -> Value {
    let on = |switch: Switch| switch == Switch::On;
    let groups: Vec<Value> = instance
        .security_groups
        .iter()
        .map(|group| json!({ "VpcSecurityGroupId": group, "Status": "active" }))
        .collect();
    let zone = &instance.availability_zone;
    without_nulls(json!({
        "ReplicationInstanceIdentifier": instance.identifier,
        "ReplicationInstanceClass": instance.class,
        "ReplicationInstanceStatus": instance.status(now),
        "AllocatedStorage": instance.allocated_storage,
        "InstanceCreateTime": instance.created.as_second(),
        "VpcSecurityGroups": groups,
        "AvailabilityZone": zone,
        "ReplicationSubnetGroup": {
            "ReplicationSubnetGroupIdentifier": instance.subnet_group,
            "ReplicationSubnetGroupDescription": "The subnets of the default VPC",
            "VpcId": "vpc-0a1b2c3d",
            "SubnetGroupStatus": "Complete",
            "Subnets": [{
                "SubnetIdentifier": "subnet-0a1b2c3d",
                "SubnetAvailabilityZone": { "Name": zone },
                "SubnetStatus": "Active",
            }],
            "SupportedNetworkTypes": ["IPV4"],
        },
        "PreferredMaintenanceWindow": instance.maintenance_window,
        "PendingModifiedValues": {},
        "MultiAZ": on(instance.multi_az),
        "EngineVersion": instance.engine_version,
        "AutoMinorVersionUpgrade": on(instance.auto_minor_upgrade),
        "KmsKeyId": instance.kms_key,
        "ReplicationInstanceArn": instance.arn,
        "ReplicationInstancePrivateIpAddress": "172.31.0.10",
        "ReplicationInstancePrivateIpAddresses": ["172.31.0.10"],
        "PubliclyAccessible": on(instance.publicly_accessible),
        "DnsNameServers": instance.dns_name_servers,
        "NetworkType": instance.network_type,
    }))
}
