"""fmaudit warmup: compile every kernel once, so that the first run does not wait for it."""

from __future__ import annotations

from fmaudit.cli.app import app
from fmaudit.cli.options import PluginNames

__all__ = ["warmup"]


@app.command()
def warmup(plugins: PluginNames = []) -> None:
    """Compile the kernels of the loaded plugins; done once per version, kept in the user's cache folder."""
    import time

    from fmaudit.api.warming import warm_up

    begin = time.perf_counter()
    for name, seconds in warm_up(plugins):
        print(f"{name}: {seconds:.1f} s")
    print(f"kernels are ready ({time.perf_counter() - begin:.1f} s)")
