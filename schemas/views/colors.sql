-- One row is one colour as delivered in products.color, with the base colour that it stands for.
-- color_name: products.color_canonical, which knows common words of many languages; where it knows
-- none, what the data say of the words (learned_from): of at least five colours that two retailers
-- deliver with the word, nine in ten have this base colour by their other words. products counts
-- active ones. The join: products.color = colors.color.
CREATE OR REPLACE VIEW colors AS
WITH delivered AS (
  SELECT lower(color) AS folded, color, color_canonical, concat(network, '/', retailer) AS shop
  FROM products WHERE active AND color IS NOT NULL
), cells AS (
  SELECT DISTINCT folded, color_canonical, shop,
    array_distinct(filter(split(folded, '[^\\p{L}\\p{M}]+'), w -> length(w) > 2)) AS words
  FROM delivered
), told AS (
  SELECT word, color_canonical AS base, count(DISTINCT folded) AS colours, shop
  FROM (SELECT *, explode(words) AS word FROM cells)
  WHERE color_canonical IS NOT NULL AND color_canonical <> 'multicolor'
  GROUP BY word, color_canonical, shop
), word_of AS (
  SELECT word, max_by(base, colours) AS base
  FROM (
    SELECT word, base, sum(colours) AS colours,
      sum(sum(colours)) OVER (PARTITION BY word) AS every, count(DISTINCT shop) AS shops
    FROM told GROUP BY word, base
  ) WHERE colours >= 5 AND shops >= 2 AND colours >= 0.9 * every GROUP BY word
), learned AS (
  SELECT folded, min_by(w.base, place) AS base, min_by(w.word, place) AS learned_from
  FROM (
    SELECT folded, posexplode(words) AS (place, word) FROM (
      SELECT DISTINCT folded, words FROM cells WHERE color_canonical IS NULL)
  ) c JOIN word_of w ON w.word = c.word GROUP BY folded
)
SELECT d.color, coalesce(d.color_canonical, l.base) AS color_name,
  if(d.color_canonical IS NULL, l.learned_from, NULL) AS learned_from, d.products, d.retailers
FROM (
  SELECT color, folded, color_canonical, count(*) AS products, count(DISTINCT shop) AS retailers
  FROM delivered GROUP BY color, folded, color_canonical
) d LEFT JOIN learned l ON l.folded = d.folded
