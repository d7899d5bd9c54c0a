CREATE TABLE IF NOT EXISTS rule_votes (
  product_id STRING NOT NULL COMMENT 'network/retailer/merchant_product_id',
  rule_id STRING NOT NULL COMMENT 'rule',
  rule_version INT NOT NULL COMMENT 'version of the rule, from 1; rises when its content changes',
  category_id STRING NOT NULL COMMENT 'category, see categories',
  vote TINYINT NOT NULL COMMENT '+1 for is, -1 for is_not',
  field STRING COMMENT 'field of the leftmost hit; null when the vote rests on nothing found',
  span_start INT COMMENT 'first code point of the hit in the field, 0-based',
  span_end INT COMMENT 'end of the hit, exclusive',
  matched_text STRING COMMENT 'the text of the hit',
  evidence ARRAY<STRUCT<field: STRING, start: INT, end: INT, text: STRING>> COMMENT 'all hits used, code points'
) USING delta
COMMENT 'One row is one rule version that is true for one product'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
