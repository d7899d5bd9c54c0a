CREATE TABLE IF NOT EXISTS human_labels (
  answer_id STRING NOT NULL COMMENT 'one answer; the pairs of a complete set share it',
  product_id STRING NOT NULL COMMENT 'network/retailer/merchant_product_id',
  category_id STRING NOT NULL COMMENT 'category, see categories',
  answer TINYINT NOT NULL COMMENT '+1 belongs, -1 does not',
  annotator STRING COMMENT 'who answered',
  at TIMESTAMP COMMENT 'when it was answered, UTC',
  reason STRING COMMENT 'free text',
  round INT COMMENT 'selection round that asked; null when not asked by a round',
  strategy STRING COMMENT 'stratum that drew the question',
  propensity DOUBLE COMMENT 'probability with which it was asked; null: not sampled, trains and never estimates',
  model_version STRING COMMENT 'model that chose the question',
  content_hash STRING COMMENT 'content of the product that was seen',
  complete BOOLEAN NOT NULL COMMENT 'part of a complete set: below a no of it everything is no',
  import_id STRING COMMENT 'file that brought it, see answer_imports',
  record_no BIGINT COMMENT 'record of that file, from 1',
  ground_truth BOOLEAN COMMENT 'marked as the reference answer by the review tool'
) USING delta
COMMENT 'One row is one answer on one (product, category); append-only'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
