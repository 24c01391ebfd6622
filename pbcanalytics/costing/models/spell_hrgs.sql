-- One row per spell and price year: the spell with the HRG that is paid for it (domain 2.3) and that
-- HRG's prices. Where the rule of the year is so, what came for the whole spell goes before all.
WITH named AS (
  SELECT s.*, y.price_year, COALESCE(y.is_reported, TRUE) AS is_reported, f.is_excluded,
         r.same_day_as_day_case,
         s.pod = 'EL' AND s.los_days = 0 AND COALESCE(s.intended_management, '') = '2'
           AS is_meant_as_day_case,
         s.has_several_hrgs AND NOT (r.payable_hrg IS NOT DISTINCT FROM 'supplied'
                                     AND f.hrg IS NOT NULL) AS is_chosen,
         CASE WHEN r.payable_hrg = 'supplied' AND f.hrg IS NOT NULL THEN f.hrg
              WHEN s.has_several_hrgs THEN c.hrg ELSE s.hrg END AS paid_hrg
  FROM spells AS s
  LEFT JOIN price_years AS y ON y.financial_year = s.financial_year
  LEFT JOIN payment_rules AS r ON r.financial_year = y.price_year
  LEFT JOIN supplied_facts AS f ON f.spell_id = s.spell_id
  LEFT JOIN payable_hrgs AS c ON c.price_year IS NOT DISTINCT FROM y.price_year
    AND c.spell_id = CASE WHEN s.has_several_hrgs THEN s.spell_id END)
SELECT n.*, t.hrg IS NOT NULL AS is_in_tariff,
       CASE WHEN n.pod = 'DC' OR (n.is_meant_as_day_case AND n.same_day_as_day_case)
            THEN t.day_case_pence
            WHEN n.pod = 'EL' THEN t.elective_pence
            WHEN n.pod IN ('NEL', 'NELNE') THEN t.non_elective_pence END AS base_pence,
       n.is_meant_as_day_case AND n.same_day_as_day_case IS NULL
         AND (n.is_chosen OR t.day_case_pence IS DISTINCT FROM t.elective_pence) AS may_be_day_case,
       CASE WHEN n.pod IN ('DC', 'EL') THEN t.elective_trim_days
            ELSE t.non_elective_trim_days END AS trim_point_days,
       t.long_stay_per_day_pence, t.short_stay_emergency_pence, t.short_stay_millionths,
       t.short_stay_is_held
FROM named AS n
LEFT JOIN tariff AS t ON t.financial_year = n.price_year AND t.hrg = n.paid_hrg
