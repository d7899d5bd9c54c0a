-- One row is one brand as folded in products.brand_canonical, with the name that the data give it.
-- letters: its key without spaces, equal for Coca-Cola and CocaCola. brand_name: the spelling that
-- most retailers deliver, of equal ones that of most products, among all keys of the same letters
-- and those that share its products. same_as: the letters of a brand under which other retailers
-- deliver its products, told by GTIN: three of them and nine in ten of those that it shares with
-- anyone; null where there is none. The join: products.brand_canonical = brands.brand_canonical.
CREATE OR REPLACE VIEW brands AS
WITH delivered AS (
  SELECT replace(brand_canonical, ' ', '') AS letters, brand_canonical, brand, gtin,
    concat(network, '/', retailer) AS shop
  FROM products WHERE active AND brand_canonical IS NOT NULL
), known AS (
  SELECT letters, count(*) AS products, count(DISTINCT shop) AS retailers
  FROM delivered GROUP BY letters
), traded AS (
  SELECT DISTINCT gtin, shop, letters FROM delivered WHERE gtin IS NOT NULL
), both AS (
  SELECT a.letters, b.letters AS other, count(DISTINCT a.gtin) AS shared
  FROM traded a JOIN traded b ON b.gtin = a.gtin AND b.shop <> a.shop
  GROUP BY a.letters, b.letters
), twin AS (
  SELECT b.letters, max_by(b.other, struct(k.retailers, k.products, b.other)) AS same_as
  FROM (SELECT *, sum(shared) OVER (PARTITION BY letters) AS every FROM both) b
  JOIN known k ON k.letters = b.other JOIN known o ON o.letters = b.letters
  WHERE b.other <> b.letters AND b.shared >= 3 AND b.shared >= 0.9 * b.every
    AND struct(k.retailers, k.products, b.other) > struct(o.retailers, o.products, b.letters)
  GROUP BY b.letters
), spelt AS (
  SELECT letters, brand, count(DISTINCT shop) AS shops, count(*) AS products
  FROM delivered WHERE brand IS NOT NULL GROUP BY letters, brand
), named AS (
  SELECT letters, max_by(brand, struct(shops, products, brand)) AS brand_name,
    slice(transform(sort_array(collect_list(struct(products, brand)), false), s -> s.brand), 1, 20)
      AS spellings
  FROM spelt GROUP BY letters
)
SELECT d.brand_canonical, d.letters, coalesce(s.brand_name, n.brand_name) AS brand_name, t.same_as,
  d.products, d.retailers, n.spellings
FROM (
  SELECT brand_canonical, letters, count(*) AS products, count(DISTINCT shop) AS retailers
  FROM delivered GROUP BY brand_canonical, letters
) d
JOIN named n ON n.letters = d.letters
LEFT JOIN twin t ON t.letters = d.letters
LEFT JOIN named s ON s.letters = t.same_as
