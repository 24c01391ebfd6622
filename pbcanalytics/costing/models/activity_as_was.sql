-- The cube as it was: one row for each of the cube's, under the practice's and the provider's own
-- code, with the consortium and the PCT that the practice had on the month's first day (R26, R28).
-- The consortium is blank for a practice outside all; both are empty for one in no register.
SELECT a.practice_code, o.consortium_code, o.pct_code, a.provider_code, a.specialty_code, a.pod,
       a.financial_year, a.price_year, a.is_reported, a.month,
       a.n_rows, a.n_priced, a.n_outside, a.pence
FROM activity AS a
LEFT JOIN practice_months AS o
  ON o.practice_code = a.practice_code AND CAST(o.month AS DATE) = a.month
