CREATE TABLE IF NOT EXISTS embeddings (
  product_id STRING NOT NULL COMMENT 'network/retailer/merchant_product_id',
  content_hash STRING NOT NULL COMMENT 'content that was scored',
  embedding ARRAY<FLOAT> NOT NULL COMMENT 'trunk features',
  votes_hash BIGINT COMMENT 'hash of the categories that rules voted for when it was scored',
  model_version STRING NOT NULL COMMENT 'registered model version'
) USING delta
COMMENT 'One row is one scored product'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
