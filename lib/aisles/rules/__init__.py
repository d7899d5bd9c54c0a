"""Category rules: the condition language, a plain and a fast evaluator, and votes with spans."""
