//! What exists on the DMS side, and what has become of it by now. Nothing runs in the background: a life cycle is a
//! pair of deadlines, and where it stands is computed from the moment of the request that asks.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use uuid::Uuid;

use super::records::Record;
use crate::reference::published;

/// A time after which something is so; never, where the delay is longer than the clock can tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub fn after(delay: Duration, now: Instant) -> Deadline {
        Deadline(now.checked_add(delay))
    }

    pub fn never() -> Deadline {
        Deadline(None)
    }

    pub fn passed(self, now: Instant) -> bool {
        self.0.is_some_and(|deadline| deadline <= now)
    }
}

#[derive(Debug)]
pub(crate) struct Endpoint {
    pub arn: String,
    pub identifier: String,
    /// `source` or `target`
    pub direction: String,
    pub engine: String,
    pub username: Option<String>,
    pub server_name: Option<String>,
    pub port: Option<i64>,
    pub database: Option<String>,
    pub extra_attributes: Option<String>,
    pub kms_key: String,
    pub certificate_arn: Option<String>,
    pub ssl_mode: String,
    pub service_access_role: Option<String>,
    pub external_table: Option<String>,
    /// Whether DMS may touch it; it may not for the one seeded to show AccessDeniedFault.
    pub access: Access,
    /// Set once it is being deleted.
    pub gone: Option<Deadline>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Granted,
    Denied,
}

#[derive(Debug)]
pub(crate) struct Instance {
    pub arn: String,
    pub identifier: String,
    pub class: String,
    pub allocated_storage: i64,
    pub created: Timestamp,
    pub availability_zone: String,
    pub engine_version: String,
    pub maintenance_window: String,
    pub multi_az: Switch,
    pub auto_minor_upgrade: Switch,
    pub publicly_accessible: Switch,
    pub kms_key: String,
    pub security_groups: Vec<String>,
    pub subnet_group: String,
    pub network_type: String,
    pub dns_name_servers: Option<String>,
    pub available: Deadline,
    pub gone: Option<Deadline>,
}

/// What a caller may turn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Switch {
    On,
    Off,
}

/// The tested pair of an endpoint and an instance.
#[derive(Debug)]
pub(crate) struct Connection {
    pub endpoint_arn: String,
    pub endpoint_identifier: String,
    pub instance_arn: String,
    pub instance_identifier: String,
    /// When the test is over.
    pub tested: Deadline,
    pub outcome: Outcome,
    /// Whether a delete is taken; it never is for the one seeded to show InvalidResourceStateFault.
    pub hold: Hold,
    pub gone: Option<Deadline>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Reached,
    Unreachable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    Free,
    Busy,
}

/// ARN of the endpoint, ARN of the instance.
pub(crate) type Pair = (String, String);

/// Everything, in the order of ARNs, so that a page's end means the same whatever is added or removed meanwhile.
#[derive(Debug)]
pub(crate) struct Store {
    pub endpoints: BTreeMap<String, Endpoint>,
    pub instances: BTreeMap<String, Instance>,
    pub connections: BTreeMap<Pair, Connection>,
    /// Connections that were deleted once: a target that deviates remembers them.
    pub deleted: BTreeSet<Pair>,
    /// What the contract-driven operations made, by ARN.
    pub records: BTreeMap<String, Record>,
    /// What was said of those that were deleted, by name.
    pub buried: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
    /// How often lists were asked for.
    pub reads: u64,
    /// How many lists were shown.
    pub shown: u64,
    /// By the ARN of what is tagged; keys and values.
    pub tags: BTreeMap<String, BTreeMap<String, String>>,
}

impl Store {
    /// A store that holds the published resources and nothing else.
    pub fn seeded(now: Instant, created: Timestamp) -> Store {
        let mut store = Store {
            endpoints: BTreeMap::new(),
            deleted: BTreeSet::new(),
            instances: BTreeMap::new(),
            connections: BTreeMap::new(),
            records: BTreeMap::new(),
            buried: BTreeMap::new(),
            reads: 0,
            shown: 0,
            tags: BTreeMap::new(),
        };
        let instance = Instance::seed(now, created);
        for (name, access, hold) in
            [("PROOFMARKDENIED", Access::Denied, Hold::Free), ("PROOFMARKBUSY", Access::Granted, Hold::Busy)]
        {
            let endpoint = Endpoint { access, ..Endpoint::seed(name) };
            let mut connection = Connection::new(&endpoint, &instance, Deadline::after(Duration::ZERO, now));
            connection.hold = hold;
            store.connections.insert(connection.pair(), connection);
            store.endpoints.insert(endpoint.arn.clone(), endpoint);
        }
        store.instances.insert(instance.arn.clone(), instance);
        store
    }

    /// Lets go of all that is gone by now.
    pub fn settle(&mut self, now: Instant) {
        let stays = |gone: Option<Deadline>| !gone.is_some_and(|gone| gone.passed(now));
        self.endpoints.retain(|_, endpoint| stays(endpoint.gone));
        self.instances.retain(|_, instance| stays(instance.gone));
        self.connections.retain(|_, connection| stays(connection.gone));
        let mut tags = std::mem::take(&mut self.tags);
        tags.retain(|arn, _| self.has(arn));
        self.tags = tags;
    }

    /// Whether something that can be tagged has this ARN.
    pub fn has(&self, arn: &str) -> bool {
        self.endpoints.contains_key(arn) || self.instances.contains_key(arn) || self.records.contains_key(arn)
    }
}

impl Endpoint {
    fn seed(name: &str) -> Endpoint {
        Endpoint {
            arn: format!("{}endpoint:{name}", arn_prefix()),
            identifier: name.to_lowercase(),
            direction: "source".to_owned(),
            engine: "mysql".to_owned(),
            username: Some("proofmark".to_owned()),
            server_name: Some("database.proofmark.invalid".to_owned()),
            port: Some(3306),
            database: None,
            extra_attributes: None,
            kms_key: default_kms_key(),
            certificate_arn: None,
            ssl_mode: "none".to_owned(),
            service_access_role: None,
            external_table: None,
            access: Access::Granted,
            gone: None,
        }
    }

    pub fn status(&self) -> &'static str {
        if self.gone.is_some() { "deleting" } else { "active" }
    }

    /// Whether a test finds a database there: everywhere but on hosts called `unreachable.…`.
    pub fn outcome_of_test(&self) -> Outcome {
        let unreachable = self.server_name.as_deref().is_some_and(|host| host.starts_with("unreachable."));
        if unreachable { Outcome::Unreachable } else { Outcome::Reached }
    }
}

impl Instance {
    fn seed(now: Instant, created: Timestamp) -> Instance {
        Instance {
            arn: format!("{}rep:PROOFMARKSEED", arn_prefix()),
            identifier: "proofmarkseed".to_owned(),
            class: "dms.t3.micro".to_owned(),
            allocated_storage: 50,
            created,
            availability_zone: format!("{}a", published::REGION),
            engine_version: "3.5.4".to_owned(),
            maintenance_window: "sun:06:00-sun:14:00".to_owned(),
            multi_az: Switch::Off,
            auto_minor_upgrade: Switch::On,
            publicly_accessible: Switch::Off,
            kms_key: default_kms_key(),
            security_groups: vec!["sg-0a1b2c3d".to_owned()],
            subnet_group: "default".to_owned(),
            network_type: "IPV4".to_owned(),
            dns_name_servers: None,
            available: Deadline::after(Duration::ZERO, now),
            gone: None,
        }
    }

    pub fn status(&self, now: Instant) -> &'static str {
        match self.gone {
            Some(_) => "deleting",
            None if self.available.passed(now) => "available",
            None => "creating",
        }
    }
}

impl Connection {
    pub fn new(endpoint: &Endpoint, instance: &Instance, tested: Deadline) -> Connection {
        Connection {
            endpoint_arn: endpoint.arn.clone(),
            endpoint_identifier: endpoint.identifier.clone(),
            instance_arn: instance.arn.clone(),
            instance_identifier: instance.identifier.clone(),
            tested,
            outcome: endpoint.outcome_of_test(),
            hold: Hold::Free,
            gone: None,
        }
    }

    pub fn pair(&self) -> Pair {
        (self.endpoint_arn.clone(), self.instance_arn.clone())
    }

    pub fn status(&self, now: Instant) -> &'static str {
        if self.gone.is_some() {
            return "deleting";
        }
        if !self.tested.passed(now) {
            return "testing";
        }
        match self.outcome {
            Outcome::Reached => "successful",
            Outcome::Unreachable => "failed",
        }
    }
}

/// A name for what was just created, which nothing else has: `arn:aws:dms:us-east-1:123456789012:<kind>:<name>`.
pub(crate) fn new_arn(kind: &str, wished: Option<&str>) -> String {
    let name = match wished {
        Some(name) => name.to_owned(),
        None => Uuid::new_v4().simple().to_string().to_uppercase()[..26].to_owned(),
    };
    format!("{}{kind}:{name}", arn_prefix())
}

pub(crate) fn default_kms_key() -> String {
    format!(
        "arn:aws:kms:{}:{}:key/4c1731d6-5435-ed4d-be13-d53411a7cfbd",
        published::REGION,
        published::ACCOUNT
    )
}

fn arn_prefix() -> String {
    format!("arn:aws:dms:{}:{}:", published::REGION, published::ACCOUNT)
}
