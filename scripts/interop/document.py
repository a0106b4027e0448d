"""The published Veeam document with the mistakes mended that no server can be right about; what was mended is told."""

import json

import yaml

import servers


class Loader(yaml.SafeLoader):
    """Leaves dates to be text, as JSON has none."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def sound():
    """The path of the mended document, the document, and what was mended."""
    document = yaml.load(servers.veeam_document().read_text(), Loader)
    mends = [*drop_names_of_nothing(document), *drop_contents_of_204(document)]
    path = servers.HOME / "veeam.sound.json"
    path.write_text(json.dumps(document))
    return path, document, mends


def drop_names_of_nothing(document):
    """Most are misspelt, and the property beside them is not required then."""
    for name, schema in document["definitions"].items():
        for member in [one for one in schema.get("required", []) if one not in schema.get("properties", {})]:
            schema["required"].remove(member)
            if not schema["required"]:
                del schema["required"]
            yield f"mended: {name} requires {member}, which is no property of it"


def drop_contents_of_204(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation["responses"].get("204", {}).pop("schema", None):
                yield f"mended: {method.upper()} {path} has a schema for a 204, which has no content"
