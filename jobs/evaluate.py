"""examples, answers or truth, model → figures, thresholds."""

from aisles.cli import submit

if __name__ == "__main__":
    submit("evaluate")
