"""The services that `left.py` runs against: what belongs to somebody else there before a run, and everything that a
listing shows. A thing is its kind, the names it is known by, and its value; one that the service itself has marked for
deletion has ended. What a service `refuses` to send are requests that would change or destroy what is somebody else's."""

import json
import urllib.error
import urllib.request
from collections import namedtuple

Thing = namedtuple("Thing", "kind names value ended", defaults=(False,))
Service = namedtuple("Service", "version lists plant things refuses")

# Members that change by reading alone, or with every answer of moto.
PASSING = ("LastAccessedDate", "AWSAccountId")
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
# Where a listing goes on, as an answer says and as a request asks.
FURTHER = {
    "NextToken": "NextToken",
    "nextToken": "nextToken",
    "NextMarker": "Marker",
    "PaginationToken": "PaginationToken",
    "LastEvaluatedKey": "ExclusiveStartKey",
    "LastEvaluatedTableName": "ExclusiveStartTableName",
}


class Server:
    """Reads answers as they are. boto3 reads them by its model, and fails where moto has kept a number for a text."""

    def __init__(self, url, model):
        self.url = url
        # What the run may have called something: for a listing that moto crashes with.
        self.known = set()
        self.name = model.service_name
        self.prefix = model.metadata["targetPrefix"]
        self.signed = f"AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/{model.signing_name}/aws4_request, SignedHeaders=host, Signature=0"

    def call(self, operation, **given):
        headers = {"X-Amz-Target": f"{self.prefix}.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        headers["Authorization"] = self.signed
        asked = urllib.request.Request(self.url, json.dumps(given).encode(), headers)
        with urllib.request.urlopen(asked, timeout=60) as answered:
            return bare(json.loads(answered.read() or b"{}"))

    def ever(self, model, member):
        """What all things of one of moto's own models have been called, for what no listing of moto shows."""
        with urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=60) as data:
            things = json.load(data).get(self.name.replace("-", ""), {}).get(model, [])
        return sorted({thing[member] for thing in things if isinstance(thing[member], str)})


def pages(server, operation, member, **given):
    """All that a listing shows, from its first page to its last."""
    found = []
    while True:
        page = server.call(operation, **given)
        found += page.get(member) or []
        further = {asked: page[said] for said, asked in FURTHER.items() if page.get(said)}
        if not further or further.items() <= given.items():
            return found
        given |= further


def within(server, operation, member, **parent):
    """All that a listing shows of a parent; nothing is in one whose name moto does not understand."""
    try:
        return pages(server, operation, member, **parent)
    except urllib.error.HTTPError:
        return []


def answer(server, operation, **given):
    """What a reading operation answers, or the status it is refused with."""
    try:
        return server.call(operation, **given)
    except urllib.error.HTTPError as error:
        return {"status": error.code}


def first(found):
    return found[0] if found else {}


def bare(value):
    """Without what reading itself changes."""
    if isinstance(value, dict):
        return {name: bare(member) for name, member in value.items() if name not in PASSING}
    return [bare(item) for item in value] if isinstance(value, list) else value


def plant_secretsmanager(client):
    client.create_secret(Name="prod/db", SecretString="theirs", Tags=[{"Key": "owner", "Value": "them"}])
    client.put_resource_policy(SecretId="prod/db", ResourcePolicy=POLICY)


def secretsmanager(server):
    try:
        found = pages(server, "ListSecrets", "SecretList", IncludePlannedDeletion=True)
    except urllib.error.HTTPError:
        # A tag without a key is taken by moto, and no list is answered while it is there.
        described = [answer(server, "DescribeSecret", SecretId=name) for name in sorted(server.known | {"prod/db"})]
        found = [secret for secret in described if "ARN" in secret]
    for secret in found:
        arn = {"SecretId": secret["ARN"]}
        value = [answer(server, name, **arn) for name in ("GetSecretValue", "GetResourcePolicy")]
        yield Thing("secret", (secret.get("ARN"), secret.get("Name")), [secret, *value], "DeletedDate" in secret)


def plant_ssm(client):
    client.put_parameter(Name="/prod/db", Value="theirs", Type="String")
    client.create_document(Name="their-document", Content='{"schemaVersion": "2.2", "mainSteps": []}', DocumentType="Command")
    window = client.create_maintenance_window(
        Name="their-window", Schedule="rate(1 day)", Duration=2, Cutoff=1, AllowUnassociatedTargets=False
    )["WindowId"]
    client.register_target_with_maintenance_window(
        WindowId=window, ResourceType="INSTANCE", Targets=[{"Key": "tag:owner", "Values": ["them"]}]
    )
    baseline = client.create_patch_baseline(Name="their-baseline")["BaselineId"]
    client.register_patch_baseline_for_patch_group(BaselineId=baseline, PatchGroup="their-group")


def ssm(server):
    # moto's DescribeParameters crashes once somebody has asked for a version of a parameter that is not there.
    for name in server.ever("Parameter", "name"):
        for one in server.call("GetParameters", Names=[name])["Parameters"]:
            yield Thing("parameter", (name, one["ARN"]), one)
    for one in pages(server, "ListDocuments", "DocumentIdentifiers"):
        yield Thing("document", (one.get("Name"),), [one, answer(server, "GetDocument", Name=one.get("Name"))])
    for window in pages(server, "DescribeMaintenanceWindows", "WindowIdentities"):
        yield Thing("window", (window.get("WindowId"), window.get("Name")), window)
        of = {"WindowId": window["WindowId"]}
        for one in within(server, "DescribeMaintenanceWindowTargets", "Targets", **of):
            yield Thing("window target", (one.get("WindowTargetId"),), one)
        for one in within(server, "DescribeMaintenanceWindowTasks", "Tasks", **of):
            yield Thing("window task", (one.get("WindowTaskId"),), one)
    for one in pages(server, "DescribePatchBaselines", "BaselineIdentities"):
        yield Thing("patch baseline", (one.get("BaselineId"), one.get("BaselineName")), one)
    group = answer(server, "GetPatchBaselineForPatchGroup", PatchGroup="their-group")
    yield Thing("patch group", ("their-group",), group)
    for one in pages(server, "ListCommands", "Commands"):
        yield Thing("command", (one.get("CommandId"),), one)


def plant_kms(client):
    key = client.create_key(Description="theirs", Tags=[{"TagKey": "owner", "TagValue": "them"}])["KeyMetadata"]["KeyId"]
    client.create_alias(AliasName="alias/theirs", TargetKeyId=key)
    client.create_grant(KeyId=key, GranteePrincipal="arn:aws:iam::123456789012:role/them", Operations=["Decrypt"])


def kms(server):
    for key in pages(server, "ListKeys", "Keys"):
        of = {"KeyId": key["KeyId"]}
        described = answer(server, "DescribeKey", **of)
        value = [described]
        value += [answer(server, name, **of) for name in ("ListResourceTags", "GetKeyRotationStatus")]
        value += [answer(server, "GetKeyPolicy", PolicyName="default", **of)]
        state = described.get("KeyMetadata", {}).get("KeyState")
        yield Thing("key", (key.get("KeyArn"), key.get("KeyId")), value, state == "PendingDeletion")
        for one in within(server, "ListGrants", "Grants", **of):
            yield Thing("grant", (one.get("GrantId"),), one, state == "PendingDeletion")
    for one in pages(server, "ListAliases", "Aliases"):
        yield Thing("alias", (one.get("AliasName"), one.get("AliasArn")), one)


def plant_cognito_idp(client):
    pool = client.create_user_pool(PoolName="their-pool")["UserPool"]["Id"]
    client.create_user_pool_client(UserPoolId=pool, ClientName="their-client")
    client.create_group(UserPoolId=pool, GroupName="their-group")
    client.admin_create_user(UserPoolId=pool, Username="them")
    client.create_resource_server(UserPoolId=pool, Identifier="their-server", Name="their-server")
    client.create_user_pool_domain(UserPoolId=pool, Domain="their-domain")


def cognito_idp(server):
    for pool in pages(server, "ListUserPools", "UserPools", MaxResults=60):
        of = {"UserPoolId": pool["Id"]}
        yield Thing("pool", (pool.get("Id"), pool.get("Name")), [pool, answer(server, "DescribeUserPool", **of)])
        for one in within(server, "ListUserPoolClients", "UserPoolClients", **of):
            yield Thing("client", (one.get("ClientId"), one.get("ClientName")), one)
        for one in within(server, "ListGroups", "Groups", **of):
            yield Thing("group", (one.get("GroupName"),), one)
        for one in within(server, "ListUsers", "Users", **of):
            yield Thing("user", (one.get("Username"),), one)
        for one in within(server, "ListIdentityProviders", "Providers", **of):
            yield Thing("identity provider", (one.get("ProviderName"),), one)
        for one in within(server, "ListResourceServers", "ResourceServers", MaxResults=50, **of):
            yield Thing("resource server", (one.get("Identifier"), one.get("Name")), one)
    for name in server.ever("CognitoIdpUserPoolDomain", "domain"):
        if found := answer(server, "DescribeUserPoolDomain", Domain=name).get("DomainDescription"):
            yield Thing("domain", (name,), found)


def plant_ecs(client):
    client.create_cluster(clusterName="their-cluster")
    family = "their-task"
    client.register_task_definition(family=family, containerDefinitions=[{"name": "web", "image": "web", "memory": 64}])
    client.create_service(cluster="their-cluster", serviceName="their-service", taskDefinition=family, desiredCount=1)


def ecs(server):
    for arn in pages(server, "ListClusters", "clusterArns"):
        value = first(server.call("DescribeClusters", clusters=[arn], include=["TAGS", "SETTINGS"])["clusters"])
        yield Thing("cluster", (arn, value.get("clusterName")), value, value.get("status") == "INACTIVE")
        for service in within(server, "ListServices", "serviceArns", cluster=arn):
            value = first(server.call("DescribeServices", cluster=arn, services=[service])["services"])
            yield Thing("service", (service, value.get("serviceName")), value, value.get("status") == "INACTIVE")
        for task in within(server, "ListTasks", "taskArns", cluster=arn):
            yield Thing("task", (task,), None)
        for one in within(server, "ListContainerInstances", "containerInstanceArns", cluster=arn):
            yield Thing("container instance", (one,), None)
    for arn in pages(server, "ListTaskDefinitions", "taskDefinitionArns"):
        value = answer(server, "DescribeTaskDefinition", taskDefinition=arn).get("taskDefinition", {})
        names = (arn, arn.rsplit("/")[-1], value.get("family"))
        yield Thing("task definition", names, value, value.get("status") == "INACTIVE")
    names = server.ever("CapacityProvider", "name")
    for one in server.call("DescribeCapacityProviders", capacityProviders=names)["capacityProviders"]:
        yield Thing("capacity provider", (one.get("name"), one.get("capacityProviderArn")), one)
    for one in pages(server, "ListAccountSettings", "settings"):
        yield Thing("account setting", (one.get("name"),), one)


def plant_logs(client):
    client.create_log_group(logGroupName="their-group", tags={"owner": "them"})
    client.put_retention_policy(logGroupName="their-group", retentionInDays=7)
    client.create_log_stream(logGroupName="their-group", logStreamName="their-stream")
    client.put_metric_filter(
        logGroupName="their-group",
        filterName="their-filter",
        filterPattern="",
        metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
    )
    client.put_resource_policy(policyName="their-policy", policyDocument=POLICY)
    client.put_destination(
        destinationName="their-destination",
        targetArn="arn:aws:kinesis:us-east-1:123456789012:stream/theirs",
        roleArn="arn:aws:iam::123456789012:role/them",
    )


def logs(server):
    for group in pages(server, "DescribeLogGroups", "logGroups"):
        of = {"logGroupName": group["logGroupName"]}
        tags = answer(server, "ListTagsLogGroup", **of)
        yield Thing("group", (group.get("logGroupName"), group.get("arn")), [group, tags])
        for one in within(server, "DescribeLogStreams", "logStreams", **of):
            yield Thing("stream", (one.get("logStreamName"),), one)
        for one in within(server, "DescribeSubscriptionFilters", "subscriptionFilters", **of):
            yield Thing("subscription filter", (one.get("filterName"),), one)
    for one in pages(server, "DescribeMetricFilters", "metricFilters"):
        yield Thing("metric filter", (one.get("filterName"),), one)
    for one in pages(server, "DescribeResourcePolicies", "resourcePolicies"):
        yield Thing("resource policy", (one.get("policyName"),), one)
    for one in pages(server, "DescribeDestinations", "destinations"):
        yield Thing("destination", (one.get("destinationName"), one.get("arn")), one)
    for one in pages(server, "DescribeDeliveries", "deliveries"):
        yield Thing("delivery", (one.get("id"),), one)
    for one in pages(server, "DescribeDeliveryDestinations", "deliveryDestinations"):
        yield Thing("delivery destination", (one.get("name"), one.get("arn")), one)
    for one in pages(server, "DescribeDeliverySources", "deliverySources"):
        yield Thing("delivery source", (one.get("name"), one.get("arn")), one)
    for one in pages(server, "DescribeExportTasks", "exportTasks"):
        yield Thing("export task", (one.get("taskId"),), one)
    for one in answer(server, "DescribeQueries").get("queries", []):
        yield Thing("query", (one.get("queryId"),), one)


def plant_sqs(client):
    url = client.create_queue(QueueName="their-queue", tags={"owner": "them"})["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="theirs")


def sqs(server):
    for url in pages(server, "ListQueues", "QueueUrls"):
        of = {"QueueUrl": url}
        value = [answer(server, "GetQueueAttributes", AttributeNames=["All"], **of), answer(server, "ListQueueTags", **of)]
        yield Thing("queue", (url, url.rsplit("/")[-1], value[0].get("Attributes", {}).get("QueueArn")), value)


def plant_dynamodb(client):
    client.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for row in ("1", "2", "3"):
        client.put_item(TableName="orders", Item={"id": {"S": row}, "theirs": {"BOOL": True}})


def dynamodb(server):
    for name in pages(server, "ListTables", "TableNames"):
        described = answer(server, "DescribeTable", TableName=name).get("Table", {})
        yield Thing("table", (name, described.get("TableArn")), described)
        for row in within(server, "Scan", "Items", TableName=name):
            yield Thing("row", (json.dumps(row, sort_keys=True, default=str),), row)
    for one in answer(server, "ListBackups").get("BackupSummaries", []):
        yield Thing("backup", (one.get("BackupArn"), one.get("BackupName")), one)


def row(id):
    return {"TableName": "orders", "Key": {"id": {"S": id}}}


SERVICES = {
    "secretsmanager": Service(
        "2017-10-17",
        "ListSecrets",
        plant_secretsmanager,
        secretsmanager,
        {
            "DeleteSecret": {"SecretId": "prod/db", "ForceDeleteWithoutRecovery": True},
            "PutSecretValue": {"SecretId": "prod/db", "SecretString": "ours"},
        },
    ),
    "ssm": Service(
        "2014-11-06",
        "DescribeParameters",
        plant_ssm,
        ssm,
        {
            "DeleteParameters": {"Names": ["/prod/db"]},
            "PutParameter": {"Name": "/prod/db", "Value": "ours", "Overwrite": True},
            "DeleteDocument": {"Name": "their-document"},
        },
    ),
    "kms": Service(
        "2014-11-01",
        "ListKeys",
        plant_kms,
        kms,
        {"DisableKey": {"KeyId": "alias/theirs"}, "DeleteAlias": {"AliasName": "alias/theirs"}},
    ),
    "cognito-idp": Service(
        "2016-04-18",
        "ListUserPools",
        plant_cognito_idp,
        cognito_idp,
        {"DeleteUserPoolDomain": {"UserPoolId": "us-east-1_theirs", "Domain": "their-domain"}},
    ),
    "ecs": Service(
        "2014-11-13",
        "ListClusters",
        plant_ecs,
        ecs,
        {
            "DeleteCluster": {"cluster": "their-cluster"},
            "UpdateService": {"cluster": "their-cluster", "service": "their-service", "desiredCount": 0},
        },
    ),
    "logs": Service(
        "2014-03-28",
        "DescribeLogGroups",
        plant_logs,
        logs,
        {
            "DeleteLogGroup": {"logGroupName": "their-group"},
            "PutRetentionPolicy": {"logGroupName": "their-group", "retentionInDays": 1},
            "DeleteResourcePolicy": {"policyName": "their-policy"},
        },
    ),
    "sqs": Service(
        "2012-11-05",
        "ListQueues",
        plant_sqs,
        sqs,
        {
            "PurgeQueue": {"QueueUrl": "URL/123456789012/their-queue"},
            "SetQueueAttributes": {"QueueUrl": "URL/123456789012/their-queue", "Attributes": {"DelaySeconds": "9"}},
        },
    ),
    "dynamodb": Service(
        "2012-08-10",
        "ListTables",
        plant_dynamodb,
        dynamodb,
        {
            "BatchWriteItem": {"RequestItems": {"orders": [{"DeleteRequest": {"Key": {"id": {"S": "1"}}}}]}},
            "TransactWriteItems": {"TransactItems": [{"Delete": row("2")}]},
            "ExecuteStatement": {"Statement": "DELETE FROM orders WHERE id = '3'"},
            "BatchExecuteStatement": {"Statements": [{"Statement": "DELETE FROM orders WHERE id = '3'"}]},
            "DeleteItem": row("1"),
        },
    ),
}
