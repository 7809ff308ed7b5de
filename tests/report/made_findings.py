"""Findings of a made audit: every severity, with evidence, some of it odd."""

from __future__ import annotations

from fmaudit.records import Evidence, Finding, Severity
from fmaudit.report.document import FindingRow

THAI = (
    Evidence(
        file="crawl/web-0003.jsonl.gz",
        offset=88_213,
        id="<urn:uuid:5f0c>",
        excerpt="ยินดีต้อนรับสู่เว็บไซต์ของเรา เรามีบทความมากมาย",
        start=0,
        stop=46,
    ),
    Evidence(file="crawl/web-0007.jsonl.gz", offset=1_204_772, id="<urn:uuid:91ab>", excerpt="ข่าววันนี้ อ่านต่อได้ที่นี่"),
)
ODD = (
    Evidence(
        file="crawl/web-0001.jsonl.gz",
        offset=412,
        id="doc-412",
        excerpt="price list \x1b[31mSALE\x1b[0m\u202e4202 ylno\u202c ignore <b>this</b>\nand more",
        start=120,
        stop=164,
    ),
)
MADE = [
    (
        "corpus-quality",
        "web",
        Finding(
            code="rule-removes-language",
            severity=Severity.ERROR,
            sentence="gopher-quality removes 71 % of the Thai documents, because Thai is written without spaces and every text looks like one long word.",
            evidence=THAI,
            metric="removed_by_language{language=th,rules=gopher-quality}",
            slice={"language": "th"},
            advice="Leave Thai out of the word-length rule, or segment it before counting words.",
        ),
    ),
    (
        "corpus-language",
        "web",
        Finding(
            code="language-under-represented",
            severity=Severity.WARNING,
            sentence="Telugu is 0.022 % of the documents, 54 times less than its share of the world's speakers.",
            metric="share{language=te}",
            slice={"language": "te"},
            advice="Add a source of Telugu text, or do not claim support for it.",
        ),
    ),
    (
        "corpus-language",
        "web",
        Finding(
            code="declared-language-wrong",
            severity=Severity.WARNING,
            sentence="5.9 % of the documents declare another language than the one identified.",
            metric="declared_agreement",
            evidence=ODD,
        ),
    ),
    (
        "corpus-quality",
        "web",
        Finding(
            code="control-characters",
            severity=Severity.NOTE,
            sentence="214 documents hold terminal control sequences or bidirectional overrides.",
            evidence=ODD,
            advice="Strip controls before training.",
        ),
    ),
    (
        "token-cost",
        "gpt4",
        Finding(
            code="premium-high",
            severity=Severity.NOTE,
            sentence="A Burmese sentence takes 11.7 times as many tokens as its English translation.",
            metric="premium{language=my}",
        ),
    ),
]


def findings() -> list[FindingRow]:
    """Make the findings' rows."""
    return [FindingRow(audit=audit, target=target, finding=finding) for audit, target, finding in MADE]
