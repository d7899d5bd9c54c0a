CREATE TABLE IF NOT EXISTS runs (
  run_id STRING NOT NULL COMMENT 'run',
  stage STRING NOT NULL COMMENT 'stage',
  run_date DATE NOT NULL COMMENT 'day it was run for',
  started TIMESTAMP NOT NULL COMMENT 'start, UTC',
  ended TIMESTAMP COMMENT 'end, UTC',
  status STRING NOT NULL COMMENT 'done or failed',
  versions_from MAP<STRING, BIGINT> COMMENT 'table -> version before',
  versions_to MAP<STRING, BIGINT> COMMENT 'table -> version after',
  rows_in BIGINT COMMENT 'rows read',
  rows_out BIGINT COMMENT 'rows written',
  figures MAP<STRING, DOUBLE> COMMENT 'further counts of the stage',
  messages ARRAY<STRING> COMMENT 'warnings and the error of a failed run'
) USING delta
COMMENT 'One row is one run of one stage'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
