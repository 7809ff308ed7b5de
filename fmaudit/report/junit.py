"""Checks, findings in error and audits as JUnit XML, for build systems that show test results."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from fmaudit.records import Severity, Verdict, VerdictStatus, format_slice
from fmaudit.report.digest import examined_sentences
from fmaudit.report.document import FindingRow, ReportData
from fmaudit.report.safe import visible

__all__ = ["render_junit"]

_COMMAND = re.compile(r"(?m)^(\s*):(?=:)")


def render_junit(data: ReportData) -> str:
    """Write a test case for every check: failed ones fail, undecided and unmeasured ones are skipped.

    What makes a run end with another exit code than 0 is red here, too: findings in error fail, audits that did not finish are errors.
    The elements and attributes are those of Jenkins' xunit plugin (junit-10.xsd).
    """
    suite = ET.Element("testsuite", {"name": _text(f"fmaudit {data.run_id}")})
    for verdict in data.verdicts:
        _check(suite, verdict)
    for row in data.findings:
        if row.finding.severity is Severity.ERROR:
            _finding(suite, row)
    for audit in data.audits:
        if audit.error:
            case = ET.SubElement(suite, "testcase", {"classname": "fmaudit.audits", "name": _text(audit.name)})
            ET.SubElement(case, "error", {"message": _text(audit.error), "type": "audit"})
    ET.SubElement(suite, "system-out").text = _text("\n".join(examined_sentences(data)))
    suite.attrib.update(_counts(suite))
    root = ET.Element("testsuites", _counts(suite) | {"name": _text(data.title) or "fmaudit"})
    root.attrib.pop("skipped")
    root.append(suite)
    ET.indent(root)
    xml = ET.tostring(root, encoding="unicode", xml_declaration=False)
    return _COMMAND.sub(r"\1&#58;", xml.replace("##[", "#&#35;[")) + "\n"  # printed by a build system, those would be orders to it


def _check(suite: ET.Element, verdict: Verdict) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": _text(_dotted("fmaudit", verdict.target)), "name": _text(verdict.check)})
    if verdict.status is VerdictStatus.FAIL:
        ET.SubElement(case, "failure", {"message": _text(verdict.reason), "type": "check"})
    elif verdict.status is not VerdictStatus.PASS:
        ET.SubElement(case, "skipped", {"message": _text(f"{verdict.status.value}: {verdict.reason}")})


def _finding(suite: ET.Element, row: FindingRow) -> None:
    finding = row.finding
    name = _text(f"{finding.code}{format_slice(finding.slice)}")
    case = ET.SubElement(suite, "testcase", {"classname": _text(_dotted("fmaudit", row.audit, row.target)), "name": name})
    failure = ET.SubElement(case, "failure", {"message": _text(finding.sentence), "type": "finding"})
    places = [f"{evidence.file} @ {evidence.offset} {evidence.id}".rstrip() for evidence in finding.evidence[:10]]
    failure.text = _text("\n".join(line for line in (finding.advice, *places) if line))


def _counts(suite: ET.Element) -> dict[str, str]:
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    return {"tests": str(len(suite.findall("testcase")))} | {
        key: str(len(suite.findall(f"testcase/{kind}"))) for key, kind in kinds.items()
    }


def _dotted(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _text(text: str) -> str:
    """Write what cannot be seen, and so all that XML cannot hold, as its stand-in; lines stay lines."""
    return "\n".join(visible(line) for line in text.split("\n"))
