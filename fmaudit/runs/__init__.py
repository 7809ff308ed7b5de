"""From settings to measured results: plan, observe, measure, with a journal that survives any kill."""
