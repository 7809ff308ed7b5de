"""Small learners over numpy and scipy: a classifier, a language model, features."""
