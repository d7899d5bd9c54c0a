-- One row is one annotator: how often others gave the same answer to the same question.
-- Only questions count that somebody said yes to or that were asked singly: on the long list of
-- categories that complete sets refuse all people agree. The share is drawn towards that of all
-- people together by ten comparisons (Beta prior).
CREATE OR REPLACE VIEW annotators AS
WITH newest AS (
  SELECT product_id, category_id, annotator, max_by(answer, struct(at, answer_id)) AS answer,
    bool_or(answer > 0 OR NOT complete) AS telling
  FROM human_labels WHERE annotator IS NOT NULL GROUP BY product_id, category_id, annotator
), compared AS (
  SELECT annotator, answer,
    count(*) OVER pair - 1 AS others,
    count_if(answer > 0) OVER pair AS yes, count_if(answer < 0) OVER pair AS no,
    bool_or(telling) OVER pair AS telling
  FROM newest WINDOW pair AS (PARTITION BY product_id, category_id)
), counted AS (
  SELECT annotator, count(*) AS questions,
    sum(if(telling, others, 0)) AS comparisons,
    sum(if(telling, if(answer > 0, yes, no) - 1, 0)) AS agreements
  FROM compared GROUP BY annotator
), together AS (
  SELECT (sum(agreements) + 1) / (sum(comparisons) + 2) AS share FROM counted
)
SELECT annotator, questions, comparisons, agreements,
  agreements / nullif(comparisons, 0) AS agreement,
  (agreements + 10 * share) / (comparisons + 10) AS reliability,
  sqrt((agreements + 10 * share) * (comparisons - agreements + 10 * (1 - share))
    / (comparisons + 11)) / (comparisons + 10) AS reliability_sd
FROM counted CROSS JOIN together
