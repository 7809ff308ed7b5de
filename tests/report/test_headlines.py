"""What a report says first: what an audit declares, then its other numbers, and last how the asking went."""

from __future__ import annotations

from dataclasses import replace

from fmaudit.records import Finding, Interval, Metric, MetricStatus, Severity, Verdict, VerdictStatus, format_slice
from fmaudit.report.digest import headlines, ranked_findings
from fmaudit.report.document import AuditRow, FindingRow, MetricRow, ModelRow, ReportData, RunStatus, TargetRow
from fmaudit.report.terminal import render_terminal


def rows(audit: str, *names: str, target: str = "chat") -> tuple[MetricRow, ...]:
    """Metrics in order; "name{key=value}" is a slice."""
    made = []
    for name in names:
        plain, _, rest = name.partition("{")
        slice_ = dict([rest.rstrip("}").split("=")]) if rest else {}
        metric = Metric(name=plain, value=0.5, unit="fraction", n=20, slice=slice_)
        made.append(MetricRow(audit=audit, target=target, name=f"{audit}.{plain}{format_slice(slice_)}", metric=metric))
    return tuple(made)


def report(*metrics: MetricRow, **declared: tuple[str, ...]) -> ReportData:
    audits = tuple(AuditRow(name=name, title=name, version="1", headlines=names) for name, names in declared.items())
    return ReportData(run_id="r", title="t", status=RunStatus.COMPLETE, created="", finished="", version="", audits=audits, metrics=metrics)


def shown(data: ReportData, limit: int = 12) -> list[str]:
    return [row.metric.name + format_slice(row.metric.slice) for row in headlines(data, limit)]


def test_what_an_audit_declares_comes_first_in_its_order() -> None:
    data = report(*rows("a", "truncated_rate", "other", "second", "chief{by=x}"), a=("chief{by=x}", "second"))
    assert shown(data) == ["chief{by=x}", "second", "other", "truncated_rate"]


def test_how_the_asking_went_comes_last_without_a_declaration_too() -> None:
    data = report(*rows("a", "answer_truncated_rate", "choice_unread_rate", "premises_challenged", "accuracy"), a=())
    assert shown(data) == ["premises_challenged", "accuracy", "answer_truncated_rate", "choice_unread_rate"]
    assert shown(data, 2) == ["premises_challenged", "accuracy"]


def test_a_headline_that_has_nothing_but_slices_shows_the_first_ones() -> None:
    data = report(*rows("a", "conforms{s=1}", "conforms{s=2}", "conforms{s=3}", "whole"), a=("conforms",))
    assert shown(data) == ["conforms{s=1}", "conforms{s=2}", "whole"]
    data = report(*rows("a", "rate{k=v}", "rate"), a=("rate",))
    assert shown(data) == ["rate"]


def test_every_audit_and_target_has_its_share() -> None:
    data = report(*rows("a", "unread", "chief"), *rows("a", "unread", "chief", target="base"), *rows("b", "one", "two"), a=("chief",), b=())
    assert shown(data, 3) == ["chief", "chief", "one"]
    assert [row.target for row in headlines(data, 3)] == ["chat", "base", "chat"]


def test_a_declared_metric_without_a_value_is_left_to_the_others() -> None:
    (row,) = rows("a", "chief")
    empty = replace(row, metric=replace(row.metric, value=None, status=MetricStatus.INSUFFICIENT))
    assert shown(report(empty, *rows("a", "other"), a=("chief",))) == ["other"]


def test_the_terminal_says_once_that_a_model_is_built_in_whatever_the_audits_say() -> None:
    findings = tuple(
        FindingRow(audit=audit, target="chat", finding=Finding(code="builtin-model", severity=Severity.NOTE, sentence="It is built in."))
        for audit in ("a", "b")
    )
    usage = {"asked": 1, "cached": 0, "seconds": 0.0, "tokens_in": 0, "tokens_out": 0, "prompts": 0}
    model = ModelRow(name="chat", uri="demo:chat", builtin=True, numeric_mode="", profile={}, usage=usage, determinism={})
    data = replace(report(), findings=findings)
    assert render_terminal(replace(data, models=(model,))).count("made to show the audits") == 1
    assert "It is built in" not in render_terminal(replace(data, models=(model,)))
    assert "It is built in" in render_terminal(data)


def finding(target: str, metric: str, severity: Severity = Severity.WARNING) -> FindingRow:
    return FindingRow(audit="a", target=target, finding=Finding(code="c", severity=severity, sentence=f"{metric} is seen.", metric=metric))


def share(target: str, name: str, low: float, high: float, unit: str = "fraction") -> MetricRow:
    metric = Metric(name=name, value=(low + high) / 2, unit=unit, n=20, interval=Interval(low, high))
    return MetricRow(audit="a", target=target, name=f"a.{name}", metric=metric)


def test_findings_are_ordered_by_severity_failed_checks_and_headlines_and_models_take_turns_by_sure_size() -> None:
    metrics = (
        share("base", "cut_off", 0.2, 0.9), share("base", "refused", 0.5, 0.9), share("cautious", "refused", 0.7, 0.99),
        share("cautious", "checked", 0.1, 0.2), share("chat", "shift", -0.6, -0.55), share("chat", "drift", 5.0, 6.0, "nats per token"),
        share("chat", "slight", 0.01, 0.9), share("base", "large", 0.9, 1.0),
    )  # fmt: skip
    findings = (
        finding("base", "noted", Severity.NOTE), finding("base", "cut_off"), finding("base", "refused"), finding("base", "large"),
        finding("cautious", "refused"), finding("cautious", "checked"), finding("chat", "shift"), finding("chat", "drift"),
        finding("chat", "slight"), finding("chat", "broken", Severity.ERROR),
    )  # fmt: skip
    verdicts = (
        Verdict(check="a.checked <= 0.05", status=VerdictStatus.FAIL, metric="a.checked", target="cautious", reason="above"),
        Verdict(check="a.cut_off <= 1", status=VerdictStatus.PASS, metric="a.cut_off", target="base", reason="below"),
    )
    data = replace(report(*metrics, a=("refused", "drift")), findings=findings, verdicts=verdicts)
    assert [(row.target, row.finding.metric) for row in ranked_findings(data)] == [
        ("chat", "broken"), ("cautious", "checked"), ("cautious", "refused"), ("base", "refused"), ("chat", "drift"), ("chat", "shift"),
        ("base", "cut_off"), ("base", "large"), ("chat", "slight"), ("base", "noted"),
    ]  # fmt: skip


def test_a_crowded_first_page_still_shows_three_findings() -> None:
    targets = tuple(TargetRow(name=f"model{i}", kind="model", documents=10) for i in range(4))
    verdicts = tuple(
        Verdict(check=f"a.m{i} <= 0.1", status=VerdictStatus.FAIL, metric=f"a.m{i}", target="", reason="above") for i in range(9)
    )
    facts = {"asked": 1, "cached": 0, "tokens_per_second": 9.0, "padding_ratio": 1.5, "utilisation": 0.1, "peak_flops": 1e9}
    models = tuple(
        ModelRow(name=target.name, uri="demo:chat", builtin=True, numeric_mode="", profile={}, usage=facts, determinism={})
        for target in targets
    )
    findings = tuple(finding("model0", f"metric {i} " + "x " * 40) for i in range(5))
    text = render_terminal(replace(report(a=()), targets=targets, verdicts=verdicts, models=models, findings=findings))
    assert text.count("is seen") == 3
    assert "and 2 more findings in the report" in text
