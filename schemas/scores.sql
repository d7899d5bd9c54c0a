CREATE TABLE IF NOT EXISTS scores (
  product_id STRING NOT NULL COMMENT 'network/retailer/merchant_product_id',
  category_id STRING NOT NULL COMMENT 'category, see categories',
  probability DOUBLE NOT NULL COMMENT 'calibrated and coherent with the tree, 0 to 1',
  raw_probability DOUBLE NOT NULL COMMENT 'of the network, before calibration',
  assigned BOOLEAN NOT NULL COMMENT 'at or above its threshold, or an ancestor of such a category',
  spread DOUBLE NOT NULL COMMENT 'standard deviation of the members\' probabilities',
  model_version STRING NOT NULL COMMENT 'registered model version'
) USING delta
COMMENT 'One row is one (product, category) above the floor'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
