CREATE TABLE IF NOT EXISTS images (
  image_url STRING NOT NULL COMMENT 'where the feed says the picture is',
  content_hash STRING COMMENT 'SHA-1 of the original picture, hex',
  image BINARY COMMENT 'small JPEG; null when missing',
  status STRING NOT NULL COMMENT 'ok, missing, broken, too_large or unmapped',
  tried_at TIMESTAMP COMMENT 'when it was last tried, UTC'
) USING delta
COMMENT 'One row is one picture, by URL'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
