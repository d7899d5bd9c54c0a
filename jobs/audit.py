"""examples, labels → candidates: labels that are probably wrong."""

from aisles.cli import submit

if __name__ == "__main__":
    submit("audit")
