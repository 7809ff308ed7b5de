"""The audit's charts and tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fmaudit import Exhibit
from fmaudit_corpus_language.facts import CRAWL, SPEAKERS_SOURCE, WORLD_POPULATION_SOURCE, crawl_shares, script_name
from fmaudit_corpus_language.reach import speaker_share
from fmaudit_corpus_language.results import name_of

if TYPE_CHECKING:
    from fmaudit_corpus_language.corrected import Correction
    from fmaudit_corpus_language.doubts import Doubts
    from fmaudit_corpus_language.shares import Shares
    from fmaudit_corpus_language.tables import Tables

__all__ = ["Exhibits"]

TOO_LITTLE = "times too little text"


@dataclass(frozen=True)
class Exhibits:
    """Everything that is drawn."""

    tables: Tables
    shares: Shares
    correction: Correction
    doubts: Doubts

    def __iter__(self) -> Iterator[Exhibit]:
        if not self.tables.documents:
            return
        yield self._shares()
        yield from self._representation()
        yield from self._precision()
        yield from self._scripts()
        yield from self._lines()
        yield from self._disagreement()
        yield from self._declared()

    def _shares(self) -> Exhibit:
        corrected, crawl = self.correction.shares, crawl_shares()
        rows = []
        for label, estimate in self._shown():
            fixed = corrected.get(label)
            rows.append(
                {
                    "language": label,
                    "name": name_of(label) if label == "und" else f"{name_of(label)} ({label})",
                    "documents": self.tables.documents.get(label, 0),
                    "share": estimate.value,
                    "low": estimate.interval.low,
                    "high": estimate.interval.high,
                    "corrected": fixed.share if fixed else None,
                    "corrected low": fixed.interval.low if fixed else None,
                    "corrected high": fixed.interval.high if fixed else None,
                    CRAWL: crawl.get(label),
                    "speakers": speaker_share(label),
                }
            )
        refusal = f" ({self.correction.refusal})" if self.correction.refusal else ""
        caption = (
            f"Share of documents by label, with 95 % intervals; corrected for what the model confuses{refusal};"
            f" reference: pages of {CRAWL} as published (labelled by CLD2);"
            f" speakers: share of the world's people ({SPEAKERS_SOURCE}).{self._unlisted(len(rows))}"
        )
        encoding = {"x": "share", "y": "name", "low": "low", "high": "high", "reference": CRAWL}
        return Exhibit(
            name="shares",
            title="Languages by share of documents",
            data=_table(rows),
            kind="bars",
            encoding=encoding,
            caption=caption,
            unit="fraction",
        )

    def _unlisted(self, listed: int) -> str:
        seen = sum(estimate.value > 0 for estimate in self.shares.estimates().values())
        return f" Listed are {listed} of {seen} labels, the most frequent: fmaudit results has all." if seen > listed else ""

    def _shown(self) -> list[tuple[str, Any]]:
        seen = [item for item in self.shares.estimates().items() if item[1].value > 0 or item[0] in self.tables.params.languages]
        return seen[: self.tables.params.shown] + [
            item for item in seen[self.tables.params.shown :] if item[0] in self.tables.params.languages
        ]

    def _representation(self) -> Iterator[Exhibit]:
        rows: list[dict[str, Any]] = []
        for label, estimate in self.shares.estimates().items():  # all of them: those left out the most have the least
            speakers = speaker_share(label)
            if speakers and estimate.value > 0:
                interval = estimate.interval
                rows.append(
                    {
                        "language": label,
                        "name": name_of(label),
                        TOO_LITTLE: speakers / estimate.value,
                        "low": speakers / interval.high,
                        "high": speakers / max(interval.low, estimate.value / 100),
                        "speakers": speakers,
                        "share": estimate.value,
                        "parity": 1.0,
                    }
                )
        if rows:
            rows.sort(key=lambda row: -row[TOO_LITTLE])
            yield Exhibit(
                name="representation",
                title="Whom the corpus leaves out",
                data=_table(rows),
                kind="bars",
                log=True,
                unit="ratio",
                encoding={"x": TOO_LITTLE, "y": "name", "low": "low", "high": "high", "reference": "parity"},
                caption="Share of the world's speakers over share of documents: 1 is parity, 50 is fifty times too little text,"
                " 0.1 is ten times as much as parity."
                f" {SPEAKERS_SOURCE}; {WORLD_POPULATION_SOURCE}.",
            )

    def _precision(self) -> Iterator[Exhibit]:
        rows = [
            {
                "language": label,
                "name": name_of(label),
                "documents": round(share.raw * self.correction.result.n),
                "raw": share.raw,
                "corrected": share.share,
                "low": share.interval.low,
                "high": share.interval.high,
                "predicted precision": share.precision,
                "precision low": share.precision_interval.low if share.precision_interval else None,
                "precision high": share.precision_interval.high if share.precision_interval else None,
                "calibrated": share.known,
                "often in truth": ", ".join(name_of(name) for name in self.correction.confused(label)),
            }
            for label, share in self.correction.shares.items()
            if self.correction.result is not None
        ]
        if rows:
            rows.sort(key=lambda row: row["predicted precision"] if row["predicted precision"] is not None else 2.0)
            yield Exhibit(
                name="precision",
                title="How far each label can be believed",
                data=_table(rows),
                caption="What part of the documents with a label is predicted to be in that language, from how the model confuses"
                " labelled text of the same length and from how common every language is here; and what else the model calls so.",
            )

    def _scripts(self) -> Iterator[Exhibit]:
        rows = self.tables.rows(
            "select coalesce(language.script::varchar, 'none') as code, count(*) as documents, count(distinct language.label) as labels,"
            " count(*) filter (where language.script_mismatch) as mismatched"
            " from documents where language.label is not null group by 1 order by 2 desc, 1"
        )
        if rows:
            total = sum(row["documents"] for row in rows)
            data = [{"script": script_name(row["code"]), **row, "share": row["documents"] / total} for row in rows]
            caption = "The commonest script of every document's letters; mismatched: it is none that the document's label is written in."
            yield Exhibit(name="scripts", title="Scripts", data=_table(data), caption=caption)
        pairs = [
            {"label": name_of(pair["label"]), "script": script_name(pair["script"]), "documents": pair["n"]}
            for pair in self.doubts.script_pairs
        ]
        if pairs:
            yield Exhibit(name="script-mismatches", title="Labels in scripts they are not written in", data=_table(pairs[:50]))

    def _lines(self) -> Iterator[Exhibit]:
        pairs = [
            {"first": name_of(pair["first"]), "second": name_of(pair["second"]), "documents": pair["n"]}
            for pair in self.doubts.mixed_pairs[:50]
        ]
        if pairs:
            caption = "Documents with two or more lines in which two languages each have a fifth of the lines or more."
            yield Exhibit(name="mixed-documents", title="Languages mixed line by line", data=_table(pairs), caption=caption)

    def _disagreement(self) -> Iterator[Exhibit]:
        rows: list[dict[str, Any]] = [
            {
                "language": label,
                "name": name_of(label),
                "asked": estimate.n,
                "rate": estimate.value,
                "low": estimate.interval.low,
                "high": estimate.interval.high,
            }
            for label, estimate in self.doubts.disagreement[1].items()
        ]
        if rows:
            rows.sort(key=lambda row: (-row["rate"], -row["asked"], row["language"]))
            yield Exhibit(
                name="disagreement",
                title="Where langdetect disagrees",
                data=_table(rows[: self.tables.params.shown]),
                kind="bars",
                unit="fraction",
                encoding={"x": "rate", "y": "name", "low": "low", "high": "high"},
                caption="Share of the documents langdetect was asked about for which it names another macrolanguage, by label.",
            )

    def _declared(self) -> Iterator[Exhibit]:
        rows = [
            {"declared": name_of(pair["declared"]), "found": name_of(pair["found"]), "documents": pair["n"]}
            for pair in self.doubts.declared_pairs[:50]
        ]
        if rows:
            yield Exhibit(name="declared", title="Declared as one language, labelled as another", data=_table(rows))


def _table(rows: list[dict[str, Any]]) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist(rows)
