from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest

from fmaudit import DocumentBatch, Signal
from fmaudit.runs.signals import BREAKER, SIGNAL_FAILED, SignalRunner

SCHEMA = pa.schema([("length", pa.int64())])


class Length(Signal):
    name, version, schema = "length", "1", SCHEMA

    def compute(self, batch):
        return pa.RecordBatch.from_arrays([pa.array([len(t) for t in batch.text.to_pylist()], pa.int64())], schema=SCHEMA)


class Picky(Length):
    name = "picky"

    def compute(self, batch):
        if "bad" in batch.text.to_pylist():
            raise ValueError("I do not like this one")
        return super().compute(batch)


class Double(Length):
    name, needs = "double", ("length",)

    def compute(self, batch):
        return pa.RecordBatch.from_arrays(
            [pa.array([2 * n for n in batch.signals["length"]["length"].to_pylist()], pa.int64())], schema=SCHEMA
        )


def run(kinds, texts):
    runner = SignalRunner({kind.name: {} for kind in kinds}, {kind.name: kind for kind in kinds})
    return runner.compute(DocumentBatch.from_texts(texts), Counter())


def test_a_signal_sees_the_signals_it_needs():
    columns, failed = run([Length, Double], ["a", "bcd"])
    assert not failed
    assert columns["double"].to_pylist() == [{"length": 2}, {"length": 6}]


def test_a_signal_that_fails_on_one_document_costs_that_document_only():
    columns, failed = run([Picky], ["a", "bad", "ccc"])
    assert columns["picky"].to_pylist() == [{"length": 1}, None, {"length": 3}]
    assert [(entry.offset, entry.reason) for entry in failed] == [(1, SIGNAL_FAILED)]
    assert "I do not like this one" in failed[0].detail


def test_a_signal_that_always_fails_is_left_out_after_a_while():
    calls = [0]

    class Broken(Length):
        name = "broken"

        def compute(self, batch):
            calls[0] += 1
            raise RuntimeError("always")

    columns, failed = run([Broken], ["x"] * 500)
    assert columns["broken"].null_count == 500
    assert sum(entry.count for entry in failed) == 500
    assert calls[0] <= BREAKER + 1


def test_what_a_batch_gets_does_not_depend_on_the_batches_before_it():
    runner = SignalRunner({"picky": {}}, {"picky": Picky})
    fresh = [
        runner_.compute(DocumentBatch.from_texts(["a", "bad"]), Counter())
        for runner_ in (runner, SignalRunner({"picky": {}}, {"picky": Picky}))
    ]
    for _ in range(3):
        runner.compute(DocumentBatch.from_texts(["bad"] * (BREAKER + 5)), Counter())
    again = runner.compute(DocumentBatch.from_texts(["a", "bad"]), Counter())
    assert again[0]["picky"].to_pylist() == fresh[0][0]["picky"].to_pylist() == [{"length": 1}, None]
    assert again[1] == fresh[0][1] == fresh[1][1]


def test_failures_with_a_success_between_them_leave_no_signal_out():
    columns, failed = run([Picky], ["bad", "fine"] * (2 * BREAKER))
    assert columns["picky"].to_pylist() == [None, {"length": 4}] * (2 * BREAKER)
    assert len(failed) == 2 * BREAKER


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (lambda b: "text", "not a pyarrow.RecordBatch"),
        (lambda b: pa.record_batch({"length": pa.array([1, 2, 3, 4], pa.int64())}), "4 rows for 1 documents"),
        (lambda b: pa.record_batch({"size": pa.array([1] * len(b), pa.int64())}), "returned columns"),
    ],
)
def test_a_signal_is_held_to_its_word(answer, complaint):
    class Liar(Length):
        name = "liar"

        def compute(self, batch):
            return answer(batch)

    _, failed = run([Liar], ["a"])
    assert complaint in failed[0].detail
