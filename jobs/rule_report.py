"""rules, rule_votes, human_labels, scores → rule_report, category_rule_report."""

from aisles.cli import submit

if __name__ == "__main__":
    submit("rule_report")
