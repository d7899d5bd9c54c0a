CREATE TABLE IF NOT EXISTS labels (
  product_id STRING NOT NULL COMMENT 'network/retailer/merchant_product_id',
  category_id STRING NOT NULL COMMENT 'category, see categories',
  target DOUBLE NOT NULL COMMENT 'probability that the product belongs, 0 to 1',
  weight DOUBLE NOT NULL COMMENT 'how far the trainer trusts it; of an is_not alone, times the precision of its rule',
  importance DOUBLE NOT NULL COMMENT '1 / propensity of a sampled answer, else 1',
  source STRING NOT NULL COMMENT 'answer, answer_closure, votes or votes_closure',
  complete BOOLEAN NOT NULL COMMENT 'a no that stands for its whole subtree: of a complete set, or of an is_not rule',
  rule_ids ARRAY<STRING> COMMENT 'rules that voted here or below',
  answer_id STRING COMMENT 'the answer that decided, if any'
) USING delta
COMMENT 'One row is one (product, category) as now believed'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
