//! CreateEndpoint, DescribeEndpoints, ModifyEndpoint, DeleteEndpoint.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Cx,
    fault::Fault,
    generic, input, listing,
    store::{Access, Deadline, Endpoint, Store, default_kms_key, new_arn},
    tags, without_nulls,
};
use crate::reference::{Deviation, Variation};

/// Source: DMS API Reference, CreateEndpoint, EngineName.
const ENGINES: &[(&str, &str)] = &[
    ("mysql", "MySQL"),
    ("oracle", "Oracle"),
    ("postgres", "PostgreSQL"),
    ("mariadb", "MariaDB"),
    ("aurora", "Amazon Aurora MySQL"),
    ("aurora-postgresql", "Amazon Aurora PostgreSQL"),
    ("opensearch", "Amazon OpenSearch Service"),
    ("elasticsearch", "Amazon OpenSearch Service"),
    ("redshift", "Amazon Redshift"),
    ("redshift-serverless", "Amazon Redshift Serverless"),
    ("s3", "Amazon S3"),
    ("db2", "IBM Db2 LUW"),
    ("db2-zos", "IBM Db2 for z/OS"),
    ("azuredb", "Azure SQL Database"),
    ("azure-sql-managed-instance", "Azure SQL Managed Instance"),
    ("sybase", "SAP ASE"),
    ("dynamodb", "Amazon DynamoDB"),
    ("mongodb", "MongoDB"),
    ("kinesis", "Amazon Kinesis"),
    ("kafka", "Apache Kafka"),
    ("docdb", "Amazon DocumentDB"),
    ("sqlserver", "Microsoft SQL Server"),
    ("neptune", "Amazon Neptune"),
    ("babelfish", "Babelfish for Aurora PostgreSQL"),
    ("redis", "Redis"),
    ("timestream", "Amazon Timestream"),
];

const SSL_MODES: &[&str] = &["none", "require", "verify-ca", "verify-full"];

const FILTERS: &[&str] = &["endpoint-arn", "endpoint-type", "endpoint-id", "engine-name"];

/// What CreateEndpoint and ModifyEndpoint take. The password is read and not kept: no test here opens a database.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    endpoint_arn: Option<String>,
    endpoint_identifier: Option<String>,
    endpoint_type: Option<String>,
    engine_name: Option<String>,
    username: Option<String>,
    password: Option<String>,
    server_name: Option<String>,
    port: Option<i64>,
    database_name: Option<String>,
    extra_connection_attributes: Option<String>,
    kms_key_id: Option<String>,
    tags: Option<Vec<Map<String, Value>>>,
    certificate_arn: Option<String>,
    ssl_mode: Option<String>,
    service_access_role_arn: Option<String>,
    external_table_definition: Option<String>,
    resource_identifier: Option<String>,
    /// Settings of one engine each and the like, among what the model does not know.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Message {
    fn read(cx: &Cx<'_>, operation: &str, input: Map<String, Value>) -> Result<Message, Fault> {
        let message: Message = input::read(input)?;
        generic::check_members(cx, operation, &message.rest)?;
        Ok(message)
    }

    /// The values that have to be one of a few, as far as they are given.
    fn check(&self, cx: &Cx<'_>) -> Result<(), Fault> {
        if let Some(identifier) = &self.endpoint_identifier {
            input::check_identifier("EndpointIdentifier", identifier)?;
        }
        if let Some(direction) = self.endpoint_type.as_deref()
            && !matches!(direction, "source" | "target")
            && !cx.deviates(Deviation::EnumInputAccepted)
        {
            return Err(Fault::invalid_value(format!(
                "EndpointType must be source or target, and is {direction}."
            )));
        }
        if let Some(engine) = &self.engine_name
            && !ENGINES.iter().any(|(name, _)| name == engine)
        {
            return Err(Fault::invalid_value(format!("EngineName {engine} is not an engine.")));
        }
        if let Some(mode) = &self.ssl_mode
            && !SSL_MODES.contains(&mode.as_str())
        {
            return Err(Fault::invalid_value(format!("SslMode must be one of {}.", SSL_MODES.join(", "))));
        }
        match self.port {
            Some(port) if !(1..=65535).contains(&port) => {
                Err(Fault::invalid_value(format!("Port must be between 1 and 65535, and is {port}.")))
            }
            _ => Ok(()),
        }
    }
}

pub(crate) fn create(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    let message = Message::read(cx, "CreateEndpoint", input)?;
    let given = |name: &str, value: &Option<String>, invented: &str| match value {
        None if cx.deviates(Deviation::EndpointMembersInvented) => Ok(invented.to_owned()),
        value => input::required(cx, name, value.clone()),
    };
    let identifier = given("EndpointIdentifier", &message.endpoint_identifier, "invented")?;
    let direction = given("EndpointType", &message.endpoint_type, "source")?;
    let engine = given("EngineName", &message.engine_name, "mysql")?;
    message.check(cx)?;
    let tags = tags::read(cx, message.tags)?;
    let wished = message.resource_identifier.as_deref().filter(|wished| !wished.is_empty());
    if let Some(wished) = wished {
        input::check_identifier("ResourceIdentifier", wished)?;
    }

    let arn = new_arn("endpoint", wished);
    let taken = store.endpoints.values().find(|other| other.identifier == identifier || other.arn == arn);
    if let Some(taken) = taken
        && !(cx.deviates(Deviation::DuplicateAccepted) && taken.arn != arn)
    {
        return Err(Fault::already_exists(format!("Endpoint {identifier} already exists."), &taken.arn));
    }
    let endpoint = Endpoint {
        arn,
        identifier,
        direction,
        engine,
        username: message.username,
        server_name: message.server_name,
        port: message.port,
        database: message.database_name,
        extra_attributes: message.extra_connection_attributes,
        kms_key: message.kms_key_id.unwrap_or_else(default_kms_key),
        certificate_arn: message.certificate_arn,
        ssl_mode: message.ssl_mode.unwrap_or_else(|| "none".to_owned()),
        service_access_role: message.service_access_role_arn,
        external_table: message.external_table_definition,
        access: Access::Granted,
        gone: None,
    };
    let mut output = json!({ "Endpoint": output(&endpoint) });
    if let Some(password) = message.password
        && cx.deviates(Deviation::PasswordGivenBack)
    {
        output["Endpoint"]["Password"] = json!(password);
    }
    store.tags.insert(endpoint.arn.clone(), tags);
    store.endpoints.insert(endpoint.arn.clone(), endpoint);
    Ok(output)
}

pub(crate) fn describe(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    let mut request = listing::Request::read(cx, input, FILTERS)?;
    request.filters.retain(|filter| match &filter.name[..] {
        "endpoint-arn" => true,
        "engine-name" if cx.deviates(Deviation::EngineFilterIgnored) => false,
        _ => !cx.deviates(Deviation::EndpointFilterIgnored),
    });
    if cx.deviates(Deviation::EndpointMarkerIgnored) {
        request.begin_again();
    }
    let records: Vec<(String, Value)> = store
        .endpoints
        .values()
        .filter(|endpoint| {
            request.passes(|name| match name {
                "endpoint-arn" => &endpoint.arn,
                "endpoint-id" => &endpoint.identifier,
                "endpoint-type" => &endpoint.direction,
                _ => &endpoint.engine,
            })
        })
        .map(|endpoint| (endpoint.arn.clone(), output(endpoint)))
        .collect();
    // The waiter EndpointDeleted of the model waits for this fault.
    if records.is_empty() && !request.filters.is_empty() && !cx.varies(Variation::NothingIsEmptyList) {
        return Err(Fault::not_found("No Endpoints found matching provided filters."));
    }
    Ok(request.page(cx, "Endpoints", records))
}

pub(crate) fn modify(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    let message = Message::read(cx, "ModifyEndpoint", input)?;
    let arn = input::required_arn(cx, "EndpointArn", message.endpoint_arn.clone())?;
    message.check(cx)?;
    if let Some(identifier) = &message.endpoint_identifier
        && let Some(taken) =
            store.endpoints.values().find(|other| &other.identifier == identifier && other.arn != arn)
    {
        return Err(Fault::already_exists(format!("Endpoint {identifier} already exists."), &taken.arn));
    }
    let endpoint = find(store, &arn)?;
    endpoint.identifier = message.endpoint_identifier.unwrap_or_else(|| endpoint.identifier.clone());
    endpoint.direction = message.endpoint_type.unwrap_or_else(|| endpoint.direction.clone());
    endpoint.engine = message.engine_name.unwrap_or_else(|| endpoint.engine.clone());
    endpoint.ssl_mode = message.ssl_mode.unwrap_or_else(|| endpoint.ssl_mode.clone());
    endpoint.port = message.port.or(endpoint.port);
    for (new, field) in [
        (message.username, &mut endpoint.username),
        (message.server_name, &mut endpoint.server_name),
        (message.database_name, &mut endpoint.database),
        (message.extra_connection_attributes, &mut endpoint.extra_attributes),
        (message.certificate_arn, &mut endpoint.certificate_arn),
        (message.service_access_role_arn, &mut endpoint.service_access_role),
        (message.external_table_definition, &mut endpoint.external_table),
    ] {
        if new.is_some() {
            *field = new;
        }
    }
    Ok(json!({ "Endpoint": output(endpoint) }))
}

pub(crate) fn delete(store: &mut Store, cx: &Cx<'_>, input: Map<String, Value>) -> Result<Value, Fault> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Message {
        endpoint_arn: Option<String>,
    }

    let message: Message = input::read(input)?;
    let pretended = |arn: Option<&str>| {
        Ok(json!({ "Endpoint": without_nulls(json!({ "EndpointArn": arn, "Status": "deleting" })) }))
    };
    if message.endpoint_arn.is_none() && cx.deviates(Deviation::DeleteEndpointWithoutArnAccepted) {
        return pretended(None);
    }
    let arn = input::required_arn(cx, "EndpointArn", message.endpoint_arn)?;
    let connected = store.connections.keys().any(|(endpoint, _)| *endpoint == arn);
    let endpoint = match find(store, &arn) {
        Err(_) if cx.deviates(Deviation::DeleteAbsentEndpointAccepted) => return pretended(Some(&arn)),
        found => found?,
    };
    if connected {
        return Err(Fault::invalid_state(format!("Endpoint {arn} still has connections.")));
    }
    if endpoint.gone.is_some() {
        return Err(Fault::invalid_state(format!("Endpoint {arn} is already being deleted.")));
    }
    let never = cx.deviates(Deviation::EndpointNeverGone);
    endpoint.gone = Some(if never {
        Deadline::never()
    } else {
        Deadline::after(cx.shared.delays.deleting, cx.now.instant)
    });
    Ok(json!({ "Endpoint": output(endpoint) }))
}

fn find<'a>(store: &'a mut Store, arn: &str) -> Result<&'a mut Endpoint, Fault> {
    store.endpoints.get_mut(arn).ok_or_else(|| Fault::not_found(format!("Endpoint {arn} not found.")))
}

/// The model's Endpoint, without the password.
fn output(endpoint: &Endpoint) -> Value {
    let display_name = ENGINES.iter().find(|(name, _)| *name == endpoint.engine).map(|(_, display)| display);
    without_nulls(json!({
        "EndpointIdentifier": endpoint.identifier,
        "EndpointType": endpoint.direction,
        "EngineName": endpoint.engine,
        "EngineDisplayName": display_name,
        "Username": endpoint.username,
        "ServerName": endpoint.server_name,
        "Port": endpoint.port,
        "DatabaseName": endpoint.database,
        "ExtraConnectionAttributes": endpoint.extra_attributes,
        "Status": endpoint.status(),
        "KmsKeyId": endpoint.kms_key,
        "EndpointArn": endpoint.arn,
        "CertificateArn": endpoint.certificate_arn,
        "SslMode": endpoint.ssl_mode,
        "ServiceAccessRoleArn": endpoint.service_access_role,
        "ExternalTableDefinition": endpoint.external_table,
        "IsReadOnly": false,
    }))
}
