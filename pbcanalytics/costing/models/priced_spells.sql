-- One row per spell and price year: its price step by step, or the reason why it has none
-- (domain 1.6). Steps for which no rule is held are empty, never zero; a price that needs a rule
-- which is not known has a reason instead.
WITH timed AS (
  SELECT s.spell_id, s.person_id, s.provider_code, s.commissioner_code, s.practice_code,
         s.specialty_code, s.pod, s.admission_date, s.discharge_date, s.financial_year,
         s.n_episodes, s.los_days, s.age_years, s.sex, s.administrative_category,
         CASE WHEN s.los_days IS NOT NULL THEN GREATEST(0, s.los_days
           - CASE WHEN r.critical_care_is_off THEN s.critical_care_days ELSE 0 END
           - CASE WHEN r.rehabilitation_is_off THEN s.rehabilitation_days ELSE 0 END
           - CASE WHEN r.palliative_is_off THEN s.palliative_days ELSE 0 END) END AS paid_los_days,
         (s.critical_care_days > 0 AND r.critical_care_is_off IS NULL)
           OR (s.rehabilitation_days > 0 AND r.rehabilitation_is_off IS NULL)
           OR (s.palliative_days > 0 AND r.palliative_is_off IS NULL) AS may_have_days_off,
         s.price_year, s.is_reported, s.paid_hrg AS hrg, s.base_pence, s.may_be_day_case, s.is_in_tariff,
         s.trim_point_days, s.long_stay_per_day_pence, s.short_stay_is_held,
         s.short_stay_emergency_pence, s.short_stay_millionths,
         r.payable_hrg, r.is_paid_by_spell, r.long_stay_applies, r.short_stay_applies,
         r.short_stay_is_raw, r.short_stay_longest_days, r.short_stay_youngest_years,
         r.top_up_applies, r.top_ups_are_held, r.top_up_on_long_stay, r.adjustments_are_held,
         r.mff_applies, m.mff_millionths, s.is_excluded, u.spell_id IS NOT NULL AS is_specialised,
         u.share_millionths AS top_up_millionths,
         COALESCE(b.adjustment_pence, 0) + COALESCE(o.adjustment_pence, 0) AS adjustment_pence,
         CASE s.pod WHEN 'DC' THEN r.dc_in_scope WHEN 'EL' THEN r.el_in_scope
                    WHEN 'NEL' THEN r.nel_in_scope WHEN 'NELNE' THEN r.nelne_in_scope
                    END AS is_in_scope
  FROM spell_hrgs AS s
  LEFT JOIN payment_rules AS r ON r.financial_year = s.price_year
  LEFT JOIN mff AS m ON m.financial_year = s.price_year AND m.provider_code = s.provider_code
  LEFT JOIN spell_top_ups AS u ON u.spell_id = s.spell_id AND u.price_year = s.price_year
  LEFT JOIN adjustments AS b ON b.financial_year = s.price_year
    AND b.provider_code = s.provider_code AND b.hrg = s.paid_hrg AND b.pod = s.pod
  LEFT JOIN adjustments AS o ON o.financial_year = s.price_year
    AND o.provider_code = '*' AND o.hrg = s.paid_hrg AND o.pod = s.pod),
ruled AS (
  SELECT *,
         CASE WHEN long_stay_applies IS DISTINCT FROM FALSE
              THEN GREATEST(0, COALESCE(paid_los_days - trim_point_days, 0)) ELSE 0
              END AS excess_bed_days,
         CASE WHEN pod <> 'NEL' OR short_stay_applies IS NOT DISTINCT FROM FALSE THEN FALSE
              ELSE CASE WHEN short_stay_is_raw THEN los_days <= short_stay_longest_days
                        WHEN NOT short_stay_is_raw
                             OR (los_days <= short_stay_longest_days)
                                = (paid_los_days <= short_stay_longest_days)
                        THEN paid_los_days <= short_stay_longest_days END
                   AND (age_years IS NULL OR age_years >= short_stay_youngest_years)
              END AS may_be_short
  FROM timed),
judged AS (
  SELECT *, CASE
           WHEN administrative_category = '02' THEN 'private_patient'
           WHEN is_excluded THEN 'excluded'
           WHEN hrg IS NULL THEN 'no_hrg'
           WHEN hrg = 'UZ01Z' OR (hrg LIKE 'U0%' AND LENGTH(hrg) = 3) THEN 'ungroupable'
           WHEN discharge_date IS NULL THEN 'open_spell'
           WHEN los_days < 0 THEN 'dates_disagree'
           WHEN pod = 'RA' THEN 'regular_attender'
           WHEN pod IS NULL THEN 'unknown_admission_method'
           WHEN price_year IS NULL THEN 'no_tariff_year'
           WHEN NOT is_in_scope THEN 'outside_scope'
           WHEN NOT is_in_tariff THEN 'unknown_hrg'
           WHEN base_pence IS NULL THEN 'no_price_for_admission'
           WHEN is_in_scope IS NULL OR payable_hrg IS NULL OR mff_applies IS NULL
                OR may_be_day_case OR may_have_days_off
                OR (is_paid_by_spell IS NULL AND n_episodes > 1) THEN 'rule_not_held'
           WHEN mff_applies AND mff_millionths IS NULL THEN 'no_mff'
           WHEN excess_bed_days > 0 AND long_stay_applies IS NULL THEN 'rule_not_held'
           WHEN excess_bed_days > 0 AND long_stay_per_day_pence IS NULL THEN 'no_long_stay_rate'
           WHEN may_be_short IS NULL OR (may_be_short AND short_stay_applies IS NULL) THEN 'rule_not_held'
           WHEN may_be_short AND NOT short_stay_is_held THEN 'no_short_stay_share'
           WHEN may_be_short AND age_years IS NULL
                AND COALESCE(short_stay_emergency_pence, short_stay_millionths) IS NOT NULL THEN 'no_age'
           WHEN is_specialised AND top_up_applies IS DISTINCT FROM FALSE AND NOT top_ups_are_held
                THEN 'no_top_up_share'
           WHEN top_up_millionths > 0 AND top_up_applies AND excess_bed_days > 0
                AND top_up_on_long_stay IS NULL THEN 'rule_not_held'
           END AS unpriced_reason
  FROM ruled),
stepped AS (
  SELECT *,
         CASE WHEN unpriced_reason IS NULL THEN base_pence END AS paid_base_pence,
         CASE WHEN unpriced_reason IS NULL
              THEN CASE WHEN may_be_short
                        THEN COALESCE(short_stay_emergency_pence,
                                      (base_pence * short_stay_millionths + 500000) // 1000000,
                                      base_pence) - base_pence
                        ELSE 0 END END AS short_stay_pence,
         CASE WHEN unpriced_reason IS NULL
              THEN CASE WHEN excess_bed_days > 0 THEN excess_bed_days * long_stay_per_day_pence ELSE 0 END
              END AS long_stay_pence,
         CASE WHEN unpriced_reason IS NULL AND adjustments_are_held THEN adjustment_pence
              END AS other_pence
  FROM judged),
topped AS (
  SELECT *,
         CASE WHEN unpriced_reason IS NULL
              THEN CASE WHEN NOT top_up_applies THEN 0
                        WHEN is_specialised
                        THEN ((base_pence + short_stay_pence
                               + CASE WHEN top_up_on_long_stay THEN long_stay_pence ELSE 0 END)
                              * top_up_millionths + 500000) // 1000000 END END AS top_up_pence
  FROM stepped),
gross AS (
  SELECT *, paid_base_pence + short_stay_pence + long_stay_pence + COALESCE(top_up_pence, 0)
            + COALESCE(other_pence, 0) AS gross_pence,
         CASE WHEN mff_applies THEN mff_millionths - 1000000 ELSE 0 END AS mff_excess_millionths
  FROM topped),
factored AS (
  SELECT *, CASE WHEN gross_pence >= 0 THEN (gross_pence * mff_excess_millionths + 500000) // 1000000
                 ELSE -((-gross_pence * mff_excess_millionths + 499999) // 1000000) END AS mff_pence
  FROM gross)
SELECT spell_id, person_id, provider_code, commissioner_code, practice_code, specialty_code, pod,
       hrg, admission_date, discharge_date, financial_year, price_year, is_reported, n_episodes,
       los_days, paid_los_days, excess_bed_days, age_years, sex,
       paid_base_pence AS base_pence, short_stay_pence, long_stay_pence, top_up_pence, other_pence,
       mff_pence, gross_pence + mff_pence AS price_pence, unpriced_reason
FROM factored
