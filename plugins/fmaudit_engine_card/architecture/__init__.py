"""From a model's config.json to exact numbers: parameters by module, what a sequence holds, what a pass computes, what fits where."""
