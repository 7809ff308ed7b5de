"""What [audit.corpus-quality] may say."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from fmaudit import Params
from fmaudit_corpus_quality.rules import RuleSet
from fmaudit_corpus_quality.rulesets import RULE_SETS, build, check_name, custom_rule, metadata_rules

__all__ = ["CustomRule", "QualityParams"]


class CustomRule(Params):
    """A rule of one's own: remove a document where a value of stored counts compares with a threshold."""

    reason: str = Field(description="The reason given for removing a document.")
    value: str = Field(description="A count or a ratio of counts: `hashes`, `bullet_lines / lines`, `hashes + ellipses / words`.")
    remove: str = Field(description="When to remove: `> 0.5`.")


class QualityParams(Params):
    """Parameters of the corpus-quality audit."""

    rule_sets: tuple[str, ...] = Field(tuple(RULE_SETS), description="The published rule sets to replay.")
    thresholds: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Thresholds to replace, by rule set, under datatrove's names."
    )
    rules: dict[str, tuple[CustomRule, ...]] = Field(default_factory=dict, description="Rule sets of one's own, by name.")
    metadata: dict[str, str] = Field(
        default_factory=dict, description="Conditions on metadata that a kept document meets: `score = '>= 3'`."
    )
    minimum_documents: int = Field(30, ge=1, description="The fewest documents a share is given for.")
    shortest_line: int = Field(10, ge=1, description="Characters of the shortest line or paragraph followed across documents.")
    line_share: float = Field(1.0, gt=0, le=1, description="The share of all different lines and paragraphs that is stored.")

    @field_validator("rule_sets")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            build(name)
        return tuple(dict.fromkeys(names))

    @model_validator(mode="after")
    def _buildable(self) -> QualityParams:
        self.all_rule_sets()
        return self

    def all_rule_sets(self) -> tuple[RuleSet, ...]:
        """Build every rule set: published ones with their replaced thresholds, one's own, and the metadata rules."""
        for name in self.thresholds:
            build(name, self.thresholds[name])
        own = [_custom(name, rules) for name, rules in self.rules.items()]
        metadata = [RuleSet("metadata", metadata_rules(self.metadata))] if self.metadata else []
        return (*(build(name, self.thresholds.get(name)) for name in self.rule_sets), *own, *metadata)


def _custom(name: str, rules: tuple[CustomRule, ...]) -> RuleSet:
    check_name("rule set", name)
    if name.startswith("datatrove-") or name == "metadata":
        raise ValueError(
            f"rule set {name!r}: the name is taken; a changed published rule set is written under [audit.corpus-quality.thresholds]"
        )
    reasons = [rule.reason for rule in rules]
    if not reasons or len(set(reasons)) < len(reasons):
        raise ValueError(f"rule set {name!r} needs rules with different reasons")
    return RuleSet(name, tuple(custom_rule(rule.reason, rule.value, rule.remove) for rule in rules))
