-- One row is one (product, category) of which rules, the model or people have spoken.
CREATE OR REPLACE VIEW why AS
WITH voted AS (
  SELECT product_id, category_id,
    array_sort(collect_set(concat(rule_id, ' v', rule_version, if(vote > 0, '', ' (not)')))) AS rules,
    array_sort(collect_set(concat(field, ': ', matched_text))) AS matched_texts
  FROM rule_votes GROUP BY product_id, category_id
), asked AS (
  SELECT product_id, category_id, max_by(answer, struct(at, answer_id)) AS human
  FROM human_labels GROUP BY product_id, category_id
)
SELECT coalesce(s.product_id, v.product_id, h.product_id) AS product_id,
  coalesce(s.category_id, v.category_id, h.category_id) AS category_id,
  c.path AS category, s.assigned, s.probability, s.spread, s.model_version,
  v.rules, v.matched_texts, h.human
FROM scores s
FULL OUTER JOIN voted v ON v.product_id = s.product_id AND v.category_id = s.category_id
FULL OUTER JOIN asked h ON h.product_id = coalesce(s.product_id, v.product_id)
  AND h.category_id = coalesce(s.category_id, v.category_id)
LEFT JOIN categories c ON c.category_id = coalesce(s.category_id, v.category_id, h.category_id)
