"""What SARIF 2.1.0, GitHub and JUnit ask of a file, as far as fmaudit writes it; in words of our own after the published schemas.

SARIF: https://docs.oasis-open.org/sarif/sarif/v2.1.0/, sections 3.13 to 3.58. GitHub: "SARIF support for code scanning" and "SARIF results
exceed one or more limits". JUnit: junit-10.xsd of Jenkins' xunit plugin.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

LEVEL = {"enum": ["none", "note", "warning", "error"]}
WORDS = {"type": "string", "minLength": 1}


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


MESSAGE = closed(["text"], text=WORDS, markdown={"type": "string"})
URI = {
    "type": "string",
    "pattern": r"^[A-Za-z0-9._~!$&'()*+,;=@%-][A-Za-z0-9._~!$&'()*+,;=@%/-]*$",
}  # relative, without a scheme, not of the root
LOCATION = closed(
    ["physicalLocation"],
    physicalLocation=closed(
        ["artifactLocation"],
        artifactLocation=closed(["uri"], uri=URI),
        region=closed(["startLine"], startLine={"type": "integer", "minimum": 1}),
    ),
    message=MESSAGE,
    properties={"type": "object"},
)
NOTIFICATION = closed(["message"], level=LEVEL, message=MESSAGE)
RULE = closed(  # GitHub asks for more than SARIF does
    ["id", "shortDescription", "fullDescription", "help"],
    id={"type": "string", "minLength": 1, "maxLength": 255}, name={"type": "string", "maxLength": 255},
    shortDescription=MESSAGE, fullDescription=MESSAGE, help=MESSAGE,
    defaultConfiguration=closed([], level=LEVEL),
    properties={"type": "object", "properties": {"tags": {"type": "array", "items": WORDS, "maxItems": 20, "uniqueItems": True}}},
)  # fmt: skip
RESULT = closed(
    ["message", "ruleId", "locations"],
    ruleId=WORDS, ruleIndex={"type": "integer", "minimum": 0}, level=LEVEL, message=MESSAGE,
    locations={"type": "array", "items": LOCATION, "minItems": 1, "maxItems": 1000},
    partialFingerprints={"type": "object", "additionalProperties": WORDS, "minProperties": 1},
)  # fmt: skip
RUN = closed(
    ["tool", "results"],
    tool=closed(["driver"], driver=closed(["name"], name=WORDS, version=WORDS, rules={"type": "array", "items": RULE, "maxItems": 25_000})),
    automationDetails=closed([], id=WORDS), columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations={"type": "array", "items": closed(["executionSuccessful"], executionSuccessful={"type": "boolean"},
                                                  toolExecutionNotifications={"type": "array", "items": NOTIFICATION})},
    results={"type": "array", "items": RESULT, "maxItems": 25_000},
)  # fmt: skip
SARIF = closed(["version", "runs"], version={"const": "2.1.0"}, runs={"type": "array", "items": RUN, "maxItems": 20}, **{"$schema": WORDS})


def check_sarif(log: Any) -> None:
    """Assert that a log keeps the rules of SARIF and the limits of GitHub."""
    _validator().validate(log)
    if official := os.environ.get("FMAUDIT_SARIF_SCHEMA"):
        _published(official).validate(log)
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        prints = [json.dumps(result["partialFingerprints"], sort_keys=True) for result in run["results"]]
        assert len(set(prints)) == len(prints)
    assert len(gzip.compress(json.dumps(log).encode())) <= 10_000_000


@cache
def _validator() -> Any:
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(SARIF)
    return jsonschema.Draft202012Validator(SARIF)


@cache
def _published(path: str) -> Any:
    import jsonschema

    schema = json.loads(Path(path).read_text("utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


CHILDREN = {
    "testsuites": {"testsuite"}, "testsuite": {"testsuite", "properties", "testcase", "system-out", "system-err"},
    "testcase": {"skipped", "error", "failure", "system-out", "system-err"}, "properties": {"property"},
    "failure": set(), "error": set(), "skipped": set(), "system-out": set(), "system-err": set(), "property": set(),
}  # fmt: skip
ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {
        "name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url",
    },
    "testcase": {"name", "time", "classname", "group"}, "failure": {"type", "message"}, "error": {"type", "message"},
    "skipped": {"type", "message"}, "property": {"name", "value"}, "properties": set(), "system-out": set(), "system-err": set(),
}  # fmt: skip
REQUIRED = {"testsuite": {"name", "tests", "failures", "errors"}, "testcase": {"name"}, "property": {"name", "value"}}
NO_TEXT = {"testsuites", "testsuite", "testcase", "properties"}


def check_junit(text: str) -> None:
    """Assert that a file keeps the rules of the XSD, and that its counts are right."""
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    for node in root.iter():
        assert {child.tag for child in node} <= CHILDREN[node.tag], node.tag
        assert set(node.attrib) <= ATTRIBUTES[node.tag], node.tag
        assert set(node.attrib) >= REQUIRED.get(node.tag, set()), node.tag
        if node.tag in NO_TEXT:
            assert not (node.text or "").strip()
        assert re.fullmatch(r"\s*", node.tail or "")
    for suite in root.iter("testsuite"):
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases)
        for key, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[key]) == sum(case.find(kind) is not None for case in cases), key
