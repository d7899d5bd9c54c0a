"""What people look at: which rules earn their keep."""
