-- Why is this product in this category? The model's, the rules' and people's word side by side
SELECT product_id, category, assigned, probability, rules, matched_texts, human
FROM why WHERE assigned AND rules IS NOT NULL AND category LIKE '%>%'
ORDER BY probability DESC, product_id, category LIMIT 5;

-- Which categories did the model fill that no rule found, there or in a category below?
SELECT c.path AS category, count(*) AS found_by_model_alone
FROM scores s JOIN categories c ON c.category_id = s.category_id
LEFT ANTI JOIN (
  SELECT v.product_id, r.path FROM rule_votes v JOIN categories r ON r.category_id = v.category_id
  WHERE v.vote > 0
) v ON v.product_id = s.product_id AND (v.path = c.path OR startswith(v.path, c.path || ' > '))
WHERE s.assigned AND c.level > 1 GROUP BY c.path ORDER BY found_by_model_alone DESC, category LIMIT 5;

-- What should people be asked next?
SELECT k.rank, coalesce(p.title, left(p.all_text, 60)) AS product, c.name AS category,
  round(k.probability, 2) AS probability, k.strategy, round(k.propensity, 4) AS propensity
FROM candidates k JOIN products p ON p.product_id = k.product_id
JOIN categories c ON c.category_id = k.category_id
WHERE k.status = 'open' ORDER BY k.round DESC, k.rank LIMIT 5;
