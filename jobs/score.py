"""products, images, model → scores, embeddings."""

from aisles.cli import submit

if __name__ == "__main__":
    submit("score")
