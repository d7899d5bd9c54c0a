CREATE TABLE IF NOT EXISTS feed_files (
  network STRING NOT NULL COMMENT 'affiliate network: the folder of the feed',
  retailer STRING NOT NULL COMMENT 'retailer: the file name up to its first dot',
  run_date DATE NOT NULL COMMENT 'day of the delivery',
  file STRING NOT NULL COMMENT 'path below the feeds folder',
  content_hash STRING NOT NULL COMMENT 'SHA-256 of the file, hex; blank where it could not be read',
  modified STRING COMMENT 'what the storage says of the last change; a file of the same size and marks is not read again',
  bytes BIGINT NOT NULL COMMENT 'size of the file as delivered, bytes',
  read BIGINT NOT NULL COMMENT 'records found in the file = kept + rejected',
  kept BIGINT NOT NULL COMMENT 'records written to raw_items',
  rejected BIGINT NOT NULL COMMENT 'records written to rejected_items',
  trailer_count BIGINT COMMENT 'records that the file itself announces, null when it does not',
  complete BOOLEAN NOT NULL COMMENT 'false when the file ends early or its trailer disagrees',
  same_as DATE COMMENT 'day of the delivery that holds the records, where the file came again unchanged; else null',
  format STRING COMMENT 'what was found: container, compression, encoding, delimiter; JSON'
) USING delta
COMMENT 'One row is one file of one delivery'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
