-- One row is one vote of a rule on which people have spoken, with their newest word and the model's:
-- a yes on the category or below it, a no on it or above. wrong: they refuse what the rule says, so
-- that `WHERE wrong` lists the false positives of every rule and the text that made each.
CREATE OR REPLACE VIEW judged_votes AS
WITH RECURSIVE containing (category_id, above) AS (
  SELECT category_id, category_id FROM categories
  UNION ALL
  SELECT k.category_id, c.parent_id FROM containing k
  JOIN categories c ON c.category_id = k.above WHERE c.parent_id IS NOT NULL
), met AS (
  SELECT v.product_id, v.rule_id, struct(h.at, h.category_id = v.category_id AS direct, h.answer_id,
    h.answer, h.category_id, h.annotator, h.reason, h.propensity) AS given
  FROM rule_votes v JOIN containing k ON k.category_id = v.category_id
  JOIN human_labels h ON h.product_id = v.product_id AND h.category_id = k.above AND h.answer < 0
  UNION ALL
  SELECT v.product_id, v.rule_id, struct(h.at, h.category_id = v.category_id AS direct, h.answer_id,
    h.answer, h.category_id, h.annotator, h.reason, h.propensity)
  FROM human_labels h JOIN containing k ON k.category_id = h.category_id
  JOIN rule_votes v ON v.product_id = h.product_id AND v.category_id = k.above
  WHERE h.answer > 0
), weighed AS (
  SELECT *, sum(given.answer) OVER (PARTITION BY product_id, rule_id, given.at, given.direct)
    * given.answer AS agreed
  FROM met
), newest AS (
  SELECT product_id, rule_id,
    max(struct(given.at, given.direct, agreed, given.answer_id, given)).given AS given
  FROM weighed GROUP BY product_id, rule_id
)
SELECT v.rule_id, v.rule_version, v.product_id, p.title, v.category_id, c.path AS category, v.vote,
  n.given.answer <> v.vote AS wrong, n.given.answer AS human,
  n.given.category_id AS human_on_category_id, n.given.annotator, n.given.reason,
  n.given.at AS answered_at, v.field, v.matched_text, s.assigned, s.probability, s.model_version,
  r.precision, r.advice
FROM newest n
JOIN rule_votes v ON v.product_id = n.product_id AND v.rule_id = n.rule_id
LEFT JOIN products p ON p.product_id = v.product_id
LEFT JOIN categories c ON c.category_id = v.category_id
LEFT JOIN scores s ON s.product_id = v.product_id AND s.category_id = v.category_id
LEFT JOIN rule_report r ON r.rule_id = v.rule_id AND r.rule_version = v.rule_version
