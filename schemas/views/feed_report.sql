-- One row is one file of one delivery: what was read, kept and rejected and why, the roles of its
-- columns, how well its fields are filled and understood, and what changed since the last delivery.
-- filled: share of the records; valid: share of the filled ones that were understood; both by field,
-- over all records of the file (cleaned), on the newest day up to this delivery on which the file or
-- its reading changed (cleaned_on). messages: what the runs of the day said of the feed, drift of
-- its columns included. new, changed and delisted products are of the retailer's whole delivery; of
-- an older delivery only those count that no later one has changed again. duplicates: records of the
-- newest delivery, where it was whole, that another record of the same id won over. roles: as now.
CREATE OR REPLACE VIEW feed_report AS
WITH refused AS (
  SELECT run_date, file, stage,
    map_from_entries(array_sort(collect_list(struct(reason, records)))) AS by_reason,
    sum(records) AS records
  FROM (
    SELECT run_date, file, stage,
      concat(stage, ': ', regexp_replace(reason, '[0-9]+', 'N')) AS reason, count(*) AS records
    FROM rejected_items GROUP BY 1, 2, 3, 4
  ) GROUP BY run_date, file, stage
), roles AS (
  SELECT network, retailer,
    map_from_entries(array_sort(collect_list(struct(`column`, role)))) AS roles
  FROM column_roles WHERE role IS NOT NULL GROUP BY network, retailer
), quality AS (
  SELECT run_date, file, named_struct('cleaned_on', run_date, 'cleaned', max(records),
    'filled', map_from_entries(array_sort(collect_list(struct(field, filled)))),
    'valid', map_from_entries(array_sort(collect_list(struct(field, valid))))) AS found
  FROM (
    SELECT run_date, file, field, records, round(filled / records, 3) AS filled,
      round(valid / nullif(filled, 0), 3) AS valid
    FROM field_quality
  ) GROUP BY run_date, file
), told AS (
  SELECT feed, run_date, array_sort(collect_set(message)) AS messages
  FROM (
    SELECT run_date, substring_index(line, ': ', 1) AS feed,
      substr(line, instr(line, ': ') + 2) AS message
    FROM (
      SELECT run_date, explode(messages) AS line FROM runs WHERE stage IN ('ingest', 'normalise')
    ) WHERE instr(line, ': ') > 0
  ) GROUP BY feed, run_date
), deliveries AS (
  SELECT network, retailer, run_date, sum(kept) AS records,
    lag(run_date) OVER (PARTITION BY network, retailer ORDER BY run_date) AS previous_run_date,
    lag(sum(kept)) OVER (PARTITION BY network, retailer ORDER BY run_date) AS previous_records,
    row_number() OVER (PARTITION BY network, retailer ORDER BY run_date DESC) = 1 AS newest
  FROM feed_files GROUP BY network, retailer, run_date
), standing AS (
  SELECT network, retailer, count_if(active) AS products FROM products GROUP BY network, retailer
), changes AS (
  SELECT network, retailer, run_date, count_if(what = 'new') AS new_products,
    count_if(what = 'changed') AS changed_products,
    count_if(what = 'delisted') AS delisted_products
  FROM (
    SELECT network, retailer, inline(array(
      named_struct('run_date', first_seen, 'what', 'new'),
      named_struct('run_date', if(changed_on > first_seen, changed_on, NULL), 'what', 'changed'),
      named_struct('run_date', delisted_on, 'what', 'delisted')))
    FROM products
  ) WHERE run_date IS NOT NULL GROUP BY network, retailer, run_date
), files AS (
  SELECT f.*, i.by_reason AS unread, n.by_reason AS unfit,
    last_value(q.found) IGNORE NULLS OVER (PARTITION BY f.file ORDER BY f.run_date) AS found,
    last_value(if(q.found IS NULL, NULL, coalesce(n.records, 0))) IGNORE NULLS
      OVER (PARTITION BY f.file ORDER BY f.run_date) AS unfit_records
  FROM feed_files f
  LEFT JOIN refused i ON i.run_date = coalesce(f.same_as, f.run_date) AND i.file = f.file
    AND i.stage = 'ingest'
  LEFT JOIN refused n ON n.run_date = f.run_date AND n.file = f.file AND n.stage = 'normalise'
  LEFT JOIN quality q ON q.run_date = f.run_date AND q.file = f.file
)
SELECT f.network, f.retailer, f.run_date, f.file, f.read, f.kept, f.rejected, f.trailer_count,
  f.complete,
  CASE WHEN f.unread IS NULL THEN f.unfit WHEN f.unfit IS NULL THEN f.unread
    ELSE map_concat(f.unread, f.unfit) END AS rejected_by_reason,
  c.roles, f.found.cleaned_on, f.found.cleaned, f.found.filled, f.found.valid, t.messages,
  d.records AS delivery_records, d.previous_run_date, d.previous_records,
  d.records - d.previous_records AS more_records,
  if(d.newest AND NOT exists(coalesce(t.messages, array()), m -> m LIKE '%nothing is delisted'),
    d.records - sum(f.unfit_records) OVER (PARTITION BY f.network, f.retailer, f.run_date)
    - coalesce(s.products, 0), NULL) AS duplicates,
  coalesce(p.new_products, 0) AS new_products,
  coalesce(p.changed_products, 0) AS changed_products,
  coalesce(p.delisted_products, 0) AS delisted_products
FROM files f
LEFT JOIN roles c ON c.network = f.network AND c.retailer = f.retailer
LEFT JOIN told t ON t.run_date = f.run_date AND t.feed = concat(f.network, '/', f.retailer)
LEFT JOIN deliveries d ON d.run_date = f.run_date AND d.network = f.network
  AND d.retailer = f.retailer
LEFT JOIN standing s ON s.network = f.network AND s.retailer = f.retailer
LEFT JOIN changes p ON p.run_date = f.run_date AND p.network = f.network
  AND p.retailer = f.retailer
