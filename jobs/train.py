"""examples → a model in the registry (Horovod ranks, Petastorm readers)."""

from aisles.cli import submit

if __name__ == "__main__":
    submit("train")
