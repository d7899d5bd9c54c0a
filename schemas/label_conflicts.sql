CREATE TABLE IF NOT EXISTS label_conflicts (
  product_id STRING NOT NULL COMMENT 'network/retailer/merchant_product_id',
  category_id STRING NOT NULL COMMENT 'category, see categories',
  yes BIGINT NOT NULL COMMENT 'answers that say yes, here or below',
  no BIGINT NOT NULL COMMENT 'answers that say no, here or above',
  annotators BIGINT NOT NULL COMMENT 'people who spoke of the pair; unnamed ones count as one',
  kind STRING NOT NULL COMMENT 'annotators: people disagree; later answer: one person answered anew',
  newest_at TIMESTAMP COMMENT 'time of the newest answer, UTC',
  stands TINYINT NOT NULL COMMENT 'what is believed now: +1 belongs, -1 does not',
  answer_id STRING NOT NULL COMMENT 'the answer that stands',
  why STRING COMMENT 'whose answer stands and by which rule',
  said ARRAY<STRUCT<at: TIMESTAMP, direct: BOOLEAN, annotator: STRING, answer: TINYINT, on_category_id: STRING, answer_id: STRING, reason: STRING>> COMMENT 'who said what when, newest first; direct: of this very category'
) USING delta
COMMENT 'One row is one (product, category) on which answers disagree, closure included'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
