"""The fence held against every operation of forty services that Proofmark knows from an import alone: botocore's models
are unpacked, and the property test over every operation runs on them."""

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import botocore
from servers import HOME, ROOT

FOLDER = HOME / "models"
TEST = "plan::guard::tests::every_operation::of_imported_contracts_nothing_foreign_goes_and_nothing_without_a_name"
SERVICES = [
    "acm",
    "amplify",
    "apigateway",
    "apigatewayv2",
    "appsync",
    "athena",
    "backup",
    "batch",
    "cloudtrail",
    "codeartifact",
    "codecommit",
    "cognito-idp",
    "dynamodb",
    "ecr",
    "ecs",
    "efs",
    "eks",
    "events",
    "firehose",
    "glacier",
    "guardduty",
    "iot",
    "kafka",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "mediaconvert",
    "mq",
    "organizations",
    "pipes",
    "route53resolver",
    "scheduler",
    "secretsmanager",
    "sesv2",
    "sqs",
    "ssm",
    "stepfunctions",
    "transfer",
    "xray",
]

shutil.rmtree(FOLDER, ignore_errors=True)
for name in SERVICES:
    newest = max((Path(botocore.__file__).parent / "data" / name).glob("*/service-2.json.gz"))
    (FOLDER / name).mkdir(parents=True)
    (FOLDER / name / "service-2.json").write_bytes(gzip.decompress(newest.read_bytes()))

command = ["cargo", "test", "--quiet", "--lib", "--", "--ignored", "--exact", TEST, "--nocapture"]
run = subprocess.run(
    command, cwd=ROOT, env=os.environ | {"PROOFMARK_MODELS": str(FOLDER)}, stdout=subprocess.PIPE, text=True, check=False
)
print(run.stdout, end="")
# A test of another name would be none at all, and pass.
if run.returncode or not re.search(rf"^all of {len(SERVICES)}: ", run.stdout, re.MULTILINE):
    raise SystemExit("the fence was not held against every operation, or does not hold")
