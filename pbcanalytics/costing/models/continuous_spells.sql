-- One row per spell of a stay that went on at another provider (a continuous inpatient spell,
-- domain 2.1 and 2.4), for analysis: each provider's spell is paid by itself. Two spells are one
-- stay if the second began within two days of the end of the first, and either says transfer.
WITH moved AS (
  SELECT DISTINCT person_id FROM spells
  WHERE discharge_destination IN ('51', '52', '53') OR admission_source IN ('51', '52', '53')
     OR admission_method IN ('2B', '81')),
in_order AS (
  SELECT s.spell_id, s.person_id, s.admission_date, s.discharge_date, s.admission_source,
         s.admission_method,
         LAG(s.discharge_date) OVER (PARTITION BY s.person_id
           ORDER BY s.admission_date, s.discharge_date NULLS LAST, s.spell_id) AS left_on,
         LAG(s.discharge_destination) OVER (PARTITION BY s.person_id
           ORDER BY s.admission_date, s.discharge_date NULLS LAST, s.spell_id) AS left_for
  FROM spells AS s
  JOIN moved AS m ON m.person_id = s.person_id
  WHERE s.admission_date IS NOT NULL AND COALESCE(s.pod, '') <> 'RA'),
marked AS (
  SELECT *, CASE WHEN DATE_DIFF('day', left_on, admission_date) BETWEEN 0 AND 2
                   AND (left_for IN ('51', '52', '53') OR admission_source IN ('51', '52', '53')
                        OR admission_method IN ('2B', '81'))
                 THEN 0 ELSE 1 END AS is_start
  FROM in_order),
numbered AS (
  SELECT *, SUM(is_start) OVER (PARTITION BY person_id
           ORDER BY admission_date, discharge_date NULLS LAST, spell_id
           ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS stay
  FROM marked),
placed AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY person_id, stay
           ORDER BY admission_date, discharge_date NULLS LAST, spell_id) AS position
  FROM numbered),
whole AS (
  SELECT person_id, stay, MIN(CASE WHEN position = 1 THEN spell_id END) AS continuous_spell_id,
         COUNT(*) AS n_spells, MIN(admission_date) AS admission_date,
         CASE WHEN COUNT(discharge_date) = COUNT(*) THEN MAX(discharge_date) END AS discharge_date
  FROM placed
  GROUP BY person_id, stay
  HAVING COUNT(*) > 1)
SELECT p.spell_id, w.continuous_spell_id, p.position, w.n_spells, w.admission_date,
       w.discharge_date, DATE_DIFF('day', w.admission_date, w.discharge_date) AS los_days
FROM placed AS p
JOIN whole AS w ON w.person_id = p.person_id AND w.stay = p.stay
