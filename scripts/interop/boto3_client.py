"""boto3 drives our reference target through a whole life: create, test, list, delete, with its own waiters and its own
exceptions."""

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import servers
from claims import same, until
from published import ACCESS_KEY, BUSY, DENIED, REGION, SECRET_KEY, SEEDED_INSTANCE

QUICK = {"Delay": 1, "MaxAttempts": 60}


def client(url, secret_key=SECRET_KEY):
    return boto3.client(
        "dms",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=secret_key,
        config=Config(retries={"total_max_attempts": 1}),
    )


def life(dms):
    endpoint = dms.create_endpoint(
        EndpointIdentifier="interop-boto3",
        EndpointType="source",
        EngineName="mysql",
        ServerName="db.example.com",
        Port=3306,
        Username="reader",
        Password="not-a-secret",
    )["Endpoint"]["EndpointArn"]
    instance = dms.create_replication_instance(
        ReplicationInstanceIdentifier="interop-boto3", ReplicationInstanceClass="dms.t3.micro"
    )["ReplicationInstance"]["ReplicationInstanceArn"]
    by_instance = [{"Name": "replication-instance-arn", "Values": [instance]}]
    by_endpoint = [{"Name": "endpoint-arn", "Values": [endpoint]}]
    pair = {"EndpointArn": endpoint, "ReplicationInstanceArn": instance}

    dms.get_waiter("replication_instance_available").wait(Filters=by_instance, WaiterConfig=QUICK)
    same(dms.test_connection(**pair)["Connection"]["Status"], "testing")
    dms.get_waiter("test_connection_succeeds").wait(Filters=by_endpoint, WaiterConfig=QUICK)
    pages = dms.get_paginator("describe_connections").paginate(Filters=by_endpoint)
    listed = [connection for page in pages for connection in page["Connections"]]
    same([(one["EndpointArn"], one["Status"]) for one in listed], [(endpoint, "successful")])

    deleted = dms.delete_connection(**pair)["Connection"]
    same({name: deleted[name] for name in (*pair, "Status")}, {**pair, "Status": "deleting"})
    until(lambda: raised(dms, lambda: dms.delete_connection(**pair)) == "ResourceNotFoundFault")

    dms.delete_endpoint(EndpointArn=endpoint)
    dms.get_waiter("endpoint_deleted").wait(Filters=by_endpoint, WaiterConfig=QUICK)
    dms.delete_replication_instance(ReplicationInstanceArn=instance)
    dms.get_waiter("replication_instance_deleted").wait(Filters=by_instance, WaiterConfig=QUICK)
    same(raised(dms, lambda: dms.delete_endpoint(EndpointArn=endpoint)), "ResourceNotFoundFault")


def refusals(dms, url):
    def delete(who, endpoint):
        return raised(who, lambda: who.delete_connection(EndpointArn=endpoint, ReplicationInstanceArn=SEEDED_INSTANCE))

    same(delete(dms, DENIED), "AccessDeniedFault")
    same(delete(dms, BUSY), "InvalidResourceStateFault")
    try:
        client(url, secret_key="wrong").describe_connections()
    except ClientError as error:
        same(400 <= error.response["ResponseMetadata"]["HTTPStatusCode"] < 500, True)
    else:
        raise SystemExit("a wrong secret key was served")


def raised(dms, call):
    """The name of the modelled exception that boto3 raises, none when the call is served."""
    faults = ("AccessDeniedFault", "InvalidResourceStateFault", "ResourceNotFoundFault")
    try:
        call()
    except tuple(getattr(dms.exceptions, name) for name in faults) as error:
        same(bool(error.response["ResponseMetadata"]["RequestId"]), True)
        return type(error).__name__
    return None


with servers.reference() as url:
    dms = client(url)
    life(dms)
    refusals(dms, url)
print("boto3: create, test, list, delete and refusals as its model has them")
