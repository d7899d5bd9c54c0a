CREATE TABLE IF NOT EXISTS thresholds (
  category_id STRING NOT NULL COMMENT 'category, see categories',
  threshold DOUBLE NOT NULL COMMENT 'lowest probability at which the category is assigned',
  basis STRING NOT NULL COMMENT 'answers, rules or none: what the threshold was chosen on',
  precision_lower_bound DOUBLE COMMENT 'lower bound of the precision at the threshold on validation',
  model_version STRING NOT NULL COMMENT 'registered model version',
  calibration STRING COMMENT 'maps from raw to calibrated probability, for pairs without and with a vote, JSON'
) USING delta
PARTITIONED BY (model_version)
COMMENT 'One row is one category of one model version'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
