-- One row is one file of one delivery with what was read, kept and rejected, and why.
CREATE OR REPLACE VIEW feed_report AS
WITH reasons AS (
  SELECT run_date, file, map_from_entries(collect_list(struct(reason, records))) AS rejected_by_reason
  FROM (
    SELECT run_date, file, concat(stage, ': ', regexp_replace(reason, '[0-9]+', 'N')) AS reason,
      count(*) AS records
    FROM rejected_items GROUP BY 1, 2, 3
  ) GROUP BY run_date, file
)
SELECT f.network, f.retailer, f.run_date, f.file, f.read, f.kept, f.rejected, f.trailer_count,
  f.complete, r.rejected_by_reason
FROM feed_files f LEFT JOIN reasons r ON r.run_date = f.run_date AND r.file = f.file
