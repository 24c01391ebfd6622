-- One row per build, provider, month, point of delivery and kind of change: what the spells priced
-- now add to those of the build before (spells_before), or take away. A spell that stays as it was
-- is no change. A month is closed as the loads since that build found it.
WITH compared AS (
  SELECT COALESCE(n.provider_code, b.provider_code) AS provider_code,
         CAST(DATE_TRUNC('month', CASE WHEN n.spell_id IS NULL THEN b.discharge_date
                                       ELSE n.discharge_date END) AS DATE) AS month,
         CASE WHEN n.spell_id IS NULL THEN b.pod ELSE n.pod END AS pod,
         CASE WHEN b.spell_id IS NULL THEN 'added' WHEN n.spell_id IS NULL THEN 'gone'
              WHEN n.price_pence IS DISTINCT FROM b.price_pence THEN 'repriced' END AS change,
         COALESCE(n.price_pence, 0) - COALESCE(b.price_pence, 0) AS pence
  FROM (SELECT * FROM priced_spells WHERE is_reported) AS n
  FULL JOIN spells_before AS b ON b.spell_id = n.spell_id),
closed AS (
  SELECT s.submitter_code, s.month, MAX(CASE WHEN s.was_frozen THEN 1 ELSE 0 END) AS n_frozen
  FROM submissions AS s
  JOIN builds_compared AS c ON s.load_id > c.last_load
  WHERE s.table_name IN ('episodes', 'supplied_spells')
  GROUP BY s.submitter_code, s.month)
SELECT c.built_at, d.provider_code, d.month, d.pod, d.change,
       COALESCE(f.n_frozen, 0) = 1 AS was_frozen, COUNT(*) AS n_spells,
       CAST(SUM(d.pence) AS BIGINT) AS pence
FROM compared AS d
CROSS JOIN builds_compared AS c
LEFT JOIN closed AS f ON f.submitter_code = d.provider_code AND f.month = d.month
WHERE d.change IS NOT NULL
GROUP BY c.built_at, d.provider_code, d.month, d.pod, d.change, COALESCE(f.n_frozen, 0) = 1
