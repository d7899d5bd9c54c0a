CREATE TABLE IF NOT EXISTS rules (
  rule_id STRING NOT NULL COMMENT 'rule',
  rule_version INT NOT NULL COMMENT 'version of the rule, from 1; rises when its content changes',
  category_id STRING NOT NULL COMMENT 'category that the rule speaks of',
  effect STRING NOT NULL COMMENT 'is or is_not',
  condition STRING NOT NULL COMMENT 'the condition as written',
  enabled BOOLEAN NOT NULL COMMENT 'disabled rules are checked, never applied',
  author_note STRING COMMENT 'free text',
  error STRING COMMENT 'position and reason when the condition cannot be read; null when it can',
  current BOOLEAN NOT NULL COMMENT 'the version in force; false for older ones and deleted rules'
) USING delta
COMMENT 'One row is one version of one rule'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
