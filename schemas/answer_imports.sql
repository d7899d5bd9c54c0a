CREATE TABLE IF NOT EXISTS answer_imports (
  import_id STRING NOT NULL COMMENT 'hash of the file, its name and what was accepted of it',
  file STRING NOT NULL COMMENT 'name of the file, or its path below the folder that was read',
  file_hash STRING NOT NULL COMMENT 'SHA-256 of the file as it lay, hex',
  run_id STRING NOT NULL COMMENT 'run that took it first with this outcome, see runs',
  imported_at TIMESTAMP NOT NULL COMMENT 'when that was, UTC',
  records BIGINT NOT NULL COMMENT 'records found in the file = accepted + rejected',
  accepted BIGINT NOT NULL COMMENT 'records stored as answers, or the same as answers stored before',
  rejected BIGINT NOT NULL COMMENT 'records that could not be used, see rejected_answers',
  partial BIGINT NOT NULL COMMENT 'of the accepted: sets with unknown categories left out'
) USING delta
COMMENT 'One row is one file of answers that was read; append-only'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
