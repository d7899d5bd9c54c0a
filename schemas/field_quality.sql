CREATE TABLE IF NOT EXISTS field_quality (
  network STRING NOT NULL COMMENT 'affiliate network: the folder of the feed',
  retailer STRING NOT NULL COMMENT 'retailer: the file name up to its first dot',
  run_date DATE NOT NULL COMMENT 'day of the delivery',
  file STRING NOT NULL COMMENT 'path below the feeds folder',
  field STRING NOT NULL COMMENT 'column of products',
  records BIGINT NOT NULL COMMENT 'records of the file, rejected ones included: those cleaned on the day and those of unchanged products',
  filled BIGINT NOT NULL COMMENT 'records in which a column of the field\'s role says something: no blank, NULL, n/a or the like',
  valid BIGINT NOT NULL COMMENT 'filled records whose cell was understood after cleaning'
) USING delta
PARTITIONED BY (run_date)
COMMENT 'One row is one field of one feed file: how often it is filled and understood'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
