"""products → images."""

from aisles.cli import submit

if __name__ == "__main__":
    submit("fetch_images")
