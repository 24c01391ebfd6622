-- One row per spell and price year: its price step by step, or the reason why it has none
-- (domain 1.6). Steps for which no rule is held are empty, never zero; a price that needs a rule
-- which is not known has a reason instead.
WITH ruled AS (
  SELECT s.spell_id, s.person_id, s.provider_code, s.practice_code, s.specialty_code, s.pod,
         s.admission_date, s.discharge_date, s.financial_year, s.n_episodes, s.los_days,
         s.paid_los_days, s.age_years, s.sex, p.price_year, p.is_reported, p.hrg, p.base_pence,
         CASE WHEN r.long_stay_applies IS DISTINCT FROM FALSE
              THEN GREATEST(0, s.paid_los_days - COALESCE(p.trim_point_days, s.paid_los_days))
              ELSE 0 END AS excess_bed_days,
         p.long_stay_per_day_pence, p.is_in_tariff, r.long_stay_applies, r.mff_applies,
         r.payable_hrg, m.mff_millionths, r.short_stay_applies, p.short_stay_is_held,
         p.short_stay_emergency_pence, p.short_stay_millionths,
         CASE s.pod WHEN 'DC' THEN r.dc_in_scope WHEN 'EL' THEN r.el_in_scope
                    WHEN 'NEL' THEN r.nel_in_scope WHEN 'NELNE' THEN r.nelne_in_scope
                    END AS is_in_scope,
         CASE WHEN s.pod <> 'NEL' OR r.short_stay_applies IS NOT DISTINCT FROM FALSE THEN FALSE
              ELSE (CASE WHEN r.short_stay_is_raw THEN s.los_days ELSE s.paid_los_days END
                    <= r.short_stay_longest_days)
                   AND (s.age_years IS NULL OR s.age_years >= r.short_stay_youngest_years)
              END AS may_be_short
  FROM spells AS s
  JOIN payable_hrgs AS p ON p.spell_id = s.spell_id
  LEFT JOIN payment_rules AS r ON r.financial_year = p.price_year
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
           WHEN NOT is_in_scope THEN 'outside_scope'
           WHEN NOT is_in_tariff THEN 'unknown_hrg'
           WHEN base_pence IS NULL THEN 'no_price_for_admission'
           WHEN is_in_scope IS NULL OR payable_hrg IS NULL OR mff_applies IS NULL THEN 'rule_not_held'
           WHEN mff_applies AND mff_millionths IS NULL THEN 'no_mff'
           WHEN excess_bed_days > 0 AND long_stay_applies IS NULL THEN 'rule_not_held'
           WHEN excess_bed_days > 0 AND long_stay_per_day_pence IS NULL THEN 'no_long_stay_rate'
           WHEN may_be_short IS NULL OR (may_be_short AND short_stay_applies IS NULL) THEN 'rule_not_held'
           WHEN may_be_short AND NOT short_stay_is_held THEN 'no_short_stay_share'
           WHEN may_be_short AND age_years IS NULL
                AND COALESCE(short_stay_emergency_pence, short_stay_millionths) IS NOT NULL THEN 'no_age'
           END AS unpriced_reason
  FROM ruled),
stepped AS (
  SELECT spell_id, person_id, provider_code, practice_code, specialty_code, pod, hrg,
         admission_date, discharge_date, financial_year, price_year, is_reported, n_episodes,
         los_days, paid_los_days, excess_bed_days, age_years, sex, unpriced_reason,
         CASE WHEN mff_applies THEN mff_millionths - 1000000 ELSE 0 END AS mff_excess_millionths,
         CASE WHEN unpriced_reason IS NULL THEN base_pence END AS base_pence,
         CASE WHEN unpriced_reason IS NULL
              THEN CASE WHEN may_be_short
                        THEN COALESCE(short_stay_emergency_pence,
                                      (base_pence * short_stay_millionths + 500000) // 1000000,
                                      base_pence) - base_pence
                        ELSE 0 END END AS short_stay_pence,
         CASE WHEN unpriced_reason IS NULL
              THEN CASE WHEN excess_bed_days > 0 THEN excess_bed_days * long_stay_per_day_pence ELSE 0 END
              END AS long_stay_pence
  FROM judged),
gross AS (SELECT *, base_pence + short_stay_pence + long_stay_pence AS gross_pence FROM stepped)
SELECT spell_id, person_id, provider_code, practice_code, specialty_code, pod, hrg,
       admission_date, discharge_date, financial_year, price_year, is_reported, n_episodes,
       los_days, paid_los_days, excess_bed_days, age_years, sex,
       base_pence, short_stay_pence, long_stay_pence,
       CAST(NULL AS BIGINT) AS top_up_pence, CAST(NULL AS BIGINT) AS other_pence,
       (gross_pence * mff_excess_millionths + 500000) // 1000000 AS mff_pence,
       gross_pence + (gross_pence * mff_excess_millionths + 500000) // 1000000 AS price_pence,
       unpriced_reason
FROM gross
