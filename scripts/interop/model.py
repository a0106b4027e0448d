"""What botocore's own model says of DMS: the smallest right input of an operation, and whether a body keeps the shape it
is to have. botocore itself is no judge: it takes almost anything."""

import base64
import binascii

def smallest(shape):
    """The smallest right value: the members that have to be there, the first value of each enum."""
    kind = shape.type_name
    if kind == "structure":
        named = {name: smallest(shape.members[name]) for name in shape.required_members}
        if getattr(shape, "is_tagged_union", False):
            name = next(iter(shape.members))
            named = {name: smallest(shape.members[name])}
        return named
    if kind == "list":
        return [smallest(shape.member) for _ in range(max(1, shape.metadata.get("min", 0)))]
    if kind == "map":
        return {}
    if kind == "boolean":
        return False
    if kind in ("integer", "long", "float", "double"):
        return shape.metadata.get("min", 1)
    if kind == "timestamp":
        return 0
    if kind == "blob":
        return b"\0" * shape.metadata.get("min", 1)
    return shape.enum[0] if shape.enum else "x" * max(1, shape.metadata.get("min", 0))


def flaws(shape, value, at=""):
    """Where a JSON value is not what the shape says: unknown and missing members, null, types, enums, times."""
    kind = shape.type_name
    if value is None:
        return [f"{at or '/'} is null"]
    if kind == "structure":
        return structure_flaws(shape, value, at)
    if kind == "list":
        if not isinstance(value, list):
            return [f"{at} is no list"]
        return [flaw for index, item in enumerate(value) for flaw in flaws(shape.member, item, f"{at}/{index}")]
    if kind == "map":
        if not isinstance(value, dict):
            return [f"{at} is no map"]
        return [flaw for name, item in value.items() for flaw in flaws(shape.value, item, f"{at}/{name}")]
    if not scalar(shape, value):
        return [f"{at} is no {kind}: {value!r}"]
    if kind == "string" and shape.enum and value not in shape.enum:
        return [f"{at} is none of its values: {value!r}"]
    return []


def structure_flaws(shape, value, at):
    if not isinstance(value, dict):
        return [f"{at or '/'} is no structure"]
    found = [f"{at}/{name} is unknown" for name in value if name not in shape.members]
    found += [f"{at}/{name} is missing" for name in shape.required_members if name not in value]
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        found.append(f"{at} has {len(value)} members of a union")
    known = [(name, member) for name, member in shape.members.items() if name in value]
    return found + [flaw for name, member in known for flaw in flaws(member, value[name], f"{at}/{name}")]


def scalar(shape, value):
    kind = shape.type_name
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind in ("integer", "long"):
        return number and value == int(value)
    if kind in ("float", "double"):
        return number or value in ("NaN", "Infinity", "-Infinity")
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "timestamp":
        return isinstance(value, str) if shape.serialization.get("timestampFormat") == "iso8601" else number
    if kind == "blob":
        return isinstance(value, str) and base64_of(value)
    return isinstance(value, str)


def base64_of(text):
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True
