"""boto3 drives every operation of our reference target: the lives of all families, with all its paginators, and the
smallest right input of each operation. Whatever comes is held against botocore's model, which botocore itself does not do.
What became of each operation is in `expected/boto3_families.txt`."""

import collections
import json

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

import judged
import lives
import model
import servers
from claims import same
from published import ACCESS_KEY, REGION, SECRET_KEY

# Served to any caller and modelled for none: what real DMS answers where it refuses a value.
COMMON = {"InvalidParameterValueException"}
# botocore's model gives no error a status; the Smithy model gives one to this alone, and all others are 400.
STATUS = {"CollectorNotFoundFault": 404}


class Driver:
    """A client, and what became of each call it made."""

    def __init__(self, url):
        self.client = boto3.client(
            "dms",
            endpoint_url=url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=True),
        )
        self.service = self.client.meta.service_model
        self.outcomes = collections.defaultdict(lambda: collections.defaultdict(set))
        self.exchanges = 0
        self.about = "lives"
        self.client.meta.events.register("before-parse.dms", self.judge)

    def judge(self, operation_model, response_dict, **_):
        """Holds one answer, as it came, against the model."""
        self.exchanges += 1
        status, body = response_dict["status_code"], response_dict["body"]
        where = f"{operation_model.name}: {status} {body[:300]!r}"
        if response_dict["headers"].get("content-type") != "application/x-amz-json-1.1":
            raise SystemExit(f"{where}: content type")
        value = json.loads(body) if body else {}
        if status == 200:
            shape = operation_model.output_shape
            found = model.flaws(shape, value) if shape else [f"{name} is unknown" for name in value]
            became = "served"
        else:
            became = value.pop("__type")
            errors = {shape.name: shape for shape in operation_model.error_shapes}
            if status != STATUS.get(became, 400) or became not in errors and became not in COMMON:
                raise SystemExit(f"{where}: not an error of the model")
            found = model.flaws(errors[became], value) if became in errors else []
        if found:
            raise SystemExit(f"{where}: {found}")
        self.outcomes[operation_model.name][self.about].add(became)

    def call(self, operation, given, pages=False):
        """The answer, how many pages it took, and the name of the error that the client raises."""
        try:
            if not pages:
                return getattr(self.client, xform_name(operation))(**given), 1, None
            paginator = self.client.get_paginator(xform_name(operation))
            walked = list(paginator.paginate(**given, PaginationConfig={"PageSize": 1}))
            names = [key.expression for key in paginator.result_keys]
            return {name: [one for page in walked for one in page[name]] for name in names}, len(walked), None
        except ClientError as error:
            name = error.response["Error"]["Code"]
            raised = ClientError if name in COMMON else getattr(self.client.exceptions, name)
            same((type(error), bool(error.response["ResponseMetadata"]["RequestId"])), (raised, True))
            return None, 0, name

    def line(self, operation):
        became = self.outcomes[operation]
        return f"{operation}: " + "; ".join(f"{about} {' '.join(sorted(became[about]))}" for about in became)


with servers.reference() as url:
    driver = Driver(url)
    lives.lead("boto3", driver.call)
    driver.about = "smallest"
    operations = list(driver.service.operation_names)
    for operation in operations:
        shape = driver.service.operation_model(operation).input_shape
        driver.call(operation, model.smallest(shape) if shape else {})
    paginated = {operation for operation in operations if driver.client.can_paginate(xform_name(operation))}
    same(paginated, {step["call"] for step in lives.STEPS if "pages" in step})

# That a break is seen is tried on targets that have one.
for deviation in ["generic-wrong-type", "timestamp-as-string", "generic-error-unmodelled"]:
    with servers.reference("--deviate", deviation) as url:
        try:
            lives.lead("boto3", Driver(url).call)
        except SystemExit:
            continue
    raise SystemExit(f"{deviation} was not noticed, so that nothing else was would mean nothing")

served = sum(any("served" in became for became in driver.outcomes[operation].values()) for operation in operations)
summary = f"{len(operations)} operations, {served} of them served, {len(paginated)} paginators walked"
judged.expect("boto3_families", [summary, *map(driver.line, operations)])
print(f"boto3: {len(lives.STEPS)} steps, {driver.exchanges} answers, all as its model has them")
