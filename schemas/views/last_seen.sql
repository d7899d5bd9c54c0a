-- One row is one product with the day of the newest delivery that had it.
CREATE OR REPLACE VIEW last_seen AS
SELECT p.product_id,
  CASE WHEN p.active THEN f.newest ELSE date_sub(p.delisted_on, 1) END AS last_seen
FROM products p LEFT JOIN (
  SELECT network, retailer, max(run_date) AS newest FROM feed_files GROUP BY network, retailer
) f ON f.network = p.network AND f.retailer = p.retailer
