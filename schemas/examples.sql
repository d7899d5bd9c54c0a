CREATE TABLE IF NOT EXISTS examples (
  snapshot_id STRING NOT NULL COMMENT 'snapshot',
  product_id STRING NOT NULL COMMENT 'network/retailer/merchant_product_id',
  split_key STRING NOT NULL COMMENT 'title without digits, sizes, colours, punctuation: what the split hashes',
  split STRING NOT NULL COMMENT 'train, validation or test',
  fold INT NOT NULL COMMENT 'cross-validation fold',
  tokens BINARY NOT NULL COMMENT 'int32 little endian: hashed words in order; 0 is padding',
  bag BINARY NOT NULL COMMENT 'int32: hashed words, pairs and pieces; 0 is padding',
  categorical BINARY NOT NULL COMMENT 'int32: hashed values; 0 is missing',
  numerical BINARY NOT NULL COMMENT 'float32: scaled numbers',
  image BINARY NOT NULL COMMENT 'JPEG; empty when missing',
  target_index BINARY NOT NULL COMMENT 'int32: first output of each entry',
  target_span BINARY NOT NULL COMMENT 'int32: outputs that the entry covers; later entries override',
  target_value BINARY NOT NULL COMMENT 'float32: target, 0 to 1',
  target_weight BINARY NOT NULL COMMENT 'float32: weight',
  target_importance BINARY NOT NULL COMMENT 'float32: 1 / propensity'
) USING delta
PARTITIONED BY (snapshot_id, split)
COMMENT 'One row is one encoded product of one snapshot'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
