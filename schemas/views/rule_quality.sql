-- One row is one rule version in force: what it says, what to do with it and why, and its figures as
-- people read them, in percent. Worst advice first is ORDER BY advice_rank, wrong DESC.
CREATE OR REPLACE VIEW rule_quality AS
SELECT q.rule_id, q.rule_version, c.path AS category, q.effect, r.condition, q.advice, q.reason,
  array_position(array('broken', 'harmful', 'never matches', 'redundant',
    'retire: the model covers it', 'disabled', 'keep'), q.advice) AS advice_rank,
  q.products, q.unique_products, q.overlap, q.conflict,
  round(100 * q.precision, 1) AS precision_percent,
  concat(int(round(100 * q.precision_low)), ' to ', int(round(100 * q.precision_high))) AS interval_percent,
  q.basis, q.sampled_right + q.other_right AS right, q.sampled_wrong + q.other_wrong AS wrong,
  q.sampled_right + q.sampled_wrong AS sampled_answers,
  round(100 * q.agreed / nullif(q.products, 0), 1) AS model_agrees_percent,
  k.found AS category_found, round(100 * k.recall, 1) AS category_recall_percent,
  round(100 * k.missed, 1) AS category_missed_percent, k.recall_basis, r.author_note
FROM rule_report q
JOIN rules r ON r.rule_id = q.rule_id AND r.rule_version = q.rule_version
LEFT JOIN categories c ON c.category_id = q.category_id
LEFT JOIN category_rule_report k ON k.category_id = q.category_id
