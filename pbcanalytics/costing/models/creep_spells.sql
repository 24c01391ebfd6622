-- One row per spell with an HRG and a day of discharge: what the test of code creep looks at, from
-- fields that coders do not choose, and the price that was paid. Of several HRGs the dearest by one
-- price list counts in every year, paid or not: another rule halfway would look like another coder.
-- Long-stay payments stand apart: they follow from the days, which no code changes. A spell of a year
-- without prices has none.
WITH latest AS (SELECT MAX(financial_year) AS financial_year FROM tariff),
listed AS (
  SELECT t.hrg, COALESCE(t.non_elective_pence, t.elective_pence, 0) AS pence
  FROM tariff AS t
  JOIN latest AS y ON y.financial_year = t.financial_year),
several AS (
  SELECT e.spell_id, e.hrg,
         ROW_NUMBER() OVER (PARTITION BY e.spell_id
                            ORDER BY COALESCE(p.pence, -1) DESC, e.sequence) AS choice
  FROM linked_episodes AS e
  LEFT JOIN listed AS p ON p.hrg = e.hrg
  WHERE e.hrg IS NOT NULL),
dearest AS (SELECT spell_id, hrg FROM several WHERE choice = 1),
depths AS (
  SELECT l.spell_id, MAX(e.coding_depth) AS coding_depth
  FROM spell_episodes AS l
  JOIN episodes AS e ON e.episode_id = l.episode_id
  GROUP BY l.spell_id),
known AS (
  SELECT p.spell_id, p.person_id, p.provider_code, p.practice_code, p.specialty_code, p.pod,
         COALESCE(d.hrg, p.hrg) AS hrg, p.admission_date, p.discharge_date, p.los_days, p.age_years,
         p.sex, p.price_year, p.price_pence, p.long_stay_pence,
         p.base_pence + p.short_stay_pence + p.long_stay_pence + COALESCE(p.top_up_pence, 0)
           + COALESCE(p.other_pence, 0) AS gross_pence
  FROM priced_spells AS p
  LEFT JOIN dearest AS d ON d.spell_id = p.spell_id
  WHERE p.is_reported AND COALESCE(d.hrg, p.hrg) IS NOT NULL AND p.discharge_date IS NOT NULL
    AND p.los_days >= 0 AND p.pod IN ('DC', 'EL', 'NEL', 'NELNE')
    AND COALESCE(p.unpriced_reason, '') NOT IN ('private_patient', 'excluded', 'ungroupable'))
SELECT k.spell_id, k.person_id, k.provider_code, k.practice_code, k.specialty_code, k.pod, k.hrg,
       k.admission_date, k.discharge_date, CAST(DATE_TRUNC('month', k.discharge_date) AS DATE) AS month,
       k.los_days, k.age_years, k.sex, k.price_year, k.price_pence,
       CASE WHEN k.long_stay_pence = 0 THEN 0 WHEN k.gross_pence > 0
            THEN k.price_pence * k.long_stay_pence // k.gross_pence END AS long_stay_pence,
       s.admission_method, s.admission_source, s.discharge_destination, s.critical_care_days,
       d.coding_depth
FROM known AS k
JOIN spells AS s ON s.spell_id = k.spell_id
LEFT JOIN depths AS d ON d.spell_id = k.spell_id
