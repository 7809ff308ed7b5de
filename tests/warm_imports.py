"""What nearly every command needs, imported and warmed once."""

import duckdb  # noqa: F401
import numba
import pandas  # noqa: F401 - pyarrow looks for it
import scipy.special  # noqa: F401

import fmaudit.api.auditing
import fmaudit.api.results
import fmaudit.cli.commands
import fmaudit.runs.measure  # noqa: F401
from fmaudit.hooks.manager import load_plugins
from fmaudit.report.html import _template

load_plugins()
numba.njit(lambda: 1)()  # the first compiled function of a process takes half a second
_template("report.html.jinja")
