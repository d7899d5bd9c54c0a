"""scores, rule_votes → candidates."""

from aisles.cli import submit

if __name__ == "__main__":
    submit("select")
