CREATE TABLE IF NOT EXISTS rejected_answers (
  import_id STRING NOT NULL COMMENT 'import, see answer_imports',
  file STRING NOT NULL COMMENT 'name of the file, or its path below the folder that was read',
  record_no BIGINT NOT NULL COMMENT 'data record in file order, from 1; Label Studio: annotation',
  reason STRING NOT NULL COMMENT 'what was wrong',
  raw STRING COMMENT 'the record as text, cut at 10,000 characters',
  partial BOOLEAN NOT NULL COMMENT 'true: the rest of the record is used'
) USING delta
COMMENT 'One row is one record of a file of answers that could not be used; append-only'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
