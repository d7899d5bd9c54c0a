-- One row is one (product, category) of which rules, the model or people have spoken, there or by
-- what follows from it: a rule or a yes below speaks for the category, an is_not or a no above it
-- against. rules: `(not)` marks an is_not, `on` the category that the rule names where that is
-- another one. human: the newest word of people, +1 or -1, and the category it was given on; of one
-- moment that on this very category, then that of the majority.
CREATE OR REPLACE VIEW why AS
WITH RECURSIVE containing (category_id, above) AS (
  SELECT category_id, category_id FROM categories
  UNION ALL
  SELECT k.category_id, c.parent_id FROM containing k
  JOIN categories c ON c.category_id = k.above WHERE c.parent_id IS NOT NULL
), votes AS (
  SELECT v.product_id, v.category_id, v.vote, struct(v.rule_id, v.rule_version, v.vote,
    v.category_id AS on_category_id, v.field, v.span_start, v.span_end, v.matched_text,
    r.precision) AS cast_vote
  FROM rule_votes v
  LEFT JOIN rule_report r ON r.rule_id = v.rule_id AND r.rule_version = v.rule_version
), answers AS (
  SELECT product_id, category_id, answer, struct(at, false AS direct, answer_id, answer,
    category_id AS on_category_id, annotator, reason, propensity) AS given
  FROM human_labels
), said AS (
  SELECT product_id, category_id, struct(assigned, probability, spread, model_version) AS model,
    NULL AS cast_vote, NULL AS given
  FROM scores
  UNION ALL
  SELECT v.product_id, k.above, NULL, v.cast_vote, NULL
  FROM votes v JOIN containing k ON k.category_id = v.category_id
  WHERE v.vote > 0 OR k.above = v.category_id
  UNION ALL
  SELECT a.product_id, k.above, NULL, NULL,
    named_struct('at', a.given.at, 'direct', k.above = a.category_id,
      'answer_id', a.given.answer_id, 'answer', a.answer, 'on_category_id', a.category_id,
      'annotator', a.given.annotator, 'reason', a.given.reason, 'propensity', a.given.propensity)
  FROM answers a JOIN containing k ON k.category_id = a.category_id
  WHERE a.answer > 0 OR k.above = a.category_id
), spoken AS (
  SELECT DISTINCT s.product_id, s.category_id, k.above
  FROM said s JOIN containing k ON k.category_id = s.category_id WHERE k.above <> s.category_id
), everything AS (
  SELECT * FROM said
  UNION ALL
  SELECT s.product_id, s.category_id, NULL, v.cast_vote, NULL
  FROM spoken s JOIN votes v ON v.product_id = s.product_id AND v.category_id = s.above
  WHERE v.vote < 0
  UNION ALL
  SELECT s.product_id, s.category_id, NULL, NULL, a.given
  FROM spoken s JOIN answers a ON a.product_id = s.product_id AND a.category_id = s.above
  WHERE a.answer < 0
), weighed AS (
  SELECT *, sum(given.answer) OVER (PARTITION BY product_id, category_id, given.at, given.direct)
    * given.answer AS agreed
  FROM everything
), pairs AS (
  SELECT product_id, category_id, max(model) AS model, max(if(given IS NULL, NULL,
      struct(given.at, given.direct, agreed, given.answer_id, given))).given AS given,
    array_sort(collect_list(cast_vote)) AS votes
  FROM weighed GROUP BY product_id, category_id
)
SELECT p.product_id, p.category_id, c.path AS category, p.model.assigned, p.model.probability,
  p.model.spread, p.model.model_version,
  nullif(transform(p.votes, v -> concat(v.rule_id, ' v', v.rule_version,
    if(v.vote > 0, '', ' (not)'),
    if(v.on_category_id = p.category_id, '', concat(' on ', v.on_category_id)))), array()) AS rules,
  nullif(array_distinct(transform(filter(p.votes, v -> v.matched_text IS NOT NULL),
    v -> concat(v.field, ': ', v.matched_text))), array()) AS matched_texts,
  p.given.answer AS human, p.votes, p.given.on_category_id AS human_on_category_id,
  p.given.annotator, p.given.reason, p.given.at AS answered_at, p.given.propensity
FROM pairs p LEFT JOIN categories c ON c.category_id = p.category_id
