"""products, rules, human_labels → categories, rules, rule_votes, labels."""

from aisles.cli import submit

if __name__ == "__main__":
    submit("label")
