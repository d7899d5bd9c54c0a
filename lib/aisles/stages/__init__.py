"""The pipeline: one module a stage, each read, one chain, write."""
