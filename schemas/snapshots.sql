CREATE TABLE IF NOT EXISTS snapshots (
  snapshot_id STRING NOT NULL COMMENT 'hash of what the snapshot is made of',
  run_date DATE COMMENT 'day it was made for',
  versions MAP<STRING, BIGINT> COMMENT 'source table -> Delta version read',
  encoder STRING COMMENT 'encoder configuration with its version, JSON',
  seed BIGINT COMMENT 'seed',
  examples_version BIGINT COMMENT 'Delta version of examples that holds it',
  rows BIGINT COMMENT 'examples'
) USING delta
COMMENT 'One row is one training snapshot'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
