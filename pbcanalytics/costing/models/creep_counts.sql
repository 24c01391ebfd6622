-- One row per mechanism, provider, root, practice and month: activity that could have been recorded
-- either of two ways, how much was recorded the dearer way, and what either way was paid. Where the
-- dearer way makes a piece of activity more (an admission beside an attendance), the other has no price.
WITH stays AS (
  SELECT p.spell_id, p.person_id, p.provider_code, p.practice_code, p.pod, p.hrg, p.los_days,
         p.admission_date, p.discharge_date, p.price_pence, s.discharge_destination,
         CAST(DATE_TRUNC('month', p.discharge_date) AS DATE) AS month,
         LAG(p.discharge_date) OVER (PARTITION BY p.provider_code, p.person_id
                                     ORDER BY p.admission_date, p.discharge_date, p.spell_id) AS left_before
  FROM priced_spells AS p
  JOIN spells AS s ON s.spell_id = p.spell_id
  WHERE p.is_reported AND p.discharge_date IS NOT NULL AND p.pod IN ('DC', 'EL', 'NEL', 'NELNE')
    AND COALESCE(p.unpriced_reason, '') NOT IN ('private_patient', 'excluded', 'ungroupable')),

-- Ward attenders, by the definition of indicator I22: main specialty 950, nursing. They and the stays
-- come in different extracts, so a month counts only if the provider sent both.
seen AS (
  SELECT provider_code, practice_code, main_specialty_code, specialty_code, attendance_type, hrg,
         CAST(DATE_TRUNC('month', appointment_date) AS DATE) AS month, COUNT(*) AS n_activity
  FROM outpatients
  WHERE attended IN ('5', '6') AND main_specialty_code IS NOT NULL
  GROUP BY provider_code, practice_code, main_specialty_code, specialty_code, attendance_type, hrg,
           CAST(DATE_TRUNC('month', appointment_date) AS DATE)),
sent AS (
  SELECT s.provider_code, s.month
  FROM (SELECT DISTINCT provider_code, month FROM seen) AS s
  JOIN (SELECT DISTINCT provider_code, month FROM stays) AS t
    ON t.provider_code = s.provider_code AND t.month = s.month),
appointment_prices AS (
  SELECT provider_code, specialty_code, attendance_type, hrg, month, MAX(price_pence) AS price_pence
  FROM priced_outpatients
  WHERE is_reported AND COALESCE(unpriced_reason, '') <> 'not_attended'
  GROUP BY provider_code, specialty_code, attendance_type, hrg, month),
either AS (
  SELECT 'day_case_to_ordinary' AS mechanism, provider_code, hrg AS root, practice_code, month,
         1 AS n_activity, CASE WHEN pod = 'EL' THEN 1 ELSE 0 END AS n_dear, price_pence AS pence,
         CASE WHEN price_pence IS NULL THEN 0 ELSE 1 END AS n_priced
  FROM stays WHERE hrg IS NOT NULL AND (pod = 'DC' OR (pod = 'EL' AND los_days <= 1))
  UNION ALL
  SELECT 'outpatient_to_day_case', provider_code, hrg, practice_code, month, 1, 1, price_pence,
         CASE WHEN price_pence IS NULL THEN 0 ELSE 1 END
  FROM stays WHERE hrg IS NOT NULL AND pod = 'DC'
  UNION ALL
  SELECT 'outpatient_to_day_case', provider_code, hrg, practice_code, month, n_activity, 0, pence,
         CASE WHEN pence IS NULL THEN 0 ELSE n_activity END
  FROM priced_outpatients WHERE is_reported AND pod = 'OPPROC'
  UNION ALL
  SELECT 'zero_day', provider_code, 'all', practice_code, month, 0, 1, price_pence,
         CASE WHEN price_pence IS NULL THEN 0 ELSE 1 END
  FROM stays
  WHERE pod = 'NEL' AND los_days = 0 AND COALESCE(discharge_destination, '') <> '79'
  UNION ALL
  SELECT 'zero_day', provider_code, 'all', practice_code,
         CAST(DATE_TRUNC('month', arrival_date) AS DATE), 1, 0, 0, 0
  FROM emergency_attendances WHERE COALESCE(department_type, '1') = '1'
  UNION ALL
  SELECT 'splitting', provider_code, 'all', practice_code, month, 1,
         CASE WHEN DATE_DIFF('day', left_before, admission_date) BETWEEN 0 AND 2 THEN 1 ELSE 0 END,
         price_pence, CASE WHEN price_pence IS NULL THEN 0 ELSE 1 END
  FROM stays WHERE pod IN ('EL', 'NEL', 'NELNE')
  UNION ALL
  SELECT 'follow_up_to_first', provider_code, specialty_code, practice_code, month, n_activity,
         CASE WHEN pod = 'OPFA' THEN n_activity ELSE 0 END, pence,
         CASE WHEN pence IS NULL THEN 0 ELSE n_activity END
  FROM priced_outpatients
  WHERE is_reported AND pod IN ('OPFA', 'OPFUP') AND specialty_code IS NOT NULL
    AND COALESCE(unpriced_reason, '') <> 'not_attended'
  UNION ALL
  SELECT 'ward_attenders', s.provider_code, 'all', s.practice_code, s.month, s.n_activity, s.n_activity,
         s.n_activity * p.price_pence, CASE WHEN p.price_pence IS NULL THEN 0 ELSE s.n_activity END
  FROM seen AS s
  JOIN sent AS b ON b.provider_code = s.provider_code AND b.month = s.month
  LEFT JOIN appointment_prices AS p
    ON p.provider_code = s.provider_code AND p.month = s.month
       AND p.specialty_code IS NOT DISTINCT FROM s.specialty_code
       AND p.attendance_type IS NOT DISTINCT FROM s.attendance_type
       AND p.hrg IS NOT DISTINCT FROM s.hrg
  WHERE s.main_specialty_code = '950'
  UNION ALL
  SELECT 'ward_attenders', t.provider_code, 'all', t.practice_code, t.month, 1, 0, 0, 0
  FROM stays AS t
  JOIN sent AS b ON b.provider_code = t.provider_code AND b.month = t.month)
SELECT mechanism, provider_code, root, practice_code, month,
       CAST(SUM(n_activity) AS BIGINT) AS n_activity, CAST(SUM(n_dear) AS BIGINT) AS n_dear,
       CAST(SUM(CASE WHEN n_dear > 0 THEN COALESCE(pence, 0) ELSE 0 END) AS BIGINT) AS dear_pence,
       CAST(SUM(CASE WHEN n_dear > 0 THEN n_priced ELSE 0 END) AS BIGINT) AS n_dear_priced,
       CAST(SUM(CASE WHEN n_dear > 0 THEN 0 ELSE COALESCE(pence, 0) END) AS BIGINT) AS other_pence,
       CAST(SUM(CASE WHEN n_dear > 0 THEN 0 ELSE n_priced END) AS BIGINT) AS n_other_priced
FROM either
WHERE month IS NOT NULL
GROUP BY mechanism, provider_code, root, practice_code, month
