"""feed files → raw_items, rejected_items, feed_files."""

from aisles.cli import submit

if __name__ == "__main__":
    submit("ingest")
