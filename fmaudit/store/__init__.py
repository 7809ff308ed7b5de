"""The run directory: the only place that knows Parquet layouts and DuckDB."""
