CREATE TABLE IF NOT EXISTS raw_items (
  network STRING NOT NULL COMMENT 'affiliate network: the folder of the feed',
  retailer STRING NOT NULL COMMENT 'retailer: the file name up to its first dot',
  run_date DATE NOT NULL COMMENT 'day of the delivery',
  file STRING NOT NULL COMMENT 'path below the feeds folder',
  record_no BIGINT NOT NULL COMMENT 'data record in file order, from 1',
  values MAP<STRING, STRING> COMMENT 'column -> text as read; empty cells are left out',
  content_hash STRING COMMENT 'hash of the values, hex; equal records hash alike'
) USING delta
PARTITIONED BY (run_date)
COMMENT 'One row is one record of one feed file, as read'
-- Values that hardly recur get no dictionary: Parquet would build it, only to drop it again.
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false',
  'delta.dataSkippingStatsColumns' = 'network,retailer,file,record_no',
  'parquet.enable.dictionary#record_no' = 'false',
  'parquet.enable.dictionary#content_hash' = 'false',
  'parquet.enable.dictionary#values.key_value.value' = 'false')
