//! The kinds of things that operations make, list, change and delete in one and the same way, and that nobody wrote
//! by hand: which operation makes one, what names it, what shows it.

/// One kind of thing.
#[derive(Debug)]
pub(crate) struct Family {
    /// The operation that makes one.
    pub create: &'static str,
    /// The operation that deletes one; empty where nothing does.
    pub delete: &'static str,
    /// The operations that list them, and the shape each shows them in; the first shape is their own.
    pub lists: &'static [(&'static str, &'static str)],
    /// The member that holds the name its maker gave it, or that it was given.
    pub name: &'static str,
    /// The member that holds its ARN. Not every shape has it.
    pub arn: &'static str,
    /// What stands before the name in its ARN.
    pub kind: &'static str,
    /// The input member by which other operations mean one: its name or its ARN.
    pub named_by: &'static str,
    /// The member that holds its status, and the status it begins with.
    pub status: (&'static str, &'static str),
    /// Documented states that come before that one.
    pub before: &'static [&'static str],
    /// Input members that are called otherwise in what is shown.
    pub renamed: &'static [(&'static str, &'static str)],
}

/// Those of which the members say little, to be filled in.
const PLAIN: Family = Family {
    create: "",
    delete: "",
    lists: &[],
    name: "",
    arn: "",
    kind: "",
    named_by: "",
    status: ("Status", "active"),
    before: &[],
    renamed: &[],
};

pub(crate) const FAMILIES: &[Family] = &[
    Family {
        create: "CreateDataMigration",
        delete: "DeleteDataMigration",
        lists: &[("DescribeDataMigrations", "DataMigration")],
        name: "DataMigrationName",
        arn: "DataMigrationArn",
        kind: "data-migration",
        named_by: "DataMigrationIdentifier",
        status: ("DataMigrationStatus", "READY"),
        before: &["CREATING"],
        renamed: &[
            ("NumberOfJobs", "DataMigrationSettings.NumberOfJobs"),
            ("EnableCloudwatchLogs", "DataMigrationSettings.CloudwatchLogsEnabled"),
            ("SelectionRules", "DataMigrationSettings.SelectionRules"),
        ],
    },
    Family {
        create: "CreateDataProvider",
        delete: "DeleteDataProvider",
        lists: &[("DescribeDataProviders", "DataProvider")],
        name: "DataProviderName",
        arn: "DataProviderArn",
        kind: "data-provider",
        named_by: "DataProviderIdentifier",
        ..PLAIN
    },
    Family {
        create: "CreateEventSubscription",
        delete: "DeleteEventSubscription",
        lists: &[("DescribeEventSubscriptions", "EventSubscription")],
        name: "CustSubscriptionId",
        arn: "EventSubscriptionArn",
        kind: "es",
        named_by: "SubscriptionName",
        before: &["creating", "modifying"],
        renamed: &[
            ("SubscriptionName", "CustSubscriptionId"),
            ("SourceIds", "SourceIdsList"),
            ("EventCategories", "EventCategoriesList"),
        ],
        ..PLAIN
    },
    Family {
        create: "CreateFleetAdvisorCollector",
        delete: "DeleteFleetAdvisorCollector",
        lists: &[("DescribeFleetAdvisorCollectors", "CollectorResponse")],
        name: "CollectorReferencedId",
        arn: "CollectorArn",
        kind: "collector",
        named_by: "CollectorReferencedId",
        ..PLAIN
    },
    Family {
        create: "CreateInstanceProfile",
        delete: "DeleteInstanceProfile",
        lists: &[("DescribeInstanceProfiles", "InstanceProfile")],
        name: "InstanceProfileName",
        arn: "InstanceProfileArn",
        kind: "instance-profile",
        named_by: "InstanceProfileIdentifier",
        ..PLAIN
    },
    Family {
        create: "CreateMigrationProject",
        delete: "DeleteMigrationProject",
        lists: &[("DescribeMigrationProjects", "MigrationProject")],
        name: "MigrationProjectName",
        arn: "MigrationProjectArn",
        kind: "migration-project",
        named_by: "MigrationProjectIdentifier",
        ..PLAIN
    },
    Family {
        create: "CreateReplicationConfig",
        delete: "DeleteReplicationConfig",
        lists: &[
            ("DescribeReplicationConfigs", "ReplicationConfig"),
            ("DescribeReplications", "Replication"),
        ],
        name: "ReplicationConfigIdentifier",
        arn: "ReplicationConfigArn",
        kind: "replication-config",
        named_by: "ReplicationConfigArn",
        status: ("Status", "created"),
        ..PLAIN
    },
    Family {
        create: "CreateReplicationSubnetGroup",
        delete: "DeleteReplicationSubnetGroup",
        lists: &[("DescribeReplicationSubnetGroups", "ReplicationSubnetGroup")],
        name: "ReplicationSubnetGroupIdentifier",
        arn: "ReplicationSubnetGroupArn",
        kind: "subgrp",
        named_by: "ReplicationSubnetGroupIdentifier",
        status: ("SubnetGroupStatus", "Complete"),
        before: &[],
        renamed: &[("SubnetIds", "Subnets")],
    },
    Family {
        create: "CreateReplicationTask",
        delete: "DeleteReplicationTask",
        lists: &[("DescribeReplicationTasks", "ReplicationTask")],
        name: "ReplicationTaskIdentifier",
        arn: "ReplicationTaskArn",
        kind: "task",
        named_by: "ReplicationTaskArn",
        status: ("Status", "ready"),
        before: &["creating"],
        ..PLAIN
    },
    Family {
        create: "ImportCertificate",
        delete: "DeleteCertificate",
        lists: &[("DescribeCertificates", "Certificate")],
        name: "CertificateIdentifier",
        arn: "CertificateArn",
        kind: "cert",
        named_by: "CertificateArn",
        ..PLAIN
    },
    Family {
        create: "StartReplicationTaskAssessmentRun",
        delete: "DeleteReplicationTaskAssessmentRun",
        lists: &[("DescribeReplicationTaskAssessmentRuns", "ReplicationTaskAssessmentRun")],
        name: "AssessmentRunName",
        arn: "ReplicationTaskAssessmentRunArn",
        kind: "assessment-run",
        named_by: "ReplicationTaskAssessmentRunArn",
        status: ("Status", "passed"),
        before: &["starting", "provisioning", "running"],
        ..PLAIN
    },
    request("StartExtensionPackAssociation", &[("DescribeExtensionPackAssociations", REQUEST)]),
    request("StartMetadataModelAssessment", &[("DescribeMetadataModelAssessments", REQUEST)]),
    request("StartMetadataModelConversion", &[("DescribeMetadataModelConversions", REQUEST)]),
    request("StartMetadataModelCreation", &[("DescribeMetadataModelCreations", REQUEST)]),
    request("StartMetadataModelExportAsScript", &[("DescribeMetadataModelExportsAsScript", REQUEST)]),
    request("StartMetadataModelExportToTarget", &[("DescribeMetadataModelExportsToTarget", REQUEST)]),
    request("StartMetadataModelImport", &[("DescribeMetadataModelImports", REQUEST)]),
];

const REQUEST: &str = "SchemaConversionRequest";

/// What is asked of a migration project, and is done by and by.
const fn request(create: &'static str, lists: &'static [(&'static str, &'static str)]) -> Family {
    Family {
        create,
        lists,
        name: "RequestIdentifier",
        arn: "RequestArn",
        kind: "request",
        named_by: "RequestIdentifier",
        status: ("Status", "SUCCESS"),
        ..PLAIN
    }
}

/// What becomes of the status of a thing by an operation that changes it.
const STATES: &[(&str, &str)] = &[
    ("CancelMetadataModelConversion", "CANCELED"),
    ("CancelMetadataModelCreation", "CANCELED"),
    ("CancelReplicationTaskAssessmentRun", "cancelled"),
    ("StartDataMigration", "RUNNING"),
    ("StartReplication", "running"),
    ("StartReplicationTask", "running"),
    ("StopDataMigration", "STOPPED"),
    ("StopReplication", "stopped"),
    ("StopReplicationTask", "stopped"),
];

/// The status that an operation leads to, where it leads to one.
pub(crate) fn state_after(operation: &str) -> Option<&'static str> {
    STATES.iter().find(|(name, _)| *name == operation).map(|(_, state)| *state)
}

/// What an operation is to a family.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    Create(&'static Family),
    /// Together with the shape that things are shown in.
    List(&'static Family, &'static str),
    Delete(&'static Family),
    /// Whatever else it is, to the families of what it names.
    Other,
}

pub(crate) fn role(operation: &str) -> Role {
    for family in FAMILIES {
        if family.create == operation {
            return Role::Create(family);
        }
        if family.delete == operation {
            return Role::Delete(family);
        }
        if let Some((_, shape)) = family.lists.iter().find(|(list, _)| *list == operation) {
            return Role::List(family, shape);
        }
    }
    Role::Other
}

impl Family {
    pub fn shape(&self) -> &'static str {
        self.lists.first().map_or("", |(_, shape)| shape)
    }

    /// Whether a schema of this name shows one.
    pub fn is_shown_as(&self, shape: &str) -> bool {
        self.lists.iter().any(|(_, shown)| *shown == shape)
    }

    /// What the input member `name` is called in what is shown.
    pub fn shown_name<'a>(&self, name: &'a str) -> &'a str
    where
        'static: 'a,
    {
        self.renamed.iter().find(|(input, _)| *input == name).map_or(name, |(_, shown)| shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::catalogue;

    #[test]
    fn families_are_of_the_model() {
        for family in FAMILIES {
            let listed = family.lists.iter().map(|(list, _)| *list);
            for operation in listed.chain([family.create, family.delete]).filter(|name| !name.is_empty()) {
                assert!(catalogue::dms(operation).is_some(), "{operation}");
            }
            let (_, document) = catalogue::dms(family.create).unwrap();
            for (_, shape) in family.lists {
                assert!(document["$defs"].get(*shape).is_some(), "{shape}");
            }
        }
        for (operation, _) in STATES {
            assert!(catalogue::dms(operation).is_some(), "{operation}");
        }
    }
}
