CREATE TABLE IF NOT EXISTS categories (
  category_id STRING NOT NULL COMMENT 'category, see categories',
  parent_id STRING COMMENT 'category above; null at the top',
  level INT COMMENT '1 at the top',
  name STRING COMMENT 'name of this node',
  path STRING COMMENT 'names from the top, joined by >',
  state STRING COMMENT 'active, new or retired'
) USING delta
COMMENT 'One row is one category'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
