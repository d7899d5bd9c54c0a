"""A feed factory: any number of products with known truth and the dirt of real feeds."""

from aisles.simulate.build import simulate, simulate_local
from aisles.simulate.products import Product, rows
from aisles.simulate.small import small

__all__ = ["Product", "rows", "simulate", "simulate_local", "small"]
