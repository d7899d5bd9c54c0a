CREATE TABLE IF NOT EXISTS candidates (
  product_id STRING NOT NULL COMMENT 'network/retailer/merchant_product_id',
  category_id STRING NOT NULL COMMENT 'category, see categories',
  round INT NOT NULL COMMENT 'selection round, from 1',
  rank INT NOT NULL COMMENT 'order of asking, from 1',
  strategy STRING NOT NULL COMMENT 'strata that drew it, joined by +',
  propensity DOUBLE NOT NULL COMMENT 'probability of inclusion over all strata of the round',
  model_version STRING NOT NULL COMMENT 'model that chose it',
  status STRING NOT NULL COMMENT 'open or answered',
  probability DOUBLE COMMENT 'the model\'s probability when it was chosen',
  spread DOUBLE COMMENT 'the members\' disagreement when it was chosen',
  why STRING COMMENT 'the scores that chose it, in words'
) USING delta
COMMENT 'One row is one question to ask'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
