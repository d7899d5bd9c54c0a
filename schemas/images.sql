CREATE TABLE IF NOT EXISTS images (
  image_url STRING NOT NULL COMMENT 'where the feed says the picture is',
  content_hash STRING COMMENT 'SHA-1 of the original picture, hex',
  image BINARY COMMENT 'small JPEG; null when missing',
  status STRING NOT NULL COMMENT 'ok, missing (the host says so), broken (no picture of a known format), too_large, forbidden (an address that feeds may not reach) or unreachable (host or archive)',
  tried_at TIMESTAMP COMMENT 'when it was last tried, UTC; the wall clock, so of no effect on anything',
  reason STRING COMMENT 'why there is no picture, such as http 503 or time-out; null when ok',
  attempts INT COMMENT 'number of run dates on which it was tried since it was last ok',
  tried_on DATE COMMENT 'run date on which it was last tried',
  etag STRING COMMENT 'name that the host gives to this version of the picture',
  last_modified STRING COMMENT 'when the host changed the picture, as it says it'
) USING delta
COMMENT 'One row is one picture, by URL'
PARTITIONED BY (status)
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false', 'parquet.dictionary.page.size' = '67108864')
