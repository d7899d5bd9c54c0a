CREATE TABLE IF NOT EXISTS figures (
  model_version STRING NOT NULL COMMENT 'registered model version',
  run_date DATE NOT NULL COMMENT 'day of the evaluation',
  basis STRING NOT NULL COMMENT 'answers or truth: what was compared with',
  products STRING NOT NULL COMMENT 'in_shop: test products of retailers with answers; left_out: of retailers without',
  system STRING NOT NULL COMMENT 'model, rules or model_and_rules',
  figure STRING NOT NULL COMMENT 'name of the figure, see the README',
  value DOUBLE COMMENT 'its value',
  count BIGINT COMMENT 'products that it rests on'
) USING delta
COMMENT 'One row is one measured figure'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
