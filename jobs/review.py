"""answers of people → human_labels."""

from aisles.cli import submit

if __name__ == "__main__":
    submit("review")
