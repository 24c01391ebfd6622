-- One row per spell and price year: its price step by step, or the reason why it has none
-- (domain 1.6). Steps for which no rule is held are empty, never zero.
WITH stayed AS (
  SELECT s.spell_id, s.person_id, s.provider_code, s.practice_code, s.specialty_code, s.pod,
         s.admission_date, s.discharge_date, s.financial_year, s.n_episodes, s.los_days,
         s.paid_los_days, s.age_years, s.sex, p.price_year, p.is_reported, p.hrg, p.base_pence,
         GREATEST(0, s.paid_los_days - COALESCE(p.trim_point_days, s.paid_los_days)) AS excess_bed_days,
         p.long_stay_per_day_pence, m.mff_millionths, p.is_in_tariff
  FROM spells AS s
  JOIN payable_hrgs AS p ON p.spell_id = s.spell_id
  LEFT JOIN mff AS m ON m.financial_year = p.price_year AND m.provider_code = s.provider_code),
judged AS (
  SELECT *, CASE
           WHEN hrg IS NULL THEN 'no_hrg'
           WHEN hrg = 'UZ01Z' THEN 'ungroupable'
           WHEN discharge_date IS NULL THEN 'open_spell'
           WHEN los_days < 0 THEN 'dates_disagree'
           WHEN pod = 'RA' THEN 'regular_attender'
           WHEN pod IS NULL THEN 'unknown_admission_method'
           WHEN price_year IS NULL THEN 'no_tariff_year'
           WHEN NOT is_in_tariff THEN 'unknown_hrg'
           WHEN base_pence IS NULL THEN 'no_price_for_admission'
           WHEN mff_millionths IS NULL THEN 'no_mff'
           WHEN excess_bed_days > 0 AND long_stay_per_day_pence IS NULL THEN 'no_long_stay_rate'
           END AS unpriced_reason
  FROM stayed),
stepped AS (
  SELECT spell_id, person_id, provider_code, practice_code, specialty_code, pod, hrg,
         admission_date, discharge_date, financial_year, price_year, is_reported, n_episodes,
         los_days, paid_los_days, excess_bed_days, age_years, sex, unpriced_reason, mff_millionths,
         CASE WHEN unpriced_reason IS NULL THEN base_pence END AS base_pence,
         CASE WHEN unpriced_reason IS NULL
              THEN CASE WHEN excess_bed_days > 0 THEN excess_bed_days * long_stay_per_day_pence ELSE 0 END
              END AS long_stay_pence
  FROM judged)
SELECT spell_id, person_id, provider_code, practice_code, specialty_code, pod, hrg,
       admission_date, discharge_date, financial_year, price_year, is_reported, n_episodes,
       los_days, paid_los_days, excess_bed_days, age_years, sex,
       base_pence, CAST(NULL AS BIGINT) AS short_stay_pence, long_stay_pence,
       CAST(NULL AS BIGINT) AS top_up_pence, CAST(NULL AS BIGINT) AS other_pence,
       ((base_pence + long_stay_pence) * (mff_millionths - 1000000) + 500000) // 1000000 AS mff_pence,
       base_pence + long_stay_pence
         + ((base_pence + long_stay_pence) * (mff_millionths - 1000000) + 500000) // 1000000 AS price_pence,
       unpriced_reason
FROM stepped
