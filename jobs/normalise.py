"""raw_items → column_roles, products, rejected_items."""

from aisles.cli import submit

if __name__ == "__main__":
    submit("normalise")
