"""Reports for people and machines, all rendered from one record of what a run found."""
