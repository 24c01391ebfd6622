-- One row per cell of outpatient_counts and price year: the price of one appointment step by step,
-- and of all of them. An attendance is paid by specialty, first or follow-up; a procedure where the
-- rules of the year pay it and its HRG has an outpatient price (domain 1.4).
WITH matched AS (
  SELECT d.*, y.financial_year, y.price_year, COALESCE(y.is_reported, TRUE) AS is_reported, m.mff_millionths,
         r.mff_applies, r.outpatient_in_scope, r.outpatient_procedure_is_paid,
         t.outpatient_procedure_pence, o.first_attendance_pence, o.follow_up_attendance_pence,
         t.outpatient_procedure_pence IS NOT NULL
           AND r.outpatient_procedure_is_paid IS NOT DISTINCT FROM TRUE AS is_procedure
  FROM outpatient_counts AS d
  LEFT JOIN price_months AS y ON CAST(y.month AS DATE) = d.month
  LEFT JOIN payment_rules AS r ON r.financial_year = y.price_year
  LEFT JOIN tariff AS t ON t.financial_year = y.price_year AND t.hrg = d.hrg
  LEFT JOIN outpatient_prices AS o ON o.financial_year = y.price_year AND o.specialty_code = d.specialty_code
  LEFT JOIN mff AS m ON m.financial_year = y.price_year AND m.provider_code = d.provider_code),
placed AS (
  SELECT *,
         CASE WHEN is_procedure THEN 'OPPROC'
              WHEN attendance_type = '1' THEN 'OPFA'
              WHEN attendance_type = '2' THEN 'OPFUP'
              WHEN attendance_type IN ('3', '4') THEN 'NF2F' END AS pod,
         CASE WHEN is_procedure THEN outpatient_procedure_pence
              WHEN attendance_type = '1' THEN first_attendance_pence
              WHEN attendance_type = '2' THEN follow_up_attendance_pence END AS base_pence
  FROM matched),
judged AS (
  SELECT *, CASE
           WHEN NOT is_attended THEN 'not_attended'
           WHEN pod IS NULL THEN 'unknown_attendance_type'
           WHEN price_year IS NULL THEN 'no_tariff_year'
           WHEN NOT outpatient_in_scope THEN 'outside_scope'
           WHEN base_pence IS NULL THEN 'no_specialty_price'
           WHEN outpatient_in_scope IS NULL OR mff_applies IS NULL
                OR (outpatient_procedure_pence IS NOT NULL AND outpatient_procedure_is_paid IS NULL)
                THEN 'rule_not_held'
           WHEN mff_applies AND mff_millionths IS NULL THEN 'no_mff' END AS unpriced_reason
  FROM placed),
stepped AS (
  SELECT *, CASE WHEN unpriced_reason IS NULL THEN base_pence END AS paid_pence,
         CASE WHEN mff_applies THEN mff_millionths - 1000000 ELSE 0 END AS mff_excess_millionths
  FROM judged)
SELECT practice_code, commissioner_code, provider_code, specialty_code, pod, attendance_type, hrg,
       month, financial_year, price_year, is_reported, n_activity,
       paid_pence AS base_pence,
       (paid_pence * mff_excess_millionths + 500000) // 1000000 AS mff_pence,
       paid_pence + (paid_pence * mff_excess_millionths + 500000) // 1000000 AS price_pence,
       n_activity * (paid_pence + (paid_pence * mff_excess_millionths + 500000) // 1000000) AS pence,
       unpriced_reason
FROM stepped
