"""Imports models that other projects ship: five AWS services from the pinned botocore, and three OpenAPI documents from
packages of PyPI and npm. What was taken and what could not be expressed has to be what `expected/imports.txt` says, and
the files that were written have to say the same as the model they were made from."""

import collections
import gzip
import hashlib
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import botocore
import judged
from servers import HOME, PROOFMARK

FOLDER = HOME / "imports"

SERVICES = {
    "dynamodb": "2012-08-10",
    "kms": "2014-11-01",
    "kinesis": "2013-12-02",
    "logs": "2014-03-28",
    "secretsmanager": "2017-10-17",
}

# Name, where it is from, the package, the file that is downloaded and its SHA-256, the document in it.
DOCUMENTS = [
    (
        "jupyter",
        "pypi",
        "jupyter_server==2.21.1",
        "jupyter_server-2.21.1-py3-none-any.whl",
        "2a6467606af7dbae2e7e31640030025969e15db6a649eae334af90415dc71dca",
        "jupyter_server/services/api/api.yaml",
    ),
    (
        "airflow",
        "pypi",
        "apache-airflow-core==3.3.2",
        "apache_airflow_core-3.3.2-py3-none-any.whl",
        "99258922bccec15be4700ff89f3c942b8acd93407e263c287ce863e671bb3c50",
        "airflow/api_fastapi/core_api/openapi/v2-rest-api-generated.yaml",
    ),
    (
        "github",
        "npm",
        "@octokit/openapi@23.0.2",
        "octokit-openapi-23.0.2.tgz",
        "71a18407dd5e8464f4e0525daf03deabbe65abd9287d6adc7b5d98f516cd0d0c",
        "package/generated/api.github.com.json",
    ),
]


def service(name, version):
    """botocore's files of one service, those that are compressed unpacked; the path of the first of them."""
    source = Path(botocore.__file__).parent / "data" / name / version
    target = FOLDER / name
    target.mkdir(parents=True, exist_ok=True)
    for stem in ["service-2", "paginators-1", "waiters-2", "examples-1"]:
        packed, plain = source / f"{stem}.json.gz", source / f"{stem}.json"
        if packed.exists():
            (target / plain.name).write_bytes(gzip.decompress(packed.read_bytes()))
        elif plain.exists():
            (target / plain.name).write_bytes(plain.read_bytes())
    return target / "service-2.json"


def document(registry, package, file, digest, member):
    """One file of a package, which is downloaded once."""
    archive = FOLDER / file
    if not archive.exists():
        if registry == "pypi":
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            subprocess.run([*pip, "--dest", FOLDER, package], check=True)
        else:
            pack = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", FOLDER, package]
            subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != digest:
        raise SystemExit(f"{archive} is not the file that is pinned: its SHA-256 is {found}")
    if registry == "pypi":
        with zipfile.ZipFile(archive) as package:
            content = package.read(member)
    else:
        with tarfile.open(archive) as package:
            content = package.extractfile(member).read()
    path = FOLDER / Path(member).name
    path.write_bytes(content)
    return path


def imported(name, kind, model):
    """What `proofmark import` says of a model: what was taken, then each thing that was left out, how often, and where
    first."""
    schemas = FOLDER / "schemas"
    command = [PROOFMARK, "import", kind, model, "--api", name, "--out", schemas]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"proofmark exited {run.returncode}\n{run.stderr}")
    written = subprocess.run([PROOFMARK, "diff", schemas / name, model], capture_output=True, text=True, check=False)
    if written.returncode or len(written.stdout.splitlines()) != 1:
        raise SystemExit(f"{name}: what was written is not what was read\n{written.stdout}{written.stderr}")
    told = collections.defaultdict(list)
    for line in run.stderr.splitlines():
        place, message = re.fullmatch(r"left out: (\S.*?): (.*)", line).groups()
        told[message].append(place)
    taken = [line.split(" -> ")[0] for line in run.stdout.splitlines()]
    return [*taken, *(f"  {len(places)} x {message}, first at {places[0]}" for message, places in told.items())]


FOLDER.mkdir(parents=True, exist_ok=True)
outcome = []
for name, version in SERVICES.items():
    outcome += imported(name, "botocore", service(name, version))
for name, *source in DOCUMENTS:
    outcome += imported(name, "openapi", document(*source))
judged.expect("imports", outcome)
