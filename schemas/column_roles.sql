CREATE TABLE IF NOT EXISTS column_roles (
  network STRING NOT NULL COMMENT 'affiliate network: the folder of the feed',
  retailer STRING NOT NULL COMMENT 'retailer: the file name up to its first dot',
  column STRING NOT NULL COMMENT 'header word; XML tag with prefix; 0-based position without header',
  role STRING COMMENT 'title, description, brand, price, ...; null when none fits',
  confidence DOUBLE COMMENT '0 to 1',
  evidence STRING COMMENT 'why: header words and value statistics',
  source STRING COMMENT 'inferred or override'
) USING delta
COMMENT 'One row is one column of one feed and the role it was given'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
