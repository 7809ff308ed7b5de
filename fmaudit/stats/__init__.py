"""Core statistics over numpy and scipy: intervals, paired tests, trends, bootstraps and corrected shares.

Everything is re-exported here and loaded when first used, so importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fmaudit.stats.bootstrap import bootstrap_clusters, bootstrap_counts, bootstrap_items, bootstrap_paired
    from fmaudit.stats.clusters import ClusterTable, group_sums, tabulate
    from fmaudit.stats.confusion import Confusion, confusion_from_labels
    from fmaudit.stats.difference import independent_difference
    from fmaudit.stats.divergence import (
        Homogeneity,
        effective_number,
        entropy,
        gini,
        homogeneity,
        jensen_shannon,
        stability_index,
        top_share,
    )
    from fmaudit.stats.estimates import Estimate
    from fmaudit.stats.expectation import Expectation, emq
    from fmaudit.stats.jackknife import jackknife_clusters
    from fmaudit.stats.means import clustered_mean, clustered_standard_error, mean
    from fmaudit.stats.monitoring import LevelShift, level_shift
    from fmaudit.stats.multiplicity import benjamini_hochberg, holm
    from fmaudit.stats.numerics import column_sums, exact_sum, ratio
    from fmaudit.stats.observed import Observed, observed_from_labels
    from fmaudit.stats.paired import PairedTest, compare_paired, mcnemar, sign_flip
    from fmaudit.stats.power import (
        mde_from_error,
        mde_mcnemar,
        mde_mean,
        mde_paired_proportions,
        mde_proportions,
        required_n_mean,
        required_n_paired_proportions,
        required_n_proportions,
    )
    from fmaudit.stats.proportions import (
        clopper_pearson,
        clopper_pearson_bounds,
        proportion,
        rule_of_three,
        wilson,
        wilson_bounds,
        zero_success_upper,
    )
    from fmaudit.stats.quantification import ClassShare, Quantification, acc, bucket_precision, of_shares
    from fmaudit.stats.ratios import clustered_proportion, clustered_ratio, clustered_ratios, clustered_shares
    from fmaudit.stats.slices import AgainstRest, items_against_rest
    from fmaudit.stats.trend import Curvature, Slope, Trend, cochran_armitage, item_trend, mann_kendall, theil_sen, u_shape

_MODULES = {
    "bootstrap": "bootstrap_clusters bootstrap_counts bootstrap_items bootstrap_paired",
    "clusters": "ClusterTable group_sums tabulate",
    "confusion": "Confusion confusion_from_labels",
    "difference": "independent_difference",
    "divergence": "Homogeneity effective_number entropy gini homogeneity jensen_shannon stability_index top_share",
    "estimates": "Estimate",
    "expectation": "Expectation emq",
    "jackknife": "jackknife_clusters",
    "means": "clustered_mean clustered_standard_error mean",
    "monitoring": "LevelShift level_shift",
    "multiplicity": "benjamini_hochberg holm",
    "numerics": "column_sums exact_sum ratio",
    "observed": "Observed observed_from_labels",
    "paired": "PairedTest compare_paired mcnemar sign_flip",
    "power": "mde_from_error mde_mcnemar mde_mean mde_paired_proportions mde_proportions required_n_mean required_n_paired_proportions"
    " required_n_proportions",
    "proportions": "clopper_pearson clopper_pearson_bounds proportion rule_of_three wilson wilson_bounds zero_success_upper",
    "quantification": "ClassShare Quantification acc bucket_precision of_shares",
    "ratios": "clustered_proportion clustered_ratio clustered_ratios clustered_shares",
    "slices": "AgainstRest items_against_rest",
    "trend": "Curvature Slope Trend cochran_armitage item_trend mann_kendall theil_sen u_shape",
}
_HOME = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = [
    "AgainstRest",
    "ClassShare",
    "ClusterTable",
    "Confusion",
    "Curvature",
    "Estimate",
    "Expectation",
    "Homogeneity",
    "LevelShift",
    "Observed",
    "PairedTest",
    "Quantification",
    "Slope",
    "Trend",
    "acc",
    "benjamini_hochberg",
    "bootstrap_clusters",
    "bootstrap_counts",
    "bootstrap_items",
    "bootstrap_paired",
    "bucket_precision",
    "clopper_pearson",
    "clopper_pearson_bounds",
    "clustered_mean",
    "clustered_proportion",
    "clustered_ratio",
    "clustered_ratios",
    "clustered_shares",
    "clustered_standard_error",
    "cochran_armitage",
    "column_sums",
    "compare_paired",
    "confusion_from_labels",
    "effective_number",
    "emq",
    "entropy",
    "exact_sum",
    "gini",
    "group_sums",
    "holm",
    "homogeneity",
    "independent_difference",
    "item_trend",
    "items_against_rest",
    "jackknife_clusters",
    "jensen_shannon",
    "level_shift",
    "mann_kendall",
    "mcnemar",
    "mde_from_error",
    "mde_mcnemar",
    "mde_mean",
    "mde_paired_proportions",
    "mde_proportions",
    "mean",
    "observed_from_labels",
    "of_shares",
    "proportion",
    "ratio",
    "required_n_mean",
    "required_n_paired_proportions",
    "required_n_proportions",
    "rule_of_three",
    "sign_flip",
    "stability_index",
    "tabulate",
    "theil_sen",
    "top_share",
    "u_shape",
    "wilson",
    "wilson_bounds",
    "zero_success_upper",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return __all__
