CREATE TABLE IF NOT EXISTS outputs (
  snapshot_id STRING NOT NULL COMMENT 'snapshot',
  output_index INT NOT NULL COMMENT 'place among the outputs: the preorder of the tree',
  category_id STRING NOT NULL COMMENT 'category, see categories',
  prior DOUBLE NOT NULL COMMENT 'share of products believed to belong; target of an unknown pair',
  unknown_weight DOUBLE NOT NULL COMMENT 'weight of a pair with neither vote nor answer',
  answered BIGINT COMMENT 'training products that people have said to belong, closed upwards',
  span INT NOT NULL COMMENT 'outputs in the subtree, itself included',
  parent_index INT NOT NULL COMMENT 'output of the parent, -1 at the top'
) USING delta
PARTITIONED BY (snapshot_id)
COMMENT 'One row is one category in one snapshot'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
