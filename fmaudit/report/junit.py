"""The checks as JUnit XML, one test case each, for build systems that show test results."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from fmaudit.records import Verdict, VerdictStatus
from fmaudit.report.document import ReportData
from fmaudit.report.safe import encodable

__all__ = ["render_junit"]

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(data: ReportData) -> str:
    """Write every check as a test case: failed ones as failures, undecided and unmeasured ones as skipped, broken audits as errors."""
    failed = sum(verdict.status is VerdictStatus.FAIL for verdict in data.verdicts)
    undecided = sum(verdict.status in (VerdictStatus.INCONCLUSIVE, VerdictStatus.NOT_MEASURED) for verdict in data.verdicts)
    broken = [audit for audit in data.audits if audit.error]
    counts = {"tests": len(data.verdicts) + len(broken), "failures": failed, "errors": len(broken), "skipped": undecided}
    suite = ET.Element("testsuite", {"name": _text(f"fmaudit {data.run_id}"), **{key: str(value) for key, value in counts.items()}})
    for verdict in data.verdicts:
        _case(suite, verdict)
    for audit in broken:
        case = ET.SubElement(suite, "testcase", {"classname": "fmaudit.audits", "name": _text(audit.name)})
        ET.SubElement(case, "error", {"message": _text(audit.error)})
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _case(suite: ET.Element, verdict: Verdict) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": _text(f"fmaudit.{verdict.target}"), "name": _text(verdict.check)})
    if verdict.status is VerdictStatus.FAIL:
        ET.SubElement(case, "failure", {"message": _text(verdict.reason)})
    elif verdict.status is not VerdictStatus.PASS:
        ET.SubElement(case, "skipped", {"message": _text(f"{verdict.status.value}: {verdict.reason}")})


def _text(text: str) -> str:
    """Leave out what XML 1.0 cannot hold."""
    return _NOT_XML.sub("\ufffd", encodable(text))
