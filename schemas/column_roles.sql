CREATE TABLE IF NOT EXISTS column_roles (
  network STRING NOT NULL COMMENT 'affiliate network: the folder of the feed',
  retailer STRING NOT NULL COMMENT 'retailer: the file name up to its first dot',
  column STRING NOT NULL COMMENT 'header word; XML tag with prefix; 0-based position without header; param[Colour: |] for what stands behind Colour: in the cells of param',
  role STRING COMMENT 'title, description, brand, price, ...; null when none fits',
  confidence DOUBLE COMMENT '0 to 1',
  evidence STRING COMMENT 'why: header words, value statistics, what other feeds of the network lent',
  source STRING COMMENT 'inferred or override',
  filled DOUBLE COMMENT 'share of the sampled records that fill it, 0 to 1, when the role was inferred; null for a column that was only stated',
  decimals STRING COMMENT 'how its amounts write decimals: comma or dot; null when they do not tell or it holds none',
  profile STRING COMMENT 'JSON of the values seen when the role was inferred: rows (filled ones), filled, unique, length (signs), marks (shares of kinds of values), values (smallest hashes); later deliveries are held against it',
  language STRING COMMENT 'on title and description: languages of the feed\'s texts, ISO 639-1, joined by a space; null when too few texts tell',
  currency STRING COMMENT 'on price and old_price: ISO 4217 code that nearly all of the feed\'s prices state; it holds for those that state none; null when there is none',
  run_date DATE COMMENT 'day of the delivery from which the role was inferred'
) USING delta
COMMENT 'One row is one column of one feed and the role it was given'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')
