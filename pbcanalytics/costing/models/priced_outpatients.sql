-- One row per appointment and price year: an attendance by specialty, first or follow-up, or a
-- procedure where its HRG has an outpatient price (domain 1.4).
WITH dated AS (
  SELECT *, CASE WHEN MONTH(appointment_date) >= 4
            THEN CAST(YEAR(appointment_date) AS VARCHAR) || '/' || RIGHT(CAST(YEAR(appointment_date) + 1 AS VARCHAR), 2)
            ELSE CAST(YEAR(appointment_date) - 1 AS VARCHAR) || '/' || RIGHT(CAST(YEAR(appointment_date) AS VARCHAR), 2)
            END AS financial_year
  FROM outpatients),
matched AS (
  SELECT d.attendance_id, d.provider_code, d.practice_code, d.specialty_code, d.appointment_date,
         d.attended, d.attendance_type, d.referral_source, d.hrg, d.financial_year, y.price_year,
         COALESCE(y.is_reported, TRUE) AS is_reported, m.mff_millionths, r.mff_applies,
         r.outpatient_in_scope,
         CASE WHEN t.outpatient_procedure_pence IS NOT NULL THEN 'OPPROC'
              WHEN d.attendance_type = '1' THEN 'OPFA'
              WHEN d.attendance_type = '2' THEN 'OPFUP'
              WHEN d.attendance_type IN ('3', '4') THEN 'NF2F' END AS pod,
         CASE WHEN t.outpatient_procedure_pence IS NOT NULL THEN t.outpatient_procedure_pence
              WHEN d.attendance_type = '1' THEN o.first_attendance_pence
              WHEN d.attendance_type = '2' THEN o.follow_up_attendance_pence END AS base_pence
  FROM dated AS d
  LEFT JOIN price_years AS y ON y.financial_year = d.financial_year
  LEFT JOIN payment_rules AS r ON r.financial_year = y.price_year
  LEFT JOIN tariff AS t ON t.financial_year = y.price_year AND t.hrg = d.hrg
  LEFT JOIN outpatient_prices AS o ON o.financial_year = y.price_year AND o.specialty_code = d.specialty_code
  LEFT JOIN mff AS m ON m.financial_year = y.price_year AND m.provider_code = d.provider_code),
judged AS (
  SELECT *, CASE
           WHEN attended IS NULL OR attended NOT IN ('5', '6') THEN 'not_attended'
           WHEN pod IS NULL THEN 'unknown_attendance_type'
           WHEN price_year IS NULL THEN 'no_tariff_year'
           WHEN NOT outpatient_in_scope THEN 'outside_scope'
           WHEN base_pence IS NULL THEN 'no_specialty_price'
           WHEN outpatient_in_scope IS NULL OR mff_applies IS NULL THEN 'rule_not_held'
           WHEN mff_applies AND mff_millionths IS NULL THEN 'no_mff' END AS unpriced_reason
  FROM matched),
stepped AS (
  SELECT *, CASE WHEN unpriced_reason IS NULL THEN base_pence END AS paid_pence,
         CASE WHEN mff_applies THEN mff_millionths - 1000000 ELSE 0 END AS mff_excess_millionths
  FROM judged)
SELECT attendance_id, provider_code, practice_code, specialty_code, pod, hrg, appointment_date,
       referral_source, financial_year, price_year, is_reported,
       paid_pence AS base_pence,
       (paid_pence * mff_excess_millionths + 500000) // 1000000 AS mff_pence,
       paid_pence + (paid_pence * mff_excess_millionths + 500000) // 1000000 AS price_pence,
       unpriced_reason
FROM stepped
