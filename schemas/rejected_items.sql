CREATE TABLE IF NOT EXISTS rejected_items (
  network STRING NOT NULL COMMENT 'affiliate network: the folder of the feed',
  retailer STRING NOT NULL COMMENT 'retailer: the file name up to its first dot',
  run_date DATE NOT NULL COMMENT 'day of the delivery',
  file STRING NOT NULL COMMENT 'path below the feeds folder',
  record_no BIGINT NOT NULL COMMENT 'data record in file order, from 1',
  stage STRING NOT NULL COMMENT 'ingest or normalise',
  reason STRING NOT NULL COMMENT 'what was wrong',
  raw STRING COMMENT 'the record as text, cut at 10,000 characters',
  product_id STRING COMMENT 'whose record it was; null at ingest and where no id was found',
  raw_hash STRING COMMENT 'content_hash of the record in raw_items; null at ingest',
  filled BIGINT COMMENT 'as in products; null at ingest',
  valid BIGINT COMMENT 'as in products; null at ingest'
) USING delta
PARTITIONED BY (run_date)
COMMENT 'One row is one record that could not be used, with its reason'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
