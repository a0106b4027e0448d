"""The AWS CLI drives our reference target through create, test, wait and delete, as a person at a shell would."""

import json
import os
import subprocess

import servers
from claims import same, until
from published import ACCESS_KEY, BUSY, REGION, SECRET_KEY, SEEDED_INSTANCE

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": str(servers.HOME),  # nobody's own configuration
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_PAGER": "",
}


class Refused(Exception):
    """The CLI exited with an error; the text is what it said."""


def aws(url, *arguments):
    """What `aws dms ARGUMENTS` prints, as a value. The time is for its waiters, which look every 5 to 60 seconds."""
    command = [servers.HOME / "venv/bin/aws", "dms", *arguments, "--endpoint-url", url, "--output", "json"]
    run = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=180)
    if run.returncode != 0:
        raise Refused(run.stderr.strip())
    return json.loads(run.stdout) if run.stdout.strip() else None


def life(url):
    endpoint = aws(
        url, "create-endpoint", "--endpoint-identifier", "interop-awscli", "--endpoint-type", "target",
        "--engine-name", "postgres", "--server-name", "db.example.com", "--port", "5432",
    )["Endpoint"]["EndpointArn"]
    instance = aws(
        url, "create-replication-instance", "--replication-instance-identifier", "interop-awscli",
        "--replication-instance-class", "dms.t3.micro",
    )["ReplicationInstance"]["ReplicationInstanceArn"]
    pair = ["--endpoint-arn", endpoint, "--replication-instance-arn", instance]
    by_endpoint = ["--filters", f"Name=endpoint-arn,Values={endpoint}"]
    by_instance = ["--filters", f"Name=replication-instance-arn,Values={instance}"]

    aws(url, "wait", "replication-instance-available", *by_instance)
    same(aws(url, "test-connection", *pair)["Connection"]["Status"], "testing")
    aws(url, "wait", "test-connection-succeeds", *by_endpoint)
    same([one["Status"] for one in aws(url, "describe-connections", *by_endpoint)["Connections"]], ["successful"])
    same(aws(url, "delete-connection", *pair)["Connection"]["Status"], "deleting")
    until(lambda: refusal(url, "delete-connection", *pair) == "ResourceNotFoundFault")
    aws(url, "delete-endpoint", "--endpoint-arn", endpoint)
    aws(url, "wait", "endpoint-deleted", *by_endpoint)
    aws(url, "delete-replication-instance", "--replication-instance-arn", instance)
    aws(url, "wait", "replication-instance-deleted", *by_instance)
    same(
        refusal(url, "delete-connection", "--endpoint-arn", BUSY, "--replication-instance-arn", SEEDED_INSTANCE),
        "InvalidResourceStateFault",
    )


def refusal(url, *arguments):
    """The error's name as the CLI reads it: `An error occurred (NAME) when calling ...`; none when served."""
    try:
        aws(url, *arguments)
    except Refused as said:
        return str(said).partition("(")[2].partition(")")[0] or str(said)
    return None


with servers.reference() as url:
    life(url)
print("aws: create, test, wait, delete and a refusal as its model has them")
