"""products, labels, images → snapshots, outputs, examples."""

from aisles.cli import submit

if __name__ == "__main__":
    submit("snapshot")
